/** What a request over HTTP is answered with. */
import { type Fault, fault, toFault } from '../../domain/faults.ts';
import type { Gate } from '../../domain/gate.ts';
import type { Log } from '../../domain/log.ts';
import { HEADER_BYTES } from '../../wire/frames.ts';
import type { HttpAnswer } from '../../wire/http-answer.ts';
import { HttpBody } from '../../wire/http-body.ts';
import type { Call } from '../../wire/http-call.ts';
import { databaseErrorJson, faultJson } from '../../wire/http-error.ts';
import { BackendRefused } from '../backend.ts';
import { ClientGone } from '../inbox.ts';
import { LoginRefused } from '../login-lookup.ts';

export type HttpReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: HttpBody;
};

const OK = 200;
/** Of errors this is the only status whose body the drivers read. */
const BAD_REQUEST = 400;
const NOT_FOUND = 404;
const METHOD_NOT_ALLOWED = 405;

/** Source: RFC 9110 §15. */
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
};

const NONE = {} as const;

const faultBody = (because: Fault, hint?: string): HttpBody =>
  HttpBody.of(faultJson(because, hint));

const METHODS = 'OPTIONS, POST';
const RETRY_SOON = { 'Retry-After': '1' } as const;

/** What pages of other origins may send. A password is needed all the same, which no browser adds. */
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Neon-Connection-String',
  'Neon-Raw-Text-Output',
  'Neon-Array-Mode',
  'Neon-Pool-Opt-In',
  'Neon-Batch-Isolation-Level',
  'Neon-Batch-Read-Only',
  'Neon-Batch-Deferrable',
].join(', ');

const DAY_S = '86400';

export const PREFLIGHT: HttpReply = {
  status: OK,
  headers: {
    Allow: METHODS,
    'Access-Control-Allow-Methods': METHODS,
    'Access-Control-Allow-Headers': ALLOWED_HEADERS,
    'Access-Control-Max-Age': DAY_S,
  },
  body: HttpBody.of(''),
};

export const NO_SUCH_PAGE: HttpReply = {
  status: NOT_FOUND,
  headers: NONE,
  body: faultBody(fault('NOT_FOUND', { what: 'such page here; SQL over HTTP is at /sql' })),
};

export const NO_SUCH_WAY: HttpReply = {
  status: METHOD_NOT_ALLOWED,
  headers: { Allow: METHODS },
  body: faultBody(fault('BAD_REQUEST', { why: 'SQL is sent to /sql by POST' })),
};

/** What PostgreSQL said, be it an error. */
export function answered(call: Call, answer: HttpAnswer): HttpReply {
  const { error } = answer;
  if (error !== null) {
    return { status: BAD_REQUEST, headers: NONE, body: HttpBody.of(databaseErrorJson(error)) };
  }
  return { status: OK, headers: call.batch?.told ?? NONE, body: answer.body };
}

export type RefusalParts = { readonly gate: Pick<Gate, 'refused'>; readonly log: Log };

/** What it could not be asked, or the client may not hear. Null if the client has gone. */
export function refused(error: unknown, { gate, log }: RefusalParts): HttpReply | null {
  if (error instanceof ClientGone) return null;
  if (error instanceof BackendRefused) {
    const body = HttpBody.of(databaseErrorJson(error.response.subarray(HEADER_BYTES)));
    return { status: BAD_REQUEST, headers: NONE, body };
  }
  const login = error instanceof LoginRefused ? error : null;
  const told = toFault(login?.because ?? error);
  gate.refused?.({ [told.code]: 1 });
  if (told.code === 'INTERNAL') log.error('a request over HTTP failed', { error: told.cause });
  const headers = told.spec.retry === 'soon' ? RETRY_SOON : NONE;
  return { status: statusOf(told), headers, body: faultBody(told, login?.hint) };
}

/** What a client did wrong is told as PostgreSQL's own errors are; but for a body that was not even read. */
export const statusOf = ({ code, spec }: Fault): number =>
  spec.kind === 'client' && code !== 'BODY_TOO_LARGE' ? BAD_REQUEST : spec.http;

/** Head and body in one, for a connection that is kept. */
export function replyBytes(reply: HttpReply, requestId: string, date: string): Buffer {
  const { status, headers, body } = reply;
  let head =
    `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\nAccess-Control-Allow-Origin: *\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nneon-request-id: ${requestId}\r\n`;
  if (headers !== NONE) for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  return body.behind(`${head}Date: ${date}\r\nConnection: keep-alive\r\n\r\n`);
}

/** As `ServerResponse.writeHead` takes them. */
export function headersOf({ headers, body }: HttpReply, requestId: string): Record<string, string> {
  return {
    'Access-Control-Allow-Origin': '*',
    'Content-Type': 'application/json',
    'Content-Length': `${body.length}`,
    'neon-request-id': requestId,
    ...headers,
  };
}
