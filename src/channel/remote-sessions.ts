/**
 * The sessions of proxies in other processes, as the control plane asks for them.
 *
 * A proxy that does not answer may be using the compute, so the tenant counts as held. One that has
 * ended uses nothing: its backends went with it.
 */
import type { Clock } from '../domain/clock.ts';
import type { Fault } from '../domain/faults.ts';
import type { Parked, ParkRequest, Sessions, SessionView } from '../domain/gate.ts';
import type { TenantId } from '../domain/ids.ts';
import { type DurationMs, ms, seconds } from '../domain/units.ts';
import type { Peer } from './peer.ts';
import { plainFault } from './plain-fault.ts';

/** For a proxy to answer, beyond the time that it was given. */
const ANSWER_MAX = seconds(10);

const SILENT: Parked = { kind: 'held', why: 'a proxy does not answer' };

export type SessionsParts = {
  readonly clock: Clock;
  /** Null while the proxy cannot be spoken to. */
  readonly peer: () => Peer | null;
  /** As last reported. */
  readonly count: (tenant?: TenantId) => number;
};

/** The sessions of one proxy. */
export class RemoteSessions implements Sessions {
  readonly #parts: SessionsParts;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  end(tenant: TenantId, because: Fault): void {
    this.#parts
      .peer()
      ?.call('end', tenant, plainFault(because))
      // The proxy is gone, and the sessions with it.
      .catch(() => {});
  }

  confine(tenant: TenantId, allowed: readonly (readonly string[])[], because: Fault): void {
    this.#parts
      .peer()
      ?.call('confine', tenant, { allowed, because: plainFault(because) })
      .catch(() => {});
  }

  count(tenant?: TenantId): number {
    return this.#parts.count(tenant);
  }

  async park(tenant: TenantId, request: ParkRequest): Promise<Parked> {
    const peer = this.#parts.peer();
    if (peer === null) return SILENT;
    const within = request.kind === 'drain' ? request.within : 0;
    const asked = peer.call('park', tenant, request) as Promise<Parked>;
    return await this.#inTime(asked, { within: ms(within + ANSWER_MAX), otherwise: SILENT });
  }

  /** None, where the proxy cannot be asked or does not answer: who looks is not to wait for it. */
  async list(tenant: TenantId): Promise<readonly SessionView[]> {
    const peer = this.#parts.peer();
    if (peer === null) return [];
    const asked = peer.call('list', tenant) as Promise<readonly SessionView[]>;
    return await this.#inTime(asked, { within: ANSWER_MAX, otherwise: [] });
  }

  async #inTime<T>(
    asked: Promise<T>,
    { within, otherwise }: { readonly within: DurationMs; readonly otherwise: T },
  ): Promise<T> {
    const late = new AbortController();
    const silence = this.#parts.clock.sleep(within, late.signal).then(() => otherwise);
    try {
      return await Promise.race([asked, silence]);
    } catch {
      return otherwise;
    } finally {
      silence.catch(() => {});
      late.abort();
    }
  }
}

/** The sessions of all proxies that there are at the time of asking. */
export class SessionsOfAll implements Sessions {
  readonly #proxies: () => readonly Sessions[];

  constructor(proxies: () => readonly Sessions[]) {
    this.#proxies = proxies;
  }

  end(tenant: TenantId, because: Fault): void {
    for (const proxy of this.#proxies()) proxy.end(tenant, because);
  }

  confine(tenant: TenantId, allowed: readonly (readonly string[])[], because: Fault): void {
    for (const proxy of this.#proxies()) proxy.confine(tenant, allowed, because);
  }

  count(tenant?: TenantId): number {
    return this.#proxies().reduce((sum, proxy) => sum + proxy.count(tenant), 0);
  }

  /** One that refuses is enough; those that have parked come back by themselves when asked. */
  async park(tenant: TenantId, request: ParkRequest): Promise<Parked> {
    const answers = await Promise.all(this.#proxies().map((one) => one.park(tenant, request)));
    let sessions = 0;
    for (const answer of answers) {
      if (answer.kind === 'held') return answer;
      sessions += answer.sessions;
    }
    return { kind: 'parked', sessions };
  }

  async list(tenant: TenantId): Promise<readonly SessionView[]> {
    return (await Promise.all(this.#proxies().map((one) => one.list(tenant)))).flat();
  }
}
