/**
 * One call to the API: build the request, send it, send it again where that is safe, read the
 * answer.
 *
 * A call is repeated when the server said `retry: soon`, or when it could not be reached and the
 * call may be made twice. A call that must not happen twice carries an `Idempotency-Key`, so that
 * it too may be repeated.
 */
import { OPERATIONS, type Operation, type OperationName } from '../contract/operations.ts';
import type { Problem } from '../contract/problem.ts';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf } from '../contract/routes.ts';
import { DynaBaseError, unreachable } from './error.ts';

/** Repeats after the first try. */
export const RETRIES_MAX = 4;

/** First wait before a repeat; each later one doubles, up to the longest. */
export const RETRY_WAIT_MS = 100;
export const RETRY_WAIT_MAX_MS = 2_000;

/** Longest wait for one answer; a wake may take half of that. */
export const TIMEOUT_MS = 60_000;

export type ClientOptions = {
  /** Where the API is: `http://localhost:6480`. */
  readonly apiUrl: string;
  /** The admin key. */
  readonly apiKey: string;
  readonly fetch?: typeof fetch;
  readonly retriesMax?: number;
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
};

export type Input<N extends OperationName> = {
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
};

type Try = { readonly answer: unknown } | { readonly failure: DynaBaseError };

export class Transport {
  readonly #base: string;
  readonly #key: string;
  readonly #fetch: typeof fetch;
  readonly #retriesMax: number;
  readonly #timeoutMs: number;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #newKey: () => string;

  constructor(options: ClientOptions) {
    this.#base = options.apiUrl.replace(/\/+$/, '');
    this.#key = options.apiKey;
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#retriesMax = options.retriesMax ?? RETRIES_MAX;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#newKey = options.newKey ?? randomKey;
  }

  /** Throws `DynaBaseError`, or the reason of the signal. */
  async call<N extends OperationName>(
    name: N,
    input: Partial<Input<N>>,
    options: CallOptions = {},
  ): Promise<AnswerOf<N>> {
    const operation: Operation = OPERATIONS[name];
    const url = this.#base + pathOf(operation.path, input.params) + searchOf(input.query);
    const headers = this.#headersOf(operation, input.body, options);
    const body = input.body === undefined ? null : JSON.stringify(input.body);
    for (let repeat = 0; ; repeat++) {
      options.signal?.throwIfAborted();
      const tried = await this.#try(url, { method: operation.method, headers, body }, options);
      if ('answer' in tried) return tried.answer as AnswerOf<N>;
      if (repeat > 0 && isGone(operation, tried.failure)) return undefined as AnswerOf<N>;
      if (isFinal(name, tried.failure) || repeat >= this.#retriesMax) throw tried.failure;
      await this.#sleep(Math.min(RETRY_WAIT_MS * 2 ** repeat, RETRY_WAIT_MAX_MS));
    }
  }

  #headersOf(
    operation: Operation,
    body: unknown,
    options: CallOptions,
  ): Readonly<Record<string, string>> {
    const keyed = operation.repeat === 'keyed';
    return {
      accept: 'application/json',
      authorization: `Bearer ${this.#key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(keyed ? { 'idempotency-key': options.idempotencyKey ?? this.#newKey() } : {}),
    };
  }

  async #try(url: string, request: RequestInit, options: CallOptions): Promise<Try> {
    const { signal, timeoutMs = this.#timeoutMs } = options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    try {
      const response = await this.#fetch(url, { ...request, signal: either });
      return await readAnswer(response);
    } catch (error) {
      signal?.throwIfAborted();
      const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
      return { failure: unreachable(why, { cause: error }) };
    }
  }
}

/** Whether to leave it at that. A restart that found somebody at work has waited for them already. */
const isFinal = (name: OperationName, { retry, code }: DynaBaseError): boolean =>
  retry === 'never' || (name === 'restartTenant' && code === 'TENANT_BUSY');

/** A repeated delete that finds nothing has found its own earlier work. */
const isGone = (operation: Operation, failure: DynaBaseError): boolean =>
  operation.method === 'DELETE' && failure.code === 'TENANT_UNKNOWN';

async function readAnswer(response: Response): Promise<Try> {
  if (response.status === 204) return { answer: undefined };
  const text = await response.text();
  const read = parse(text);
  if (response.ok && read !== undefined) return { answer: read };
  if (isProblem(read)) {
    const { code, detail, sqlstate, status, retry, requestId } = read;
    const told = { code, message: detail, sqlstate, http: status, retry, requestId };
    return { failure: new DynaBaseError(told) };
  }
  return { failure: unreachable(`what answers there (status ${response.status}) is not its API`) };
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
  return search.size === 0 ? '' : `?${search}`;
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
