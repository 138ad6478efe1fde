/**
 * A session that has a backend for each transaction, and for no longer.
 *
 *   parked ──client speaks──▶ waiting ──backend──▶ restoring ──all there──▶ bound ──at rest──▶ parked
 *      ▲                        │  ▲                  │                      │ ▲
 *      └───────refused──────────┘  └───backend lost───┘       statement needed │ what is there, in doubt
 *                                                                            ▼ │
 *                                                                           asking
 *
 * At rest (ReadyForQuery `I`, nothing outstanding) it gives its backend up and is not asked what it
 * leaves there. Of its state three things are promised: the statements it has prepared by the protocol
 * (`transaction-statements.ts`), the unnamed one among them; and the settings PostgreSQL reports, made
 * again where the next backend has others. All else is gone with the transaction, or is still there:
 * while nobody else wants the backend, the session gets the same one again as it has left it.
 *
 * Whoever else gets it finds it cleared. Nothing is put in between what the client has sent: what is
 * missing is prepared ahead of its chunk, when all before that has been answered.
 */
import { assert } from '../domain/assert.ts';
import { type Fault, fault, isFault, toFault } from '../domain/faults.ts';
import type { PinReason, SessionView } from '../domain/gate.ts';
import type { Instant } from '../domain/units.ts';
import { STATUS } from '../wire/frames.ts';
import type { HiddenReplies } from '../wire/hidden-replies.ts';
import { message } from '../wire/messages.ts';
import { SYNC } from '../wire/requests.ts';
import { restore } from '../wire/restore.ts';
import { FRESH_STATE } from '../wire/session-state.ts';
import { AwaitedAnswer } from './awaited-answer.ts';
import { Doorstep } from './doorstep.ts';
import { Idleness } from './idleness.ts';
import type { ParkingOptions } from './parking-options.ts';
import { type Asked, PARKING_MOVES, type ParkingKind, type Purpose } from './parking-states.ts';
import type { Identity, PooledBackend } from './pooled-backend.ts';
import type { PooledSession } from './pooled-session.ts';
import type { Seeker } from './seeker-queue.ts';
import { sessionView } from './session-view.ts';
import { DOUBT, readDoubt } from './transaction-doubt.ts';
import { TransactionSettings } from './transaction-settings.ts';
import { TransactionStatements } from './transaction-statements.ts';

/** Of a compute that is being stopped, or has crashed: SQLSTATEs 57P01 to 57P05. */
const ENDING = '57P';

export class TransactionParking implements PooledSession {
  readonly identity: Identity;
  readonly isListening = false;
  readonly isTouched = false;
  readonly isKnown = true;
  readonly mayPark = false;
  readonly idleSessionTimeout = 0;
  readonly statements: TransactionStatements;
  readonly #options: ParkingOptions;
  readonly idleness: Idleness;
  readonly #settings: TransactionSettings;
  readonly #doorstep: Doorstep;
  #kind: ParkingKind;
  /** The backend it had last, which may still be as it was left. */
  #last: PooledBackend | null = null;
  #seeker: Seeker | null = null;
  readonly #answer = new AwaitedAnswer();

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.idleness = new Idleness(options.clock.now(), options.visitor);
    this.#kind = options.relay.isBound ? 'bound' : 'parked';
    this.#doorstep = new Doorstep({
      ...{ ...options, idleness: this.idleness },
      onTaken: () => {
        this.#last = null;
        this.statements.unsent();
      },
    });
    this.#settings = new TransactionSettings(options.identity);
    this.statements = new TransactionStatements((name, value) => this.#told(name, value));
    options.pool.enter(this);
  }

  get kind(): ParkingKind {
    return this.#kind;
  }

  get isBound(): boolean {
    return this.#options.relay.isBound;
  }

  get isBusy(): boolean {
    return this.#options.relay.isBusy;
  }

  get idleSince(): Instant {
    return this.idleness.since;
  }

  get isAtRest(): boolean {
    const { relay } = this.#options;
    return this.#kind === 'bound' && relay.isIdle && !relay.isHoldingBack;
  }

  /** Whether it keeps its backend, whoever asks. */
  get isKept(): boolean {
    return this.statements.isTooLarge;
  }

  get pinReason(): PinReason | null {
    if (this.isKept) return 'statement too large';
    return this.#options.relay.isInTransaction ? 'open transaction' : null;
  }

  get keptBy(): string | null {
    if (!this.isBound) return null;
    if (this.isKept) return this.#by('is pinned: statement too large');
    if (this.#options.relay.isInTransaction) return this.#by('is in a transaction');
    return this.isAtRest || this.#kind === 'asking' ? null : this.#by('is at work');
  }

  #by(what: string): string {
    return `session ${this.#options.id} ${what}`;
  }

  sweep(now: Instant): void {
    this.idleness.look(this.#options.relay, now);
  }

  view(now: Instant): SessionView {
    const { kind, isBound } = this;
    const reason = isBound ? this.pinReason : null;
    const shown = { kind, isBound, reason, pinnedAt: undefined, idleness: this.idleness };
    return sessionView({ ...this.#options, ...shown }, now);
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

  /** Its backend has said something. Is all answered, what is held back may go on, or the backend away. */
  idled(): void {
    if (this.#kind !== 'bound' || this.isBusy) return;
    if (this.#options.relay.isHoldingBack) this.#prepare();
    else if (this.isAtRest && !this.isKept) this.#rest();
  }

  answered(): Promise<void> {
    return this.#answer.wait();
  }

  ask(_purpose: Purpose, onAsked: (asked: Asked) => void = () => {}): void {
    assert(this.isAtRest, 'only a session at rest is asked');
    this.#answer.begin(onAsked);
    if (this.isKept) this.#answer.settle({ isParked: false, why: this.keptBy ?? '' });
    else this.#rest();
  }

  #rest(): void {
    if (this.statements.isDoubted) this.#askStatements();
    else this.#release();
  }

  /** Which of its statements there are is not known for certain. */
  #askStatements(): void {
    const { relay } = this.#options;
    this.#move('asking');
    relay.holdBack();
    relay.ask({
      ...{ bytes: DOUBT, readyForQueries: 1, withHeldBack: false, keepNotices: false },
      onDone: (replies) => {
        const found = readDoubt(replies);
        this.#move('bound');
        if (found === null) {
          relay.flow();
          this.#answer.settle({ isParked: false, why: this.#by('does not say what it holds') });
          return;
        }
        this.statements.settle(found);
        this.#release();
      },
      onLost: () => this.#lostWhileAsking(),
    });
  }

  #release(): void {
    const { relay, pool, evidence } = this.#options;
    const backend = relay.detach();
    backend.isTainted ||= evidence.isTainting;
    evidence.isTainting = false;
    this.#last = backend;
    this.#move('parked');
    this.#answer.settle({ isParked: true });
    pool.release(backend, this);
    if (relay.heldBack.length > 0) this.spoken();
  }

  /**
   * Its client sends this. Whether it must be held back, until what it needs is there; where nothing
   * can be put in before it PostgreSQL itself says what is missing.
   */
  stops(chunk: Uint8Array, end: number): boolean {
    const { statements } = this;
    const { relay } = this.#options;
    statements.fromClient(chunk, end);
    if (relay.isHoldingBack || !relay.isBound) return true;
    if (statements.isWanting && relay.mayInsert) return true;
    statements.passed();
    return false;
  }

  /** Its client has said something that cannot go on at once. */
  spoken(): void {
    if (this.#kind === 'bound') this.#prepare();
    else if (this.#kind !== 'parked' || this.statements.isCut) return;
    else if (!this.#doorstep.takes()) this.#seek();
  }

  cancel(): void {
    if (this.#kind !== 'waiting' || this.#seeker === null) return;
    this.#options.pool.unseek(this.#seeker);
    this.#refused(fault('QUERY_CANCELED', {}));
  }

  #seek(): void {
    const { relay, pool, visitor, clock } = this.#options;
    this.#move('waiting');
    const last = this.#last;
    if (last?.lastUser === this && pool.regain(last)) {
      this.#move('restoring');
      this.#attach(last);
      return;
    }
    this.#last = null;
    this.#seeker = {
      ...{ identity: this.identity, ...visitor.seeking, isListening: false, since: clock.now() },
      onSlow: (notice) => relay.say(notice),
      onFailed: (error) => this.#refused(error),
      onBackend: (backend) => {
        this.#seeker = null;
        this.#move('restoring');
        this.statements.moved();
        this.#attach(backend);
      },
    };
    pool.seek(this.#seeker);
  }

  #refused(error: unknown): void {
    this.#seeker = null;
    this.#move('parked');
    if (isFault(error, 'TENANT_ASLEEP')) {
      this.#doorstep.refuse();
      return;
    }
    this.statements.unsent();
    this.#options.relay.refuse(toFault(error), STATUS.idle);
  }

  /** Gives the backend what of the session it must have, with what the client said behind it. */
  #attach(backend: PooledBackend): void {
    const { relay, pool, evidence } = this.#options;
    relay.attach(backend);
    const settings = this.#settings.toMakeAgain(backend);
    const restoration = settings.length > 0 ? restore({ ...FRESH_STATE, settings }, null) : null;
    this.#give(restoration?.bytes ?? null, () => {
      evidence.begin();
      for (const told of this.#settings.tell(backend)) relay.say(told);
      this.#goOn();
      pool.bound(this, () => {});
    });
  }

  /** What is held back needs statements that the backend does not have. */
  #prepare(): void {
    const { relay } = this.#options;
    if (relay.isBusy || this.statements.isCut) return;
    this.#move('asking');
    this.#give(null, () => {
      this.#goOn();
      this.#answer.settle({ isParked: false, why: this.#by('was asked something') });
    });
  }

  /** More may have come meanwhile, and need what is not there. */
  #goOn(): void {
    const { relay } = this.#options;
    this.#move('bound');
    relay.flowSent();
    if (relay.heldBack.length > 0 && this.statements.isWanting && relay.mayInsert) {
      this.#prepare();
      return;
    }
    this.statements.passed();
    relay.flow();
  }

  /** `settings` must succeed. A statement that does not is not there: PostgreSQL says so. */
  #give(settings: Buffer | null, onGiven: () => void): void {
    const { relay, evidence } = this.#options;
    const taken = this.statements.take(evidence.unnamed);
    const ahead = settings === null ? 0 : 1;
    if (ahead + taken.length === 0) {
      onGiven();
      return;
    }
    const parses = taken.flatMap(([, body]) => [message('P', body), SYNC]);
    relay.ask({
      bytes: Buffer.concat(settings === null ? parses : [settings, ...parses]),
      readyForQueries: ahead + taken.length,
      // Nothing of the client's runs before its settings are known to be made.
      ...{ withHeldBack: settings === null, keepNotices: false },
      onDone: (replies) => {
        if (settings !== null && replies.errors.some(({ at }) => at === 0)) {
          this.#lostWhileRestoring(replies, true);
          return;
        }
        relay.backend.reported(replies.parameters);
        for (const { at } of replies.errors) {
          const [name] = taken[at - ahead] ?? [];
          if (name !== undefined) this.statements.isGone(name);
        }
        onGiven();
      },
      onLost: (replies) => {
        if (this.#kind === 'restoring') this.#lostWhileRestoring(replies, settings !== null);
        else this.#lostWhileAsking();
      },
    });
  }

  /** What the client said has been read by nobody if settings were refused. */
  #lostWhileRestoring({ errors }: HiddenReplies, hasSettings: boolean): void {
    const { relay, pool } = this.#options;
    const error = errors.find(({ at, isFatal }) => at === 0 || isFatal);
    relay.takeBack().destroy();
    const isOurs = hasSettings && error !== undefined && !error.sqlstate.startsWith(ENDING);
    if (isOurs) {
      const { name: tenant } = pool.door;
      relay.end(fault('SESSION_UNRESTORABLE', { tenant, why: error.message }));
      return;
    }
    this.#last = null;
    this.statements.moved();
    this.#seek();
  }

  #lostWhileAsking(): void {
    this.#move('bound');
    this.#answer.settle({ isParked: false, why: this.#by('has lost its backend') });
    this.#options.relay.backendEnded();
  }

  /** The backend is gone without a word. Between two transactions nothing is lost with it. */
  survives(owed: number | null): boolean {
    const { relay, pool } = this.#options;
    if (owed === null || relay.isInTransaction || this.isKept || this.#kind !== 'bound')
      return false;
    const backend = relay.takeBack();
    this.#last = null;
    this.#move('parked');
    this.statements.unsent();
    backend.destroy();
    pool.parked(this);
    pool.lost(this, backend);
    const { name: tenant } = pool.door;
    if (owed > 0) relay.refuse(fault('TRANSACTION_LOST', { tenant }), STATUS.idle, owed);
    if (relay.heldBack.length > 0) this.spoken();
    return true;
  }

  /** PostgreSQL has told the client of a setting. */
  #told(name: string, value: string): void {
    const { relay, visitor } = this.#options;
    relay.backend.reported(new Map([[name, value]]));
    if (name === 'application_name') visitor.named(value);
    this.#settings.note(name, value);
  }

  #move(to: ParkingKind): void {
    const from = this.#kind;
    assert(PARKING_MOVES[from].includes(to), `parking: ${from} -> ${to}`);
    this.#kind = to;
  }
}
