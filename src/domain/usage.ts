/**
 * What a tenant used in one minute, counted by the proxy at frame level.
 *
 * Counts add up: two records of one tenant and minute are merged by adding, so that a minute may be
 * written in parts and by several proxies.
 */
import type { TenantId } from './ids.ts';
import type { Timestamp } from './units.ts';

/**
 * Upper bounds of the latency buckets, in microseconds; one more bucket holds what is slower. Each is at most 1.4 times
 * the one before, so that a quantile is told to within a fifth: see `latencyQuantile`.
 */
export const LATENCY_BOUNDS_US = [
  ...[100, 140, 180, 250, 350, 500, 700, 1_000, 1_400, 1_800, 2_500, 3_500, 5_000, 7_000],
  ...[10_000, 14_000, 18_000, 25_000, 35_000, 50_000, 70_000, 100_000, 140_000, 180_000],
  ...[250_000, 350_000, 500_000, 700_000, 1_000_000, 1_400_000, 1_800_000, 2_500_000],
  ...[3_500_000, 5_000_000, 7_000_000, 10_000_000],
] as const satisfies readonly number[];

/** What statements that were carried out were, by the tag with which PostgreSQL ends each. */
export const QUERY_CLASSES = [
  'read',
  'write',
  'ddl',
  'transaction',
  'copy',
  'utility',
  'other',
] as const;

export type QueryClass = (typeof QUERY_CLASSES)[number];

export type UsageMinute = {
  readonly tenant: TenantId;
  /** Start of the minute. */
  readonly minute: Timestamp;
  /** Sessions begun, after a proven password. */
  readonly sessions: number;
  /** Simple queries and executed portals. */
  readonly queries: number;
  /** Of these, how many were asked by anything but people: see `domain/visitors.ts`. */
  readonly byRobots: number;
  /** Transactions ended, committed or rolled back; a statement of its own counts as one. */
  readonly transactions: number;
  /** Errors by SQLSTATE class, the first two characters: `{"42": 3}`. */
  readonly errors: Readonly<Record<string, number>>;
  /** Bytes from the client and to it, without TLS and without login. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Statements carried out, one count for each of `QUERY_CLASSES`; none at the end may be left out. */
  readonly classes: readonly number[];
  /** From the first byte of a request to its ReadyForQuery; one count a bucket. */
  readonly latency: readonly number[];
  readonly latencySumUs: number;
};

/** Where full minutes go. */
export interface UsageSink {
  /**
   * Adds the records to what is stored, all or none. When the outcome is unknown the caller offers
   * the same records again under the same `batch`, and they are counted once. `batch` is random
   * text of at least 64 bits, new for every set of records.
   */
  add(records: readonly UsageMinute[], batch: string): Promise<void>;
}

/** The sum of two records of one tenant and minute. */
export function addedUsage(one: UsageMinute, other: UsageMinute): UsageMinute {
  const errors: Record<string, number> = { ...one.errors };
  for (const [errorClass, count] of Object.entries(other.errors)) {
    errors[errorClass] = (errors[errorClass] ?? 0) + count;
  }
  return {
    tenant: one.tenant,
    minute: one.minute,
    sessions: one.sessions + other.sessions,
    queries: one.queries + other.queries,
    byRobots: one.byRobots + other.byRobots,
    transactions: one.transactions + other.transactions,
    errors,
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    classes: addedCounts(one.classes, other.classes),
    latency: addedCounts(one.latency, other.latency),
    latencySumUs: one.latencySumUs + other.latencySumUs,
  };
}

/** Place by place; the shorter one has nothing where it ends. */
export const addedCounts = (one: readonly number[], other: readonly number[]): number[] =>
  Array.from(
    { length: Math.max(one.length, other.length) },
    (_, place) => (one[place] ?? 0) + (other[place] ?? 0),
  );

/**
 * The time within which `share` of the requests were answered, in microseconds; null without requests. It is the
 * geometric middle of the bucket in which that one lies, so it is wrong by less than a fifth, but for those below the
 * first bound, which is told for them, and above the last, likewise.
 */
export function latencyQuantile(latency: readonly number[], share: number): number | null {
  const all = latency.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const rank = Math.max(1, Math.ceil(all * share));
  let before = 0;
  const bucket = latency.findIndex((count) => {
    before += count;
    return before >= rank;
  });
  const above = LATENCY_BOUNDS_US[bucket];
  const below = LATENCY_BOUNDS_US[bucket - 1];
  if (below === undefined || above === undefined) return above ?? below ?? null;
  return Math.round(Math.sqrt(below * above));
}
