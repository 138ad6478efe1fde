/**
 * The backends of one tenant, and its sessions, which share them.
 *
 *   asleep ──somebody seeks──▶ waking ──address; listeners rejoin──▶ awake ──park──▶ parking ──▶ asleep
 *     ▲                          │ ▲                                  │  ▲              │
 *     └──wake failed: told───────┘ └──compute does not answer─────────┘  └──held────────┘
 *
 * Asleep: no address, no backend. Sessions have their sockets and what `Parking` knows of them.
 * Waking: `Gate.wake` was called, once, however many seek. When it answers, all who listen get a
 * backend first, and nobody else before they have it: whatever is then notified, they hear.
 * Awake: who seeks gets a backend at rest of the same identity, else a new one while there are less
 * than `Door.backendsMax`, else the first that a session at rest can spare. First come, first served.
 * Parking: the compute is to be stopped. All sessions are asked; once none has a backend and nobody
 * seeks one, the address is forgotten in the same breath, and the answer is `parked`.
 *
 * A backend goes to another session only after `DISCARD ALL`, and never if it held something that
 * survives that. One at rest is closed after `REST_MAX`.
 *
 * Costs: some 600 bytes a tenant with sessions, nothing without; work only for who comes and goes.
 */
import type { Fault } from '../domain/faults.ts';
import type { Door, Parked, ParkRequest, SessionView, TenantUse } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import { type DurationMs, type Instant, ms } from '../domain/units.ts';
import { drain, endAtWork, held, parkIdle } from './evacuation.ts';
import type { Evidence, EvidenceHears } from './evidence.ts';
import { LastUse } from './last-use.ts';
import { Openings } from './openings.ts';
import type { Purpose } from './parking-states.ts';
import { PoolMemory } from './pool-memory.ts';
import type { PoolParts } from './pool-parts.ts';
import { endTimedOut, sweepSessions, useOf } from './pool-sweep.ts';
import type { Identity, PooledBackend } from './pooled-backend.ts';
import type { PooledSession } from './pooled-session.ts';
import { type ResetOptions, reset } from './reset.ts';
import { RestedBackends } from './rested-backends.ts';
import { type Patience, patienceOf, type Seeker, SeekerQueue } from './seeker-queue.ts';
import { WakeBarrier } from './wake-barrier.ts';

export class TenantPool implements EvidenceHears {
  door: Door;
  readonly #parts: PoolParts;
  readonly #sessions = new Set<PooledSession>();
  /** Those that keep their backends until they are asked for them; the others give them up unasked. */
  readonly #keepers = new Set<PooledSession>();
  readonly memory = new PoolMemory();
  readonly #openings: Openings;
  readonly #seekers: SeekerQueue;
  readonly #rested: RestedBackends;
  /** All that are not closed. */
  readonly #backends = new Set<PooledBackend>();
  /** Parked ones that PostgreSQL would end by itself some time. */
  readonly #timed = new Set<PooledSession>();
  readonly #compute: WakeBarrier;
  /** Sessions that have been asked for their backend on behalf of those who seek. */
  #asked = 0;
  readonly #lastUse = new LastUse();
  #closedBy: ParkRequest['kind'] | null = null;
  #isHungry: boolean;

  constructor(door: Door, parts: PoolParts) {
    this.door = door;
    this.#parts = parts;
    this.#isHungry = parts.options.chaosPark;
    this.#rested = new RestedBackends(parts.clock);
    this.#seekers = new SeekerQueue(parts.clock, () => this.#patience());
    this.#compute = new WakeBarrier({
      wake: (asked) => parts.gate.wake({ tenant: door.tenant, proxy: parts.proxyId, ...asked }),
      listeners: () => this.#listeners(),
      onOpen: () => {
        this.memory.forgetScans();
        this.#lastUse.woken(this.#seekers.waiting);
        this.#serve();
      },
      onFailed: (error, whom) => this.#seekers.failAll(error, whom),
    });
    this.#openings = new Openings(parts, {
      onOpen: (backend) => this.#backends.add(backend),
      onClosed: (backend) => this.#closed(backend),
    });
  }

  /** Whether a session that comes to rest should say so. Read at every answer. */
  get isHungry(): boolean {
    return this.#isHungry;
  }

  /** Whether time brings nothing: no backend, nobody who seeks one, no session with a timeout. */
  get isAsleep(): boolean {
    return this.#backends.size + this.#seekers.size + this.#timed.size === 0;
  }

  /** Whether the compute is known to run. */
  get isAwake(): boolean {
    return this.#compute.address !== null;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  onName(name: string): boolean {
    return this.memory.learnName(name);
  }

  /** Backends at rest would be in the way. */
  onDatabase(): void {
    this.#rested.close();
  }

  /** A session has given up its backend, or lost it. */
  parked(session: PooledSession): void {
    if (session.idleSessionTimeout > 0) this.#timed.add(session);
  }

  /** Whether nobody gets a backend for now, since the compute is about to be restarted. */
  get isClosed(): boolean {
    return this.#closedBy === 'drain';
  }

  get isEmpty(): boolean {
    const coming = this.#seekers.size + this.#openings.count;
    return this.#sessions.size + this.#backends.size + coming === 0 && !this.#compute.isWaking;
  }

  get sessions(): Iterable<PooledSession> {
    return this.#sessions;
  }

  enter(session: PooledSession): void {
    this.#sessions.add(session);
    if (session.identity.poolMode === 'session') this.#keepers.add(session);
  }

  leave(session: PooledSession): void {
    this.#sessions.delete(session);
    this.#keepers.delete(session);
    this.#timed.delete(session);
    this.#compute.passed(session);
    this.#lastUse.left(session, this.#parts.clock.now());
    this.#serve();
  }

  /** Puts somebody in the queue. */
  seek(seeker: Seeker): void {
    if (seeker.isCounted && !seeker.isListening) this.#lastUse.at = this.#parts.clock.now();
    this.#seekers.add(seeker);
    this.#serve();
    this.#seekers.watch(seeker);
  }

  /** Harmless if it is not in the queue. */
  unseek(seeker: Seeker): void {
    this.#seekers.remove(seeker);
    this.#openings.giveUp(seeker);
    this.#feed();
  }

  /**
   * A session has got its backend and all it holds. `flow` lets through what its client has said, once
   * all who listen are there to hear of it.
   */
  bound(session: PooledSession, flow: () => void): void {
    this.#compute.passed(session);
    this.#compute.whenOpen(flow);
    this.#timed.delete(session);
    // The last to be bound stands last, so that the next to be asked is one that was not lately.
    if (this.#keepers.delete(session)) this.#keepers.add(session);
    this.#serve();
  }

  /** A session has not got a backend, and waits no more. */
  refused(session: PooledSession): void {
    this.#compute.passed(session);
  }

  /** A session that was asked keeps its backend. */
  kept(): void {
    this.#serve();
  }

  /** A session has come to rest while somebody waits, or while all are parked. */
  idled(session: PooledSession): void {
    // Whoever parks them all asks by itself.
    if (this.#closedBy !== null) return;
    if (this.#parts.options.chaosPark && !session.isKnown) session.ask('share');
    else if (this.#seekers.size > this.#asked) this.#askToShare(session);
  }

  /** A session has given up its backend. */
  giveBack(backend: PooledBackend, purpose: Purpose): void {
    if (purpose === 'suspend' || backend.isTainted || backend.hasEnded) {
      backend.leave(this.#parts.clock);
    } else reset(backend, this.#resetOptions(backend));
  }

  /** A client has gone and left its backend at rest. What it held is asked for, if need be. */
  leftBy(backend: PooledBackend, evidence: Pick<Evidence, 'isTainting'>, isLeft = false): void {
    const { memory } = this;
    if (evidence.isTainting || this.#closedBy !== null) {
      backend.leave(this.#parts.clock);
      return;
    }
    const options = { ...this.#resetOptions(backend), isLeft };
    const isKnown = memory.hasScanned(backend.identity) && !memory.knowsNames;
    reset(backend, isKnown ? options : { ...options, before: memory.doubt(backend.identity) });
  }

  /** A session that needs it for no longer gives up its backend as it is. */
  release(backend: PooledBackend, by: object): void {
    backend.lastUser = by;
    const { first = { heirOf: by } } = this.#seekers;
    if (first.heirOf !== by) this.leftBy(backend, { isTainting: backend.isTainted });
    else this.#rest(backend);
  }

  /** Whether it gets that backend again, as it has left it. */
  regain(backend: PooledBackend): boolean {
    if (this.#closedBy === 'drain' || this.#compute.isUp) return false;
    return this.#rested.retake(backend);
  }

  #resetOptions(backend: PooledBackend): ResetOptions {
    const { clock } = this.#parts;
    const onLost = (): void => backend.leave(clock);
    return { clock, onReset: () => this.#rest(backend), onLost };
  }

  /** The backend of a session ended by itself, and the session goes on. */
  lost(session: PooledSession, backend: PooledBackend): void {
    if (this.#compute.address === backend.address) this.#unanswered();
    if (session.isListening) session.spoken();
  }

  /** Ends every session. */
  end(because: Fault): void {
    for (const session of [...this.#sessions]) session.end(because);
    this.#seekers.failAll(because);
  }

  list(): readonly SessionView[] {
    return Array.from(this.#sessions, (session) => session.view(this.#parts.clock.now()));
  }

  /** How the tenant is used, at `now`. */
  use(now: Instant, quietFor: DurationMs): TenantUse {
    const coming = this.#seekers.size + this.#openings.count;
    return useOf(this.#sessions, { coming, last: this.#lastUse, now, quietFor });
  }

  /** Looks after all that time brings. */
  sweep(now: Instant): void {
    endTimedOut(this.#timed, now);
    this.#rested.sweep(now);
    const { parkAfter, chaosPark } = this.#parts.options;
    const mayAsk = this.#closedBy === null;
    const terms = { parkAfter: chaosPark ? ms(0) : parkAfter, mayAsk };
    sweepSessions(this.#sessions, now, { ...terms, maxPinIdle: this.door.maxPinIdle });
    this.memory.forget(this.#sessions.size, () => this.#identitiesInUse());
    this.#feed();
  }

  #identitiesInUse(): ReadonlySet<Identity> {
    const all = [...this.#sessions, ...this.#backends];
    return new Set(all.map(({ identity }) => identity));
  }

  /** The proxy stops. */
  close(): void {
    for (const backend of [...this.#backends]) backend.leave(this.#parts.clock);
  }

  /** Has every session give up its backend, so that the compute can be stopped. */
  async park(request: ParkRequest): Promise<Parked> {
    if (this.#closedBy !== null) return { kind: 'held', why: 'it is being parked already' };
    this.#closedBy = request.kind;
    this.#isHungry = true;
    const { clock } = this.#parts;
    const closeDoor = (): Parked => this.#closeDoor();
    const premises = { clock, sessions: this.#sessions, closeDoor };
    try {
      if (request.kind === 'ifIdle') return await parkIdle(premises);
      const endBound = request.force ? () => endAtWork(this.#sessions, this.door.name) : null;
      return await drain(premises, { within: request.within, endBound });
    } finally {
      this.#closedBy = null;
      this.#isHungry = this.#parts.options.chaosPark;
      this.#serve();
    }
  }

  /** Parked, if nobody has a backend who needs it, or seeks one, at this very moment. */
  #closeDoor(): Parked {
    const bound = [...this.#sessions].filter((session) => session.isBound);
    const atWork = bound.find((session) => !session.mayPark);
    if (atWork !== undefined) return held(atWork.keptBy ?? 'a query came');
    if (this.#closedBy === 'ifIdle' && this.#seekers.size > 0) return held('a query came');
    if (this.#compute.isWaking || this.#openings.count > 0) return held('a session is just coming');
    for (const session of bound) session.ask('suspend');
    this.#rested.discardAll();
    this.#compute.forget();
    return { kind: 'parked', sessions: this.#sessions.size };
  }

  /** Gives out what there is, in order. */
  #serve(): void {
    while (this.#closedBy !== 'drain') {
      const seeker = this.#seekers.first;
      if (seeker === undefined) break;
      const { address } = this.#compute;
      if (address === null) {
        this.#compute.wanted(this.#seekers);
        break;
      }
      if (this.#compute.isUp && !seeker.isListening) break;
      const backend = this.#rested.take(seeker.identity, true, seeker.heirOf);
      const uncleared = backend ?? this.#rested.take(seeker.identity, false);
      if (backend !== undefined) {
        this.#seekers.remove(seeker);
        seeker.onBackend(backend);
      } else if (uncleared !== undefined) {
        this.leftBy(uncleared, { isTainting: uncleared.isTainted });
        break;
      } else if (this.#backends.size + this.#openings.count < this.door.backendsMax) {
        this.#open(seeker, address);
      } else {
        // Its place is free once it has closed.
        this.#rested.discardOldest();
        break;
      }
    }
    this.#feed();
  }

  /** Asks sessions at rest for their backends, if somebody waits for one. */
  #feed(): void {
    const isFull = this.#compute.address !== null && !this.#compute.isUp;
    const isWanting = isFull && this.#seekers.size > 0 && this.#closedBy === null;
    if (this.#closedBy === null) this.#isHungry = isWanting || this.#parts.options.chaosPark;
    if (!isWanting) return;
    for (const session of this.#keepers) {
      if (this.#asked >= this.#seekers.size) return;
      if (session.isAtRest && session.isBound && !session.isKept) this.#askToShare(session);
    }
  }

  #askToShare(session: PooledSession): void {
    this.#asked++;
    session.ask('share', () => {
      this.#asked--;
    });
  }

  #open(seeker: Seeker, address: Address): void {
    this.#seekers.remove(seeker);
    this.#openings.open(seeker, address, {
      onBackend: (backend) => seeker.onBackend(backend),
      onFailed: (error) => {
        seeker.onFailed(error);
        this.#serve();
      },
      onUnanswered: () => {
        if (this.#compute.address === address) this.#unanswered();
      },
      onAgain: () => {
        this.#seekers.addFirst(seeker);
        this.#serve();
      },
    });
  }

  #unanswered(): void {
    this.#compute.forget();
    this.#parts.gate.unanswered(this.door.tenant);
    this.#rested.discardAll();
  }

  /** Parked ones that listen. More than there can be backends never were, but for a smaller size. */
  #listeners(): readonly PooledSession[] {
    const listeners = [...this.#sessions].filter((s) => s.isListening && !s.isBound);
    return listeners.slice(0, Math.max(1, this.door.backendsMax - 1));
  }

  #patience(): Patience {
    return patienceOf(this.door, this.#compute.address !== null, this.#parts.options);
  }

  #rest(backend: PooledBackend): void {
    const isOld = this.#compute.address !== backend.address;
    if (isOld || this.#closedBy !== null) backend.leave(this.#parts.clock);
    else this.#rested.add(backend);
    this.#serve();
  }

  #closed(backend: PooledBackend): void {
    this.#rested.forget(backend);
    this.#backends.delete(backend);
    this.#serve();
  }
}
