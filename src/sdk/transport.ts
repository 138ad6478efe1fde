/**
 * One call to the API: build the request, send it, send it again where that is safe, read the
 * answer.
 *
 * A call is repeated when the server said `retry: soon`, or when it could not be reached and the
 * call may be made twice. A call that must not happen twice carries an `Idempotency-Key`, so that
 * it too may be repeated.
 */
import {
  OPERATIONS,
  type Operation,
  type OperationName,
  type StreamedName,
} from '../contract/operations.ts';
import type { Problem } from '../contract/problem.ts';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf } from '../contract/routes.ts';
import { DynaBaseError, unreachable } from './error.ts';

/** Repeats after the first try. */
export const RETRIES_MAX = 4;

/** First wait before a repeat; each later one doubles, up to the longest. */
export const RETRY_WAIT_MS = 100;
export const RETRY_WAIT_MAX_MS = 2_000;

/** Who asks too often is told for how long to wait. Longer than this is for the caller to decide. */
const THROTTLED_WAIT_MAX_MS = 10_000;

/** Longest wait for one answer; a wake may take half of that. */
export const TIMEOUT_MS = 60_000;

/** The same for what takes as long as there is data to move; the server says meanwhile that it is at it. */
export const LONG_TIMEOUT_MS = 86_400_000;

export type ClientOptions = {
  /** Where the API is: `http://localhost:6480`. */
  readonly apiUrl: string;
  /** A key of the API, or a token that it takes; without one, in a browser, the session there. */
  readonly apiKey?: string;
  /** Instead of the one there is. */
  readonly fetch?: typeof fetch;
  /** Repeats of what may be repeated, after the first try: 4 if not given. */
  readonly retriesMax?: number;
  /** Longest wait for an answer: a minute, a day for what moves data, if not given. */
  readonly timeoutMs?: number;
  /** Waits between repeats. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** A new text for each call that must not be done twice. */
  readonly newKey?: () => string;
};

export type CallOptions = {
  /** Gives up the call; what the server has begun it may finish. */
  readonly signal?: AbortSignal;
  /** Longest wait for the answer, instead of the client's. */
  readonly timeoutMs?: number;
  /** Your own, where the same intent may be sent by more than one call. */
  readonly idempotencyKey?: string;
  /**
   * What was seen, for a call that changes it: an answer of `get` and the like, as it came, or its tag. Refused with
   * `CHANGED_SINCE` if something has changed since; after an answer that was lost that may be your own change.
   */
  readonly ifMatch?: object | string;
};

export type Input<N extends OperationName> = {
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
};

/** A body in parts, as `fetch` of Node takes it. */
type StreamedRequest = RequestInit & { readonly duplex: 'half' };

/** A file as it comes or goes, part by part, at the speed of the other side. */
export type FileParts = AsyncIterable<Uint8Array>;

/** What of a call is in its URL. */
type Place = { readonly params?: object | undefined; readonly query?: object | undefined };

type Patience = CallOptions & { readonly timeoutMs: number };

type Try =
  | { readonly answer: unknown; readonly isAccepted: boolean }
  | { readonly failure: DynaBaseError };

/** What came of a call: with `202` the operation, in place of the answer. */
export type Exchanged<N extends OperationName> = {
  readonly answer: AnswerOf<N>;
  readonly isAccepted: boolean;
};

/** Of a delete whose first answer was lost. */
const GONE = { answer: undefined, isAccepted: false };

export class Transport {
  readonly #base: string;
  readonly #key: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #retriesMax: number;
  readonly #timeoutMs: number | undefined;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #newKey: () => string;

  constructor(options: ClientOptions) {
    this.#base = options.apiUrl.replace(/\/+$/, '');
    this.#key = options.apiKey;
    // A browser's own must be called as what it is: a function of the window.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#retriesMax = options.retriesMax ?? RETRIES_MAX;
    this.#timeoutMs = options.timeoutMs;
    this.#sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#newKey = options.newKey ?? randomKey;
  }

  /** Throws `DynaBaseError`, or the reason of the signal. */
  async call<N extends OperationName>(
    name: N,
    input: Partial<Input<N>>,
    options?: CallOptions,
  ): Promise<AnswerOf<N>> {
    return (await this.exchange(name, input, options)).answer;
  }

  /** The same, and whether the server has only begun what was asked for. */
  async exchange<N extends OperationName>(
    name: N,
    input: Partial<Input<N>>,
    options: CallOptions = {},
  ): Promise<Exchanged<N>> {
    const operation: Operation = OPERATIONS[name];
    const url = this.#urlOf(operation, input);
    const headers = this.#headersOf(operation, input.body, options);
    const body = input.body === undefined ? null : JSON.stringify(input.body);
    const patience = this.#patience(operation, options);
    for (let repeat = 0; ; repeat++) {
      options.signal?.throwIfAborted();
      const request = { method: operation.method, headers, body };
      const tried = await this.#try(url, request, patience, readAnswer);
      if ('answer' in tried) return tried as Exchanged<N>;
      if (repeat > 0 && isGone(operation, tried.failure)) return GONE as Exchanged<N>;
      if (isFinal(name, tried.failure) || repeat >= this.#retriesMax) throw tried.failure;
      const atLeastMs = askedToWait(tried.failure);
      if (atLeastMs > THROTTLED_WAIT_MAX_MS) throw tried.failure;
      await this.pause(repeat, atLeastMs);
    }
  }

  /** The wait before another try, longer after each. */
  async pause(repeat: number, atLeastMs = 0): Promise<void> {
    const waitMs = Math.min(RETRY_WAIT_MS * 2 ** repeat, RETRY_WAIT_MAX_MS);
    await this.#sleep(Math.max(waitMs, atLeastMs));
  }

  /**
   * An answer that is a file, as it comes; once, since nobody knows how much of it was taken. Throws as `call`
   * does, and `SERVER_UNREACHABLE` from within the parts when they end early.
   */
  async receive(name: StreamedName, input: Place, options: CallOptions = {}): Promise<FileParts> {
    const operation: Operation = OPERATIONS[name];
    const headers = this.#headersOf(operation, undefined, options);
    const request = { method: operation.method, headers };
    const url = this.#urlOf(operation, input);
    const patience = this.#patience(operation, options);
    const tried = await this.#try(url, request, patience, (response) =>
      partsOf(response, options.signal),
    );
    if ('failure' in tried) throw tried.failure;
    return tried.answer as FileParts;
  }

  /** Sends a file; once, since it is gone then. Throws as `call` does, and what `file` throws. */
  async send(
    name: StreamedName,
    { file, ...input }: Partial<Input<'importTenant'>> & { readonly file: FileParts | Blob },
    options: CallOptions = {},
  ): Promise<AnswerOf<'importTenant'>> {
    const operation: Operation = OPERATIONS[name];
    const headers = {
      ...this.#headersOf(operation, undefined, options),
      'content-type': 'application/octet-stream',
    };
    let broken: { readonly error: unknown } | undefined;
    const body = file instanceof Blob ? file : streamOf(file, (error) => (broken = { error }));
    const request: StreamedRequest = { method: operation.method, headers, body, duplex: 'half' };
    const url = this.#urlOf(operation, input);
    const patience = this.#patience(operation, options);
    const tried = await this.#try(url, request, patience, readAnswer);
    if (broken !== undefined) throw broken.error;
    if ('failure' in tried) throw tried.failure;
    return tried.answer as AnswerOf<'importTenant'>;
  }

  /** What the call says, else what the client was made with, else what the operation may take. */
  #patience({ long }: Operation, options: CallOptions): Patience {
    const { timeoutMs = this.#timeoutMs ?? (long ? LONG_TIMEOUT_MS : TIMEOUT_MS) } = options;
    return { ...options, timeoutMs };
  }

  #urlOf(operation: Operation, { params, query }: Place): string {
    return this.#base + pathOf(operation.path, params) + searchOf(query);
  }

  #headersOf(
    operation: Operation,
    body: unknown,
    options: CallOptions,
  ): Readonly<Record<string, string>> {
    const keyed = operation.repeat === 'keyed';
    return {
      accept: 'application/json',
      ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...ifMatchOf(options),
      ...(keyed ? { 'idempotency-key': options.idempotencyKey ?? this.#newKey() } : {}),
    };
  }

  async #try(
    ...[url, request, options, read]: readonly [
      url: string,
      request: RequestInit,
      options: Patience,
      read: (response: Response) => Promise<Try>,
    ]
  ): Promise<Try> {
    const { signal, timeoutMs } = options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    try {
      const response = await this.#fetch(url, { ...request, signal: either });
      return await read(response);
    } catch (error) {
      signal?.throwIfAborted();
      const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
      return { failure: unreachable(why, { cause: error }) };
    }
  }
}

/** Those that have waited for who is at work before they say so. */
const PATIENT: readonly OperationName[] = ['restartTenant', 'restoreSnapshot'];

/** Of one who has asked too often. What is told with other failures is a guess: what is busy is mostly free sooner. */
const askedToWait = ({ http, retryAfterMs }: DynaBaseError): number =>
  http === 429 ? (retryAfterMs ?? 0) : 0;

/** Whether to leave it at that. */
const isFinal = (name: OperationName, { retry, code }: DynaBaseError): boolean =>
  retry === 'never' || (code === 'TENANT_BUSY' && PATIENT.includes(name));

/** A repeated delete that finds nothing has found its own earlier work. */
const isGone = (operation: Operation, failure: DynaBaseError): boolean =>
  operation.method === 'DELETE' && failure.http === 404 && failure.code.endsWith('_UNKNOWN');

const ACCEPTED = 202;

/** Of answers, as long as somebody has them. */
const TAGS = new WeakMap<object, string>();

/** The `ETag` of an answer, as it came; undefined if it has none. */
export const etagOf = (answer: object): string | undefined => TAGS.get(answer);

function ifMatchOf({ ifMatch }: CallOptions): Readonly<Record<string, string>> {
  if (ifMatch === undefined) return {};
  const tag = typeof ifMatch === 'string' ? ifMatch : etagOf(ifMatch);
  if (tag === undefined) throw new TypeError('ifMatch is no answer that came with a tag');
  return { 'if-match': tag };
}

async function readAnswer(response: Response): Promise<Try> {
  if (response.status === 204) return { answer: undefined, isAccepted: false };
  const text = await response.text();
  const read = parse(text);
  if (response.ok && read !== undefined) {
    const tag = response.headers.get('etag');
    if (tag !== null && typeof read === 'object' && read !== null) TAGS.set(read, tag);
    return { answer: read, isAccepted: response.status === ACCEPTED };
  }
  if (isProblem(read)) {
    const { code, detail, sqlstate, status, retry, requestId, database } = read;
    const told = { code, message: detail, sqlstate, http: status, retry, requestId, database };
    const retryAfterMs = waitOf(response.headers.get('retry-after'));
    return { failure: new DynaBaseError({ ...told, retryAfterMs }) };
  }
  return { failure: unreachable(`what answers there (status ${response.status}) is not its API`) };
}

/** In seconds, as this server tells it; a date, as others may, says nothing here. */
const waitOf = (header: string | null): number | null =>
  header !== null && /^\d+$/.test(header) ? Number(header) * 1_000 : null;

/** The body of a success, part by part; a failure as `readAnswer` reads it. */
async function partsOf(response: Response, signal: AbortSignal | undefined): Promise<Try> {
  const { ok, body } = response;
  if (!ok || body === null) return await readAnswer(response);
  return { answer: parts(body, signal), isAccepted: false };
}

async function* parts(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  // Not every browser lets a loop go over a stream.
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable('the file was cut off; the server log has the cause', { cause: error });
  } finally {
    // Whoever leaves the loop early wants no more.
    await reader.cancel().catch(() => undefined);
  }
}

/** As `fetch` takes it; what `file` throws is told, since `fetch` hides it. */
function streamOf(
  file: FileParts,
  broke: (error: unknown) => void,
): ReadableStream<Uint8Array<ArrayBufferLike>> {
  const parts = file[Symbol.asyncIterator]();
  return new ReadableStream({
    pull: async (controller) => {
      try {
        const { done, value } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        broke(error);
        throw error;
      }
    },
    cancel: async (reason) => {
      await parts.return?.(reason);
    },
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isProblem = (read: unknown): read is Problem =>
  typeof read === 'object' && read !== null && 'code' in read && 'sqlstate' in read;

function pathOf(path: string, params: object | undefined): string {
  const given = new Map<string, unknown>(Object.entries(params ?? {}));
  return path.replaceAll(/:(\w+)/g, (_, name) => encodeURIComponent(String(given.get(name) ?? '')));
}

function searchOf(query: object | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** `fetch` hides why it failed in the cause, and often in the cause's code. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause) {
    return CODE_WORDS[String(cause.code)] ?? String(cause.code);
  }
  return cause instanceof Error ? cause.message : String(cause);
}

const CODE_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its host name cannot be looked up now',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was cut',
};

function randomKey(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
