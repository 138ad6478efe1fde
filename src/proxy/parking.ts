/**
 * How a session gives up its backend and gets another, and nobody can tell the difference.
 *
 *   bound ──at rest; asked──▶ asking ──may go──▶ parked ──client speaks──▶ waiting ──backend──▶ restoring
 *     ▲                         │ │                 ▲                        │  ▲                 │    │
 *     │◀──client spoke, or kept─┘ └─▶ pinned        └──refused───────────────┘  └──backend lost───┘    │
 *     └────────────────────────────────────────────────────────────────────────────────────all there──┘
 *
 * Bound: the session has a backend of its own, with everything a session of PostgreSQL is.
 * Asking: it is at rest (ReadyForQuery `I`, nothing outstanding), and PostgreSQL is asked what state
 * it holds, behind the client's back. A client that speaks meanwhile is answered right behind that.
 * Pinned: bound, for what it holds cannot be moved; `pin` says why. Asked again after it has spoken.
 * Parked: no backend. The state is plain data here, and the client's socket is open.
 * Waiting: the client has spoken, and what it said is held back until there is a backend.
 * Restoring: a backend is being given the state; what the client said is right behind it. Should
 * anything fail, the backend ends before it reads the client's part (`wire/restore.ts`), which is then
 * tried once more on another backend without the statements that can no longer be prepared.
 *
 * A crash of the compute is a parking without a question: whoever was at rest and has said nothing
 * since it was last asked that might have changed its state goes on as if nothing had happened. A
 * transaction is lost with its compute: its client is told so and goes on in a failed transaction.
 * A state that is not known for certain ends the session; it never goes on in a wrong one.
 */
import { assert } from '../domain/assert.ts';
import type { Clock } from '../domain/clock.ts';
import { type Fault, fault, toFault } from '../domain/faults.ts';
import type { PinReason, SessionView, WakeCause } from '../domain/gate.ts';
import type { SessionId } from '../domain/ids.ts';
import { type DurationMs, elapsed, type Instant, ms, seconds } from '../domain/units.ts';
import { STATUS } from '../wire/frames.ts';
import type { HiddenError, HiddenReplies } from '../wire/hidden-replies.ts';
import { interrogation, readInterrogation } from '../wire/interrogation.ts';
import { message } from '../wire/messages.ts';
import {
  brokenStatements,
  probeStatements,
  type Restoration,
  restore,
  restoreWithout,
} from '../wire/restore.ts';
import { FRESH_STATE, type Interrogated, type SessionState } from '../wire/session-state.ts';
import type { Evidence } from './evidence.ts';
import { lostTransaction } from './lost-transaction.ts';
import type { TenantPool } from './pool.ts';
import { type Identity, type PooledBackend, parameterStatus } from './pooled-backend.ts';
import type { Relay } from './relay.ts';
import type { Seeker } from './seeker-queue.ts';

export type ParkingKind =
  | 'bound'
  | 'asking'
  | 'pinned'
  | 'parked'
  | 'waiting'
  | 'restoring'
  | 'over';

const MOVES: Readonly<Record<ParkingKind, readonly ParkingKind[]>> = {
  bound: ['asking', 'parked', 'over'],
  asking: ['bound', 'pinned', 'parked', 'over'],
  pinned: ['asking', 'parked', 'over'],
  parked: ['waiting', 'over'],
  waiting: ['restoring', 'parked', 'over'],
  restoring: ['bound', 'waiting', 'over'],
  over: [],
};

/** What a session is asked for. */
export type Purpose =
  /** So that its state is known. It keeps its backend. */
  | 'learn'
  /** Its backend is wanted, or has not been used for long. A listener keeps its own. */
  | 'share'
  /** The compute is to be stopped. */
  | 'suspend';

export type Asked =
  | { readonly isParked: true }
  /** `isPassing`: the same question has another answer in a moment. */
  | { readonly isParked: false; readonly why: string; readonly isPassing?: boolean };

/**
 * For so long after its last request a session with a sequence's value keeps its backend: `currval`
 * and `lastval` come right behind the `INSERT` they belong to, and nothing could restore them.
 */
const SEQUENCE_GRACE: Readonly<Record<Purpose, DurationMs>> = {
  learn: ms(0),
  share: seconds(60),
  suspend: seconds(1),
};

type SessionCause = Extract<WakeCause, { kind: 'session' }>;

export type ParkingOptions = {
  readonly id: SessionId;
  readonly identity: Identity;
  readonly pool: TenantPool;
  readonly clock: Clock;
  /** As the wakes that the session causes are recorded. */
  readonly cause: SessionCause;
  readonly relay: Relay;
  readonly evidence: Evidence;
};

/** What PostgreSQL answered last, as far as it decides. */
type Found = {
  readonly reason: PinReason | null;
  readonly holdsSequence: boolean;
  readonly isTainted: boolean;
};

type Pin = { readonly reason: PinReason; readonly since: Instant };

export class Parking {
  readonly identity: Identity;
  readonly #options: ParkingOptions;
  readonly #openedAt: Instant;
  #kind: ParkingKind = 'bound';
  #pin: Pin | null = null;
  /** As PostgreSQL last told it. */
  #state: SessionState = FRESH_STATE;
  /** Reported settings that the client takes for other than its identity's backends begin with. */
  #view: ReadonlyMap<string, string> | null = null;
  /** The transaction that the session was in is lost, and the client has not ended it yet. */
  #hasLostTransaction = false;
  /** `relay.beat` when it was last asked; what is known holds while the two agree. */
  #askedBeat = -1;
  #onAsked: ((asked: Asked) => void) | null = null;
  #wasTouched = false;
  #found: Found | null = null;
  /** What stands in the pool's queue for the session. */
  #seeker: Seeker | null = null;
  /** Seen by `sweep`, and not read at every message. */
  #sweptBeat = 0;
  #idleSince: Instant;

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.#openedAt = options.clock.now();
    this.#idleSince = this.#openedAt;
    options.pool.enter(this);
  }

  get kind(): ParkingKind {
    return this.#kind;
  }

  get isBound(): boolean {
    return this.#options.relay.isBound;
  }

  get isListening(): boolean {
    return this.#state.channels.length > 0;
  }

  get idleSince(): Instant {
    return this.#idleSince;
  }

  /** In milliseconds; 0 for none. What PostgreSQL would enforce itself, were there a backend. */
  get idleSessionTimeout(): number {
    return this.#state.idleSessionTimeout;
  }

  /** Whether it is at rest with its backend. */
  get isAtRest(): boolean {
    return (this.#kind === 'bound' || this.#kind === 'pinned') && this.#options.relay.isIdle;
  }

  /** Whether nothing was said since it was last asked. */
  get isKnown(): boolean {
    return this.#askedBeat === this.#options.relay.beat;
  }

  get isTouched(): boolean {
    return this.#options.evidence.isTouched;
  }

  /** Why it cannot give up its backend now; null if it might. */
  get keptBy(): string | null {
    if (!this.isBound) return null;
    if (this.#pin !== null && this.isKnown) return this.#by(`is pinned: ${this.#pin.reason}`);
    if (this.#options.relay.isInTransaction) return this.#by('is in a transaction');
    return this.isAtRest || this.#kind === 'asking' ? null : this.#by('is at work');
  }

  #by(what: string): string {
    return `session ${this.#options.id} ${what}`;
  }

  /** Whether it was asked, and would answer the same now: it keeps its backend. */
  get isKept(): boolean {
    return this.isKnown && (this.#kind === 'pinned' || this.isListening);
  }

  /** Takes note of whether the session has been used since it was last looked at. */
  sweep(now: Instant): void {
    const { relay } = this.#options;
    if (this.#sweptBeat === relay.beat && !relay.isBusy) return;
    this.#sweptBeat = relay.beat;
    this.#idleSince = now;
  }

  /** The pin, if it has been idle for too long with it; an open transaction is one. */
  pinIdle(now: Instant, max: DurationMs): { reason: PinReason; idle: DurationMs } | null {
    const { relay } = this.#options;
    const reason = this.#pin?.reason ?? (relay.isInTransaction ? 'open transaction' : null);
    const idle = elapsed(this.#idleSince, now);
    if (reason === null || relay.isBusy || idle < max) return null;
    return { reason, idle };
  }

  view(now: Instant): SessionView {
    const { id, cause, relay, evidence } = this.#options;
    const isWaiting = this.#kind === 'waiting' || this.#kind === 'restoring';
    const reason = this.#pin?.reason ?? (relay.isInTransaction ? 'open transaction' : null);
    const since = elapsed(this.#pin?.since ?? this.#idleSince, now);
    const bound = reason === null ? 'bound' : 'pinned';
    return {
      id,
      role: cause.role,
      applicationName: cause.applicationName,
      from: cause.from,
      state: isWaiting ? 'waiting' : this.isBound ? bound : 'parked',
      openFor: elapsed(this.#openedAt, now),
      idleFor: relay.isBusy ? ms(0) : elapsed(this.#idleSince, now),
      pin: reason === null ? null : { reason, statement: evidence.suspect, since },
    };
  }

  end(because: Fault): void {
    this.#options.relay.end(because);
  }

  /** The relay is over. */
  close(): void {
    if (this.#kind === 'over') return;
    this.#settle({ isParked: false, why: this.#by('has ended') });
    if (this.#seeker !== null) this.#options.pool.unseek(this.#seeker);
    this.#move('over');
    this.#options.pool.leave(this);
  }

  /** The session has come to rest, and somebody wants its backend. */
  idled(): void {
    if (this.isAtRest) this.#options.pool.idled(this);
  }

  /** Resolves when what it is being asked is answered. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      const others = this.#onAsked;
      this.#onAsked = (asked) => {
        others?.(asked);
        resolve();
      };
    });
  }

  /** Asks PostgreSQL what the session holds. It must be at rest. */
  ask(purpose: Purpose, onAsked: (asked: Asked) => void = () => {}): void {
    assert(this.isAtRest, 'only a session at rest is asked');
    const { relay, evidence, pool } = this.#options;
    const known = this.isKnown ? this.#found : null;
    this.#move('asking');
    this.#onAsked = onAsked;
    if (known !== null) return this.#decide(known, purpose);
    this.#askedBeat = relay.beat;
    this.#wasTouched = evidence.isTouched;
    evidence.isTouched = false;
    const names = pool.namesLearned;
    relay.ask({
      bytes: interrogation({
        names,
        reported: [...(this.identity.baseline?.keys() ?? [])],
        scanFunctions: pool.shouldScanFunctions(this.identity),
      }),
      readyForQueries: 1,
      withHeldBack: false,
      keepNotices: false,
      onDone: (replies) => this.#told(replies, { purpose, names }),
      onLost: () => this.#lostWhileAsking(),
    });
    // Before a restart nobody is let in again; else whoever speaks meanwhile goes right behind.
    if (pool.isClosed) relay.holdBack();
  }

  #told(
    replies: HiddenReplies,
    asked: { readonly purpose: Purpose; readonly names: readonly string[] },
  ): void {
    const found = readAnswer(replies);
    if (found !== null) this.#learn(found);
    // What is held back has not reached the backend, and changes nothing.
    if (!this.isKnown && !this.#options.relay.isHoldingBack) return this.#remain('was asked something');
    if (found === null) return this.#pinned('state unknown');
    const wasAllAsked = found.customInFunctions.every((name) => asked.names.includes(name));
    if (!wasAllAsked) return this.#askAgain(asked.purpose);
    this.#found = {
      reason: this.#reasonOf(found),
      holdsSequence: found.holdsSequence,
      isTainted: found.isTainted || this.#options.evidence.isTainting,
    };
    this.#decide(this.#found, asked.purpose);
  }

  /** What becomes of the session, now that all is known of it. */
  #decide(found: Found, purpose: Purpose): void {
    const { relay, pool } = this.#options;
    if (found.reason !== null) return this.#pinned(found.reason);
    this.#pin = null;
    if (purpose === 'learn') return this.#remain('was only asked');
    if (purpose === 'share' && this.isListening) return this.#remain('listens');
    if (found.holdsSequence && !this.#isLongIdle(SEQUENCE_GRACE[purpose])) {
      return this.#remain('has just used a sequence', purpose === 'suspend');
    }
    const backend = relay.detach();
    if (found.isTainted) backend.isTainted = true;
    this.#found = null;
    this.#move('parked');
    this.#settle({ isParked: true });
    pool.parked(this);
    pool.giveBack(backend, purpose);
    if (relay.hasHeldBack) this.spoken();
  }

  #learn(found: Interrogated): void {
    const { pool, relay } = this.#options;
    // Most sessions hold nothing; they share one empty state.
    this.#state = isFresh(found.state) ? FRESH_STATE : found.state;
    const changed = [...found.reported].filter(
      ([name, value]) => this.identity.baseline?.get(name) !== value,
    );
    this.#view = changed.length === 0 ? null : new Map(changed);
    relay.backend.reported(found.reported);
    for (const name of found.customInFunctions) pool.learnName(name);
    // Known by their values to a backend that has loaded the extension, and only by name to others.
    for (const [name] of found.state.settings) if (name.includes('.')) pool.learnName(name);
  }

  #reasonOf(found: Interrogated): PinReason | null {
    const { evidence } = this.#options;
    const [first] = found.pins;
    if (first !== undefined) return first;
    if (evidence.isUnnamedLost) return 'statement too large';
    return found.holdsSequence && evidence.usesSequenceValue ? 'sequence value' : null;
  }

  #isLongIdle(wait: DurationMs): boolean {
    return elapsed(this.#idleSince, this.#options.clock.now()) >= wait;
  }

  /** Functions name settings that were not asked for. */
  #askAgain(purpose: Purpose): void {
    const onAsked = this.#onAsked ?? undefined;
    this.#onAsked = null;
    this.#move('bound');
    this.#options.relay.flow();
    if (!this.isAtRest) return onAsked?.({ isParked: false, why: this.#by('was asked something') });
    this.ask(purpose, onAsked);
  }

  #pinned(reason: PinReason): void {
    const since = this.#pin?.reason === reason ? this.#pin.since : this.#options.clock.now();
    this.#pin = { reason, since };
    this.#move('pinned');
    this.#stay({ isParked: false, why: this.#by(`is pinned: ${reason}`) });
  }

  #remain(why: string, isPassing = false): void {
    this.#move('bound');
    this.#stay({ isParked: false, why: this.#by(why), isPassing });
  }

  #stay(asked: Asked): void {
    this.#options.relay.flow();
    this.#settle(asked);
    this.#options.pool.kept();
  }

  #settle(asked: Asked): void {
    const onAsked = this.#onAsked;
    this.#onAsked = null;
    onAsked?.(asked);
  }

  #lostWhileAsking(): void {
    this.#move('bound');
    this.#settle({ isParked: false, why: this.#by('has lost its backend') });
    const { relay, evidence } = this.#options;
    evidence.isTouched ||= this.#wasTouched;
    relay.backendEnded();
  }

  /** The client has said something that is held back. */
  spoken(): void {
    if (this.#kind !== 'parked') return;
    this.#move('waiting');
    this.#seek((backend) => this.#begin(backend));
  }

  /** Gets a backend although its client is silent, so that it hears notifications. */
  rejoin(): void {
    if (this.#kind === 'parked') this.spoken();
  }

  /** The client gives up what it waits for. */
  cancel(): void {
    if (this.#kind !== 'waiting' || this.#seeker === null) return;
    this.#options.pool.unseek(this.#seeker);
    this.#refused(fault('QUERY_CANCELED', {}));
  }

  #seek(onBackend: (backend: PooledBackend) => void): void {
    const { relay, pool, cause, clock } = this.#options;
    this.#seeker = {
      identity: this.identity,
      cause,
      isListening: this.isListening,
      since: clock.now(),
      onSlow: (notice) => relay.say(notice),
      onFailed: (error) => this.#refused(error),
      onBackend: (backend) => {
        this.#seeker = null;
        onBackend(backend);
      },
    };
    pool.seek(this.#seeker);
  }

  #refused(error: unknown): void {
    this.#seeker = null;
    this.#move('parked');
    this.#options.pool.refused(this);
    const status = this.#hasLostTransaction ? STATUS.failed : STATUS.idle;
    this.#options.relay.refuse(toFault(error), status);
  }

  #begin(backend: PooledBackend): void {
    const { relay, evidence } = this.#options;
    this.#move('restoring');
    relay.attach(backend, this.#hasLostTransaction ? STATUS.failed : backend.status);
    const unnamed = evidence.unnamed;
    const isFresh = this.#state === FRESH_STATE && unnamed === null && !this.#hasLostTransaction;
    if (isFresh) return this.#restored(null);
    this.#restore(restore(this.#state, unnamed && message('P', unnamed)));
  }

  #restore(restoration: Restoration, isSecondTry = false): void {
    const { relay } = this.#options;
    const lost = this.#hasLostTransaction ? lostTransaction : null;
    relay.ask({
      bytes: lost === null ? restoration.bytes : Buffer.concat([restoration.bytes, lost.bytes]),
      readyForQueries: restoration.readyForQueries + (lost?.readyForQueries ?? 0),
      withHeldBack: true,
      keepNotices: false,
      onDone: (replies) => {
        const failed = replies.errors.find(({ at }) => at < restoration.tolerantFrom);
        if (failed === undefined) this.#restored(replies);
        else this.#unrestored(failed, isSecondTry);
      },
      onLost: (replies) => this.#unrestored(replies.errors.at(-1) ?? null, isSecondTry),
    });
  }

  #restored(replies: HiddenReplies | null): void {
    const { relay, evidence, pool } = this.#options;
    const { backend } = relay;
    if (replies !== null) backend.reported(replies.parameters);
    evidence.begin(evidence.unnamed);
    this.#tellDifferences(backend);
    this.#hasLostTransaction = false;
    this.#move('bound');
    relay.flow();
    pool.bound(this);
  }

  /** The client hears what is reported otherwise now than it has heard. */
  #tellDifferences(backend: PooledBackend): void {
    const { baseline } = this.identity;
    for (const [name, value] of backend.parameters) {
      const told = this.#view?.get(name) ?? baseline?.get(name);
      if (told !== value) this.#options.relay.say(parameterStatus(name, value));
    }
  }

  /** The backend has ended without having read what the client said. */
  #unrestored(error: HiddenError | null, isSecondTry: boolean): void {
    this.#options.relay.takeBack().destroy();
    this.#move('waiting');
    // No reason given: the compute was lost on the way, and the next one will do.
    if (error === null) this.#seek((backend) => this.#begin(backend));
    else if (isSecondTry || this.#state.statements.length === 0) this.#unrestorable(error);
    else this.#seek((backend) => this.#findBroken(backend));
  }

  #findBroken(backend: PooledBackend): void {
    const { relay } = this.#options;
    this.#move('restoring');
    relay.attach(backend);
    const probe = probeStatements(this.#state);
    const done = (replies: HiddenReplies): void => {
      relay.takeBack().destroy();
      this.#move('waiting');
      const ground = replies.errors.find(({ at }) => at < probe.tolerantFrom);
      if (ground !== undefined) return this.#unrestorable(ground);
      const broken = brokenStatements(this.#state, replies.errors);
      this.#seek((next) => this.#restoreWithout(next, broken));
    };
    relay.ask({
      bytes: probe.bytes,
      readyForQueries: probe.readyForQueries,
      withHeldBack: false,
      keepNotices: false,
      onDone: done,
      onLost: done,
    });
  }

  #restoreWithout(backend: PooledBackend, broken: ReadonlySet<string>): void {
    const { relay, evidence } = this.#options;
    this.#move('restoring');
    relay.attach(backend, this.#hasLostTransaction ? STATUS.failed : backend.status);
    const unnamed = evidence.unnamed;
    this.#restore(restoreWithout(this.#state, broken, unnamed && message('P', unnamed)), true);
  }

  #unrestorable(error: HiddenError): void {
    const { relay, pool } = this.#options;
    const { name: tenant } = pool.door;
    relay.end(fault('SESSION_UNRESTORABLE', { tenant, why: error.message || 'its state is lost' }));
  }

  /**
   * The backend is gone without a word: can the session go on? `owed` is how many ReadyForQuery the
   * client waits for, null if that cannot be told.
   */
  survives(owed: number | null): boolean {
    const { relay, evidence, pool } = this.#options;
    const isUncertain = evidence.isTouched || this.#pin !== null || evidence.isUnnamedLost;
    if (isUncertain || owed === null || this.#kind === 'asking') return false;
    const wasInTransaction = relay.isInTransaction;
    if (wasInTransaction && owed > 1) return false;
    const backend = relay.takeBack();
    this.#move('parked');
    this.#hasLostTransaction = wasInTransaction;
    backend.destroy();
    pool.parked(this);
    pool.lost(this, backend);
    const { name: tenant } = pool.door;
    const status = wasInTransaction ? STATUS.failed : STATUS.idle;
    if (owed > 0) relay.refuse(fault('TRANSACTION_LOST', { tenant }), status, owed);
    return true;
  }

  #move(to: ParkingKind): void {
    const from = this.#kind;
    assert(MOVES[from].includes(to), `parking: ${from} -> ${to}`);
    this.#kind = to;
  }
}

const isFresh = (state: SessionState): boolean =>
  state.role === null &&
  state.idleSessionTimeout === 0 &&
  state.settings.length === 0 &&
  state.statements.length === 0 &&
  state.channels.length === 0;

/** Null if PostgreSQL did not answer as it should: then nothing is known. */
function readAnswer(replies: HiddenReplies): Interrogated | null {
  const column = replies.rows[0]?.[0];
  if (column === undefined || replies.errors.length > 0) return null;
  try {
    return readInterrogation(column);
  } catch {
    return null;
  }
}
