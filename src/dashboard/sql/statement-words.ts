/** How statements and their times are told in a line. */
import type { CountedStatement } from '../../sdk/index.ts';
import { duration } from '../format/units.ts';

/** More than a row shows of it. */
const LENGTH_MAX = 300;

export const lineOf = ({ text }: Pick<CountedStatement, 'text'>): string =>
  text.replaceAll(/\s+/g, ' ').trim().slice(0, LENGTH_MAX);

const US_OF_MS = 1_000;

/** `8 µs`, `3.2 ms`: statements are told apart below a millisecond. */
export const brief = (ms: number): string =>
  ms > 0 && ms < 1 ? `${Math.max(1, Math.round(ms * US_OF_MS))} µs` : duration(ms);
