/**
 * Those who wait for a backend of one tenant: first come, first served, but for listeners, who come
 * first of all. Whoever waits long is told so, and whoever waits too long is sent away.
 */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { type Fault, fault, toFault } from '../domain/faults.ts';
import type { Door, WakeCause } from '../domain/gate.ts';
import type { TenantName } from '../domain/ids.ts';
import { type DurationMs, elapsed, type Instant, ms, seconds } from '../domain/units.ts';
import { errorField } from '../wire/error-fields.ts';
import { noticeResponse } from '../wire/error-response.ts';
import { HEADER_BYTES } from '../wire/frames.ts';
import { BackendRefused } from './backend.ts';
import type { Identity, PooledBackend } from './pooled-backend.ts';

/** Who has what it seeks sooner has not waited. */
const NOTICED_AFTER = ms(5);

/** After so long a wait a client is told that it waits. */
const SLOW_AFTER = seconds(5);

/** Who needs a backend. One of `onBackend` and `onFailed` is called, unless it is taken back. */
export type Seeker = {
  readonly identity: Identity;
  readonly cause: WakeCause;
  /** The compute is started for it if it sleeps. */
  readonly mayWake: boolean;
  /** Its coming counts as use. */
  readonly isCounted: boolean;
  /** It must be served before anybody else. */
  readonly isListening: boolean;
  readonly since: Instant;
  /** Takes a backend as this one has left it, too. */
  readonly heirOf?: object;
  readonly onBackend: (backend: PooledBackend) => void;
  readonly onFailed: (error: unknown) => void;
  /** A notice for its client: it waits for long. */
  readonly onSlow: (notice: Buffer) => void;
};

/** How long one may wait now, for what, and what to tell who has waited so long. */
export type Patience = {
  readonly waitMax: DurationMs;
  readonly awaited: string;
  readonly because: (waited: DurationMs) => Fault;
};

export type WaitLimits = {
  /** Longest that a client waits for a wake and a login to the compute. */
  readonly bindTimeout: DurationMs;
  /** Longest that a client waits for a backend while all are at work. */
  readonly queryWaitTimeout: DurationMs;
};

/** What those wait for who want into a tenant whose compute runs, or is being woken. */
export function patienceOf(door: Door, isAwake: boolean, limits: WaitLimits): Patience {
  const { name: tenant, backendsMax: max } = door;
  if (isAwake) {
    return {
      waitMax: limits.queryWaitTimeout,
      awaited: `all ${max} backends of database "${tenant}" are at work`,
      because: (waited) => fault('BACKENDS_FULL', { tenant, max, waited }),
    };
  }
  const why = 'its compute does not answer';
  return {
    waitMax: limits.bindTimeout,
    awaited: `database "${tenant}" is waking`,
    because: (waited) => fault('WAKE_TIMEOUT', { tenant, waited, why }),
  };
}

/** Why a session that was parked gets no backend. What the compute refuses for good ends it. */
export function waitingFault(error: unknown, tenant: TenantName): Fault {
  if (!(error instanceof BackendRefused)) return toFault(error);
  return unrestorable(tenant, errorField(error.response.subarray(HEADER_BYTES), 'M'));
}

export const unrestorable = (tenant: TenantName, why: string): Fault =>
  fault('SESSION_UNRESTORABLE', { tenant, why: why || 'its state is lost' });

export class SeekerQueue {
  readonly #clock: Clock;
  readonly #patience: () => Patience;
  readonly #seekers: Seeker[] = [];
  readonly #timers = new Map<Seeker, CancelTimer>();

  /** `patience` is asked when it is time: what a seeker waits for may change. */
  constructor(clock: Clock, patience: () => Patience) {
    this.#clock = clock;
    this.#patience = patience;
  }

  get size(): number {
    return this.#seekers.length;
  }

  /** Those who have waited long enough to have noticed it. */
  get waiting(): number {
    const now = this.#clock.now();
    return this.#seekers.filter(({ since }) => elapsed(since, now) >= NOTICED_AFTER).length;
  }

  get first(): Seeker | undefined {
    return this.#seekers[0];
  }

  /** The first for whom the compute may be started. */
  get waker(): Seeker | undefined {
    return this.#seekers.find(({ mayWake }) => mayWake);
  }

  /** Most are served at once, and cost no timer: `watch` is to follow for all others. */
  add(seeker: Seeker): void {
    if (seeker.isListening) this.#insert(seeker);
    else this.#seekers.push(seeker);
  }

  /** Sends it away in time, if it still waits. */
  watch(seeker: Seeker): void {
    if (this.#seekers.includes(seeker) && !this.#timers.has(seeker)) this.#watch(seeker);
  }

  /** Puts one back that had its turn, and needs another. */
  addFirst(seeker: Seeker): void {
    if (seeker.isListening) this.#seekers.unshift(seeker);
    else this.#insert(seeker);
    this.#watch(seeker);
  }

  /** Behind all listeners, before all others. */
  #insert(seeker: Seeker): void {
    const behind = this.#seekers.findIndex((other) => !other.isListening);
    this.#seekers.splice(behind < 0 ? this.#seekers.length : behind, 0, seeker);
  }

  /** Harmless if it is not there. */
  remove(seeker: Seeker): void {
    const at = this.#seekers.indexOf(seeker);
    if (at === 0) this.#seekers.shift();
    else if (at > 0) this.#seekers.splice(at, 1);
    const cancel = this.#timers.get(seeker);
    if (cancel === undefined) return;
    cancel();
    this.#timers.delete(seeker);
  }

  /** Sends all away, or all for whom nothing is started. */
  failAll(error: unknown, whom: 'all' | 'guests' = 'all'): void {
    const gone = this.#seekers.filter(({ mayWake }) => whom === 'all' || !mayWake);
    for (const seeker of gone) this.#fail(seeker, error);
  }

  #fail(seeker: Seeker, error: unknown): void {
    this.remove(seeker);
    seeker.onFailed(error);
  }

  #watch(seeker: Seeker): void {
    const waited = elapsed(seeker.since, this.#clock.now());
    if (waited >= SLOW_AFTER) {
      this.#waitOn(seeker);
      return;
    }
    const first = ms(Math.min(SLOW_AFTER, this.#patience().waitMax) - waited);
    const slow = this.#clock.timer(first, () => {
      const { awaited, waitMax } = this.#patience();
      if (waitMax > SLOW_AFTER) seeker.onSlow(noticeResponse(awaited));
      this.#waitOn(seeker);
    });
    this.#timers.set(seeker, slow);
  }

  #waitOn(seeker: Seeker): void {
    const { waitMax, because } = this.#patience();
    const waited = elapsed(seeker.since, this.#clock.now());
    if (waited >= waitMax) this.#fail(seeker, because(waited));
    else {
      const left = ms(waitMax - waited);
      this.#timers.set(
        seeker,
        this.#clock.timer(left, () => this.#waitOn(seeker)),
      );
    }
  }
}
