/**
 * What is kept of how the server has served: when it lived, and what each day was like.
 *
 * The server *beats* once a minute while it serves. Where the beats stop there is a gap, told when the next start finds
 * it: who is dead cannot write that down.
 */
import type { Json } from './decision.ts';
import type { Tier } from './tier.ts';
import type { Timestamp } from './units.ts';

/** The server did not serve. */
export type Gap = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  /** It was stopped by somebody, and had no accident. */
  readonly planned: boolean;
};

export type ServiceLife = {
  /** The first beat there was. */
  readonly bornAt: Timestamp;
  /** The last one. */
  readonly beatAt: Timestamp;
  /** The last run has ended by itself. */
  readonly isClosed: boolean;
};

/** A day of UTC, by its first moment, and what is known of it. */
export type ServiceDay = {
  readonly day: Timestamp;
  readonly figures: { readonly [key: string]: Json };
};

/** How often tenants have gone from one tier to another on a day of UTC. */
export type TierFlow = {
  readonly day: Timestamp;
  readonly from: Tier;
  readonly to: Tier;
  readonly times: number;
};

/** All throw `CATALOG_DOWN`. */
export interface UptimeStore {
  /** Null before the first beat. */
  life(): Promise<ServiceLife | null>;
  /** The server serves, or has just ended doing so; what is known of the day replaces what was. */
  beat(at: Timestamp, today: ServiceDay, isClosed: boolean): Promise<void>;
  addGap(gap: Gap): Promise<void>;
  /** Those that end after `since`, oldest first. */
  gaps(since: Timestamp): Promise<readonly Gap[]>;
  /** From `since` on, oldest first. */
  days(since: Timestamp): Promise<readonly ServiceDay[]>;
  /** Tenants that have risen by a tier since then, each counted once. */
  risen(since: Timestamp): Promise<number>;
  /** Changes of tier by day, from `from` on and before `to`; oldest first. */
  tierFlows(from: Timestamp, to: Timestamp): Promise<readonly TierFlow[]>;
  /** Customers that there are. */
  customers(): Promise<number>;
}
