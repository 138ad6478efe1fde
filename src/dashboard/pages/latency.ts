/** Percentiles out of counted buckets. */

/** The upper bound of the bucket that holds the part `p` of all; the last has none, and is told as its lower one. */
export function percentile(
  counts: readonly number[],
  bounds: readonly number[],
  p: number,
): number | null {
  const all = counts.reduce((sum, one) => sum + one, 0);
  if (all === 0) return null;
  let seen = 0;
  for (const [index, one] of counts.entries()) {
    seen += one;
    if (seen >= all * p) return bounds[index] ?? bounds.at(-1) ?? null;
  }
  return bounds.at(-1) ?? null;
}
