import type { Metric, Registry } from 'prom-client';

/** Upper bounds in seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Counts and times of one endpoint, as plain numbers: recording allocates nothing. */
export class RouteStats {
  readonly route: string;
  readonly statuses = new Map<number, number>();
  /** One more than the bounds, for what is slower than the last. */
  readonly buckets = new Float64Array(BUCKETS.length + 1);
  seconds = 0;
  timed = 0;

  constructor(route: string) {
    this.route = route;
  }

  /** Counts an answer. */
  count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  /** Counts and times an answer. @param ms how long it took */
  record(status: number, ms: number): void {
    this.count(status);
    const seconds = ms / 1000;
    let index = 0;
    while (index < BUCKETS.length && seconds > BUCKETS[index]!) index++;
    this.buckets[index]! += 1;
    this.seconds += seconds;
    this.timed += 1;
  }
}

interface Naming {
  readonly name: string;
  readonly help: string;
}

/** A sample in the form that prom-client's registry prints. */
interface Sample {
  labels: Record<string, string | number>;
  value: number;
  metricName?: string;
}

/**
 * Request counter and histogram. prom-client hashes labels on every observation, which costs more than the rest of a hot
 * request's book-keeping; these keep plain numbers per endpoint and are turned into samples when scraped.
 */
export class RequestMetrics {
  readonly #routes = new Map<string, RouteStats>();
  readonly #requests: Naming;
  readonly #duration: Naming;

  constructor(requests: Naming, duration: Naming) {
    this.#requests = requests;
    this.#duration = duration;
  }

  /** The numbers of an endpoint; the same object every time. @param name from the route table */
  route(name: string): RouteStats {
    let stats = this.#routes.get(name);
    if (stats === undefined) {
      stats = new RouteStats(name);
      this.#routes.set(name, stats);
    }
    return stats;
  }

  /** Lets the registry print both metrics. */
  register(registry: Registry): void {
    registry.registerMetric(metric(this.#requests, 'counter', () => this.#counts()));
    registry.registerMetric(metric(this.#duration, 'histogram', () => this.#histogram()));
  }

  #counts(): Sample[] {
    const samples: Sample[] = [];
    for (const { route, statuses } of this.#routes.values()) {
      for (const [status, value] of statuses) samples.push({ labels: { route, status }, value });
    }
    return samples;
  }

  #histogram(): Sample[] {
    const samples: Sample[] = [];
    const { name } = this.#duration;
    for (const { route, buckets, seconds, timed } of this.#routes.values()) {
      if (timed === 0) continue;
      let sum = 0;
      BUCKETS.forEach((le, index) => {
        sum += buckets[index]!;
        samples.push({ metricName: `${name}_bucket`, labels: { le, route }, value: sum });
      });
      samples.push({ metricName: `${name}_bucket`, labels: { le: '+Inf', route }, value: timed });
      samples.push({ metricName: `${name}_sum`, labels: { route }, value: seconds });
      samples.push({ metricName: `${name}_count`, labels: { route }, value: timed });
    }
    return samples;
  }
}

/** The part of a prom-client metric that a registry uses. */
function metric({ name, help }: Naming, type: 'counter' | 'histogram', samples: () => Sample[]): Metric {
  const self = {
    name,
    help,
    type,
    aggregator: 'sum',
    get: () => Promise.resolve({ name, help, type, aggregator: 'sum', values: samples() }),
    reset: () => {},
  };
  return self as unknown as Metric;
}
