/**
 * What a tenant used in one minute, counted by the proxy at frame level.
 *
 * Counts add up: two records of one tenant and minute are merged by adding, so that a minute may be
 * written in parts and by several proxies.
 */
import type { TenantId } from './ids.ts';
import type { Timestamp } from './units.ts';

/** Upper bounds of the latency buckets, in microseconds; one more bucket holds what is slower. */
export const LATENCY_BOUNDS_US = [
  100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
  2_500_000, 5_000_000, 10_000_000,
] as const;

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
    latency: one.latency.map((count, bucket) => count + (other.latency[bucket] ?? 0)),
    latencySumUs: one.latencySumUs + other.latencySumUs,
  };
}
