/**
 * Proxies without sockets: sessions that ask, idle, are pinned and leave, and give up their backends
 * when they are told to. They keep their side of `Gate` and `Sessions`, and watch the other: a
 * compute that is stopped while one of them may touch it is a violation.
 */
import type { Clock } from '../domain/clock.ts';
import { type Fault, toFault } from '../domain/faults.ts';
import type { Gate, Parked, ParkRequest, Sessions, SessionView } from '../domain/gate.ts';
import type { ProxyId, TenantId } from '../domain/ids.ts';
import { type DurationMs, elapsed, type Instant, ms } from '../domain/units.ts';
import type { SimulatedHost } from './simulated-host.ts';

export type SimulatedSession = {
  readonly tenant: TenantId;
  readonly proxy: SimulatedProxy;
  /** `waiting`: it has asked, and has no backend. */
  state: 'idle' | 'waiting' | 'busy' | 'pinned' | 'gone';
};

/** How one proxy stands with one tenant. */
type Standing = {
  readonly sessions: Set<SimulatedSession>;
  /** The run of the compute that its backends belong to; null if it must not touch any. */
  run: number | null;
  /** Whoever asks waits: sessions are being parked. */
  gated: boolean;
  /** Somebody asked while they were. */
  interrupted: boolean;
  waking: boolean;
  usedAt: Instant;
};

type Parts = { readonly clock: Clock; readonly host: SimulatedHost; readonly gate: () => Gate };

const PARKED: Parked = { kind: 'parked', sessions: 0 };

export class SimulatedProxy {
  readonly id: ProxyId;
  readonly #parts: Parts;
  readonly #standings = new Map<TenantId, Standing>();
  /** Grows with every control plane and every end of this proxy: answers to older questions are void. */
  #epoch = 0;
  /** How long it takes to ask the sessions of a tenant for their state. */
  interrogationTakes: DurationMs = ms(1);
  /** What clients were told when their wake failed. */
  readonly failures: Fault[] = [];

  /** Told of a session that has waited, and is served now. */
  onServed: (session: SimulatedSession) => void = () => {};

  constructor(id: string, parts: Parts) {
    this.id = id as ProxyId;
    this.#parts = parts;
  }

  /** Sessions that have asked and have no answer. */
  get waiting(): number {
    const all = [...this.#standings.values()].flatMap(({ sessions }) => [...sessions]);
    return all.filter(({ state }) => state === 'waiting').length;
  }

  /** The run of the compute that this proxy may touch. */
  touches(tenant: TenantId): number | null {
    return this.#standings.get(tenant)?.run ?? null;
  }

  /** A new session, which asks something. */
  open(tenant: TenantId): SimulatedSession {
    const session: SimulatedSession = { tenant, proxy: this, state: 'idle' };
    this.#standing(tenant).sessions.add(session);
    this.ask(session);
    return session;
  }

  ask(session: SimulatedSession): void {
    if (session.state === 'gone' || session.state === 'waiting') return;
    const standing = this.#standing(session.tenant);
    standing.usedAt = this.#parts.clock.now();
    if (standing.run !== null && !standing.gated) session.state = 'busy';
    else {
      session.state = 'waiting';
      standing.interrupted = true;
      this.#wake(session.tenant);
    }
    this.#report(session.tenant);
  }

  /** Its request is answered; `pinned` if PostgreSQL now holds what cannot be given back. */
  answered(session: SimulatedSession, as: 'idle' | 'pinned'): void {
    if (session.state !== 'busy' && session.state !== 'pinned') return;
    const { run } = this.#standing(session.tenant);
    if (run !== null && run === this.#parts.host.runOf(session.tenant)) {
      this.#parts.host.wrote(session.tenant);
    }
    session.state = as;
    this.#standing(session.tenant).usedAt = this.#parts.clock.now();
    this.#report(session.tenant);
  }

  close(session: SimulatedSession): void {
    session.state = 'gone';
    this.#standing(session.tenant).sessions.delete(session);
    this.#report(session.tenant);
  }

  /** A new control plane: it is told what the old one knew, and asked what that has not answered. */
  reconnect(): void {
    this.#epoch += 1;
    for (const [tenant, standing] of this.#standings) {
      standing.waking = false;
      this.#report(tenant);
      if (standing.sessions.size > 0) this.#wakeIfAwaited(tenant);
    }
  }

  /** The process ends, and what it held with it. */
  crash(): void {
    this.#epoch += 1;
    for (const [tenant, standing] of this.#standings) {
      this.#end(standing);
      standing.waking = false;
      standing.gated = false;
      this.#report(tenant);
    }
  }

  end(tenant: TenantId): void {
    this.#end(this.#standing(tenant));
    this.#report(tenant);
  }

  async park(tenant: TenantId, request: ParkRequest): Promise<Parked> {
    const standing = this.#standings.get(tenant);
    if (standing === undefined || standing.run === null) return PARKED;
    const epoch = this.#epoch;
    standing.gated = true;
    standing.interrupted = false;
    const parked = await this.#parkGated(standing, request);
    standing.gated = false;
    if (parked.kind === 'parked') standing.run = null;
    if (epoch === this.#epoch || standing.sessions.size > 0) this.#letOn(tenant, standing);
    return parked;
  }

  list(tenant: TenantId): readonly SessionView[] {
    const standing = this.#standings.get(tenant);
    const sessions = [...(standing?.sessions ?? [])];
    const rest = (standing?.run ?? null) === null ? 'parked' : 'bound';
    return sessions.map(({ state }, id) => ({
      id: id as SessionView['id'],
      role: 'role',
      applicationName: '',
      from: '127.0.0.1',
      visitor: 'person',
      state: state === 'pinned' || state === 'waiting' ? state : rest,
      openFor: ms(0),
      idleFor: ms(0),
      pin: null,
    }));
  }

  async #parkGated(standing: Standing, request: ParkRequest): Promise<Parked> {
    const { clock } = this.#parts;
    const held = (): string | null => workOf(standing, request);
    const wait = request.kind === 'drain' ? request.within : 0;
    const until = clock.now() + wait;
    while (held() === 'a query' && clock.now() < until) await clock.sleep(ms(50));
    const force = request.kind === 'drain' && request.force;
    await clock.sleep(this.interrogationTakes);
    const why = held();
    if (why === null) return { kind: 'parked', sessions: standing.sessions.size };
    if (!force) return { kind: 'held', why };
    for (const session of [...standing.sessions]) {
      if (session.state !== 'busy' && session.state !== 'pinned') continue;
      session.state = 'gone';
      standing.sessions.delete(session);
    }
    return { kind: 'parked', sessions: standing.sessions.size };
  }

  /** Whoever asked meanwhile gets on with it. */
  #letOn(tenant: TenantId, standing: Standing): void {
    if (standing.run === null) this.#wakeIfAwaited(tenant);
    else this.#serve(standing);
    this.#report(tenant);
  }

  #wakeIfAwaited(tenant: TenantId): void {
    const { sessions } = this.#standing(tenant);
    if ([...sessions].some(({ state }) => state === 'waiting')) this.#wake(tenant);
  }

  #wake(tenant: TenantId): void {
    const standing = this.#standing(tenant);
    if (standing.waking || standing.gated) return;
    standing.waking = true;
    const epoch = this.#epoch;
    const cause = {
      kind: 'session',
      role: 'r',
      applicationName: '',
      from: '::1',
      visitor: 'person',
    } as const;
    const over = (end: () => void): void => {
      if (epoch !== this.#epoch) return;
      standing.waking = false;
      end();
      this.#report(tenant);
    };
    this.#parts
      .gate()
      .wake({ tenant, proxy: this.id, cause })
      .then(
        () =>
          over(() => {
            standing.run = this.#parts.host.runOf(tenant);
            this.#serve(standing);
          }),
        (error: unknown) => over(() => this.#refuse(standing, toFault(error))),
      );
  }

  #serve(standing: Standing): void {
    for (const session of standing.sessions) {
      if (session.state !== 'waiting') continue;
      session.state = 'busy';
      this.onServed(session);
    }
  }

  #refuse(standing: Standing, because: Fault): void {
    this.failures.push(because);
    for (const session of [...standing.sessions]) {
      if (session.state !== 'waiting') continue;
      session.state = 'gone';
      standing.sessions.delete(session);
    }
  }

  #end(standing: Standing): void {
    for (const session of standing.sessions) session.state = 'gone';
    standing.sessions.clear();
    standing.run = null;
  }

  #report(tenant: TenantId): void {
    const standing = this.#standing(tenant);
    const sessions = [...standing.sessions];
    const at = this.#parts.clock.now();
    this.#parts.gate().use(tenant, this.id, {
      sessions: sessions.length,
      bound: standing.run === null ? 0 : sessions.length,
      heldBy: sessions.some(({ state }) => state === 'waiting')
        ? 'a query'
        : workOf(standing, { kind: 'drain', within: ms(0), force: false }),
      idleFor: elapsed(standing.usedAt, at),
    });
  }

  #standing(tenant: TenantId): Standing {
    const known = this.#standings.get(tenant);
    if (known !== undefined) return known;
    const usedAt = this.#parts.clock.now();
    const flags = { run: null, gated: false, interrupted: false, waking: false };
    const standing: Standing = { sessions: new Set(), usedAt, ...flags };
    this.#standings.set(tenant, standing);
    return standing;
  }
}

/** What stands in the way of parking. */
function workOf(standing: Standing, request: ParkRequest): string | null {
  const states = [...standing.sessions].map(({ state }) => state);
  if (states.includes('busy')) return 'a query';
  if (request.kind === 'ifIdle' && standing.interrupted) return 'a query came';
  if (states.includes('pinned')) return 'session 1 is pinned: temporary objects';
  return null;
}

/** All of them, as the control plane sees them. */
export class SimulatedProxies implements Sessions {
  readonly all: SimulatedProxy[] = [];
  /** Stops of a compute that a proxy might have been using. */
  readonly violations: string[] = [];
  /** Told of every `end`. */
  onEnd: (tenant: TenantId, because: Fault) => void = () => {};
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.host.onStop = (tenant) => {
      const run = parts.host.runOf(tenant);
      const inTouch = this.all.filter((proxy) => proxy.touches(tenant) === run);
      for (const { id } of inTouch) this.violations.push(`${tenant} was stopped under ${id}`);
    };
  }

  make(id: string): SimulatedProxy {
    const proxy = new SimulatedProxy(id, this.#parts);
    this.all.push(proxy);
    return proxy;
  }

  end(tenant: TenantId, because: Fault): void {
    this.onEnd(tenant, because);
    for (const proxy of this.all) proxy.end(tenant);
  }

  confine(): void {}

  count(): number {
    return 0;
  }

  async park(tenant: TenantId, request: ParkRequest): Promise<Parked> {
    const answers = await Promise.all(this.all.map((proxy) => proxy.park(tenant, request)));
    return answers.find(({ kind }) => kind === 'held') ?? PARKED;
  }

  async list(tenant: TenantId): Promise<readonly SessionView[]> {
    return this.all.flatMap((proxy) => proxy.list(tenant));
  }
}
