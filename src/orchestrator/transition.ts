import type { FaultCode } from '../domain/faults.ts';
import type { TenantStateKind } from '../domain/tenant.ts';
import type { PendingWake } from './pending-wake.ts';

export type PlainTransition = 'create' | 'suspend' | 'heal' | 'settle' | 'roles' | 'remove';

/** What is under way with a tenant. */
export type Transition =
  | { readonly kind: 'wake'; readonly wake: PendingWake; readonly done: Promise<void> }
  | { readonly kind: PlainTransition; readonly done: Promise<void> };

/** Rows in these states promise something that only a look at the host can confirm. */
export const UNCLEAR: ReadonlySet<TenantStateKind> = new Set(['waking', 'running', 'suspending']);

/** Rows in these states have no tenant to wake: not yet, or no more. */
export const UNBORN: ReadonlySet<TenantStateKind> = new Set(['creating', 'deleting']);

/** Ordinary turns of events, or told to the log where they happened. */
export const EXPECTED: ReadonlySet<FaultCode> = new Set([
  'WAKE_FAILED',
  'WAKE_TIMEOUT',
  'TENANT_BUSY',
]);
