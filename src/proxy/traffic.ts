/**
 * What passes through one session, understood as far as it must be.
 *
 * Both directions are framed and counted here; no socket is. The original bytes are never delayed
 * or copied, and but for one field never changed. Learned on the way: whether the session is idle (`ledger`), usage (`meter`),
 * whether the client said goodbye, whether the backend did, and whether a role was changed.
 *
 * A role counts as changed when the command has completed and no transaction is open any more. A
 * rollback is not told apart: to learn unchanged roles again is harmless. Roles changed inside a
 * function or a DO block are not seen.
 */
import type { Clock } from '../domain/clock.ts';
import { elapsed, type Instant } from '../domain/units.ts';
import { errorField } from '../wire/error-fields.ts';
import {
  ANSWER,
  ANSWER_LENGTH_MAX,
  type FrameListener,
  FrameWalker,
  peeks,
  REQUEST,
  REQUEST_LENGTH_MAX,
  STATUS,
} from '../wire/frames.ts';
import type { Evidence } from './evidence.ts';
import { RequestLedger } from './ledger.ts';
import { classOfTag } from './tag-class.ts';
import type { TenantMeter } from './tenant-meter.ts';
import { UNNAMED_BYTES_MAX } from './unnamed-statement.ts';
import type { Visitor } from './visitors.ts';

/** Values that name a custom setting stand near the beginning. */
const BIND_BYTES = 1_024;

const REQUEST_PEEKS = peeks({
  ...Object.fromEntries(Object.values(REQUEST).map((type) => [type, 0])),
  [REQUEST.query]: UNNAMED_BYTES_MAX,
  [REQUEST.parse]: UNNAMED_BYTES_MAX,
  [REQUEST.bind]: BIND_BYTES,
  [REQUEST.close]: 2,
});

/** The process id. */
const NOTIFIER_BYTES = 4;

/** `CREATE ROLE` and its zero byte, the longest tag that matters. */
const TAG_BYTES = 12;

/** Severity and SQLSTATE come first. */
const ERROR_BYTES = 128;

const ANSWER_PEEKS = peeks({
  [ANSWER.parseComplete]: 0,
  [ANSWER.bindComplete]: 0,
  [ANSWER.closeComplete]: 0,
  [ANSWER.commandComplete]: TAG_BYTES,
  [ANSWER.error]: ERROR_BYTES,
  [ANSWER.copyIn]: 0,
  [ANSWER.emptyQuery]: 0,
  [ANSWER.rowDescription]: 0,
  [ANSWER.copyBoth]: 0,
  [ANSWER.readyForQuery]: 1,
  [ANSWER.noData]: 0,
  [ANSWER.portalSuspended]: 0,
  [ANSWER.notification]: NOTIFIER_BYTES,
});

/** CREATE USER and CREATE GROUP have the tag of CREATE ROLE. */
const ROLE_TAGS = ['CREATE ROLE\0', 'ALTER ROLE\0', 'DROP ROLE\0'].map((tag) => Buffer.from(tag));

/** As PostgreSQL makes them. A compute that its tenant has taken over might say anything. */
const ERROR_CLASS = /^[0-9A-Z]{2}/;
const UNKNOWN_CLASS = 'XX';

export type TrafficOptions = {
  readonly clock: Clock;
  readonly meter: TenantMeter;
  /** Transaction status with which the session begins. */
  readonly status: number;
  readonly evidence: Evidence;
  readonly visitor: Pick<Visitor, 'isRobot' | 'isPinging' | 'pulse'>;
  /**
   * What the client takes for its backend's process id, and what it is. They differ once the session
   * has changed its backend; a notification from the session itself must still look like one.
   */
  readonly processIds: { readonly told: number; readonly actual: number };
  readonly onRolesChanged: () => void;
};

export class Traffic {
  readonly ledger: RequestLedger;
  readonly #meter: TenantMeter;
  readonly #requests: FrameWalker;
  readonly #answers: FrameWalker;
  readonly #requestListener: RequestListener;
  readonly #answerListener: AnswerListener;

  constructor(options: TrafficOptions) {
    this.ledger = new RequestLedger(options.status);
    this.#meter = options.meter;
    this.#requestListener = new RequestListener(this.ledger, options);
    this.#answerListener = new AnswerListener(this.ledger, options);
    this.#requests = new FrameWalker({
      peeks: REQUEST_PEEKS,
      lengthMax: REQUEST_LENGTH_MAX,
      listener: this.#requestListener,
    });
    this.#answers = new FrameWalker({
      peeks: ANSWER_PEEKS,
      lengthMax: ANSWER_LENGTH_MAX,
      listener: this.#answerListener,
    });
  }

  /** Follows the first `end` bytes of `chunk`. False if they break the protocol. */
  fromClient(chunk: Uint8Array, end: number): boolean {
    this.#meter.bytesIn += end;
    this.#requestListener.chunkAt = UNREAD;
    return this.#requests.walk(chunk, end);
  }

  /** Follows the first `end` bytes of `chunk`. False if they break the protocol. */
  fromBackend(chunk: Uint8Array, end: number): boolean {
    this.#meter.bytesOut += end;
    this.#answerListener.chunkAt = UNREAD;
    return this.#answers.walk(chunk, end);
  }

  /** The client has said that it leaves. */
  get hasTerminated(): boolean {
    return this.#requestListener.hasTerminated;
  }

  /** The backend has told the client why it leaves. */
  get hasBackendFailed(): boolean {
    return this.#answerListener.hasFailed;
  }

  /** Whether a message of our own may be sent to the client now. */
  get isBetweenAnswers(): boolean {
    return this.#answers.atBoundary;
  }

  /** Whether the client has sent part of a message, and not yet the rest. */
  get isWithinRequest(): boolean {
    return !this.#requests.atBoundary;
  }

  /** ReadyForQuery that are to come; null if that cannot be told now. */
  get owed(): number | null {
    return this.isBetweenAnswers && !this.isWithinRequest ? this.ledger.owed : null;
  }

  /** Whether all the client has sent will have been answered some time, though it sent no more. */
  get mayInsert(): boolean {
    return this.ledger.owed !== null && !this.isWithinRequest;
  }

  /** Whether nothing is under way in either direction and nothing is open. */
  get isIdle(): boolean {
    return this.ledger.isIdle && this.#requests.atBoundary && this.#answers.atBoundary;
  }
}

/** The clock is read when the first message of a chunk asks for it, and then not again. */
const UNREAD = -1 as Instant;

class RequestListener implements FrameListener {
  readonly #ledger: RequestLedger;
  readonly #meter: TenantMeter;
  readonly #clock: Clock;
  readonly #evidence: Evidence;
  readonly #visitor: TrafficOptions['visitor'];
  chunkAt: Instant = UNREAD;
  hasTerminated = false;

  constructor(ledger: RequestLedger, options: TrafficOptions) {
    this.#ledger = ledger;
    this.#meter = options.meter;
    this.#clock = options.clock;
    this.#evidence = options.evidence;
    this.#visitor = options.visitor;
  }

  frame(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.chunkAt === UNREAD) this.chunkAt = this.#clock.now();
    const visitor = this.#visitor;
    visitor.pulse.asked(type, bytes, start, end);
    if (type === REQUEST.query || type === REQUEST.execute || type === REQUEST.functionCall) {
      this.#meter.queries++;
      if (visitor.isRobot || (visitor.isPinging && visitor.pulse.isPing)) this.#meter.byRobots++;
    } else if (type === REQUEST.terminate) {
      this.hasTerminated = true;
    }
    this.#evidence.asked(type, bytes, start, end);
    this.#ledger.asked(type, this.chunkAt);
  }
}

class AnswerListener implements FrameListener {
  readonly #ledger: RequestLedger;
  readonly #meter: TenantMeter;
  readonly #clock: Clock;
  readonly #evidence: Evidence;
  readonly #processIds: TrafficOptions['processIds'];
  readonly #onRolesChanged: () => void;
  #areRolesTouched = false;
  chunkAt: Instant = UNREAD;
  hasFailed = false;

  constructor(ledger: RequestLedger, options: TrafficOptions) {
    this.#ledger = ledger;
    this.#meter = options.meter;
    this.#clock = options.clock;
    this.#evidence = options.evidence;
    this.#processIds = options.processIds;
    this.#onRolesChanged = options.onRolesChanged;
  }

  frame(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === ANSWER.readyForQuery) {
      this.#ready(start < end ? (bytes[start] ?? 0) : 0);
      return;
    }
    if (type === ANSWER.commandComplete) {
      this.#evidence.tagged(bytes, start, end);
      const place = classOfTag(bytes, start, end);
      this.#meter.classes[place] = (this.#meter.classes[place] ?? 0) + 1;
      if (isRoleTag(bytes, start, end)) this.#areRolesTouched = true;
    }
    if (type === ANSWER.notification) this.#notified(bytes, start);
    if (type === ANSWER.error) {
      this.#evidence.failed(this.#ledger.unansweredInRun);
      this.#failed(Buffer.from(bytes.subarray(start, end)));
    }
    this.#ledger.answered(type);
  }

  #ready(status: number): void {
    const wasOpen = this.#ledger.status !== STATUS.idle;
    const finished = this.#ledger.ready(status);
    if (!this.#ledger.isBusy) this.#evidence.settled();
    if (finished === null) return;
    if (this.chunkAt === UNREAD) this.chunkAt = this.#clock.now();
    this.#meter.answered(elapsed(finished.since, this.chunkAt));
    if (status !== STATUS.idle) return;
    if (wasOpen || finished.ran) this.#meter.transactions++;
    if (!this.#areRolesTouched) return;
    this.#areRolesTouched = false;
    this.#onRolesChanged();
  }

  /** Where the process id was cut by a chunk's end it has gone its way, and stays as it is. */
  #notified(bytes: Uint8Array, start: number): void {
    const { told, actual } = this.#processIds;
    if (told === actual) return;
    const notifier = new DataView(bytes.buffer, bytes.byteOffset + start, NOTIFIER_BYTES);
    if (notifier.getInt32(0) === actual) notifier.setInt32(0, told);
  }

  #failed(body: Buffer): void {
    this.#meter.failed(ERROR_CLASS.exec(errorField(body, 'C'))?.[0] ?? UNKNOWN_CLASS);
    const severity = errorField(body, 'V');
    this.hasFailed = severity === 'FATAL' || severity === 'PANIC';
  }
}

/** Almost every tag fails at its first two bytes. */
function isRoleTag(bytes: Uint8Array, start: number, end: number): boolean {
  return ROLE_TAGS.some((tag) => tag.length <= end - start && beginsWith(bytes, start, tag));
}

function beginsWith(bytes: Uint8Array, start: number, tag: Uint8Array): boolean {
  for (let i = 0; i < tag.length; i++) {
    if (bytes[start + i] !== tag[i]) return false;
  }
  return true;
}
