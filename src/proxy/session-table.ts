/**
 * The sessions that are open, and how many more there may be: in all, of one address, of one
 * tenant. A session counts for its tenant once its password is proven, so that strangers cannot
 * use up a tenant's share.
 */
import { admits } from '../domain/address-list.ts';
import { type Fault, fault } from '../domain/faults.ts';
import type { Door } from '../domain/gate.ts';
import type { TenantId } from '../domain/ids.ts';
import { quotaFault } from '../domain/quota.ts';

export type SessionLimits = {
  readonly sessionsMax: number;
  readonly sessionsOfAddressMax: number;
};

/**
 * Beyond its limit by this factor a connection is not worth an answer: it is closed unread. Up to
 * there it goes through the greeting, so that the client can be told why.
 */
const ANSWERED_FACTOR = 1.25;

/** What the table knows of a session. */
export interface Tracked {
  /** As its socket reported it. */
  readonly clientAddress: string;
  end(because: Fault): void;
  drop(): void;
}

export type Admission =
  | { readonly kind: 'admitted' }
  /** To be told why, and closed. */
  | { readonly kind: 'refused'; readonly because: Fault }
  /** To be closed without a word. */
  | { readonly kind: 'ignored' };

export class SessionTable {
  readonly #limits: SessionLimits;
  readonly #open = new Set<Tracked>();
  readonly #ofAddress = new Map<string, number>();
  readonly #ofTenant = new Map<TenantId, Set<Tracked>>();
  #onEmpty: () => void = () => {};

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  /** What to do with one more connection from `address`. Unless it is ignored, `add` it. */
  admit(address: string): Admission {
    const { sessionsMax, sessionsOfAddressMax } = this.#limits;
    const ofAddress = this.#ofAddress.get(address) ?? 0;
    const most = {
      ofAll: sessionsMax * ANSWERED_FACTOR,
      ofOne: sessionsOfAddressMax * ANSWERED_FACTOR,
    };
    if (this.#open.size >= most.ofAll || ofAddress >= most.ofOne) return { kind: 'ignored' };
    if (this.#open.size >= sessionsMax) {
      return refused('this server', sessionsMax);
    }
    return ofAddress >= sessionsOfAddressMax
      ? refused('one address', sessionsOfAddressMax)
      : { kind: 'admitted' };
  }

  add(session: Tracked, address: string): void {
    this.#open.add(session);
    this.#ofAddress.set(address, (this.#ofAddress.get(address) ?? 0) + 1);
  }

  /** Counts the session for its tenant, until it leaves. Throws `SESSIONS_FULL`, `QUOTA_EXCEEDED`. */
  enter(session: Tracked, door: Door): void {
    if (door.refusal) throw quotaFault(door.name, door.refusal);
    const sessions = this.#ofTenant.get(door.tenant) ?? new Set();
    if (sessions.size >= door.sessionsMax) {
      throw fault('SESSIONS_FULL', { of: `database "${door.name}"`, max: door.sessionsMax });
    }
    this.#ofTenant.set(door.tenant, sessions.add(session));
  }

  /** Gives the tenant's place back. Harmless if it was given back. */
  leave(session: Tracked, tenant: TenantId): void {
    const sessions = this.#ofTenant.get(tenant);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#ofTenant.delete(tenant);
  }

  /** The socket of `session` is closed. */
  remove(session: Tracked, address: string): void {
    if (!this.#open.delete(session)) return;
    const ofAddress = (this.#ofAddress.get(address) ?? 1) - 1;
    if (ofAddress > 0) this.#ofAddress.set(address, ofAddress);
    else this.#ofAddress.delete(address);
    if (this.#open.size === 0) this.#onEmpty();
  }

  end(tenant: TenantId, because: Fault): void {
    for (const session of [...(this.#ofTenant.get(tenant) ?? [])]) session.end(because);
  }

  /** Ends those of the tenant's sessions whose addresses are not in all of `allowed`. */
  confine(tenant: TenantId, allowed: readonly (readonly string[])[], because: Fault): void {
    for (const session of [...(this.#ofTenant.get(tenant) ?? [])]) {
      if (!admits(allowed, session.clientAddress)) session.end(because);
    }
  }

  endAll(because: Fault): void {
    for (const session of [...this.#open]) session.end(because);
  }

  /** Closes every socket that is still open, without a word. */
  dropAll(): void {
    for (const session of [...this.#open]) session.drop();
  }

  /** Resolves when no socket is open. */
  empty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Of one tenant: those whose password is proven. Of all: every connection. */
  count(tenant?: TenantId): number {
    return tenant === undefined ? this.#open.size : (this.#ofTenant.get(tenant)?.size ?? 0);
  }
}

const refused = (of: string, max: number): Admission => ({
  kind: 'refused',
  because: fault('SESSIONS_FULL', { of, max }),
});
