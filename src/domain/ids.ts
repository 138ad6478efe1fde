import { fault } from './faults.ts';
import type { Random } from './random.ts';

declare const identity: unique symbol;

/** `tn_` and twelve lower-case base-36 digits. */
export type TenantId = string & { readonly [identity]: 'tenant' };

/** Names a tenant to people and to clients: also its database, its owner role and its DNS label. */
export type TenantName = string & { readonly [identity]: 'tenant-name' };

/**
 * A part of the archive with a key of its own, in which equal data is stored once: a tenant's, and
 * that of all forked from it. Named after the tenant that it was made for, which may be gone since.
 */
export type VaultId = TenantId;

/** `cu_` and twelve lower-case base-36 digits, as all of these have after their own prefix. */
export type CustomerId = string & { readonly [identity]: 'customer' };

export type KeyId = string & { readonly [identity]: 'key' };

export type OperationId = string & { readonly [identity]: 'operation' };

export type WebhookId = string & { readonly [identity]: 'webhook' };

export type DeliveryId = string & { readonly [identity]: 'delivery' };

export type IssuerId = string & { readonly [identity]: 'issuer' };

/** What each kind of id begins with. */
type Made = {
  tn: TenantId;
  cu: CustomerId;
  key: KeyId;
  op: OperationId;
  wh: WebhookId;
  dl: DeliveryId;
  iss: IssuerId;
};

/** One snapshot of one tenant; the later, the greater as text. */
export type SnapshotId = string & { readonly [identity]: 'snapshot' };

/** One client connection to the proxy; unique within one run of the proxy. */
export type SessionId = number & { readonly [identity]: 'session' };

/** One proxy process; unique within the data directory. */
export type ProxyId = string & { readonly [identity]: 'proxy' };

const TENANT_ID = /^tn_[0-9a-z]{12}$/;
const TENANT_NAME = /^[a-z](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

const SNAPSHOT_ID = /^sn_[0-9]{12}$/;

/** Names PostgreSQL or we ourselves use inside every tenant's compute. */
const RESERVED = new Set(['postgres', 'template0', 'template1', 'public', 'none', 'user']);
const RESERVED_PREFIXES = ['pg_', 'dynabase'];

/** Throws `BAD_ID` unless `text` is `tn_` and twelve lower-case base-36 digits. */
export function parseTenantId(text: string): TenantId {
  if (!TENANT_ID.test(text)) throw fault('BAD_ID', { what: 'tenant id' });
  return text as TenantId;
}

/** Throws `BAD_ID` unless `text` is `sn_` and twelve digits. */
export function parseSnapshotId(text: string): SnapshotId {
  if (!SNAPSHOT_ID.test(text)) throw fault('BAD_ID', { what: 'snapshot id' });
  return text as SnapshotId;
}

/** The id of a snapshot taken while its tenant had this generation, which no later one has again. */
export const snapshotIdOf = (generation: number): SnapshotId =>
  `sn_${String(generation).padStart(12, '0')}` as SnapshotId;

/** What `snapshotIdOf` was given. */
export const generationOf = (snapshot: SnapshotId): number => Number(snapshot.slice(3));

/** Whether `text` has the form of a tenant id. */
export const isTenantId = (text: string): text is TenantId => TENANT_ID.test(text);

/**
 * Throws `BAD_NAME` unless `text` can be a tenant's name: 1 to 63 of `a-z`, `0-9`, `_` and `-`,
 * beginning with a letter, ending with a letter or digit, and not reserved.
 */
export function parseTenantName(text: string): TenantName {
  if (isReservedName(text)) throw fault('BAD_NAME', { why: 'is reserved' });
  if (!TENANT_NAME.test(text)) {
    throw fault('BAD_NAME', {
      why: 'must be 1 to 63 characters of a-z, 0-9, _ and -, begin with a letter, and end with a letter or digit',
    });
  }
  return text as TenantName;
}

/**
 * Whether no tenant may have this name, although its form would allow it. What looks like an id is
 * taken for one by all that takes either.
 */
export const isReservedName = (text: string): boolean =>
  RESERVED.has(text) ||
  TENANT_ID.test(text) ||
  RESERVED_PREFIXES.some((prefix) => text.startsWith(prefix));

/** Whether a tenant could have this name. What fails here is never looked up. */
export function isTenantName(text: string): text is TenantName {
  return TENANT_NAME.test(text);
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Whether `text` is an id of the kind that begins like this. */
export const isId = <K extends keyof Made>(kind: K, text: string): text is Made[K] =>
  text.startsWith(`${kind}_`) && ID_DIGITS.test(text.slice(kind.length + 1));

const ID_DIGITS = /^[0-9a-z]{12}$/;

/** A new tenant id. */
export const newTenantId = (random: Random): TenantId => newId('tn', random);

/** A new id of 62 random bits. */
export function newId<K extends keyof Made>(kind: K, random: Random): Made[K] {
  const bytes = random.bytes(12);
  let id = `${kind}_`;
  // 252 is the largest multiple of 36 that fits a byte; the modulo of what lies above would favour
  // the first digits, so such a byte is drawn again.
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i] ?? 0;
    while (byte >= 252) byte = random.bytes(1)[0] ?? 0;
    id += DIGITS.charAt(byte % 36);
  }
  return id as Made[K];
}
