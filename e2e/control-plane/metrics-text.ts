/** One series of a metrics page. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Series of a page in Prometheus' text format. */
export function parseMetrics(text: string): Series[] {
  return text.split('\n').flatMap((line) => {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (found === null) return [];
    const [, name = '', labels = '', value] = found;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
}

/** Sum of a metric's series by the value of one label. */
export function sumBy(series: readonly Series[], name: string, label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const one of series) {
    if (one.name !== name) continue;
    const key = one.labels[label] ?? '';
    sums.set(key, (sums.get(key) ?? 0) + one.value);
  }
  return sums;
}

/** Sum of a metric over all its series; 0 when there is none. */
export function sum(series: readonly Series[], name: string): number {
  return series.reduce((total, one) => total + (one.name === name ? one.value : 0), 0);
}
