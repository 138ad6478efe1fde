/**
 * What may be going on with a tenant's compute.
 *
 *   `wake`           a start is under way; every session that comes shares its outcome
 *   `suspend`        first the intent is written and all sessions are parked, in which time a session
 *                    may still turn it round; then the address is gone and sessions wait for the end,
 *                    to begin a wake of their own
 *   `restart`        a suspend and a start in one; who comes waits for its end. What it leaves to be
 *                    written is done by `roles`
 *   `heal`           the row says more than is known (a crash, a lost compute, a write that failed):
 *                    what is true is looked up, and the row made to agree
 *   `settle`         a new owner password is brought to the running compute
 *   `create`         a new tenant is given its place
 *   `roles`          the roles of the compute are read into the catalog; who comes passes by
 *   `inside`         roles, settings and the like of the running compute are seen to; who comes passes by
 *   `upkeep`         tables are vacuumed before a suspend; who comes passes by, and ends it
 *   `shed`           memory is taken from the idle compute, a step; who comes passes by
 *   `prewarm`        blocks are read back behind the first query; who comes passes by
 *   `review`         another tier is written, which it has earned or lost; who comes passes by
 *   `snapshot`       its data is saved, awake or asleep; who comes to an awake one passes by, a
 *                    sleeping one gives it up and is saved once it is awake
 *   `archive`        a sleeping tenant's files are taken to the archive; who comes turns it round
 *   `restore`        a snapshot is put in place of its data
 *   `remove`         ends in `gone`
 */
import type { AwakeCause } from '../domain/awake.ts';
import type { FaultCode } from '../domain/faults.ts';
import type { PendingWake } from './pending-wake.ts';

export type PlainTransition =
  | 'create'
  | 'suspend'
  | 'restart'
  | 'heal'
  | 'settle'
  | 'roles'
  | 'inside'
  | 'upkeep'
  | 'shed'
  | 'prewarm'
  | 'review'
  | 'snapshot'
  | 'archive'
  | 'restore'
  | 'remove';

/** What is under way with a tenant. */
export type Transition =
  | { readonly kind: 'wake'; readonly wake: PendingWake; readonly done: Promise<void> }
  | { readonly kind: PlainTransition; readonly done: Promise<void> };

/** How work becomes the tenant's one transition. */
export type Turns = {
  /** Nothing is under way. */
  isFree(): boolean;
  /** At once, or not at all: only of an awake tenant with which nothing is going on. */
  ifFree(kind: PlainTransition, work: () => Promise<void>): void;
  /** After what is under way, however that ends. */
  exclusively(kind: PlainTransition, work: () => Promise<void>): Promise<void>;
  wake(cause: AwakeCause): Promise<unknown>;
  /** Whether a compute may be used. */
  isAwake(): boolean;
  /** Begins a wake ahead of somebody, if it sleeps and that takes nothing from anybody, and returns whether it has. */
  expect(cause: AwakeCause): boolean;
  /** Asks the idle rule anew, after something it looks at has changed. */
  decide(): void;
  /** Tells the log of a failure that nobody waits for. */
  complain(what: string, error: unknown): void;
};

const QUIET: ReadonlySet<Transition['kind']> = new Set([
  'roles',
  'inside',
  'upkeep',
  'shed',
  'prewarm',
  'review',
  'snapshot',
]);

/** Transitions that leave the compute as it is: sessions pass them by. */
export const isQuiet = (transition: Transition | null): boolean =>
  transition === null || QUIET.has(transition.kind);

/** Ordinary turns of events, or told to the log where they happened. */
export const EXPECTED: ReadonlySet<FaultCode> = new Set([
  'WAKE_FAILED',
  'WAKE_TIMEOUT',
  'TENANT_BUSY',
  'QUOTA_EXCEEDED',
]);
