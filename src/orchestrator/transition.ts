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
  | 'remove';

/** What is under way with a tenant. */
export type Transition =
  | { readonly kind: 'wake'; readonly wake: PendingWake; readonly done: Promise<void> }
  | { readonly kind: PlainTransition; readonly done: Promise<void> };

/** Transitions that leave the compute as it is: sessions pass them by. */
export const isQuiet = (transition: Transition | null): boolean =>
  transition === null || transition.kind === 'roles' || transition.kind === 'upkeep';

/** Ordinary turns of events, or told to the log where they happened. */
export const EXPECTED: ReadonlySet<FaultCode> = new Set([
  'WAKE_FAILED',
  'WAKE_TIMEOUT',
  'TENANT_BUSY',
]);
