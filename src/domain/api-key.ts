/**
 * Keys of the API, and the sessions of people who have logged in, which are keys that a browser holds.
 *
 * A secret is `dyb_`, the digits of its key's id, and 43 characters of chance. Only a hash of it is kept.
 */
import type { Role, Scope } from './caller.ts';
import { type CustomerId, isId, type KeyId, type TenantId } from './ids.ts';
import type { Timestamp } from './units.ts';

/** `session`: of a browser. `personal`: of the command line of a person. */
export const KEY_KINDS = ['key', 'personal', 'session'] as const;

export type KeyKind = (typeof KEY_KINDS)[number];

export type ApiKey = {
  readonly id: KeyId;
  readonly kind: KeyKind;
  readonly name: string;
  readonly scope: Exclude<Scope, { kind: 'nothing' }>;
  /** Of the scope's tenant, if it is one's. */
  readonly role: Role;
  readonly isReadOnly: boolean;
  /** Address of the one who has logged in; null for a key that is nobody's. */
  readonly person: string | null;
  readonly createdAt: Timestamp;
  readonly createdBy: string;
  readonly expiresAt: Timestamp | null;
  readonly lastUsedAt: Timestamp | null;
  readonly lastUsedFrom: string | null;
  /** Until when the secret before the last rotation is taken. */
  readonly oldUntil: Timestamp | null;
};

/** A key with what proves that somebody has it. */
export type StoredKey = {
  readonly key: ApiKey;
  readonly hash: Uint8Array;
  readonly oldHash: Uint8Array | null;
};

export type KeyDraft = Pick<
  ApiKey,
  'id' | 'kind' | 'name' | 'scope' | 'role' | 'isReadOnly' | 'person' | 'createdBy' | 'expiresAt'
> & { readonly hash: Uint8Array };

export type KeyQuery = {
  /** Those of the operator are asked for by null; all if not given. */
  readonly customer?: CustomerId | undefined;
  readonly tenant?: TenantId | undefined;
  readonly person?: string | undefined;
  /** Only those behind this one; they are sorted by id. */
  readonly after?: string | undefined;
  readonly limit: number;
};

/** When and from where a key was last used. */
export type KeyUse = { readonly id: KeyId; readonly at: Timestamp; readonly from: string };

export type Rotation = {
  readonly hash: Uint8Array;
  /** Until when the secret of now is taken as well; null for no longer. */
  readonly oldUntil: Timestamp | null;
};

/** `createdBy` of the sessions that were opened by showing a key. */
export const openerOf = (id: KeyId): string => `${OPENER}${id}`;

/** The key that a session was opened with; undefined for one that was opened otherwise. */
export function keyBehind({
  kind,
  createdBy,
}: Pick<ApiKey, 'kind' | 'createdBy'>): KeyId | undefined {
  const id = createdBy.startsWith(OPENER) ? createdBy.slice(OPENER.length) : '';
  return kind === 'session' && isId('key', id) ? id : undefined;
}

const OPENER = 'key ';

export interface KeyStore {
  /** Throws `CUSTOMER_UNKNOWN` and `TENANT_UNKNOWN` if the scope's is gone. */
  insert(draft: KeyDraft): Promise<ApiKey>;
  byId(id: KeyId): Promise<StoredKey | undefined>;
  /** A customer's are also those of its tenants. */
  list(query: KeyQuery): Promise<readonly ApiKey[]>;
  /** Throws `KEY_UNKNOWN`. */
  rotate(id: KeyId, rotation: Rotation): Promise<ApiKey>;
  /** Throws `KEY_UNKNOWN`. */
  remove(id: KeyId): Promise<void>;
  /** Ends the browser sessions that were opened by showing this key. */
  removeOpenedBy(id: KeyId): Promise<void>;
  /** Those of a person: all, or those for one customer, or with null those for the operator. */
  removeOfPerson(person: string, customer: CustomerId | null): Promise<void>;
  /** Those of the operator's people who are neither among its people nor among `admins`. */
  removeOfStrangers(admins: readonly string[]): Promise<void>;
  noteUses(uses: readonly KeyUse[]): Promise<void>;
  /** Deletes at most `limit` sessions and personal keys that have expired before `before`. */
  forgetExpired(before: Timestamp, limit: number): Promise<number>;
}
