/**
 * The shared buffers of a compute, looked at and emptied from the database `postgres`.
 *
 * All is summed up where it is: a pool of 4 GB has half a million buffers. What the modules below lack
 * (see `buffers-functions.ts`) is told as null. Evicting frees buffers and no memory: shared memory that
 * was touched stays the compute's until it stops. Source: PostgreSQL `contrib/pg_buffercache`.
 */
import type pg from 'pg';
import { BLOCK_BYTES } from './relations.ts';

/** Longest time for one of our statements in a compute. */
const WITHIN_MS = 2_000;
const RELATIONS_MAX = 5_000;
const DATABASES_MAX = 50;

const BUFFERS = `
  select * from pg_catalog.dynabase_buffers() as b (
    bufferid int4, relfilenode oid, reltablespace oid, reldatabase oid, relforknumber int2,
    relblocknumber int8, isdirty bool, usagecount int2, pinning_backends int4
  ) where b.relfilenode is not null`;

/** Pages asked for since statistics began: found in shared buffers, and not. */
export type PageCounts = { readonly hit: number; readonly read: number };

export type ComputeFacts = {
  /** Tells this run of the compute from others. */
  readonly run: string;
  readonly pages: PageCounts;
  /** Bytes of shared buffers there are. */
  readonly pool: number;
  readonly mayLook: boolean;
  readonly mayEvict: boolean;
  /** Those of the tenant that may be connected to, the busiest first. */
  readonly databases: readonly { readonly oid: number; readonly name: string }[];
};

const FACTS = `
  select pg_postmaster_start_time()::text as run,
    (select coalesce(sum(blks_hit), 0)::float8 from pg_stat_database) as hit,
    (select coalesce(sum(blks_read), 0)::float8 from pg_stat_database) as read,
    pg_size_bytes(current_setting('shared_buffers'))::float8 as pool,
    to_regproc('pg_catalog.dynabase_buffers') is not null as may_look,
    to_regproc('pg_catalog.dynabase_evict') is not null as may_evict,
    (select json_agg(json_build_object('oid', oid::int8, 'name', name)) from (
      select d.oid, d.datname as name
      from pg_database as d left join pg_stat_database as s on s.datid = d.oid
      where d.datallowconn and not d.datistemplate and d.datconnlimit <> -2
        and d.datname <> current_database()
      order by s.blks_hit + s.blks_read desc nulls last, d.oid
      limit ${DATABASES_MAX}
    ) as open) as databases`;

type FactsRow = PageCounts & {
  readonly run: string;
  readonly pool: number;
  readonly may_look: boolean;
  readonly may_evict: boolean;
  readonly databases: ComputeFacts['databases'] | null;
};

/** For half a million buffers. Less is put into files, which takes twice as long. */
const WORK_MEM = '64MB';

/** No statement of ours takes longer than a bounded time. */
export const hurry = (client: pg.Client): Promise<unknown> =>
  client.query(`set statement_timeout = ${WITHIN_MS}; set work_mem = '${WORK_MEM}'`);

export async function computeFacts(client: pg.Client): Promise<ComputeFacts> {
  const row = (await client.query<FactsRow>(FACTS)).rows[0];
  if (!row) throw new Error('the compute tells nothing of itself');
  const { run, hit, read, pool } = row;
  return {
    ...{ run, pages: { hit, read }, pool, mayLook: row.may_look, mayEvict: row.may_evict },
    databases: row.databases ?? [],
  };
}

export type BuffersUsed = {
  /** Bytes in use. */
  readonly used: number;
  /** Those with the most. */
  readonly relations: readonly {
    readonly database: number;
    readonly node: number;
    readonly bytes: number;
  }[];
};

const USED = `
  select reldatabase as database, relfilenode as node, count(*)::float8 as blocks,
    (sum(count(*)) over ())::float8 as used
  from (${BUFFERS}) as b
  group by reldatabase, relfilenode order by blocks desc limit ${RELATIONS_MAX}`;

type UsedRow = { database: number; node: number; blocks: number; used: number };

export async function buffersUsed(client: pg.Client): Promise<BuffersUsed> {
  const { rows } = await client.query<UsedRow>(USED);
  return {
    used: (rows[0]?.used ?? 0) * BLOCK_BYTES,
    relations: rows.map(({ database, node, blocks }) => ({
      ...{ database, node },
      bytes: blocks * BLOCK_BYTES,
    })),
  };
}

/** Blocks that lie together and were used alike. */
export type HotBlocks = {
  readonly database: number;
  readonly node: number;
  readonly fork: number;
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
  /** Mean use count of its blocks that are in memory, 0 to 5. */
  readonly heat: number;
};

/** A gap of so many blocks costs less to read than it costs to tell of. */
const GAP_MAX = 4;
const RANGES_MAX = 4_000;
/** With fewer that were used again, those used once count as well. */
const HOT_MIN = 32;

/** Of the default tablespaces and of all forks but the one that only a crash needs. */
const HOT = `
  with b as materialized (
    select reldatabase as d, relfilenode as f, relforknumber as k, relblocknumber as b, usagecount as u
    from (${BUFFERS}) as every
    where reltablespace in (1663, 1664) and relforknumber < 3
  ), least as (
    select case when count(*) filter (where u >= 2) >= ${HOT_MIN} then 2 else 0 end as u from b
  ), begun as (
    select b.*, b.b - lag(b.b) over w > ${GAP_MAX} as begins
    from b, least where b.u >= least.u window w as (partition by d, f, k order by b.b)
  ), grouped as (
    select *, count(*) filter (where begins) over (partition by d, f, k order by b) as part from begun
  )
  select d as database, f as node, k as fork,
    min(b)::float8 as "from", max(b)::float8 + 1 as "to", avg(u)::float8 as heat
  from grouped group by d, f, k, part
  order by heat desc, max(b) - min(b) desc limit ${RANGES_MAX}`;

/** What is worth having in memory, the best first. */
export const hotBlocks = async (client: pg.Client): Promise<readonly HotBlocks[]> =>
  (await client.query<HotBlocks>(HOT)).rows;

export type RelationShare = {
  readonly database: number;
  readonly node: number;
  readonly share: number;
};

/**
 * A relation is worth, for each of its buffers, its share of all use counts and its share of accesses.
 * Of those worth least all go before any of the next.
 */
const EVICT = `
  with b as materialized (
    select bufferid, reldatabase as d, relfilenode as f, usagecount as u from (${BUFFERS}) as every
  ), total as (
    select count(*) as used, sum(u)::float8 + 1 as u from b
  ), worth as (
    select b.d, b.f, (sum(b.u) / max(total.u) + coalesce(max(s.share), 0)) / count(*) as worth
    from b cross join total
      left join unnest($2::oid[], $3::oid[], $4::float8[]) as s (d, f, share)
        on s.d = b.d and s.f = b.f
    group by b.d, b.f
  ), least as (
    select b.bufferid from b join worth as w on w.d = b.d and w.f = b.f
    order by w.worth, b.d, b.f, b.u
    limit greatest(0, (select used from total) - $1::int8)
  )
  select count(*) filter (where e.evicted)::float8 as evicted
  from least cross join lateral pg_catalog.dynabase_evict(least.bufferid) as e`;

/** Evicts until at most `keep` bytes are in use; what is pinned stays. Returns the bytes evicted. */
export async function evict(
  client: pg.Client,
  keep: number,
  shares: readonly RelationShare[],
): Promise<number> {
  const { rows } = await client.query<{ evicted: number }>(EVICT, [
    Math.floor(keep / BLOCK_BYTES),
    shares.map(({ database }) => database),
    shares.map(({ node }) => node),
    shares.map(({ share }) => share),
  ]);
  return (rows[0]?.evicted ?? 0) * BLOCK_BYTES;
}
