/** One session's way from backend to backend. The story is told in `parking-states.ts`. */
import { assert } from '../domain/assert.ts';
import { type Fault, fault, isFault } from '../domain/faults.ts';
import type { PinReason, SessionView } from '../domain/gate.ts';
import { elapsed, type Instant } from '../domain/units.ts';
import { STATUS } from '../wire/frames.ts';
import type { HiddenReplies } from '../wire/hidden-replies.ts';
import { FRESH_STATE, type Interrogated, type SessionState } from '../wire/session-state.ts';
import {
  compact,
  differences,
  type Found,
  foundIn,
  isSpared,
  preparedText,
  type Question,
  question,
  readAnswer,
  viewOf,
} from './asked-state.ts';
import { AwaitedAnswer } from './awaited-answer.ts';
import { Doorstep } from './doorstep.ts';
import { Idleness } from './idleness.ts';
import type { ParkingOptions } from './parking-options.ts';
import { type Asked, PARKING_MOVES, type ParkingKind, type Purpose } from './parking-states.ts';
import type { Identity, PooledBackend } from './pooled-backend.ts';
import { Restoring } from './restoring.ts';
import { type Seeker, unrestorable, waitingFault } from './seeker-queue.ts';
import { sessionView } from './session-view.ts';

type Pin = { readonly reason: PinReason; readonly since: Instant };

export class Parking {
  readonly identity: Identity;
  readonly #options: ParkingOptions;
  readonly idleness: Idleness;
  readonly #doorstep: Doorstep;
  #kind: ParkingKind;
  #pin: Pin | null = null;
  /** As PostgreSQL last told it. */
  #state: SessionState = FRESH_STATE;
  /** Reported settings that the client takes for other than its identity's backends begin with. */
  #view: ReadonlyMap<string, string> | null = null;
  /** The transaction that the session was in is lost, and the client has not ended it yet. */
  #hasLostTransaction = false;
  /** `relay.beat` when it was last asked; what is known holds while the two agree. */
  #askedBeat = -1;
  readonly #answer = new AwaitedAnswer();
  #wasTouched = false;
  #found: Found | null = null;
  /** What stands in the pool's queue for the session. */
  #seeker: Seeker | null = null;

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.idleness = new Idleness(options.clock.now(), options.visitor);
    this.#kind = options.relay.isBound ? 'bound' : 'parked';
    const prepared = (name: string): string | undefined => preparedText(this.#state, name);
    this.#doorstep = new Doorstep({ ...options, idleness: this.idleness, prepared });
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
    return this.idleness.since;
  }

  /** In milliseconds; 0 for none. What PostgreSQL would enforce itself, were there a backend. */
  get idleSessionTimeout(): number {
    return this.#state.idleSessionTimeout;
  }

  get isAtRest(): boolean {
    const { isIdle, isHoldingBack } = this.#options.relay;
    return (this.#kind === 'bound' || this.#kind === 'pinned') && isIdle && !isHoldingBack;
  }

  /** Nothing was said since it was last asked. */
  get isKnown(): boolean {
    return this.#askedBeat === this.#options.relay.beat;
  }

  /** Whether it may hold other than is known. Functions set what no text shows. */
  get isTouched(): boolean {
    const { evidence, pool } = this.#options;
    return evidence.isTouched || (!this.isKnown && pool.memory.knowsNames);
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
    return this.isKnown && (this.#kind === 'pinned' || this.isListening || this.#isSpared('share'));
  }

  /** Whether it gives up its backend in the same breath if it is asked to for a stop. */
  get mayPark(): boolean {
    const isFree = this.#found !== null && this.#found.reason === null;
    return this.isAtRest && this.isKnown && isFree && !this.#isSpared('suspend');
  }

  #isSpared(purpose: Purpose): boolean {
    const { pool, clock } = this.#options;
    const why = purpose === 'share' && pool.isHungry ? 'suspend' : purpose;
    return isSpared(this.#found, why, elapsed(this.idleSince, clock.now()));
  }

  /** Looks whether it has been used. */
  sweep(now: Instant): void {
    this.idleness.look(this.#options.relay, now);
  }

  get isBusy(): boolean {
    return this.#options.relay.isBusy;
  }

  view(now: Instant): SessionView {
    const { kind, isBound, pinReason: reason } = this;
    const since = { pinnedAt: this.#pin?.since, idleness: this.idleness };
    return sessionView({ ...this.#options, kind, isBound, reason, ...since }, now);
  }

  get pinReason(): PinReason | null {
    return this.#pin?.reason ?? (this.#options.relay.isInTransaction ? 'open transaction' : null);
  }

  end(because: Fault): void {
    this.#options.relay.end(because);
  }

  /** The relay is over. */
  close(): void {
    if (this.#kind === 'over') return;
    this.sweep(this.#options.clock.now());
    this.#answer.settle({ isParked: false, why: this.#by('has ended') });
    if (this.#seeker !== null) this.#options.pool.unseek(this.#seeker);
    this.#move('over');
    this.#options.pool.leave(this);
  }

  /** It has come to rest, and somebody wants its backend. */
  idled(): void {
    if (this.isAtRest) this.#options.pool.idled(this);
  }

  /** Resolves when what it is being asked is answered. */
  answered(): Promise<void> {
    return this.#answer.wait();
  }

  /** Asks PostgreSQL what the session holds. It must be at rest. */
  ask(purpose: Purpose, onAsked: (asked: Asked) => void = () => {}): void {
    assert(this.isAtRest, 'only a session at rest is asked');
    const known = this.isKnown ? this.#found : null;
    this.sweep(this.#options.clock.now());
    this.#move('asking');
    this.#answer.begin(onAsked);
    if (known === null) this.#question(purpose);
    else this.#decide(known, purpose);
  }

  #question(purpose: Purpose): void {
    const { relay, evidence, pool } = this.#options;
    this.#askedBeat = relay.beat;
    this.#found = null;
    this.#wasTouched = evidence.isTouched;
    evidence.isTouched = false;
    const { names, bytes } = question(pool.memory, this.identity);
    relay.ask({
      bytes,
      readyForQueries: 1,
      withHeldBack: false,
      keepNotices: false,
      onDone: (replies) => this.#told(replies, { purpose, names }),
      onLost: () => this.#lostWhileAsking(),
    });
    // Before a restart nobody is let in again; else whoever speaks meanwhile goes right behind.
    if (pool.isClosed) relay.holdBack();
  }

  #told(replies: HiddenReplies, asked: Question): void {
    const found = readAnswer(replies);
    if (found !== null) this.#learn(found);
    // What is held back has not reached the backend, and changes nothing.
    if (!this.isKnown && !this.#options.relay.isHoldingBack) {
      this.#remain('was asked something');
      return;
    }
    if (found === null) {
      this.#pinned('state unknown');
      return;
    }
    if (!found.customInFunctions.every((name) => asked.names.includes(name))) {
      this.#askAgain(asked.purpose);
      return;
    }
    this.#found = foundIn(found, this.#options);
    // Who listens gives up its backend in the breath in which all do: `evacuation.ts`.
    const isLate = asked.purpose === 'suspend' && this.isListening;
    this.#decide(this.#found, isLate ? 'learn' : asked.purpose);
  }

  /** What becomes of the session, now that all is known of it. */
  #decide(found: Found, purpose: Purpose): void {
    const { relay, pool } = this.#options;
    if (found.reason !== null) {
      this.#pinned(found.reason);
      return;
    }
    this.#pin = null;
    if (purpose === 'learn') {
      this.#remain('was only asked');
      return;
    }
    if (purpose === 'share' && this.isListening) {
      this.#remain('listens');
      return;
    }
    if (this.#isSpared(purpose)) {
      this.#remain('has just used a sequence', purpose === 'suspend');
      return;
    }
    const backend = relay.detach();
    if (found.isTainted) backend.isTainted = true;
    this.#found = null;
    this.#move('parked');
    this.#answer.settle({ isParked: true });
    pool.parked(this);
    pool.giveBack(backend, purpose);
    if (relay.heldBack.length > 0) this.spoken();
  }

  #learn(found: Interrogated): void {
    const { pool, relay, visitor } = this.#options;
    this.#state = compact(found.state);
    this.#view = viewOf(found.reported, this.identity);
    relay.backend.reported(found.reported);
    visitor.named(found.reported.get('application_name') ?? visitor.cause.applicationName);
    pool.memory.learnFrom(found, this.identity);
  }

  /** Functions name settings that were not asked for. */
  #askAgain(purpose: Purpose): void {
    this.#move('bound');
    this.#options.relay.flow();
    if (this.isAtRest) this.ask(purpose, this.#answer.handOver());
    else this.#answer.settle({ isParked: false, why: this.#by('was asked something') });
  }

  #pinned(reason: PinReason): void {
    const since = this.#pin?.reason === reason ? this.#pin.since : this.#options.clock.now();
    this.#pin = { reason, since };
    this.#remain(`is pinned: ${reason}`, false, 'pinned');
  }

  #remain(why: string, isPassing = false, as: 'bound' | 'pinned' = 'bound'): void {
    this.#move(as);
    this.#options.relay.flow();
    this.#answer.settle({ isParked: false, why: this.#by(why), isPassing });
    this.#options.pool.kept();
  }

  #lostWhileAsking(): void {
    this.#move('bound');
    this.#answer.settle({ isParked: false, why: this.#by('has lost its backend') });
    const { relay, evidence } = this.#options;
    evidence.isTouched ||= this.#wasTouched;
    this.#askedBeat = -1;
    relay.backendEnded();
  }

  /** It needs a backend: its client has said something, or it listens and is to hear others. */
  spoken(): void {
    if (this.#kind !== 'parked' || (!this.#hasLostTransaction && this.#doorstep.takes())) return;
    this.#move('waiting');
    const restoring = this.#restoring();
    this.#seek((backend) => restoring.begin(backend));
  }

  /** The client gives up what it waits for. */
  cancel(): void {
    const seeker = this.#options.relay.heldBack.length > 0 ? this.#seeker : null;
    if (seeker === null) return;
    this.#options.pool.unseek(seeker);
    this.#refused(fault('QUERY_CANCELED', {}));
  }

  #seek(onBackend: (backend: PooledBackend) => void): void {
    const { relay, pool, visitor, clock } = this.#options;
    this.#seeker = {
      identity: this.identity,
      ...visitor.seeking,
      isListening: this.isListening,
      since: clock.now(),
      onSlow: (notice) => relay.say(notice),
      onFailed: (error) => this.#refused(error),
      onBackend: (backend) => {
        this.#seeker = null;
        this.#move('restoring');
        onBackend(backend);
      },
    };
    pool.seek(this.#seeker);
  }

  #refused(error: unknown): void {
    const { relay, pool } = this.#options;
    const because = waitingFault(error, pool.door.name);
    this.#seeker = null;
    this.#move('parked');
    const isGuest = isFault(error, 'TENANT_ASLEEP') && !this.#hasLostTransaction;
    if (isGuest && relay.heldBack.length > 0) {
      this.#doorstep.refuse();
      return;
    }
    // Who listens is to hear others still: a query that it gives up is no reason to miss them.
    const goesOn = this.isListening && because.code === 'QUERY_CANCELED';
    if (!goesOn) pool.refused(this);
    if (because.code === 'SESSION_UNRESTORABLE') relay.end(because);
    else relay.refuse(because, this.#hasLostTransaction ? STATUS.failed : STATUS.idle);
    if (goesOn || (this.isListening && because.code === 'BACKENDS_FULL')) this.spoken();
  }

  #restoring(): Restoring {
    const { relay, evidence, pool } = this.#options;
    return new Restoring({
      relay,
      state: this.#state,
      unnamed: evidence.unnamed,
      hasLostTransaction: this.#hasLostTransaction,
      onNeed: (then) => {
        this.#move('waiting');
        this.#seek(then);
      },
      onRestored: (replies) => this.#restored(replies),
      onUnrestorable: (why) => relay.end(unrestorable(pool.door.name, why)),
    });
  }

  #restored(replies: HiddenReplies | null): void {
    const { relay, evidence, pool } = this.#options;
    const { backend } = relay;
    if (replies !== null) backend.reported(replies.parameters);
    evidence.begin();
    for (const message of differences(backend, this.#view)) relay.say(message);
    this.#hasLostTransaction = false;
    this.#move('bound');
    pool.bound(this, () => this.#kind === 'bound' && relay.flow());
  }

  /**
   * The backend is gone without a word: can the session go on? `owed` is how many ReadyForQuery the
   * client waits for, null if that cannot be told.
   */
  survives(owed: number | null): boolean {
    const { relay, evidence, pool } = this.#options;
    const isUncertain = this.isTouched || this.#pin !== null || evidence.isUnnamedLost;
    if (isUncertain || owed === null || this.#kind === 'asking') return false;
    const wasInTransaction = relay.isInTransaction;
    if (wasInTransaction && owed > 1) return false;
    const backend = relay.takeBack();
    this.#move('parked');
    this.#hasLostTransaction = wasInTransaction;
    backend.destroy();
    pool.parked(this);
    pool.lost(this, backend);
    const lost = fault('TRANSACTION_LOST', { tenant: pool.door.name });
    if (owed > 0) relay.refuse(lost, wasInTransaction ? STATUS.failed : STATUS.idle, owed);
    else if (relay.heldBack.length > 0) this.spoken();
    return true;
  }

  #move(to: ParkingKind): void {
    const from = this.#kind;
    assert(PARKING_MOVES[from].includes(to), `parking: ${from} -> ${to}`);
    this.#kind = to;
  }
}
