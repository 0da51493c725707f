export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** How the values of several workers become one; the sum unless said. */
  readonly aggregator?: 'min' | 'max' | 'first';
}

/** A metric's name, help text and aggregator as prom-client takes them. */
export function naming({ name, help, aggregator }: MetricDefinition) {
  return { name, help, ...(aggregator && { aggregator }) };
}
