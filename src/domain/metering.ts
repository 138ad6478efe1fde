/**
 * What tenants use, by minute and hour: where it is kept, and what a running compute says of itself.
 *
 * Two sources make a row. While a compute runs it is sampled once a minute. At rest a tenant uses nothing but room,
 * which changes only when something moves: such a *rest* is one record however long it lasts, and is cut into hours
 * when somebody asks. A fleet asleep costs the ledger nothing.
 */
import type { CustomerId, TenantId } from './ids.ts';
import type { DurationMs, Timestamp } from './units.ts';
import type { Use, UseRow } from './use.ts';

/** What a running compute has used and holds, at one look. */
export type ComputeSample = {
  /** Names this run of the compute: counters begin anew with another. */
  readonly run: string;
  /** Of its own in memory now: proportional set size of its processes, or what its cgroup is charged. */
  readonly memoryBytes: number;
  /** Microseconds of a processor since the run began, processes that have ended included. Never falls in one run. */
  readonly cpuUs: number;
  /** Bytes that its processes have had written to disk since the run began; null where that cannot be told. */
  readonly diskWrittenBytes: number | null;
};

/** Which rows of the ledger: whole hours in [from, to). */
export type UseQuery = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly tenant?: TenantId | undefined;
  /** Null for tenants of nobody; undefined for all. */
  readonly customer?: CustomerId | null | undefined;
};

/** One minute of one tenant; what is not whole minutes is at its end. */
export type UseMinute = {
  readonly minute: Timestamp;
  readonly length: DurationMs;
  readonly use: Use;
};

export interface UseLedger {
  /**
   * Rows by hour, ordered by hour, then tenant; tenants at rest and deleted ones included. The hour that is running is
   * told as far as it is counted. Throws `CATALOG_DOWN`.
   */
  rows(query: UseQuery): AsyncIterable<UseRow>;

  /** Minutes in which the compute ran, oldest first, at most 10,000. Throws `CATALOG_DOWN`. */
  minutes(
    tenant: TenantId,
    span: { readonly from: Timestamp; readonly to: Timestamp },
  ): Promise<readonly UseMinute[]>;
}
