/**
 * What proxy and control plane ask of each other. Every argument and answer is a plain message, so
 * that the proxy may run in a process of its own without a change of meaning. There may be several
 * proxies, and a proxy outlives control planes: whatever it has told one, it tells the next.
 *
 * A compute is never stopped under a proxy that uses it. The control plane asks every proxy to `park`
 * the tenant first; from the answer `parked` on a proxy touches no backend of the tenant before it
 * has an address from `wake` again. Reports of `use` are for the timing only and may be late.
 */

import type { Asking } from './awake.ts';
import type { Fault } from './faults.ts';
import type { Address } from './host.ts';
import type { ProxyId, SessionId, TenantId, TenantName } from './ids.ts';
import type { QuotaHold } from './quota.ts';
import type { DurationMs } from './units.ts';
import type { QueryClass } from './usage.ts';
import type { Verifier } from './verifier.ts';
import type { VisitorClass } from './visitors.ts';

/** What a session needs to know of its tenant before it may knock. */
export type Door = {
  readonly tenant: TenantId;
  readonly name: TenantName;
  /** Sessions that the tenant may have at once, parked ones too. */
  readonly sessionsMax: number;
  /** Backends that its sessions may have between them at once. */
  readonly backendsMax: number;
  /** Idle time after which a pinned session is ended; null for never. */
  readonly maxPinIdle: DurationMs | null;
  /** A client's address must be in every one of these lists; an empty one has all. Any if not given. */
  readonly allowedAddresses?: readonly (readonly string[])[];
  /** Why no further session may come; told to who has proven a password. */
  readonly refusal?: QuotaHold | null;
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

/** A client of a tenant. */
export type SessionClient = {
  readonly role: string;
  readonly applicationName: string;
  /** Its address. */
  readonly from: string;
  readonly visitor: VisitorClass;
  /** Of the first statement that was answered since it has its backend; null if none was, or it is not known. */
  readonly statement?: QueryClass | null;
};

/** Why a tenant is woken; kept with the wake. */
export type WakeCause =
  | (SessionClient & { readonly kind: 'session' })
  | { readonly kind: 'operator' };

export type WakeRequest = {
  readonly tenant: TenantId;
  /** Uses the compute from now on, until its `use` says otherwise. */
  readonly proxy: ProxyId;
  readonly cause: WakeCause;
  /** Whoever asks wakes nobody: the address of a compute that runs, else `TENANT_ASLEEP`. Begins and holds nothing. */
  readonly onlyIfAwake?: boolean;
};

/** How one proxy uses one tenant now. A report replaces the one before. */
export type TenantUse = {
  /** Sessions with a proven password, parked ones too. */
  readonly sessions: number;
  /** Of these, how many have a backend. */
  readonly bound: number;
  /** What keeps the compute awake, in a few words; null if it may be suspended when it is time. */
  readonly heldBy: string | null;
  /**
   * What holds it is no person and may not keep it awake: it is not to be stopped under a request, and its
   * idleness goes on meanwhile.
   */
  readonly isHeldByRobots?: boolean;
  /** Since when no session has asked anything that keeps the compute awake; 0 while one does. */
  readonly idleFor: DurationMs;
  /** Whose session it is that holds it; of several, one. Not given where it is none. */
  readonly holder?: Holder;
  /** Who came first since it woke, and is gone again; told once. */
  readonly left?: SessionClient;
  /** Sessions that waited for the compute to wake; told once after a wake. */
  readonly waited?: number;
};

export type Holder = {
  readonly who: SessionClient;
  /** Why it cannot be parked; null for one that is at work. */
  readonly pin: PinReason | null;
};

export interface Gate {
  /** Undefined if there is no such tenant, or it is being deleted. */
  door(name: TenantName): Promise<Door | undefined>;

  /** Undefined if the role does not exist or may not log in. */
  credential(tenant: TenantId, role: string): Promise<Credential | undefined>;

  /**
   * Resolves with the address of the running compute, after a start if it sleeps. From the call on
   * the proxy counts as using the tenant until it reports otherwise, also when the wake fails.
   * Throws `WAKE_TIMEOUT`, `WAKE_FAILED`, `WAKES_FULL`, `TENANT_UNKNOWN`, `TENANT_ASLEEP`, `SERVER_STOPPING`.
   */
  wake(request: WakeRequest): Promise<Address>;

  /**
   * Somebody who has been let in before knocks: begin the wake while the password is checked. It
   * holds nothing; if nobody follows, the compute is suspended soon.
   */
  expect(tenant: TenantId, cause: WakeCause): void;

  /** How `proxy` uses the tenant from now on. */
  use(tenant: TenantId, proxy: ProxyId, use: TenantUse): void;

  /** The compute did not answer at its address: look whether it lives before the next wake. */
  unanswered(tenant: TenantId): void;

  /** A command that changes roles was committed: learn the roles again. */
  rolesChanged(tenant: TenantId): void;

  /** So many sessions, and calls over HTTP, were refused by each fault since this was last told. Some may be lost. */
  refused?(counts: Readonly<Record<string, number>>): void;
}

/** Looks up the verifiers of tickets: short-lived logins that the control plane made. */
export interface TicketReader {
  /** Undefined if there is no such ticket for this tenant, or it has expired. */
  find(tenant: TenantId, role: string): Ticket | undefined;

  /** On whose request the ticket of this user was made, also when it has expired; null if it is none, or forgotten. */
  askedBy(role: string): Asking | null;
}

/** As whom the holder of a ticket acts: the tenant's owner, or one who may read. */
export type TicketRights = 'owner' | 'reader';

export type Ticket = { readonly verifier: Verifier; readonly rights: TicketRights };

/** How a tenant is to be parked. */
export type ParkRequest =
  /** Only if nobody is at work: a query that is under way or arrives refuses it. */
  | { readonly kind: 'ifIdle' }
  /**
   * What is under way may end within this time, and what arrives meanwhile waits. Then whoever is
   * still at work, or cannot be parked, refuses it; or is ended with 57P01 if `force` is set.
   */
  | { readonly kind: 'drain'; readonly within: DurationMs; readonly force: boolean };

export type Parked =
  | { readonly kind: 'parked'; readonly sessions: number }
  /** Somebody needs the compute; nothing has changed. `why` completes "is held awake: ...". */
  | { readonly kind: 'held'; readonly why: string };

export type SessionView = SessionClient & {
  readonly id: SessionId;
  /** `pinned`: bound, and cannot be parked. `waiting`: parked, and waits for a backend. */
  readonly state: 'bound' | 'pinned' | 'parked' | 'waiting';
  readonly openFor: DurationMs;
  /** Since its last request or answer. */
  readonly idleFor: DurationMs;
  readonly pin: PinView | null;
};

/** Why a session cannot be parked. */
export type PinView = {
  readonly reason: PinReason;
  /** The statement that caused it as far as it is known, its values left out. */
  readonly statement: string | null;
  readonly since: DurationMs;
};

export const PIN_REASONS = [
  'temporary objects',
  'cursor WITH HOLD',
  'advisory lock',
  'sequence value',
  'open transaction',
  'COPY',
  'statement too large',
  'prepared in a batch',
  'session authorization',
  'state unknown',
] as const;

export type PinReason = (typeof PIN_REASONS)[number];

/** What the control plane asks of a proxy. */
export interface Sessions {
  /** Ends every session of the tenant with `because`. */
  end(tenant: TenantId, because: Fault): void;
  /** Ends those of its sessions that come from addresses which are not in all of `allowed`. */
  confine(tenant: TenantId, allowed: readonly (readonly string[])[], because: Fault): void;
  /** Sessions now open, of one tenant or of all. */
  count(tenant?: TenantId): number;
  /** Has all sessions of the tenant give up their backends. Never throws. */
  park(tenant: TenantId, request: ParkRequest): Promise<Parked>;
  /** The tenant's sessions. */
  list(tenant: TenantId): Promise<readonly SessionView[]>;
}
