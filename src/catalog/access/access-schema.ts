/** The tables of who may call, and of what they did, as Kysely sees them. See `schema.ts`. */
import type { Generated, Kysely, Selectable } from 'kysely';
import type { Json } from '../../domain/decision.ts';
import type { Tables, WallTime, WallTimeOrNull } from '../schema.ts';

export type CustomerTable = {
  id: string;
  name: string;
  external_id: string | null;
  plan: string;
  tenants_max: number | null;
  created_at: WallTime<undefined>;
  changed_at: WallTime<undefined>;
};

export type KeyTable = {
  id: string;
  name: string;
  hash: Uint8Array;
  old_hash: Uint8Array | null;
  old_until: WallTimeOrNull;
  customer_id: string | null;
  tenant_id: string | null;
  role: string;
  read_only: boolean;
  person: string | null;
  is_session: boolean;
  created_at: WallTime<undefined>;
  created_by: string;
  expires_at: WallTimeOrNull;
  last_used_at: WallTimeOrNull;
  last_used_from: string | null;
};

export type PersonTable = {
  email: string;
  customer_id: string | null;
  role: string;
  created_at: WallTime<undefined>;
  last_seen_at: WallTimeOrNull;
};

export type IssuerTable = {
  id: string;
  name: string;
  issuer: string;
  audience: string;
  keys: Record<string, Json> | null;
  keys_url: string | null;
  customer_claim: string;
  role: string;
  created_at: WallTime<undefined>;
};

export type AuditTable = {
  id: Generated<number>;
  at: WallTime<undefined>;
  request_id: string;
  operation: string;
  caller_kind: string;
  caller_id: string;
  caller_name: string;
  by_operator: boolean;
  address: string;
  customer_id: string | null;
  tenant_id: string | null;
  target: string | null;
  outcome: string;
  fault: string | null;
  before: Record<string, Json> | null;
  after: Record<string, Json> | null;
};

export type AccessTables = {
  customers: CustomerTable;
  api_keys: KeyTable;
  people: PersonTable;
  token_issuers: IssuerTable;
  audit: AuditTable;
};

export type AccessDb = Kysely<Tables & AccessTables>;

export type KeyRow = Selectable<KeyTable>;

/** Asks the catalog; what fails comes as a fault. */
export type Ask = <T>(question: (db: AccessDb) => Promise<T>) => Promise<T>;
