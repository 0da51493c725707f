import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type MetricDefinition, naming } from './definition.ts';

/** A metric with these labels. */
type With<L extends string> = MetricDefinition & { readonly labels: readonly L[] };

/** Upper bounds in seconds, of changes on their way and of calls of the database. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes metrics of one registry. */
export interface Instruments {
  counter<const L extends string>(definition: With<L>): Counter<L>;
  gauge<const L extends string>(definition: With<L>): Gauge<L>;
  histogram<const L extends string>(definition: With<L>): Histogram<L>;
  /** A gauge that `sample` sets when metrics are scraped; what it does not set then is not there. */
  sampled<const L extends string>(definition: With<L>, sample: (self: Gauge<L>) => void): void;
  /** A counter of what is counted elsewhere since the start: `tally` adds it up when metrics are scraped. */
  tallied<const L extends string>(definition: With<L>, tally: (self: Counter<L>) => void): void;
}

/** Makes the {@link Instruments} of a registry. */
export function instrumentsOf(registry: Registry): Instruments {
  const common = <L extends string>(definition: With<L>) => ({
    ...naming(definition),
    labelNames: [...definition.labels],
    registers: [registry],
  });
  return {
    counter: (definition) => new Counter(common(definition)),
    gauge: (definition) => new Gauge(common(definition)),
    histogram: (definition) => new Histogram({ ...common(definition), buckets: BUCKETS }),
    sampled: (definition, sample) => {
      new Gauge({
        ...common(definition),
        collect() {
          this.reset();
          sample(this);
        },
      });
    },
    tallied: (definition, tally) => {
      new Counter({
        ...common(definition),
        collect() {
          this.reset();
          tally(this);
        },
      });
    },
  };
}
