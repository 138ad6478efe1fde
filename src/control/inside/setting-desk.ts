/** Settings of PostgreSQL that a tenant may have of its own. */
import { fault } from '../../domain/faults.ts';
import type { EffectiveSetting, SettingChange } from '../../domain/interior.ts';
import type { Limits } from '../../domain/tier.ts';
import { limitsWithin } from '../../policy/plan-terms.ts';
import type { Rules } from '../../policy/rules.ts';
import type { TenantRef } from '../control.ts';
import { databaseMeant, goInside, type Inside, type InsideWorld } from './inside.ts';

/** In the unit of the setting; null for none. */
type Bound = readonly [min: number | null, max: number | null];

/** From what a compute may take to the bound. */
type Bounds = Bound | ((limits: Limits) => Bound);

const DAY_MS = 86_400_000;
const KB_OF_MB = 1_024;
const BLOCK_KB = 8;

const FREE: Bound = [null, null];
const TIME: Bound = [0, DAY_MS];

/** Of the memory that all processes of a compute share. */
const partOf =
  (divisor: number, unitKb: number, min: number) =>
  ({ memoryMb }: Limits): Bound => [
    min,
    memoryMb === null ? null : Math.max(min, Math.floor((memoryMb * KB_OF_MB) / divisor / unitKb)),
  ];

/**
 * Those that change how one tenant's sessions work, and nothing outside of them, in the order in which they are
 * listed.
 */
const SETTINGS: ReadonlyMap<string, Bounds> = new Map<string, Bounds>([
  ['statement_timeout', TIME],
  ['lock_timeout', TIME],
  ['idle_in_transaction_session_timeout', TIME],
  ['idle_session_timeout', TIME],
  ['transaction_timeout', TIME],
  ['work_mem', partOf(8, 1, 64)],
  ['hash_mem_multiplier', [1, 8]],
  ['maintenance_work_mem', partOf(4, 1, 1_024)],
  ['temp_buffers', partOf(16, BLOCK_KB, 100)],
  ['effective_cache_size', FREE],
  ['random_page_cost', [0, 1_000]],
  ['seq_page_cost', [0, 1_000]],
  ['effective_io_concurrency', [0, 1_000]],
  ['max_parallel_workers_per_gather', [0, 8]],
  ['max_parallel_maintenance_workers', [0, 4]],
  ['default_statistics_target', [1, 1_000]],
  ['jit', FREE],
  ['plan_cache_mode', FREE],
  ['from_collapse_limit', [1, 50]],
  ['join_collapse_limit', [1, 50]],
  ['geqo', FREE],
  ['constraint_exclusion', FREE],
  ['enable_bitmapscan', FREE],
  ['enable_hashagg', FREE],
  ['enable_hashjoin', FREE],
  ['enable_indexonlyscan', FREE],
  ['enable_indexscan', FREE],
  ['enable_incremental_sort', FREE],
  ['enable_material', FREE],
  ['enable_memoize', FREE],
  ['enable_mergejoin', FREE],
  ['enable_nestloop', FREE],
  ['enable_parallel_append', FREE],
  ['enable_parallel_hash', FREE],
  ['enable_partition_pruning', FREE],
  ['enable_partitionwise_aggregate', FREE],
  ['enable_partitionwise_join', FREE],
  ['enable_seqscan', FREE],
  ['enable_sort', FREE],
  ['search_path', FREE],
  ['TimeZone', FREE],
  ['DateStyle', FREE],
  ['IntervalStyle', FREE],
  ['extra_float_digits', [-15, 3]],
  ['bytea_output', FREE],
  ['xmloption', FREE],
  ['default_text_search_config', FREE],
  ['standard_conforming_strings', FREE],
  ['default_transaction_isolation', FREE],
  ['default_transaction_read_only', FREE],
  ['default_transaction_deferrable', FREE],
  ['synchronous_commit', FREE],
  ['check_function_bodies', FREE],
  ['row_security', FREE],
]);

export type SettingView = {
  readonly setting: EffectiveSetting;
  readonly min: number | null;
  readonly max: number | null;
};

export type SettingWorld = InsideWorld & { readonly rules: () => Rules };

export type SettingValue = string | number | boolean | null;

export class SettingDesk {
  readonly #world: SettingWorld;

  constructor(world: SettingWorld) {
    this.#world = world;
  }

  /** Throws `NOT_FOUND` for the database. */
  list(ref: TenantRef, asked: string | null): Promise<readonly SettingView[]> {
    return goInside(this.#world, ref, async (inside) =>
      this.#read(inside, await databaseMeant(inside, asked)),
    );
  }

  /** All or none, for sessions from now on. Throws `NOT_FOUND`, `BAD_REQUEST`. */
  change(
    ref: TenantRef,
    asked: string | null,
    values: Readonly<Record<string, SettingValue>>,
  ): Promise<readonly SettingView[]> {
    const named = Object.entries(values).map(([name, value]) => [knownName(name), value] as const);
    return goInside(this.#world, ref, async (inside) => {
      const database = await databaseMeant(inside, asked);
      const limits = this.#limitsOf(inside);
      const changes = named.map(([name, value]) => changeOf(name, value, limits));
      await inside.interior.changeSettings(inside.place, database, changes);
      return await this.#read(inside, database);
    });
  }

  async #read(inside: Inside, database: string): Promise<readonly SettingView[]> {
    const { interior, place } = inside;
    const limits = this.#limitsOf(inside);
    const found = await interior.settings(place, database, [...SETTINGS.keys()]);
    return found.map((setting) => {
      const [min, max] = boundOf(setting.name, limits);
      return { setting, min, max };
    });
  }

  #limitsOf({ tenant }: Inside): Limits {
    const { tiers, plans } = this.#world.rules();
    return limitsWithin(tiers[tenant.tier].limits, plans[tenant.plan].limits);
  }
}

/** As PostgreSQL writes it; any case will do. Throws `BAD_REQUEST`. */
function knownName(given: string): string {
  const wanted = given.toLowerCase();
  const found = [...SETTINGS.keys()].find((name) => name.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const why = `"${given.slice(0, 63)}" is no setting that can be changed here; the list of settings has those that can`;
  throw fault('BAD_REQUEST', { why });
}

function boundOf(name: string, limits: Limits): Bound {
  const bounds = SETTINGS.get(name) ?? FREE;
  return typeof bounds === 'function' ? bounds(limits) : bounds;
}

function changeOf(name: string, value: SettingValue, limits: Limits): SettingChange {
  const [min, max] = boundOf(name, limits);
  return { name, min, max, value: value === null ? null : textOf(value) };
}

const textOf = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
