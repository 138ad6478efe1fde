/**
 * What is remembered of one tenant's use, as one block of bytes that is its own encoding.
 *
 * Means are decayed and kept in a byte or a word each: a tenant costs the same after a day and after ten
 * years, and writing it down is a copy. Bytes are little-endian, as every machine is that we run on.
 */

export const HOURS_OF_WEEK = 168;
export const HOURS_OF_DAY = 24;

/** Days of data sizes and of queries that are remembered. */
export const DAYS_KEPT = 14;

/** The first byte of the encoding; and what is added to the first word once something was reported. */
export const VERSION = 1;
export const BEGUN = 256;

/** Words of the `counts` part. */
export const COUNT = {
  version: 0,
  /** Hour and minute since 1970: of the first use, of the hour that is open, of the last use. */
  firstHour: 1,
  hour: 2,
  lastMinute: 3,
  /** One bit for each minute of use, of the open hour and of the one before. */
  openLow: 4,
  openHigh: 5,
  beforeLow: 6,
  beforeHigh: 7,
} as const;

/** Words of the `means` part. */
export const MEAN = {
  /** Queries in the open hour and in the open day. */
  hourQueries: 0,
  dayQueries: 1,
  /** Logarithm of the queries of a minute in use: its mean and its mean deviation. */
  rate: 2,
  rateSpread: 3,
  latencyMs: 4,
  bytesPerQuery: 5,
  queriesPerTransaction: 6,
  errorShare: 7,
  peopleShare: 8,
  /** Level of activity of an hour: its mean, its variance, and what the week's profile leaves of that. */
  level: 9,
  variance: 10,
  residue: 11,
  sessions: 12,
  /** How far the forecast of each class is off for this tenant, as an addition to its logarithm. */
  bias: 13,
  /** Part of the times when somebody was expected that somebody came; and seconds awake for nobody. */
  prewarmConfidence: 17,
  prewarmWastedSeconds: 18,
  /** How unusual the last minutes were, piled up; and the queries of a robot's minute. */
  surprise: 19,
  robotRate: 20,
  robotSpread: 21,
  /** Logarithm of idle times of half an hour and more, in minutes: the last one, mean, mean deviation. */
  lastGap: 22,
  gap: 23,
  gapSpread: 24,
} as const;

/** Words of the `numbers` part. */
export const NUMBER = {
  sizeDay: 0,
  prewarmHits: 1,
  prewarmMisses: 2,
  robotMinutes: 3,
  /** Day of the last report, one for each kind of anomaly. */
  reported: 4,
  reportedEnd: 10,
} as const;

/** Of a tenant of which nothing is known: it has to earn being expected. */
export const CONFIDENCE_FIRST = 0.4;

const COUNTS = 8;
const MEANS = 25;
const NUMBERS = 10 + DAYS_KEPT;
const BYTES = HOURS_OF_DAY * 3 + HOURS_OF_WEEK + HOURS_OF_WEEK / 4 + HOURS_OF_DAY / 2 + DAYS_KEPT;

/** Size of the whole, in bytes. */
export const PATTERN_BYTES = 4 * COUNTS + 4 * MEANS + 2 * NUMBERS + BYTES;

export type PatternState = {
  readonly all: Uint8Array;
  readonly counts: Uint32Array;
  readonly means: Float32Array;
  readonly numbers: Uint16Array;
  /** Size of the data at the end of each of the last days, as `sizeCode`. */
  readonly sizes: Uint16Array;
  /** Of each of the last 24 hours: minutes in use, and queries as `countCode`. */
  readonly dayMinutes: Uint8Array;
  readonly dayQueries: Uint8Array;
  /** Chance of any use in each hour of the day (UTC), of 255. */
  readonly dayChance: Uint8Array;
  /** Mean level of activity in each hour of the week (UTC), of 255. */
  readonly week: Uint8Array;
  /** Class of each of the last 168 hours, two bits each. */
  readonly weekClasses: Uint8Array;
  /** Where in an hour of the day use begins after an idle hour, four bits each, of 4 minutes. */
  readonly onsets: Uint8Array;
  /** Queries of each of the last days, as `countCode`. */
  readonly dailyQueries: Uint8Array;
};

export function patternState(bytes?: Uint8Array): PatternState {
  const all = new Uint8Array(PATTERN_BYTES);
  const isKnown = bytes?.length === PATTERN_BYTES && bytes[0] === VERSION;
  if (isKnown) all.set(bytes);
  const state = viewsOf(all);
  if (isKnown && isSound(state)) return state;
  all.fill(0);
  state.counts[COUNT.version] = VERSION;
  state.means[MEAN.prewarmConfidence] = CONFIDENCE_FIRST;
  return state;
}

function viewsOf(all: Uint8Array): PatternState {
  let offset = 0;
  const take = (size: number): number => {
    offset += size;
    return offset - size;
  };
  const bytes = (size: number): Uint8Array => new Uint8Array(all.buffer, take(size), size);
  return {
    all,
    counts: new Uint32Array(all.buffer, take(4 * COUNTS), COUNTS),
    means: new Float32Array(all.buffer, take(4 * MEANS), MEANS),
    numbers: new Uint16Array(all.buffer, take(2 * (NUMBERS - DAYS_KEPT)), NUMBERS - DAYS_KEPT),
    sizes: new Uint16Array(all.buffer, take(2 * DAYS_KEPT), DAYS_KEPT),
    dayMinutes: bytes(HOURS_OF_DAY),
    dayQueries: bytes(HOURS_OF_DAY),
    dayChance: bytes(HOURS_OF_DAY),
    week: bytes(HOURS_OF_WEEK),
    weekClasses: bytes(HOURS_OF_WEEK / 4),
    onsets: bytes(HOURS_OF_DAY / 2),
    dailyQueries: bytes(DAYS_KEPT),
  };
}

/** Whether the bytes can be what was written: rubbish would poison every mean it is mixed into. */
function isSound({ counts, means, dayMinutes }: PatternState): boolean {
  const hour = counts[COUNT.hour] ?? 0;
  const first = counts[COUNT.firstHour] ?? 0;
  const last = Math.floor((counts[COUNT.lastMinute] ?? 0) / 60);
  return (
    first <= hour &&
    last <= hour &&
    means.every(Number.isFinite) &&
    dayMinutes.every((n) => n <= 60)
  );
}

/** A count in one byte, to within 5 %: 0 stays 0, and 255 is beyond 10^10. */
export const countCode = (count: number): number =>
  count <= 0 ? 0 : Math.min(255, Math.round(Math.log1p(count) / COUNT_STEP) || 1);

export const countOf = (code: number): number => Math.expm1(code * COUNT_STEP);

const COUNT_STEP = Math.log(1e10) / 255;

/** A size in two bytes, to within 0.03 %: enough to see a steady growth of a percent a week. */
export const sizeCode = (bytes: number): number =>
  bytes <= 0 ? 0 : Math.min(65_535, Math.max(1, Math.round(Math.log2(bytes) * SIZE_STEPS)));

export const sizeOf = (code: number): number => (code === 0 ? 0 : 2 ** (code / SIZE_STEPS));

const SIZE_STEPS = 1_300;
