/**
 * Every failure that a user can cause or meet, in one table.
 *
 * A message is shown to strangers: it names what the user named, says what to do, and holds no
 * host, port, path or secret of ours. What is not a `Fault` is told as `INTERNAL`, and its cause is
 * kept for our log. `docs/errors.md` lists the same codes; a test keeps the two equal.
 */
import type { DurationMs } from './units.ts';

export type FaultKind = 'client' | 'quota' | 'compute' | 'control' | 'internal';

export type FaultSpec = {
  /** Whose matter it is; the label of the metric. */
  readonly kind: FaultKind;
  /** Five characters of PostgreSQL's classes. */
  readonly sqlstate: string;
  readonly http: number;
  /** Whether the same request may succeed when repeated: never, or after a short wait. */
  readonly retry: 'never' | 'soon';
  readonly message: (params: never) => string;
};

type None = Record<never, never>;

export const FAULTS = {
  TENANT_UNKNOWN: {
    kind: 'client',
    sqlstate: '3D000',
    http: 404,
    retry: 'never',
    message: (p: { tenant: string }) => `there is no tenant "${p.tenant}"`,
  },
  TENANT_EXISTS: {
    kind: 'client',
    sqlstate: '42P04',
    http: 409,
    retry: 'never',
    message: (p: { name: string }) =>
      `a tenant named "${p.name}" already exists; choose another name`,
  },
  TENANT_BUSY: {
    kind: 'client',
    sqlstate: '55006',
    http: 409,
    retry: 'soon',
    message: (p: { tenant: string; why: string }) => `tenant "${p.tenant}" ${p.why}`,
  },
  TENANT_UNNAMED: {
    kind: 'client',
    sqlstate: '08P01',
    http: 400,
    retry: 'never',
    message: (_: None) =>
      'no tenant is named; name it by TLS server name (NAME.your-domain), by options=endpoint=NAME, ' +
      'by a user of the form role.NAME, or by a database called NAME',
  },
  TENANT_AMBIGUOUS: {
    kind: 'client',
    sqlstate: '08P01',
    http: 400,
    retry: 'never',
    message: (p: { one: string; oneBy: string; other: string; otherBy: string }) =>
      `the connection names two tenants: "${p.one}" by ${p.oneBy} and "${p.other}" by ${p.otherBy}; ` +
      'name the same one, or only one',
  },
  BAD_NAME: {
    kind: 'client',
    sqlstate: '42602',
    http: 400,
    retry: 'never',
    message: (p: { why: string }) => `the name ${p.why}`,
  },
  BAD_ID: {
    kind: 'client',
    sqlstate: '22023',
    http: 400,
    retry: 'never',
    message: (p: { what: string }) => `this is not a ${p.what}`,
  },
  BAD_REQUEST: {
    kind: 'client',
    sqlstate: '22023',
    http: 400,
    retry: 'never',
    message: (p: { why: string }) => p.why,
  },
  BAD_OPTION: {
    kind: 'client',
    sqlstate: '22023',
    http: 400,
    retry: 'never',
    message: (p: { option: string; why: string }) => `option ${p.option}: ${p.why}`,
  },
  BODY_TOO_LARGE: {
    kind: 'client',
    sqlstate: '54000',
    http: 413,
    retry: 'never',
    message: (p: { bytesMax: number }) => `the body is larger than ${p.bytesMax} bytes`,
  },
  BODY_NOT_JSON: {
    kind: 'client',
    sqlstate: '22023',
    http: 415,
    retry: 'never',
    message: (_: None) => 'the body must be JSON, sent as "Content-Type: application/json"',
  },
  HOST_UNKNOWN: {
    kind: 'client',
    sqlstate: '28000',
    http: 421,
    retry: 'never',
    message: (_: None) =>
      'this API answers only to the name it listens on; call it as localhost, or by its address',
  },
  ORIGIN_FOREIGN: {
    kind: 'client',
    sqlstate: '28000',
    http: 403,
    retry: 'never',
    message: (_: None) => 'this API answers no pages of other origins',
  },
  IDEMPOTENCY_KEY_REUSED: {
    kind: 'client',
    sqlstate: '22023',
    http: 422,
    retry: 'never',
    message: (_: None) =>
      'this Idempotency-Key was used for another request; use a new key for each request',
  },
  NOT_FOUND: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { what: string }) => `there is no ${p.what}`,
  },
  KEY_MISSING: {
    kind: 'client',
    sqlstate: '28000',
    http: 401,
    retry: 'never',
    message: (_: None) => 'an API key is needed: send it as "Authorization: Bearer KEY"',
  },
  KEY_WRONG: {
    kind: 'client',
    sqlstate: '28000',
    http: 401,
    retry: 'never',
    message: (_: None) => 'this API key is not valid',
  },
  PASSWORD_WRONG: {
    kind: 'client',
    sqlstate: '28P01',
    http: 401,
    retry: 'never',
    message: (p: { role: string }) => `password authentication failed for user "${p.role}"`,
  },
  LOGINS_THROTTLED: {
    kind: 'quota',
    sqlstate: '53400',
    http: 429,
    retry: 'soon',
    message: (p: { wait: DurationMs }) =>
      `too many failed logins; try again in ${Math.max(1, Math.ceil(p.wait / 1000))} s`,
  },
  LOGIN_TIMEOUT: {
    kind: 'client',
    sqlstate: '57014',
    http: 408,
    retry: 'soon',
    message: (p: { waited: DurationMs }) => `login was not finished within ${p.waited / 1000} s`,
  },
  TLS_REQUIRED: {
    kind: 'client',
    sqlstate: '28000',
    http: 400,
    retry: 'never',
    message: (_: None) =>
      'this server accepts only encrypted connections; connect with sslmode=require',
  },
  PROTOCOL_VIOLATION: {
    kind: 'client',
    sqlstate: '08P01',
    http: 400,
    retry: 'never',
    message: (p: { found: string }) => `protocol violation: ${p.found}`,
  },
  FEATURE_UNSUPPORTED: {
    kind: 'client',
    sqlstate: '0A000',
    http: 400,
    retry: 'never',
    message: (p: { feature: string }) => `${p.feature} is not supported`,
  },
  SESSIONS_FULL: {
    kind: 'quota',
    sqlstate: '53300',
    http: 429,
    retry: 'soon',
    message: (p: { of: string; max: number }) =>
      `too many sessions: ${p.of} may have ${p.max} at once; close some or use a pool`,
  },
  WAKES_FULL: {
    kind: 'quota',
    sqlstate: '53300',
    http: 503,
    retry: 'soon',
    message: (p: { max: number }) =>
      `too many databases are waking at once (${p.max} are waiting); try again in a moment`,
  },
  WAKE_TIMEOUT: {
    kind: 'compute',
    sqlstate: '57P03',
    http: 503,
    retry: 'soon',
    message: (p: { tenant: string; waited: DurationMs; why: string }) =>
      `database "${p.tenant}" is still waking after ${Math.round(p.waited)} ms (${p.why}); try again`,
  },
  WAKE_FAILED: {
    kind: 'compute',
    sqlstate: '57P03',
    http: 503,
    retry: 'soon',
    message: (p: { tenant: string; why: string; wait: DurationMs }) =>
      `database "${p.tenant}" could not start (${p.why}); the next try is in ${Math.max(1, Math.ceil(p.wait / 1000))} s`,
  },
  COMPUTE_LOST: {
    kind: 'compute',
    sqlstate: '57P01',
    http: 502,
    retry: 'soon',
    message: (p: { tenant: string }) =>
      `the compute of database "${p.tenant}" ended unexpectedly; connect again and it starts anew`,
  },
  TENANT_DELETED: {
    kind: 'client',
    sqlstate: '57P01',
    http: 410,
    retry: 'never',
    message: (p: { tenant: string }) => `database "${p.tenant}" was deleted`,
  },
  SERVER_STOPPING: {
    kind: 'control',
    sqlstate: '57P01',
    http: 503,
    retry: 'soon',
    message: (_: None) => 'the server is stopping; connect again in a moment',
  },
  CATALOG_DOWN: {
    kind: 'control',
    sqlstate: '57P03',
    http: 503,
    retry: 'soon',
    message: (_: None) => 'the catalog cannot be reached; try again in a moment',
  },
  CATALOG_NEWER: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { found: number; known: number }) =>
      `the catalog was made by a newer DynaBase (it is at migration ${p.found}, and this program knows ${p.known}); ` +
      'start that version or a later one',
  },
  CATALOG_UNUSABLE: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) => `the catalog cannot be used: ${p.why}`,
  },
  STALE_GENERATION: {
    kind: 'control',
    sqlstate: '40001',
    http: 409,
    retry: 'soon',
    message: (p: { tenant: string }) =>
      `tenant "${p.tenant}" was changed by someone else meanwhile; look again and repeat`,
  },
  DISK_FULL: {
    kind: 'control',
    sqlstate: '53100',
    http: 507,
    retry: 'never',
    message: (p: { what: string }) => `the disk is full: ${p.what}; free some space and repeat`,
  },
  PORT_IN_USE: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { port: number; option: string }) =>
      `port ${p.port} is in use by another program; stop it, or choose another with ${p.option}`,
  },
  DATA_DIR_IN_USE: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (_: None) =>
      'this data directory is in use by another DynaBase; stop that one, or choose another with --data-dir',
  },
  DATA_DIR_VERSION: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { found: string; wanted: string }) =>
      `this data directory was made by ${p.found}, and this is ${p.wanted}; use that version, or another --data-dir`,
  },
  DATA_DIR_UNUSABLE: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) => `the data directory cannot be used: ${p.why}`,
  },
  NO_UIDS: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) =>
      `running as root needs unused user ids, one a tenant: ${p.why}; give a range with --uid-range, or start as an ordinary user`,
  },
  USER_UNKNOWN: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (_: None) =>
      'PostgreSQL asks for the name of the user it runs as, and the system knows none for this user id; start as a user with a name',
  },
  ENGINE_MISSING: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) =>
      `no usable PostgreSQL was found: ${p.why}; run "npm ci", or name one with --postgres-bin-dir`,
  },
  SERVER_UNREACHABLE: {
    kind: 'control',
    sqlstate: '08001',
    http: 503,
    retry: 'soon',
    message: (p: { why: string }) =>
      `DynaBase does not answer: ${p.why}; start it with "dynabase up", or name it with --data-dir or DYNABASE_API_URL`,
  },
  INTERNAL: {
    kind: 'internal',
    sqlstate: 'XX000',
    http: 500,
    retry: 'never',
    message: (_: None) => 'internal error; the server log has the cause',
  },
} as const satisfies Record<string, FaultSpec>;

export type FaultCode = keyof typeof FAULTS;

export type FaultParams<C extends FaultCode> = Parameters<(typeof FAULTS)[C]['message']>[0];

/** An expected failure, told to the user by its code, SQLSTATE and message. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get spec(): FaultSpec {
    return FAULTS[this.code];
  }
}

export function fault<C extends FaultCode>(
  code: C,
  params: FaultParams<C>,
  options?: ErrorOptions,
): Fault {
  return new Fault(code, FAULTS[code].message(params as never), options);
}

/** What the world is told of `error`: itself if it is a fault, else `INTERNAL` with it as the cause. */
export function toFault(error: unknown): Fault {
  return error instanceof Fault ? error : fault('INTERNAL', {}, { cause: error });
}

export const isFault = (error: unknown, code: FaultCode): error is Fault =>
  error instanceof Fault && error.code === code;
