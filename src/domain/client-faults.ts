/** Failures that a client of a database or of the API meets. */
import type { FaultSpec, None } from './fault-spec.ts';
import type { DurationMs } from './units.ts';

export const CLIENT_FAULTS = {
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
  TENANT_ASLEEP: {
    kind: 'client',
    sqlstate: '57P03',
    http: 409,
    retry: 'soon',
    message: (p: { tenant: string; why: string }) =>
      `database "${p.tenant}" is asleep, and ${p.why}`,
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
  BODIES_FULL: {
    kind: 'quota',
    sqlstate: '53400',
    http: 503,
    retry: 'soon',
    message: (p: { bytesMax: number }) =>
      `too many large requests at once (of all together ${p.bytesMax} bytes are taken); try again in a moment`,
  },
  RESPONSE_TOO_LARGE: {
    kind: 'quota',
    sqlstate: '54000',
    http: 507,
    retry: 'never',
    message: (p: { bytesMax: number }) =>
      `response is too large (max is ${p.bytesMax} bytes); ask for less, or over a connection of PostgreSQL`,
  },
  HTTPS_REQUIRED: {
    kind: 'client',
    sqlstate: '28000',
    http: 400,
    retry: 'never',
    message: (_: None) =>
      'passwords are taken over HTTP only where nobody can read along: use https:// or wss://, ' +
      'or start the server with --http-insecure if something before it encrypts',
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
  FORBIDDEN: {
    kind: 'client',
    sqlstate: '42501',
    http: 403,
    retry: 'never',
    message: (p: { why: string }) => `this key may not do that: ${p.why}`,
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
  TRANSACTION_LOST: {
    kind: 'compute',
    sqlstate: '57P02',
    http: 502,
    retry: 'soon',
    message: (p: { tenant: string }) =>
      `the compute of database "${p.tenant}" ended unexpectedly while this was under way; ` +
      'whether it was committed is not known',
  },
  QUERY_CANCELED: {
    kind: 'client',
    sqlstate: '57014',
    http: 409,
    retry: 'never',
    message: (_: None) => 'canceling statement due to user request',
  },
  QUERY_FAILED: {
    kind: 'client',
    sqlstate: '42000',
    http: 400,
    retry: 'never',
    message: (p: { why: string }) => p.why,
  },
  QUERY_TIMEOUT: {
    kind: 'quota',
    sqlstate: '57014',
    http: 408,
    retry: 'never',
    message: (p: { waited: DurationMs }) =>
      `the statement was not done within ${Math.round(p.waited)} ms, and was cancelled`,
  },
  SESSION_REFUSED: {
    kind: 'compute',
    sqlstate: '57P03',
    http: 503,
    retry: 'soon',
    message: (p: { why: string }) => `nothing was done, since no session could be had: ${p.why}`,
  },
  ALREADY_EXISTS: {
    kind: 'client',
    sqlstate: '42710',
    http: 409,
    retry: 'never',
    message: (p: { what: string }) => `there is a ${p.what} already`,
  },
  EXTENSION_REFUSED: {
    kind: 'client',
    sqlstate: '42501',
    http: 403,
    retry: 'never',
    message: (p: { extension: string; why: string }) =>
      `extension "${p.extension}" is not allowed: ${p.why}`,
  },
  SESSION_UNRESTORABLE: {
    kind: 'compute',
    sqlstate: '57P01',
    http: 502,
    retry: 'soon',
    message: (p: { tenant: string; why: string }) =>
      `the session could not be continued in database "${p.tenant}": ${p.why}; connect again`,
  },
  PIN_IDLE_TIMEOUT: {
    kind: 'quota',
    sqlstate: '57P05',
    http: 408,
    retry: 'soon',
    message: (p: { reason: string; idle: DurationMs }) =>
      `the session was idle for ${Math.round(p.idle / 1000)} s and kept the database awake ` +
      `(${p.reason}); connect again, and end such sessions or raise max_pin_idle`,
  },
  IDLE_SESSION_TIMEOUT: {
    kind: 'client',
    sqlstate: '57P05',
    http: 408,
    retry: 'soon',
    message: (_: None) => 'terminating connection due to idle-session timeout',
  },
  BACKENDS_FULL: {
    kind: 'quota',
    sqlstate: '53300',
    http: 503,
    retry: 'soon',
    message: (p: { tenant: string; max: number; waited: DurationMs }) =>
      `all ${p.max} backends of database "${p.tenant}" were at work for ${Math.round(p.waited / 1000)} s; ` +
      'make transactions shorter, or allow more backends',
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
} as const satisfies Record<string, FaultSpec>;
