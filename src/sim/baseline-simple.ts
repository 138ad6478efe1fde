/** The rules that everything else is measured against: fixed times, and those who know the future. */
import { returnsOf } from './foresight.ts';
import type { MakeResidence } from './replay.ts';
import type { Trace } from './trace.ts';

/** Warm for `keep` seconds after each use. */
export const fixedKeepAlive =
  (keep: number): MakeResidence =>
  () => ({ spans: (since) => [[since, since + keep]] });

export const alwaysOn: MakeResidence = () => ({
  spans: (since) => [[since, Number.POSITIVE_INFINITY]],
});

/**
 * Warm through exactly the idle times that last at most `keep` seconds: no keep-alive can do better. The
 * end of the trace counts as somebody's coming.
 */
export const clairvoyantKeepAlive =
  ({ span }: Trace, keep: number): MakeResidence =>
  (tenant) => {
    const returnAfter = returnsOf(tenant);
    return {
      spans: (since) => {
        const until = Math.min(span, returnAfter(since));
        return until - since <= keep ? [[since, until]] : [];
      },
    };
  };

/** Warm for the last instant before somebody comes. */
export const oracle: MakeResidence = (tenant) => {
  const returnAfter = returnsOf(tenant);
  return {
    spans: (since) => {
      const until = returnAfter(since);
      return until === Number.POSITIVE_INFINITY ? [] : [[Math.max(since, until - INSTANT), until]];
    },
  };
};

/** In seconds. */
const INSTANT = 0.001;
