/**
 * What tenants use, by minute and hour: where it is kept, and what a running compute says of itself.
 *
 * Two sources make a row. While a compute runs it is sampled once a minute. At rest a tenant uses nothing but room,
 * which changes only when something moves: such a *rest* is one record however long it lasts, and is cut into hours
 * when somebody asks. A fleet asleep costs the ledger nothing.
 */
import type { CustomerId, TenantId } from './ids.ts';
import { LEVELS } from './levels.ts';
import type { DurationMs, Timestamp } from './units.ts';
import type { UsageMinute } from './usage.ts';
import type { Use, UseRow } from './use.ts';

/** What a running compute has used and holds, at one look. */
export type ComputeSample = {
  /** Names this run of the compute: counters begin anew with another. */
  readonly run: string;
  /** For how long it has run. */
  readonly age: DurationMs;
  /** Of its own in memory now: proportional set size of its processes, or what its cgroup is charged. */
  readonly memoryBytes: number;
  /** Microseconds of a processor since the run began, processes that have ended included. Never falls in one run. */
  readonly cpuUs: number;
  /** Bytes that its processes have had written to disk since the run began; null where that cannot be told. */
  readonly diskWrittenBytes: number | null;
};

export interface Samples {
  /** Looks at every compute of a tenant that runs. One that ends meanwhile is left out. */
  all(): Promise<ReadonlyMap<TenantId, ComputeSample>>;

  /** Calls `listener` with a last look at each compute that is about to be stopped. At most one listener. */
  onLast(listener: (tenant: TenantId, sample: ComputeSample) => void): void;
}

/** Pages that a run of a compute has read since it began, and what it has in the page cache, at one look. */
export type PageReading = {
  readonly run: string;
  readonly at: Timestamp;
  /** By the level that served them. */
  readonly l1: number;
  readonly l2: number;
  readonly l3: number;
  /** Bytes of its files there; null where nobody has looked now. */
  readonly cachedBytes: number | null;
};

/** What is learned of reads whenever a compute is asked something anyway. */
export interface PageReads {
  /** At most one listener. */
  onRead(listener: (tenant: TenantId, reading: PageReading) => void): void;
}

/** Where a compute stood when it was looked at, as it is kept over restarts of the server. */
export type SamplePoint = Omit<ComputeSample, 'age'> & {
  readonly tenant: TenantId;
  readonly at: Timestamp;
};

/** What a compute used in a part of a minute. */
export type UsePiece = {
  readonly tenant: TenantId;
  /** Within the minute that it is counted to. */
  readonly at: Timestamp;
  readonly use: Pick<Use, 'memory' | 'cpu' | 'written'>;
};

/** What is counted at once. */
export type UseBatch = {
  /** Counted once under this name: random text, new for every batch. */
  readonly name: string;
  /** Until when the tenants that are `seen` are counted as awake. */
  readonly until: Timestamp;
  readonly seen: readonly SamplePoint[];
  readonly used: readonly UsePiece[];
};

/** How long what is counted is kept; days are kept for ever. */
export type UseRetention = { readonly minutes: DurationMs; readonly hours: DurationMs };

export interface UseStore {
  /** Adds what was counted, all or none. When the outcome is unknown, the same batch is offered again. */
  count(batch: UseBatch): Promise<void>;

  /** Adds pages that were read since each run was told of last; to offer the same again adds nothing. */
  countPages(readings: ReadonlyMap<TenantId, readonly PageReading[]>): Promise<void>;

  /** How the computes of tenants that are awake stood when they were last counted. */
  points(): Promise<readonly SamplePoint[]>;

  /** Forgets some of what is older; resolves with whether there may be more of it. */
  forget(retention: UseRetention): Promise<boolean>;
}

/** Which rows of the ledger: whole hours in [from, to). */
export type UseQuery = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly tenant?: TenantId | undefined;
  /** Null for tenants of nobody; undefined for all. */
  readonly customer?: CustomerId | null | undefined;
  /** Of these alone. */
  readonly tenants?: readonly TenantId[] | undefined;
};

/** A fleet in some hours: who rested through all of them, and who else has rows. */
export type UseParted = {
  /** A row of an hour of each, which is the same in every one; in the order of tenants. */
  readonly resting: readonly UseRow[];
  /** In their order. */
  readonly others: readonly TenantId[];
};

/** One minute of one tenant; what is not whole minutes is at its end. */
export type UseMinute = {
  readonly minute: Timestamp;
  readonly length: DurationMs;
  readonly use: Use;
};

export const USE_STEPS = ['minute', 'hour', 'day'] as const;

export type UseStep = (typeof USE_STEPS)[number];

/** Beginning with a whole step. */
export type StepQuery = UseQuery & { readonly step: UseStep };

/** What was used in one step, by all tenants that were asked for. */
export type UsedStep = {
  readonly at: Timestamp;
  /** For how long they were there, all together. */
  readonly seconds: bigint;
  readonly use: Use;
};

/** What they were asked. */
export type Traffic = Omit<UsageMinute, 'tenant' | 'minute'>;

export type TrafficStep = Traffic & { readonly at: Timestamp };

/** A first wake finds files without anything in them. */
export const SERVED_FROM = [...LEVELS, 'husk'] as const;

export type ServedFrom = (typeof SERVED_FROM)[number];

/** Who or what a tenant is woken by; `found` is a compute that ran when the server was started. */
export const WAKERS = [
  'person',
  'robot',
  'operator',
  'prewarm',
  'tier',
  'upkeep',
  'restart',
  'found',
] as const;

export type Waker = (typeof WAKERS)[number];

/** Pages that were read from one level, or wakes that one level served for one waker. */
export type ServedStep = {
  readonly at: Timestamp;
  readonly from: ServedFrom;
  readonly what: 'page' | Waker;
  readonly times: number;
};

/** Sums by step, the oldest first; steps without anything are left out. All throw `CATALOG_DOWN`. */
export interface UseHistory {
  /** By the minute only what was used awake. */
  used(query: StepQuery): Promise<readonly UsedStep[]>;
  traffic(query: StepQuery): Promise<readonly TrafficStep[]>;
  /** By the hour and day only. */
  served(query: StepQuery): Promise<readonly ServedStep[]>;
}

export interface UseLedger {
  /**
   * Rows by hour, ordered by hour, then tenant, those of one customer by tenant, then hour; tenants at rest and deleted
   * ones included. The hour that is running is told as far as it is counted. Throws `CATALOG_DOWN`.
   */
  rows(query: UseQuery): AsyncIterable<UseRow>;

  /**
   * Whole hours, which are over if they are more than one. So that a fleet asleep is read once, and not once an hour.
   * Throws `CATALOG_DOWN`.
   */
  parted(span: Pick<UseQuery, 'from' | 'to'>): Promise<UseParted>;

  /** Since when all hours are kept; rows before may have been forgotten. Throws `CATALOG_DOWN`. */
  keptFrom(): Promise<Timestamp>;

  /** Minutes in which the compute ran, oldest first, at most 10,000. Throws `CATALOG_DOWN`. */
  minutes(
    tenant: TenantId,
    span: { readonly from: Timestamp; readonly to: Timestamp },
  ): Promise<readonly UseMinute[]>;
}
