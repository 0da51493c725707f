/** A compute resource as people write it: `100m`, `512Mi`, `2`. */
export type Quantity = string | number;

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a quantity stands for: cores, or bytes. NaN for what is no quantity. */
export function quantityValue(quantity: Quantity): number {
  if (typeof quantity === 'number') return quantity;
  const [, digits = '', suffix = ''] = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)$/.exec(quantity) ?? [];
  const factor = factors[suffix];
  return digits === '' || factor === undefined ? Number.NaN : Number(digits) * factor;
}

/** Bytes as a quantity in mebibytes, rounded up to a multiple of `step` of them. */
export function mebibytes(bytes: number, step: number): string {
  return `${Math.ceil(bytes / 2 ** 20 / step) * step}Mi`;
}

/** Cores as a quantity in thousandths, rounded up to a multiple of `step` of them. */
export function millicores(cores: number, step: number): string {
  // Less a hair, or 0.3 of a core would be 301 thousandths.
  return `${Math.ceil((cores * 1000) / step - 1e-9) * step}m`;
}
