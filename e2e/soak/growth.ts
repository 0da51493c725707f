/** One figure at one moment. */
export interface Point {
  readonly minute: number;
  readonly value: number;
}

/**
 * Growth over the second half of a series, as a part of its mean: the slope of the line that fits it best, times its length.
 * 0 where there are fewer than three points to say.
 */
export function growthOfSecondHalf(points: readonly Point[]): number {
  const half = points.slice(points.length >> 1);
  if (half.length < 3) return 0;
  const mean = (pick: (point: Point) => number) => half.reduce((sum, point) => sum + pick(point), 0) / half.length;
  const [minute, value] = [mean((point) => point.minute), mean((point) => point.value)];
  const covariance = mean((point) => (point.minute - minute) * (point.value - value));
  const variance = mean((point) => (point.minute - minute) ** 2);
  const minutes = half.at(-1)!.minute - half[0]!.minute;
  return value === 0 || variance === 0 ? 0 : ((covariance / variance) * minutes) / value;
}
