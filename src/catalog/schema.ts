/**
 * The tables of schema `dynabase` as Kysely sees them. The SQL files in `sql/` are the truth; these
 * types say what `connections.ts` makes of their values: bigint is a safe integer, timestamptz a
 * number of milliseconds since 1970.
 */
import type { Generated, RawBuilder, Selectable } from 'kysely';
import { type ColumnType, sql } from 'kysely';
import { type Timestamp, timestamp } from '../domain/units.ts';

/** Read as milliseconds; written by an expression, most often the database's own clock. */
type WallTime<Optional = never> = ColumnType<
  number,
  RawBuilder<number> | Optional,
  RawBuilder<number>
>;

export type TenantTable = {
  id: string;
  name: string;
  plan: string;
  tier: string;
  state: string;
  state_attempt: number | null;
  state_reason: string | null;
  state_retry_at: ColumnType<number | null, RawBuilder<number> | null, RawBuilder<number> | null>;
  state_since: WallTime<undefined>;
  generation: Generated<number>;
  settled: Generated<boolean>;
  suspend_after_ms: number | null;
  sessions_max: number | null;
  max_pin_idle_ms: number | null;
  created_at: WallTime<undefined>;
};

export type RoleTable = {
  tenant_id: string;
  role: string;
  verifier: string | null;
  may_log_in: boolean;
  is_owner: boolean;
};

export type UsageTable = {
  tenant_id: string;
  minute: WallTime;
  sessions: number;
  queries: number;
  transactions: number;
  errors: Record<string, number>;
  bytes_in: number;
  bytes_out: number;
  latency: number[];
  latency_sum_us: number;
};

export type Tables = {
  tenants: TenantTable;
  tenant_roles: RoleTable;
  tenant_counts: { shard: number; tenants: number };
  usage_minutes: UsageTable;
};

export type TenantRow = Selectable<TenantTable>;

export type UsageRow = Selectable<UsageTable>;

/** `at` as a timestamptz. */
export const toWallTime = (at: Timestamp): RawBuilder<number> =>
  sql<number>`to_timestamp(${at}::double precision / 1000)`;

/** The database's clock: many processes write here, and only its time can be compared. */
export const DATABASE_NOW: RawBuilder<number> = sql<number>`now()`;

export const fromWallTime = (epochMs: number): Timestamp => timestamp(epochMs);
