/**
 * Why a tenant is awake, and what that costs.
 *
 * A tenant is awake in intervals. Each has who caused it, what kept it awake from moment to moment, and what ended it.
 * The segments of an interval follow on each other without a gap, so that no awake time is without a reason.
 */
import type { Caller } from './caller.ts';
import type { PinReason, SessionClient, TenantUse } from './gate.ts';
import type { CustomerId, TenantId } from './ids.ts';
import type { Level } from './levels.ts';
import type { DurationMs, Timestamp } from './units.ts';

/** Who asked through the API. */
export type Asker = Pick<Caller, 'kind' | 'name'> & {
  /** Of the operator's own: customers are not told who. */
  readonly isOperator: boolean;
};

/** A request through the API that is being answered. */
export type Asking = { readonly by: Asker; readonly operation: string };

/** The request on behalf of which something is done, however deep; null where there is none. */
export interface AskedNow {
  readonly asking: Asking | null;
}

/** Lets what is done for a request know of it. */
export interface AskedScope extends AskedNow {
  within<T>(asking: Asking, work: () => T): T;
}

export const NOBODY_ASKED: AskedNow = { asking: null };

/** Who or what woke a tenant. */
export type AwakeCause =
  | { readonly kind: 'session'; readonly who: SessionClient }
  /** Started while the password of somebody known was still checked. */
  | { readonly kind: 'expected'; readonly who: SessionClient }
  /** A person or a program, through the API; null where it is not known. */
  | { readonly kind: 'operator'; readonly asking: Asking | null }
  /** The policy, ahead of people; recorded among its decisions with what it looked at. */
  | { readonly kind: 'prewarm'; readonly because: string }
  /** Its tier always runs. */
  | { readonly kind: 'tier' }
  /** Work of our own on its data. */
  | { readonly kind: 'upkeep'; readonly doing: string }
  | { readonly kind: 'restart'; readonly because: string }
  /** It ran when the server was started, and nothing is known of before. */
  | { readonly kind: 'found' };

export type AwakeReason = KeptAwake['kind'];

/** What keeps a tenant awake. */
export type KeptAwake =
  /** Somebody is at work. */
  | { readonly kind: 'work'; readonly who: SessionClient | null }
  /** A session that cannot be parked. */
  | { readonly kind: 'pin'; readonly pin: PinReason; readonly who: SessionClient | null }
  /** Nobody asks anything, and the idle time that somebody has set is not over. */
  | { readonly kind: 'idle'; readonly by: 'tenant' | 'server' | 'rules' }
  /** Nobody asks anything, and by what is learned of it it is worth being awake. */
  | { readonly kind: 'policy'; readonly because: string }
  /** Whoever was expected may still come. */
  | { readonly kind: 'expected' }
  /** Its tier always runs. */
  | { readonly kind: 'floor' }
  /** It could not be suspended, and that is not tried again at once. */
  | { readonly kind: 'refused'; readonly because: string }
  /** Its tables are vacuumed before it sleeps. */
  | { readonly kind: 'upkeep' }
  /** Roles, databases or settings are seen to through the API. */
  | { readonly kind: 'inside' }
  /** It is restarted in another size. */
  | { readonly kind: 'restart'; readonly because: string }
  /** No server ran that could tell. */
  | { readonly kind: 'unwatched' };

/** Segments that were too many to keep each: how long each reason held, in milliseconds; together the whole. */
export type KeptSum = {
  readonly kind: 'several';
  readonly ms: Readonly<Partial<Record<AwakeReason, number>>>;
};

export type AwakeSegment = {
  readonly from: Timestamp;
  /** Where the next begins. */
  readonly to: Timestamp;
  readonly kept: KeptAwake | KeptSum;
};

export type AwakeEndKind =
  | 'idle'
  | 'operator'
  | 'quota'
  | 'crash'
  | 'server'
  | 'restart'
  | 'deleted';

export type AwakeEnd = {
  readonly kind: AwakeEndKind;
  readonly because: string;
  /** Who asked for it, where somebody did through the API. */
  readonly asking?: Asking | null;
};

export type AwakeInterval = {
  readonly tenant: TenantId;
  /** Whose the tenant was then. */
  readonly customer: CustomerId | null;
  /** When its compute was ready. With the tenant it names the interval. */
  readonly from: Timestamp;
  /** Where its data was found; null if it was not seen to wake. */
  readonly level: Level | null;
  /** How long the wake took before that; null likewise. */
  readonly wakeMs: DurationMs | null;
  /** Sessions that waited for the wake. */
  readonly waited: number;
  readonly cause: AwakeCause;
  /** Without a gap from `from` to `to`, the first sums up what were too many. */
  readonly segments: readonly AwakeSegment[];
  /** The end; while it lasts, until when it is known. */
  readonly to: Timestamp;
  /** Null while it lasts. */
  readonly ended: AwakeEnd | null;
};

export type AwakeStart = Pick<AwakeInterval, 'cause' | 'customer'> & {
  readonly level: Level;
  readonly wakeMs: DurationMs;
};

/** Is told what happens to computes, as it happens. Never throws, and nobody waits for it. */
export interface AwakeWatch {
  /** A compute is ready. One that was only restarted goes on with the interval that it had. */
  woke(tenant: TenantId, start: AwakeStart): void;
  /** A compute was found running after a start of the server, or after doubt. */
  found(tenant: TenantId, customer: CustomerId | null): void;
  /** What keeps it awake from now on. */
  kept(tenant: TenantId, kept: KeptAwake): void;
  /** What a proxy says of who came, and how many waited for the wake. */
  told(tenant: TenantId, use: Pick<TenantUse, 'holder' | 'left' | 'waited'>): void;
  /** It runs no more. Nothing happens if that is known. */
  ended(tenant: TenantId, end: AwakeEnd): void;
}

export const UNWATCHED: AwakeWatch = {
  woke: () => {},
  found: () => {},
  kept: () => {},
  told: () => {},
  ended: () => {},
};

export type AwakeSpan = { readonly from: Timestamp; readonly to: Timestamp };

/** Where intervals are kept, for 90 days. All methods throw `CATALOG_DOWN`. */
export interface AwakeStore {
  /** Those that have not ended, and when they were last looked at; each reaches until then at least. */
  lasting(): Promise<{
    readonly intervals: readonly AwakeInterval[];
    readonly seenAt: Timestamp | null;
  }>;
  /**
   * Enters the intervals or replaces them, and notes that all that last were seen now. Those of tenants that are gone are
   * left out. At most 1,000.
   */
  save(intervals: readonly AwakeInterval[], seenAt: Timestamp): Promise<void>;
  /** Intervals that reach into the span, the latest first; of those that began before `before` if that is given. */
  of(
    tenant: TenantId,
    query: AwakeSpan & { readonly before: Timestamp | null; readonly limit: number },
  ): Promise<readonly AwakeInterval[]>;
}
