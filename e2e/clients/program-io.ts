/** Makes what tells the scenario that started this program: a line of JSON on standard output for each report. */
export function reporter<R extends object>(): (line: R) => void {
  return (line) => void process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** An environment variable of this program. @throws Error when it is not set */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} must be set`);
  return value;
}
