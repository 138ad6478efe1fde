/**
 * One call over HTTP, on a backend of its tenant's pool.
 *
 *   waiting ──backend──▶ running ──ReadyForQuery──▶ over; the backend goes back, cleared
 *      │                    ├──a transaction was left open──▶ rolled back first
 *      └──the client went, or may have no answer──▶ over; what runs is cancelled
 *
 * To its pool it is a session that lives for one call: it waits its turn, wakes the compute as anybody
 * does, and holds it while it runs. It is never parked, since it is never at rest; what it leaves behind
 * in a backend is cleared as what a client leaves that has said goodbye. So nothing of one call is there in the
 * next: no setting, no lock, no temporary table. Where a call can have left nothing (`routines.ts`), the
 * next may have its backend as it is; one that asks for what a session holds has it cleared before.
 */
import { type Fault, fault, isFault } from '../../domain/faults.ts';
import type { SessionView } from '../../domain/gate.ts';
import type { SessionId } from '../../domain/ids.ts';
import { elapsed, type Instant, ms } from '../../domain/units.ts';
import { errorField } from '../../wire/error-fields.ts';
import { failureResponse } from '../../wire/error-response.ts';
import { HEADER_BYTES, REQUEST } from '../../wire/frames.ts';
import { HttpAnswer } from '../../wire/http-answer.ts';
import type { Call } from '../../wire/http-call.ts';
import type { Descriptions } from '../../wire/http-description.ts';
import { callMessages } from '../../wire/http-messages.ts';
import { queryMessage } from '../../wire/requests.ts';
import { resetBackend } from '../../wire/restore.ts';
import { StandIn } from '../../wire/stand-in.ts';
import { asleep } from '../doorstep.ts';
import { Evidence } from '../evidence.ts';
import { forward } from '../forward.ts';
import { Idleness } from '../idleness.ts';
import { ClientGone } from '../inbox.ts';
import type { ParkingKind } from '../parking-states.ts';
import type { TenantPool } from '../pool.ts';
import type { BackendOwner, Identity, PooledBackend } from '../pooled-backend.ts';
import type { PooledSession } from '../pooled-session.ts';
import type { Seeker } from '../seeker-queue.ts';
import type { SessionParts } from '../session.ts';
import { isSuspicious } from '../suspicion.ts';
import { UNNAMED_BYTES_MAX } from '../unnamed-statement.ts';
import type { Seeking } from '../visitors.ts';
import type { HttpUser } from './http-user.ts';
import { exchange, mayLeave } from './routines.ts';

const ROLLBACK = queryMessage('ROLLBACK');

const NOTHING = Buffer.alloc(0);

export type HttpRunOptions = {
  readonly id: SessionId;
  readonly user: HttpUser;
  readonly call: Call;
  readonly parts: SessionParts;
  readonly descriptions: Descriptions;
  /** All is answered; `error` says whether well. One of the two is called, once, and may be before `start` returns. */
  readonly onAnswer: (answer: HttpAnswer) => void;
  /** Hears a fault, `BackendRefused` or `ClientGone`. */
  readonly onFailed: (error: unknown) => void;
};

type State =
  | { readonly kind: 'waiting'; readonly seeker: Seeker | null }
  | { readonly kind: 'running'; readonly backend: PooledBackend }
  | { readonly kind: 'over' };

const OVER: State = { kind: 'over' };

export class HttpRun implements PooledSession, BackendOwner {
  readonly identity: Identity;
  readonly idleness: Idleness;
  readonly #options: HttpRunOptions;
  readonly #pool: TenantPool;
  /** Null as long as nothing was said that could leave anything. */
  #evidence: Evidence | null = null;
  #changesSession: boolean;
  readonly #answer: HttpAnswer;
  readonly #since: Instant;
  #bytes: Buffer;
  #state: State = { kind: 'waiting', seeker: null };

  constructor(options: HttpRunOptions) {
    const { user, call, parts, descriptions } = options;
    this.#options = options;
    const { pool, identity } = user.place();
    this.#pool = pool;
    this.identity = identity;
    this.#since = parts.clock.now();
    this.#answer = new HttpAnswer(call, parts.options.httpBytesMax, descriptions);
    this.#bytes = callMessages(call);
    this.#changesSession = call.statements.some(({ sql }) => mayLeave(sql));
    this.idleness = new Idleness(this.#since, user.visitor);
  }

  start(): void {
    const { user } = this.#options;
    user.runs.add(this);
    this.#pool.enter(this);
    this.#look();
    const { cause, mayWake, isCounted } = this.#seeking();
    const seeker: Seeker = {
      identity: this.identity,
      cause,
      mayWake,
      isCounted,
      isListening: false,
      heirOf: this.identity,
      since: this.#since,
      onSlow: () => {},
      onBackend: (backend) => this.#run(backend),
      onFailed: (error) => this.#refused(error),
    };
    this.#state = { kind: 'waiting', seeker };
    this.#pool.seek(seeker);
  }

  /** Nobody wants the answer any more. */
  abandon(): void {
    this.#giveUp(new ClientGone());
  }

  end(because: Fault): void {
    this.#giveUp(because);
  }

  /**
   * What is said is looked at as if a client of the protocol had said it. Before the first text that could
   * leave something there is nothing to note but the pings.
   */
  #look(): void {
    const { visitor } = this.#options.user;
    const bytes = this.#bytes;
    for (let at = 0; at < bytes.length; ) {
      const next = at + 1 + bytes.readUInt32BE(at + 1);
      const [type, start] = [bytes[at] ?? 0, at + HEADER_BYTES];
      const end = Math.min(next, start + UNNAMED_BYTES_MAX);
      if (type === REQUEST.parse && isSuspicious(bytes, start, end)) {
        this.#evidence ??= new Evidence(this.#pool);
      }
      this.#evidence?.asked(type, bytes, start, end);
      visitor.pulse.asked(type, bytes, start, end);
      at = next;
    }
  }

  #seeking(): Seeking {
    const { visitor } = this.#options.user;
    if (!visitor.isPinging || !visitor.pulse.isPing) return visitor.seeking;
    const { wakes: mayWake, keeps: isCounted } = visitor.verdictOfPings;
    return { cause: visitor.cause, mayWake, isCounted };
  }

  #run(backend: PooledBackend): void {
    if (this.#state.kind !== 'waiting') {
      this.#clear(backend);
      return;
    }
    const { meter, visitor } = this.#options.user;
    this.#state = { kind: 'running', backend };
    this.#count(meter, visitor);
    const bytes = this.#bytes;
    // A large call is not held twice while it runs.
    this.#bytes = NOTHING;
    // Who asks for what a session holds is not to find what a call before it was spared to have cleared.
    if (backend.lastUser === null || !this.#isTouching) this.#send(backend, bytes);
    else exchange(backend, resetBackend, () => this.#send(backend, bytes));
  }

  #send(backend: PooledBackend, bytes: Buffer): void {
    if (this.#state.kind !== 'running') return;
    backend.owner = this;
    backend.lastUser = null;
    forward(backend.socket, bytes, bytes.length);
  }

  #count(meter: HttpUser['meter'], visitor: HttpUser['visitor']): void {
    const queries = this.#options.call.statements.length;
    meter.queries += queries;
    if (visitor.isRobot || (visitor.isPinging && visitor.pulse.isPing)) meter.byRobots += queries;
    meter.bytesIn += this.#bytes.length;
  }

  fromBackend(buffer: Buffer, end: number): boolean {
    this.#options.user.meter.bytesOut += end;
    const answer = this.#answer;
    answer.feed(buffer, end);
    if (answer.stopped !== null) this.#giveUp(this.#whyStopped());
    else if (answer.isReady) this.#answered();
    return false;
  }

  backendDrained(): void {}

  backendEnded(): void {
    if (this.#state.kind !== 'running') return;
    const { backend } = this.#state;
    this.#pool.lost(this, backend);
    backend.destroy();
    // Its last words, if it had any, say more than we could.
    if (this.#answer.error !== null) this.#options.onAnswer(this.#answer);
    else this.#options.onFailed(fault('COMPUTE_LOST', { tenant: this.#pool.door.name }));
    this.#leave();
  }

  #whyStopped(): Fault {
    if (this.#answer.stopped === 'copy') {
      return fault('FEATURE_UNSUPPORTED', { feature: 'COPY over HTTP' });
    }
    return fault('RESPONSE_TOO_LARGE', { bytesMax: this.#options.parts.options.httpBytesMax });
  }

  #answered(): void {
    if (this.#state.kind !== 'running') return;
    const { backend } = this.#state;
    const answer = this.#answer;
    this.#note();
    // Whoever waits is answered first.
    this.#options.onAnswer(answer);
    this.#leave();
    if (answer.isInTransaction) exchange(backend, ROLLBACK, () => this.#giveBack(backend));
    else this.#giveBack(backend);
  }

  /** What can have left nothing is spared the clearing, for the next call; anybody else has it cleared first. */
  #giveBack(backend: PooledBackend): void {
    const { user, parts } = this.#options;
    const { routines } = user;
    const now = parts.clock.now();
    if (!this.#isTouching && !this.#isTainting && routines.areHarmless(now))
      this.#pool.release(backend, this.identity);
    else if (routines.isKnown(now)) this.#clear(backend);
    else routines.ask(backend, now, () => this.#clear(backend));
  }

  #clear(backend: PooledBackend): void {
    this.#pool.leftBy(backend, { isTainting: this.#isTainting });
  }

  get #isTouching(): boolean {
    return this.#changesSession || (this.#evidence?.isTouched ?? false);
  }

  get #isTainting(): boolean {
    return this.#evidence?.isTainting ?? false;
  }

  #note(): void {
    const { user, parts } = this.#options;
    const { meter } = user;
    meter.answered(elapsed(this.#since, parts.clock.now()));
    meter.transactions++;
    const { error, changesRoles, changesSession } = this.#answer;
    if (changesSession) {
      this.#changesSession = true;
      user.routines.forget();
    }
    if (error !== null) meter.failed(errorField(error, 'C').slice(0, CLASS_CHARS));
    if (!changesRoles) return;
    // A backend at rest knows its role as it was.
    this.#pool.onDatabase();
    parts.gate.rolesChanged(user.door.tenant);
  }

  #refused(error: unknown): void {
    if (this.#state.kind !== 'waiting') return;
    if (isFault(error, 'TENANT_ASLEEP')) this.#standIn();
    else this.#options.onFailed(error);
    this.#leave();
  }

  /** The tenant sleeps, and such a one does not wake it: pings are answered truly, all else is refused. */
  #standIn(): void {
    const { user, call } = this.#options;
    const { visitor, meter } = user;
    const [only] = call.statements;
    const sql = call.batch === null && only?.parameters.length === 0 ? only.sql : undefined;
    const standIn = new StandIn({
      refusal: failureResponse(asleep(user.door.name, visitor)),
      answersPings: visitor.verdictOfPings.answered,
      prepared: () => sql,
      onTaken: () => {},
    });
    this.#count(meter, visitor);
    const isTaken = standIn.take(this.#bytes) === 'taken';
    const said = standIn.said();
    meter.bytesOut += said.length;
    if (isTaken) this.#answer.feed(said, said.length);
    if (this.#answer.isReady) this.#options.onAnswer(this.#answer);
    else this.#options.onFailed(asleep(user.door.name, visitor));
  }

  #giveUp(because: Fault | ClientGone): void {
    const state = this.#state;
    if (state.kind === 'over') return;
    if (state.kind === 'waiting' && state.seeker !== null) this.#pool.unseek(state.seeker);
    if (state.kind === 'running') {
      // PostgreSQL notices a lost client only when it writes.
      void this.#options.parts.cancels.send({ backend: state.backend, isBusy: true });
      state.backend.destroy();
    }
    this.#options.onFailed(because);
    this.#leave();
  }

  #leave(): void {
    const { user, parts } = this.#options;
    this.#state = OVER;
    this.#bytes = NOTHING;
    this.sweep(parts.clock.now());
    user.left(this);
    this.#pool.leave(this);
  }

  // What a pool asks of its sessions. This one is at work as long as it is there.

  get kind(): ParkingKind {
    return this.#state.kind === 'running' ? 'bound' : this.#state.kind;
  }

  get isBound(): boolean {
    return this.#state.kind === 'running';
  }

  get isBusy(): boolean {
    return this.isBound;
  }

  get keptBy(): string | null {
    return this.isBound ? `call ${this.#options.id} over HTTP is at work` : null;
  }

  get idleSince(): Instant {
    return this.idleness.since;
  }

  readonly idleSessionTimeout = 0;
  readonly isListening = false;
  readonly isAtRest = false;
  readonly isKnown = false;
  readonly isKept = false;
  readonly isTouched = true;
  readonly mayPark = false;
  readonly pinReason = null;

  sweep(now: Instant): void {
    this.idleness.look({ beat: 1, isBusy: this.isBusy }, now);
  }

  view(now: Instant): SessionView {
    const { role, applicationName, from, visitor } = this.#options.user.visitor.cause;
    const state = this.isBound ? 'bound' : 'waiting';
    const openFor = elapsed(this.#since, now);
    const { id } = this.#options;
    return { id, role, applicationName, from, visitor, state, openFor, idleFor: ms(0), pin: null };
  }

  // Of one that is never at rest nothing is asked, and nothing is waited for.

  ask(): void {}
  idled(): void {}
  spoken(): void {}
  cancel(): void {}

  close(): void {
    this.abandon();
  }

  answered(): Promise<void> {
    return Promise.resolve();
  }

  survives(): boolean {
    return false;
  }
}

/** Of a SQLSTATE. */
const CLASS_CHARS = 2;
