import type { TenantId } from '../domain/ids.ts';
import type { DurationMs, Timestamp } from '../domain/units.ts';
import { LATENCY_BOUNDS_US, QUERY_CLASSES, type UsageMinute } from '../domain/usage.ts';

const US_IN_MS = 1_000;
const BOUNDS: readonly number[] = LATENCY_BOUNDS_US;
const BUCKETS = BOUNDS.length + 1;

/**
 * What one tenant used since its counts were last taken.
 *
 * The fields are public and written from the hot path, many times a request; everything that would
 * protect them costs more than the counting.
 */
export class TenantMeter {
  readonly tenant: TenantId;
  /** Simple queries, function calls and executed portals. */
  queries = 0;
  /** Of these, those of anything but people. */
  byRobots = 0;
  transactions = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Statements carried out, by the places of `QUERY_CLASSES`. */
  classes: number[] = new Array(QUERY_CLASSES.length).fill(0);
  #openSessions = 0;
  #sessions = 0;
  #latencySumUs = 0;
  #latency: number[] = new Array(BUCKETS).fill(0);
  #errors = new Map<string, number>();

  constructor(tenant: TenantId) {
    this.tenant = tenant;
  }

  get openSessions(): number {
    return this.#openSessions;
  }

  sessionBegan(): void {
    this.#openSessions++;
    this.#sessions++;
  }

  sessionEnded(): void {
    this.#openSessions--;
  }

  /** A request was answered `took` after its first byte. */
  answered(took: DurationMs): void {
    const us = took * US_IN_MS;
    let bucket = 0;
    let end = BOUNDS.length;
    while (bucket < end) {
      const middle = (bucket + end) >> 1;
      if (us > (BOUNDS[middle] ?? 0)) bucket = middle + 1;
      else end = middle;
    }
    this.#latency[bucket] = (this.#latency[bucket] ?? 0) + 1;
    this.#latencySumUs += us;
  }

  /** `errorClass` is the first two characters of the SQLSTATE. */
  failed(errorClass: string): void {
    this.#errors.set(errorClass, (this.#errors.get(errorClass) ?? 0) + 1);
  }

  /** The counts, which begin anew; null if nothing was counted. */
  take(minute: Timestamp): UsageMinute | null {
    const counted: UsageMinute = {
      tenant: this.tenant,
      minute,
      sessions: this.#sessions,
      queries: this.queries,
      byRobots: this.byRobots,
      transactions: this.transactions,
      errors: Object.fromEntries(this.#errors),
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      classes: this.classes,
      latency: this.#latency,
      latencySumUs: Math.round(this.#latencySumUs),
    };
    const isNothing = counted.sessions === 0 && counted.bytesIn === 0 && counted.bytesOut === 0;
    if (isNothing && this.#errors.size === 0) return null;
    this.#sessions = 0;
    this.queries = 0;
    this.byRobots = 0;
    this.transactions = 0;
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.classes = new Array(QUERY_CLASSES.length).fill(0);
    this.#latency = new Array(BUCKETS).fill(0);
    this.#latencySumUs = 0;
    this.#errors = new Map();
    return counted;
  }
}
