/**
 * What the proxy asks of the control plane. Every argument and answer is a plain message, so that
 * the proxy may run in a process of its own without a change of meaning.
 */

import type { Fault } from './faults.ts';
import type { Address } from './host.ts';
import type { SessionId, TenantId, TenantName } from './ids.ts';
import type { Verifier } from './verifier.ts';

/** What a session needs to know of its tenant before it may knock. */
export type Door = {
  readonly tenant: TenantId;
  readonly name: TenantName;
  readonly sessionsMax: number;
};

/** With which role, and by which secret, a proven session logs in to the compute. */
export type Credential = {
  /** Checks what the client proves. */
  readonly verifier: Verifier;
  /**
   * The role to log in to the compute as, and the SCRAM ClientKey for it (32 bytes, base64), where
   * they are not what the client itself proves: a ticket made by the control plane.
   */
  readonly instead: { readonly role: string; readonly clientKey: string } | null;
};

/** Why a tenant is woken; kept with the wake. */
export type WakeCause =
  | {
      readonly kind: 'session';
      readonly role: string;
      readonly applicationName: string;
      readonly from: string;
    }
  | { readonly kind: 'operator' };

export type WakeRequest = {
  readonly tenant: TenantId;
  /** Holds the tenant awake until it is released. */
  readonly session: SessionId;
  readonly cause: WakeCause;
};

export interface Gate {
  /** Undefined if there is no such tenant, or it is being deleted. */
  door(name: TenantName): Promise<Door | undefined>;

  /** Undefined if the role does not exist or may not log in. */
  credential(tenant: TenantId, role: string): Promise<Credential | undefined>;

  /**
   * Resolves with the address of the running compute, after a start if it sleeps. From the call on
   * the session counts as open until `release`, also when the wake fails.
   * Throws `WAKE_TIMEOUT`, `WAKE_FAILED`, `WAKES_FULL`, `TENANT_UNKNOWN`, `SERVER_STOPPING`.
   */
  wake(request: WakeRequest): Promise<Address>;

  /** The session is over. Harmless if it was never opened. */
  release(tenant: TenantId, session: SessionId): void;

  /** The compute did not answer at its address: look whether it lives before the next wake. */
  unanswered(tenant: TenantId): void;

  /** A command that changes roles was committed: learn the roles again. */
  rolesChanged(tenant: TenantId): void;
}

/** Looks up the verifiers of tickets: short-lived logins that the control plane made. */
export interface TicketReader {
  /** Undefined if there is no such ticket for this tenant, or it has expired. */
  find(tenant: TenantId, role: string): Verifier | undefined;
}

/** What the control plane asks of the proxy. */
export interface Sessions {
  /** Ends every session of the tenant with `because`. */
  end(tenant: TenantId, because: Fault): void;
  /** Sessions now open, of one tenant or of all. */
  count(tenant?: TenantId): number;
}
