/** Prints what a scenario saw, as one line that a reader of the CI log finds. */
export function observed(scenario: string, facts: Readonly<Record<string, unknown>>): void {
  console.log(`observed ${scenario}: ${JSON.stringify(facts)}`);
}
