/** What a detector has to beat: NAB's windowed Gaussian, and chance. */
import type { Random } from '../domain/random.ts';

const WINDOW = 6_400;
const STRIDE = 100;
const STILL = 1e-6;

/** NAB writes scores with twelve digits: what is beyond them is a tie with 1. */
const DIGITS = 1e12;

/**
 * One minus the tail beyond the value of a normal distribution with the moments of the last 6,400 values; the window slides by 100
 * values.
 */
export function windowedGaussian(values: Float64Array): Float64Array {
  let first = 0;
  let end = 0;
  let [sum, squares] = [0, 0];
  return values.map((value, i) => {
    const score = i === 0 ? 0 : normal(value, sum, squares, end - first);
    const isFull = i >= WINDOW;
    if (isFull && (i - WINDOW) % STRIDE !== STRIDE - 1) return score;
    const steps = isFull ? STRIDE : 1;
    for (let step = 0; step < steps; step++) {
      const added = values[end++] ?? 0;
      const gone = isFull ? (values[first++] ?? 0) : 0;
      sum += added - gone;
      squares += added * added - gone * gone;
    }
    return score;
  });
}

export const chance = (values: Float64Array, random: Random): Float64Array =>
  values.map(() => random.next());

function normal(value: number, sum: number, squares: number, count: number): number {
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean)) || STILL;
  const score = 1 - upperTail(Math.abs(value - mean) / deviation);
  return Math.round(score * DIGITS) / DIGITS;
}

/** Of the standard normal distribution; a Chebyshev fit of erfc with a relative error below 2e-7 everywhere. */
function upperTail(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const series = ERFC.reduceRight((sum, term) => sum * t + term, 0);
  return (t * Math.exp(-x * x + series)) / 2;
}

const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
  -0.82215223, 0.17087277,
];
