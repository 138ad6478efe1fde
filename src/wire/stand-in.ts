/**
 * Answers a client in place of a backend that is not there: pings as PostgreSQL would, byte for byte, all
 * else with one error, after which the session goes on.
 *
 * It speaks both protocols as a backend between transactions does. An error within a run of extended
 * messages throws away what follows up to the next Sync; a client that asks for an answer before that, by
 * Flush, has it. Whatever is not certain is refused: parameters, portals with names, rows in parts.
 *
 *   at rest ──Query: answer, ReadyForQuery──▶ at rest
 *      └──Parse, Bind, …──▶ in a run ──Sync: ReadyForQuery──▶ at rest
 *                              └──refused──▶ skipping ──Sync: ReadyForQuery──▶ at rest
 *
 * Source: PostgreSQL docs, "Message Flow"; `src/backend/tcop/postgres.c`.
 */
import {
  type FrameListener,
  FrameWalker,
  peeks,
  REQUEST,
  REQUEST_LENGTH_MAX,
  STATUS,
} from './frames.ts';
import { int32, message, readyForQuery, zeroTerminated } from './messages.ts';
import { PING_BYTES_MAX, type Ping, pingIn } from './ping.ts';
import { int16 } from './requests.ts';

/** What of a message is looked at: a statement of which a ping may be part, and a name. */
const BODY_BYTES = 2 * PING_BYTES_MAX;

const WALKED = {
  peeks: peeks(Object.fromEntries(Object.values(REQUEST).map((type) => [type, BODY_BYTES]))),
  lengthMax: REQUEST_LENGTH_MAX,
} as const;

const NOBODY: FrameListener = { frame: () => {} };

const TEXT = 0;
const BINARY = 1;

const INT4 = { oid: 23, bytes: 4, modifier: -1 } as const;

const PARSE_COMPLETE = message('1');
const BIND_COMPLETE = message('2');
const CLOSE_COMPLETE = message('3');
const NO_DATA = message('n');
const NO_PARAMETERS = message('t', int16(0));
const EMPTY_QUERY = message('I');
const SELECTED = message('C', zeroTerminated('SELECT 1'));
const READY = readyForQuery(STATUS.idle);

const ROW = {
  text: message('D', int16(1), int32(1), Buffer.from('1')),
  binary: message('D', int16(1), int32(INT4.bytes), int32(1)),
} as const;

const described = (column: string, format: number): Buffer =>
  message(
    'T',
    int16(1),
    zeroTerminated(column),
    ...[
      int32(0),
      int16(0),
      int32(INT4.oid),
      int16(INT4.bytes),
      int32(INT4.modifier),
      int16(format),
    ],
  );

export type StandInOptions = {
  /** The ErrorResponse that all gets that is no ping. */
  readonly refusal: Buffer;
  /** Whether pings are answered, and not refused as well. */
  readonly answersPings: boolean;
  /** What the session has prepared under this name; the empty one for none. Undefined if nothing, or not known. */
  readonly prepared: (name: string) => string | undefined;
  /** Hears of each message that was not refused, as a `FrameListener`. */
  readonly onTaken: FrameListener['frame'];
};

export class StandIn implements FrameListener {
  readonly #options: StandInOptions;
  #said: Buffer[] = [];
  #state: 'atRest' | 'inRun' | 'skipping' = 'atRest';
  /** What a Parse without a name has made; undefined if none came here. */
  #unnamed: Ping | null | undefined;
  #portal: { readonly ping: Ping; readonly format: number; isRun: boolean } | null = null;
  #hasRefused = false;
  #queries = 0;

  constructor(options: StandInOptions) {
    this.#options = options;
  }

  /** Takes all of `bytes`, or nothing if they do not end with a whole message. */
  take(bytes: Buffer): 'taken' | 'cut' | 'broken' {
    const trial = new FrameWalker({ ...WALKED, listener: NOBODY });
    if (!trial.walk(bytes, bytes.length)) return 'broken';
    if (!trial.atBoundary) return 'cut';
    new FrameWalker({ ...WALKED, listener: this }).walk(bytes, bytes.length);
    return 'taken';
  }

  /** What is to be answered since it was last asked. */
  said(): Buffer {
    const said = Buffer.concat(this.#said);
    this.#said = [];
    return said;
  }

  /** Whether all that came is answered, so that a backend could go on from here. */
  get isAtRest(): boolean {
    return this.#state === 'atRest';
  }

  get hasRefused(): boolean {
    return this.#hasRefused;
  }

  /** Simple queries and executed portals that came. */
  get queries(): number {
    return this.#queries;
  }

  frame(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === REQUEST.query || type === REQUEST.execute) this.#queries++;
    if (type === REQUEST.sync) {
      this.#state = 'atRest';
      this.#portal = null;
      this.#took(READY, type, bytes, start, end);
      return;
    }
    if (this.#state === 'skipping') return;
    const body = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    if (type === REQUEST.query) {
      this.#state = 'atRest';
      const answer = this.#queried(body);
      if (answer === null) this.#refuse();
      else this.#took(answer, type, bytes, start, end);
      this.#said.push(READY);
      return;
    }
    if (type === REQUEST.terminate || type === REQUEST.copyDone || type === REQUEST.copyFail)
      return;
    if (type === REQUEST.functionCall) {
      this.#state = 'atRest';
      this.#refuse();
      this.#said.push(READY);
      return;
    }
    this.#state = 'inRun';
    const answer = this.#extended(type, new Body(body));
    if (answer !== null) this.#took(answer, type, bytes, start, end);
    else {
      this.#refuse();
      this.#state = 'skipping';
    }
  }

  #took(answer: Buffer, ...frame: Parameters<FrameListener['frame']>): void {
    this.#said.push(answer);
    this.#options.onTaken(...frame);
  }

  #refuse(): void {
    this.#hasRefused = true;
    this.#said.push(this.#options.refusal);
  }

  #queried(body: Buffer): Buffer | null {
    const ping = this.#ping(new Body(body).text());
    if (ping === null) return null;
    // A query ends the unnamed statement.
    this.#unnamed = null;
    if (ping.kind === 'empty') return EMPTY_QUERY;
    return Buffer.concat([described(ping.column, TEXT), ROW.text, SELECTED]);
  }

  #ping(sql: string | undefined): Ping | null {
    return sql === undefined || !this.#options.answersPings ? null : pingIn(sql);
  }

  /** The answer to a message of the extended protocol; null if it is not for us to say. */
  #extended(type: number, body: Body): Buffer | null {
    switch (type) {
      case REQUEST.parse:
        return this.#parsed(body);
      case REQUEST.bind:
        return this.#bound(body);
      case REQUEST.describe:
        return this.#describe(body);
      case REQUEST.execute:
        return this.#executed(body);
      case REQUEST.close:
        return this.#closed(body);
      case REQUEST.flush:
        return NOTHING;
      default:
        return null;
    }
  }

  /** Those with names live on in the backends of the session, and are made there. */
  #parsed(body: Body): Buffer | null {
    const [name, sql, types] = [body.text(), body.text(), body.int16()];
    if (name !== '') return null;
    // One that fails leaves none.
    this.#unnamed = types === 0 ? this.#ping(sql) : null;
    return this.#unnamed === null ? null : PARSE_COMPLETE;
  }

  #statement(name: string | undefined): Ping | null {
    if (name === undefined) return null;
    if (name === '' && this.#unnamed !== undefined) return this.#unnamed;
    return this.#ping(this.#options.prepared(name));
  }

  #bound(body: Body): Buffer | null {
    const portal = body.text();
    const ping = this.#statement(body.text());
    const formatsOfParameters = body.int16s();
    if (portal !== '' || ping === null || (formatsOfParameters?.length ?? 2) > 1) return null;
    if (body.int16() !== 0) return null;
    const formats = body.int16s();
    if (formats === null || !body.isRead || formats.length > 1) return null;
    const [format = TEXT] = formats;
    if (format !== TEXT && format !== BINARY) return null;
    this.#portal = { ping, format, isRun: false };
    return BIND_COMPLETE;
  }

  #describe(body: Body): Buffer | null {
    const [kind, name] = [body.byte(), body.text()];
    if (kind === STATEMENT) {
      const ping = this.#statement(name);
      return ping === null ? null : Buffer.concat([NO_PARAMETERS, rowsOf(ping, TEXT)]);
    }
    const portal = this.#portal;
    return portal === null || name !== '' ? null : rowsOf(portal.ping, portal.format);
  }

  /** A row that fills what was asked for leaves a portal suspended; we do not go there. */
  #executed(body: Body): Buffer | null {
    const [name, rowsMax] = [body.text(), body.int32()];
    const portal = this.#portal;
    if (portal === null || name !== '' || portal.isRun || rowsMax === null) return null;
    if (rowsMax === 1) return null;
    portal.isRun = true;
    if (portal.ping.kind === 'empty') return EMPTY_QUERY;
    return Buffer.concat([portal.format === BINARY ? ROW.binary : ROW.text, SELECTED]);
  }

  #closed(body: Body): Buffer | null {
    const [kind, name] = [body.byte(), body.text()];
    if (name !== '') return null;
    if (kind === STATEMENT) this.#unnamed = null;
    this.#portal = null;
    return CLOSE_COMPLETE;
  }
}

const NOTHING = Buffer.alloc(0);

/** `S` in Describe and Close; the other is `P`, a portal. */
const STATEMENT = 0x53;

const rowsOf = (ping: Ping, format: number): Buffer =>
  ping.kind === 'empty' ? NO_DATA : described(ping.column, format);

/** Reads a body that may end anywhere. */
class Body {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isRead(): boolean {
    return this.#at === this.#bytes.length;
  }

  text(): string | undefined {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) return undefined;
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  byte(): number | null {
    const value = this.#bytes[this.#at];
    this.#at++;
    return value ?? null;
  }

  int16(): number | null {
    if (this.#at + 2 > this.#bytes.length) return null;
    this.#at += 2;
    return this.#bytes.readUInt16BE(this.#at - 2);
  }

  int32(): number | null {
    if (this.#at + 4 > this.#bytes.length) return null;
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  /** A count, and as many numbers. */
  int16s(): readonly number[] | null {
    const count = this.int16();
    if (count === null || count * 2 > this.#bytes.length - this.#at) return null;
    return Array.from({ length: count }, () => this.int16() ?? 0);
  }
}
