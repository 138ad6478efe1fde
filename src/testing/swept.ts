/** Every second of many cases, the first among them; all of them with `DYNABASE_SWEEP=all`. Each case starts servers. */
export const swept = <T>(cases: readonly T[]): readonly T[] =>
  process.env.DYNABASE_SWEEP === 'all' ? cases : cases.filter((_, place) => place % 2 === 0);
