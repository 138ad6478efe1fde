/**
 * What the audit log says of a change: the fields that became different, and never a secret.
 *
 * What a field may hold is judged by its name and by its look, so that a route which nobody had in mind here is safe
 * too: what looks like a key is none that is kept.
 */
import type { AuditFields } from '../../domain/audit.ts';
import type { Json } from '../../domain/decision.ts';

/** In place of what is not said. */
export const REMOVED = '[removed]';

/** Names of fields that hold secrets, or text and data that may hold some. */
const SECRET_NAME =
  /passw|secret|token|credential|cookie|authorization|verifier|private|^(?:api)?-?key$|^(?:code|hash|pin|sql|query|queries|statements?|params|value)$/i;

/** The path of an address may be what proves who calls it. */
const ADDRESS_NAME = /ur[il]$/i;

const SECRET_LOOKS: readonly RegExp[] = [
  /\b(?:dyb|whsec|dynabase|clm)_[\w+/=-]{16,}/g,
  /\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g,
  /\bSCRAM-SHA-256\$\S+/g,
  /\bBearer\s+\S+/gi,
  /-----BEGIN [\s\S]*/g,
];

/** `user:password@` of any address, and `password=` of any connection string. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi;
const ASSIGNED = /\b(pass\w*|pwd|secret|token|sslpassword|sig\w*)\s*=\s*[^\s&;]+/gi;

const TEXT_MAX = 300;
const ENTRIES_MAX = 50;
const DEPTH_MAX = 4;

/** The fields of `value` without secrets; null for what has none. */
export function safeFields(value: unknown): AuditFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const safe = safeObject(value, 0);
  return Object.keys(safe).length === 0 ? null : safe;
}

/** Of two pictures of one thing, the fields that differ. */
export function changedFields(
  before: object,
  after: object,
): { readonly before: AuditFields; readonly after: AuditFields } {
  const was = new Map<string, unknown>(Object.entries(before));
  const is = new Map<string, unknown>(Object.entries(after));
  const names = [...new Set([...was.keys(), ...is.keys()])].filter(
    (name) => JSON.stringify(was.get(name)) !== JSON.stringify(is.get(name)),
  );
  const only = (all: ReadonlyMap<string, unknown>) =>
    safeFields(Object.fromEntries(names.map((name) => [name, all.get(name) ?? null])));
  return { before: only(was), after: only(is) };
}

function safeObject(value: object, depth: number): Record<string, Json> {
  const known = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(
    known
      .slice(0, ENTRIES_MAX)
      .map(([name, part]) => [safeText(name), safeField(name, part, depth)]),
  );
}

function safeField(name: string, value: unknown, depth: number): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') {
    return SECRET_NAME.test(name) && typeof value === 'number' ? REMOVED : value;
  }
  if (SECRET_NAME.test(name)) return REMOVED;
  if (typeof value === 'string') {
    return ADDRESS_NAME.test(name) ? originOf(value) : safeText(value);
  }
  if (typeof value !== 'object') return null;
  if (depth >= DEPTH_MAX) return REMOVED;
  if (Array.isArray(value)) {
    return value.slice(0, ENTRIES_MAX).map((part) => safeField(name, part, depth + 1));
  }
  return safeObject(value, depth + 1);
}

function originOf(text: string): string {
  const url = URL.parse(text);
  return url === null || url.host === '' ? REMOVED : `${url.protocol}//${url.host}`;
}

function safeText(text: string): string {
  // A character that is cut in two is none that the log could hold.
  let safe = text.slice(0, TEXT_MAX).toWellFormed().replaceAll('\0', '\uFFFD');
  for (const look of SECRET_LOOKS) safe = safe.replaceAll(look, REMOVED);
  return safe.replaceAll(USER_INFO, `$1${REMOVED}@`).replaceAll(ASSIGNED, `$1=${REMOVED}`);
}
