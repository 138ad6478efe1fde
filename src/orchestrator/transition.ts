import type { FaultCode } from '../domain/faults.ts';
import type { PendingWake } from './pending-wake.ts';

export type PlainTransition =
  | 'create'
  | 'suspend'
  | 'restart'
  | 'heal'
  | 'settle'
  | 'roles'
  | 'upkeep'
  | 'shed'
  | 'prewarm'
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
  /** At once, or not at all: only of an awake tenant with which nothing is going on. */
  ifFree(kind: PlainTransition, work: () => Promise<void>): void;
  /** After what is under way, however that ends. */
  exclusively(kind: PlainTransition, work: () => Promise<void>): Promise<void>;
  wake(because: string): Promise<void>;
  /** Tells the log of a failure that nobody waits for. */
  complain(what: string, error: unknown): void;
};

const QUIET: ReadonlySet<Transition['kind']> = new Set([
  'roles',
  'upkeep',
  'shed',
  'prewarm',
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
]);
