/**
 * The tables of schema `dynabase` as Kysely sees them. The SQL files in `sql/` are the truth; these
 * types say what `connections.ts` makes of their values: bigint is a safe integer, timestamptz a
 * number of milliseconds since 1970.
 */
import type { Generated, RawBuilder, Selectable } from 'kysely';
import { type ColumnType, sql } from 'kysely';
import type { Json } from '../domain/decision.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';

/** Read as milliseconds; written by an expression, most often the database's own clock. */
export type WallTime<Optional = never> = ColumnType<
  number,
  RawBuilder<number> | Optional,
  RawBuilder<number>
>;

export type WallTimeOrNull = ColumnType<
  number | null,
  RawBuilder<number> | null,
  RawBuilder<number> | null
>;

export type TenantTable = {
  id: string;
  name: string;
  plan: string;
  tier: string;
  tier_since: WallTime<undefined>;
  override_tier: string | null;
  override_until: WallTimeOrNull;
  override_by: string | null;
  consent_at: WallTimeOrNull;
  consent_by: string | null;
  tier_before: string | null;
  state: string;
  state_attempt: number | null;
  state_reason: string | null;
  state_retry_at: WallTimeOrNull;
  state_since: WallTime<undefined>;
  generation: Generated<number>;
  home: string;
  snapshot: string | null;
  vault: string;
  dirty_since: ColumnType<
    number | null,
    undefined,
    RawBuilder<number> | RawBuilder<number | null> | null
  >;
  settled: Generated<boolean>;
  suspend_after_ms: number | null;
  sessions_max: number | null;
  max_pin_idle_ms: number | null;
  created_at: WallTime<undefined>;
  customer_id: string | null;
  expires_at: WallTimeOrNull;
  allowed_addresses: Generated<string[]>;
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
  by_robots: number;
  transactions: number;
  errors: Record<string, number>;
  bytes_in: number;
  bytes_out: number;
  latency: number[];
  latency_sum_us: number;
  classes: number[];
};

type LevelColumns = {
  l3_bytes: number;
  l4_bytes: number;
  l1_hits: number;
  l2_hits: number;
  l3_hits: number;
  l2_wakes: number;
  l3_wakes: number;
  l4_wakes: number;
};

export type LevelTable = LevelColumns & { tenant_id: string; l2_bytes: number | null };

export type StepTable = {
  id: Generated<number>;
  tenant_id: string;
  at: WallTime;
  kind: string;
  bytes: number;
  took_ms: number;
  from_level: string | null;
  because: string;
};

export type HabitTable = {
  tenant_id: string;
  learned: Uint8Array;
  ask_at: WallTimeOrNull;
  learned_at: WallTime;
};

export type DecisionTable = {
  id: Generated<number>;
  tenant_id: string;
  at: WallTime;
  kind: string;
  was: string | null;
  becomes: string | null;
  because: string;
  inputs: Record<string, Json>;
};

/** Of each shard of the tenants. */
type CountTable = Readonly<
  Record<'shard' | 'tenants' | 'homeless' | 'archived' | 'cold' | 'warm' | 'hot', number>
>;

export type Tables = {
  tenants: TenantTable;
  tenant_roles: RoleTable;
  tenant_counts: CountTable;
  tenant_levels: LevelTable;
  ladder_steps: StepTable;
  usage_minutes: UsageTable;
  tenant_habits: HabitTable;
  decisions: DecisionTable;
  fleet: { key: string; value: Uint8Array; changed_at: WallTime };
};

export type TenantRow = Selectable<TenantTable>;

export type LevelRow = Selectable<LevelTable>;

export type StepRow = Selectable<StepTable>;

export type DecisionRow = Selectable<DecisionTable>;

export type UsageRow = Selectable<UsageTable>;

/** `at` as a timestamptz. */
export const toWallTime = (at: Timestamp): RawBuilder<number> =>
  sql<number>`to_timestamp(${at}::double precision / 1000)`;

/** The database's clock: many processes write here, and only its time can be compared. */
export const DATABASE_NOW: RawBuilder<number> = sql<number>`now()`;

export const fromWallTime = (epochMs: number): Timestamp => timestamp(epochMs);
