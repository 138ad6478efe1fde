/**
 * Idle ages in bins that grow by a quarter, and what happened at them: returns, and seconds watched.
 *
 *   0 to 15 s, to 30 s, to 60 s, to 75 s, to 94 s ... to 50 days, older
 */

const MINUTE_BIN = 2;
const GROWTH = 1.25;
const GROWN = 51;
const LOG_GROWTH = Math.log(GROWTH);

/** The last bin has no end. */
export const AGES = MINUTE_BIN + GROWN + 1;

/** Where each bin ends, in seconds. */
export const AGE_ENDS = Float64Array.from({ length: AGES }, (_, bin) => {
  if (bin === AGES - 1) return Number.POSITIVE_INFINITY;
  return bin < MINUTE_BIN ? 15 * (bin + 1) : 60 * GROWTH ** (bin - MINUTE_BIN);
});

/** The bin of this age. */
export function ageBin(seconds: number): number {
  if (seconds <= 60) return Math.max(0, Math.min(MINUTE_BIN, Math.ceil(seconds / 15) - 1));
  const bin = MINUTE_BIN + Math.ceil(Math.log(seconds / 60) / LOG_GROWTH - 1e-9);
  return Math.min(AGES - 1, bin);
}

/** Adds the seconds watched between two ages to the bins, which begin at `offset`. */
export function spendAges(seconds: Float32Array, offset: number, from: number, to: number): void {
  let start = from;
  for (let bin = ageBin(from + 1e-6); bin < AGES && start < to; bin += 1) {
    const end = Math.min(to, AGE_ENDS[bin] ?? to);
    seconds[offset + bin] = (seconds[offset + bin] ?? 0) + Math.max(0, end - start);
    start = end;
  }
}
