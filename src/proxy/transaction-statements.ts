/**
 * The prepared statements of a session that gets a backend for each transaction.
 *
 *   Parse ─▶ known and present ──another backend──▶ known ──referred to──▶ needed ──given──▶ present
 *
 * Known: the session has prepared it, and its Parse is kept here. Present: the backend of the moment
 * holds it. Every chunk from the client is read before it goes on, so that what it needs can be there
 * first; a chunk that ends within a name waits for the rest of it. While a run of extended messages is
 * left open nothing can be put in later, so that all that is known is needed.
 *
 * What is sent counts at once. Should anything fail while a Parse or Close is under way, or SQL
 * deallocate statements, PostgreSQL is asked which there are (`transaction-doubt.ts`) before the backend goes.
 */
import {
  ANSWER,
  ANSWER_LENGTH_MAX,
  FrameWalker,
  peeks,
  REQUEST,
  REQUEST_LENGTH_MAX,
} from '../wire/frames.ts';
import { UNNAMED_BYTES_MAX } from './unnamed-statement.ts';

/** Names of a portal and a statement; longer ones are taken for unknown. */
const NAMES_BYTES = 512;

/** Enough of a text for `DEALLOCATE` at its beginning. */
const TEXT_BYTES = 16;

/** Statements of one session that are kept. With more it keeps its backend. */
const KEPT_BYTES_MAX = 1024 * 1024;

/** A setting and its value. A longer one is not made again on another backend. */
const SETTING_BYTES = 4_096;

const STATEMENT = 0x53;

const REQUEST_PEEKS = peeks({
  [REQUEST.query]: TEXT_BYTES,
  [REQUEST.functionCall]: 0,
  [REQUEST.parse]: UNNAMED_BYTES_MAX,
  [REQUEST.bind]: NAMES_BYTES,
  [REQUEST.describe]: NAMES_BYTES,
  [REQUEST.execute]: 0,
  [REQUEST.close]: NAMES_BYTES,
  [REQUEST.sync]: 0,
});

const ANSWER_PEEKS = peeks({
  [ANSWER.parseComplete]: 0,
  [ANSWER.closeComplete]: 0,
  [ANSWER.error]: 0,
  [ANSWER.commandComplete]: TEXT_BYTES,
  [ANSWER.parameterStatus]: SETTING_BYTES,
});

/** A Parse or Close that is not answered. */
type Pending = {
  readonly name: string;
  /** Of the Parse; null for a Close. */
  readonly body: Buffer | null;
  readonly former: Buffer | undefined;
};

export class TransactionStatements {
  /** By name, the bodies of the Parse messages. The unnamed one is kept elsewhere. */
  readonly #known = new Map<string, Buffer>();
  readonly #present = new Set<string>();
  /** By what has not gone on: bodies as they were then; null for the unnamed one. */
  readonly #referred = new Map<string, Buffer | null>();
  /** Parsed by what has not gone on. */
  readonly #coming = new Set<string>();
  #pending: Pending[] = [];
  #keptBytes = 0;
  /** Of names that PostgreSQL has to be asked about, what they may stand for. */
  #doubted: Map<string, (Buffer | undefined)[]> | null = null;
  #isRunOpen = false;
  #hasTooLong = false;
  readonly #requests: FrameWalker;
  readonly #answers: FrameWalker;

  constructor(onSetting: (name: string, value: string) => void) {
    this.#requests = new FrameWalker({
      peeks: REQUEST_PEEKS,
      lengthMax: REQUEST_LENGTH_MAX,
      listener: { frame: (type, bytes, start, end) => this.#asked(type, bytes, start, end) },
    });
    const heard = (bytes: Uint8Array, start: number, end: number): void => {
      const [name, value, rest] = textOf(bytes, start, end, 'utf8').split('\0');
      if (name !== undefined && value !== undefined && rest === '') onSetting(name, value);
    };
    this.#answers = new FrameWalker({
      peeks: ANSWER_PEEKS,
      lengthMax: ANSWER_LENGTH_MAX,
      listener: {
        frame: (type, bytes, start, end) => {
          if (type === ANSWER.parameterStatus) heard(bytes, start, end);
          else this.#answered(type, bytes, start, end);
        },
      },
    });
  }

  /** Every chunk, once, in order, before it goes on. */
  fromClient(chunk: Uint8Array, end: number): void {
    // What breaks the protocol is found again by who counts the messages.
    this.#requests.walk(chunk, end);
  }

  fromBackend(chunk: Uint8Array, end: number): void {
    this.#answers.walk(chunk, end);
  }

  /** Whether it is not yet told what the last chunk refers to. */
  get isCut(): boolean {
    return this.#requests.isWithinPeek;
  }

  get #isAllPresent(): boolean {
    return this.#present.size > this.#known.size;
  }

  /** Whether what has not gone on may need what is not there. */
  get isWanting(): boolean {
    if (this.#isRunOpen || this.isCut) return !this.#isAllPresent;
    for (const name of this.#referred.keys()) if (!this.#present.has(name)) return true;
    return false;
  }

  /** Too much to be kept here: the session keeps its backend. */
  get isTooLarge(): boolean {
    return this.#hasTooLong || this.#keptBytes > KEPT_BYTES_MAX;
  }

  get isDoubted(): boolean {
    return this.#doubted !== null;
  }

  /** What has to be there: names, and bodies of Parse messages. They count as there from now on. */
  take(unnamed: Buffer | null): readonly (readonly [name: string, body: Buffer])[] {
    if (this.#isRunOpen) this.#referAll();
    const taken: [string, Buffer][] = [];
    for (const [name, kept] of this.#referred) {
      const body = kept ?? unnamed;
      if (body !== null && !this.#present.has(name)) taken.push([name, body]);
      if (name === '' || this.#known.has(name)) this.#present.add(name);
    }
    return taken;
  }

  /** All has gone on. */
  passed(): void {
    if (this.#referred.size > 0) this.#referred.clear();
    if (this.#coming.size > 0) this.#coming.clear();
  }

  /** It could not be prepared again. */
  isGone(name: string): void {
    this.#present.delete(name);
  }

  /** The session has another backend, which holds nothing of it. */
  moved(): void {
    this.#present.clear();
    for (const name of this.#coming) this.#present.add(name);
  }

  /** What has no answer never will have one. */
  unsent(): void {
    for (const { name, former } of this.#pending.reverse()) this.#set(name, former);
    this.#pending = [];
    this.passed();
    this.moved();
    this.#isRunOpen = false;
  }

  /** What PostgreSQL says there is: names, and their texts. */
  settle(found: ReadonlyMap<string, Buffer>): void {
    for (const [name, bodies] of this.#doubted ?? []) {
      const text = found.get(name);
      const body = bodies.findLast((one) => one !== undefined && text?.equals(sqlOf(one)));
      this.#set(name, body);
      if (body === undefined) this.#present.delete(name);
      else this.#present.add(name);
    }
    this.#doubted = null;
  }

  #asked(type: number, bytes: Uint8Array, start: number, end: number): void {
    switch (type) {
      case REQUEST.query:
        this.#isRunOpen = false;
        if (isDeallocate(bytes, start, end)) this.#referAll();
        // It ends the unnamed statement, so that there is none to be given.
        this.#comes('');
        return;
      case REQUEST.functionCall:
      case REQUEST.sync:
        this.#isRunOpen = false;
        return;
      case REQUEST.parse:
        this.#isRunOpen = true;
        this.#parsed(bytes, start, end);
        return;
      case REQUEST.close:
        this.#isRunOpen = true;
        if (bytes[start] === STATEMENT) this.#closed(nameOf(bytes, start + 1, end) ?? '');
        else this.#pending.push(PORTAL);
        return;
      case REQUEST.bind: {
        this.#isRunOpen = true;
        const portal = nameOf(bytes, start, end);
        if (portal !== null) this.#refer(nameOf(bytes, start + portal.length + 1, end));
        return;
      }
      case REQUEST.describe:
        this.#isRunOpen = true;
        if (bytes[start] === STATEMENT) this.#refer(nameOf(bytes, start + 1, end));
        return;
      case REQUEST.execute:
        this.#isRunOpen = true;
        return;
    }
  }

  #parsed(bytes: Uint8Array, start: number, end: number): void {
    const name = nameOf(bytes, start, end);
    const isLong = end - start >= UNNAMED_BYTES_MAX;
    if (name !== null && name !== '') {
      if (isDeallocate(bytes, start + name.length + 1, end)) this.#referAll();
      // Of one that is there PostgreSQL says so.
      this.#refer(name);
      this.#hasTooLong ||= isLong;
      const body = isLong ? undefined : Buffer.from(bytes.subarray(start, end));
      this.#change({ name, body: body ?? null, former: this.#known.get(name) });
      this.#set(name, body);
    } else {
      if (isDeallocate(bytes, start + 1, end)) this.#referAll();
      this.#pending.push(PORTAL);
    }
    if (name !== null) this.#comes(name);
  }

  #closed(name: string): void {
    this.#change({ name, body: null, former: this.#known.get(name) });
    this.#set(name, undefined);
    if (name === '') this.#comes('');
    else {
      this.#present.delete(name);
      this.#coming.delete(name);
    }
  }

  #change(change: Pending): void {
    this.#pending.push(change);
    if (this.#doubted !== null) this.#doubt(change);
  }

  #doubt({ name, body, former }: Pending): void {
    if (name === '') return;
    this.#doubted ??= new Map();
    const bodies = this.#doubted.get(name) ?? [];
    this.#doubted.set(name, [...bodies, former, body ?? undefined]);
  }

  #refer(name: string | null): void {
    if (name === null || this.#coming.has(name) || this.#referred.has(name)) return;
    const body = name === '' ? null : this.#known.get(name);
    if (body !== undefined) this.#referred.set(name, body);
  }

  #referAll(): void {
    this.#refer('');
    for (const name of this.#known.keys()) this.#refer(name);
  }

  #comes(name: string): void {
    this.#coming.add(name);
    this.#present.add(name);
  }

  #set(name: string, body: Buffer | undefined): void {
    if (name === '') return;
    this.#keptBytes -= this.#known.get(name)?.length ?? 0;
    if (body === undefined) this.#known.delete(name);
    else this.#known.set(name, body);
    this.#keptBytes += body?.length ?? 0;
  }

  #answered(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === ANSWER.parseComplete || type === ANSWER.closeComplete) this.#pending.shift();
    else if (type === ANSWER.error) {
      if (this.#pending.length === 0) return;
      for (const change of this.#pending) this.#doubt(change);
      this.#pending = [];
    } else if (isDeallocate(bytes, start, end)) this.#deallocated();
  }

  /** `DEALLOCATE` at its beginning had all of them put there before. */
  #deallocated(): void {
    for (const [name, body] of this.#known) {
      if (this.#present.has(name)) this.#doubt({ name, body, former: undefined });
    }
    this.#doubted ??= new Map();
  }
}

/** Answered, and of no further interest. */
const PORTAL: Pending = { name: '', body: null, former: undefined };

/** Letters, and any other byte as it is; null if its end is not there. */
function nameOf(bytes: Uint8Array, start: number, end: number): string | null {
  const at = bytes.indexOf(0, start);
  return at < 0 || at >= end ? null : textOf(bytes, start, at, 'latin1');
}

const textOf = (bytes: Uint8Array, from: number, to: number, encoding: BufferEncoding): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString(encoding);

/** The text in the body of a Parse. */
function sqlOf(body: Buffer): Buffer {
  const from = body.indexOf(0) + 1;
  return body.subarray(from, body.indexOf(0, from));
}

/** `DEALLOCATE` or `DISCARD`, as a command or as a tag. */
function isDeallocate(bytes: Uint8Array, start: number, end: number): boolean {
  const first = (bytes[start] ?? 0) | 0x20;
  if (first !== 0x64 /* d */ && first > 0x20) return false;
  const text = textOf(bytes, start, Math.min(end, start + TEXT_BYTES), 'latin1');
  return /^\s*(?:deallocat|discard)/i.test(text);
}
