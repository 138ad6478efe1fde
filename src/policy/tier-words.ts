/** Lengths of time as people say them: `15 min`, `24 h`, `14 days`. */
import type { DurationMs } from '../domain/units.ts';

const UNITS: readonly (readonly [ms: number, least: number, word: string])[] = [
  [86_400_000, 2, 'days'],
  [3_600_000, 1, 'h'],
  [60_000, 1, 'min'],
  [1_000, 0, 's'],
];

export function spanText(length: DurationMs): string {
  for (const [unit, least, word] of UNITS) {
    const count = length / unit;
    if (count >= least) return `${Number(count.toFixed(1))} ${word}`;
  }
  return `${length} ms`;
}
