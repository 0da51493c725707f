/** Buffers that are kept, and the largest that is. */
const MOST_KEPT = 2;
const MOST_BYTES = 4 * 1024 * 1024;
/** Smaller ones are cheap to make. */
const LEAST_BYTES = 64 * 1024;

const kept: Buffer[] = [];

/**
 * A buffer for an answer that is put together and mostly gone to the kernel in the same turn. One of megabytes for each answer is memory
 * that the collector comes to late and the C library keeps: hundreds of answers in a row would leave the process larger for good.
 * @returns of exactly this length, with anything in it
 */
export function takeScratch(length: number): Buffer {
  if (length < LEAST_BYTES || length > MOST_BYTES) return Buffer.allocUnsafeSlow(length);
  const at = kept.findIndex((buffer) => buffer.length >= length);
  if (at < 0) return Buffer.allocUnsafeSlow(roundUp(length)).subarray(0, length);
  const [buffer] = kept.splice(at, 1);
  return buffer!.subarray(0, length);
}

/** Nobody looks at the buffer any more: it may be the next one's. */
export function giveScratchBack(scratch: Buffer): void {
  const { buffer: memory } = scratch;
  if (memory.byteLength < LEAST_BYTES || memory.byteLength > MOST_BYTES) return;
  // The larger ones serve more.
  kept.push(Buffer.from(memory));
  kept.sort((a, b) => a.length - b.length);
  if (kept.length > MOST_KEPT) kept.shift();
}

/** To the next power of two, so that answers of similar lengths take the same. */
function roundUp(length: number): number {
  return 2 ** Math.ceil(Math.log2(length));
}
