/**
 * Which statements take a tenant's time, as the module `pg_stat_statements` counts them.
 *
 * It counts for the whole compute, so it is asked from `postgres`, which is ours: no database of the tenant's
 * gets an extension that its dumps would carry. The extension is made by whoever asks first, since
 * most tenants' statements nobody ever asks for, in a schema that nobody else may look into.
 */
import type pg from 'pg';
import type { CountedStatement, StatementCounts, StatementOrder } from '../../domain/interior.ts';
import { OURS } from '../../domain/own-statements.ts';
import { READER } from '../admin.ts';
import { STATEMENT_COUNTER } from '../settings.ts';
import { withoutValues } from './statement-text.ts';

const SCHEMA = 'dynabase';
const VIEW = `${SCHEMA}.pg_stat_statements`;

/** Of one text, and of all: an answer has at most 16 MB. */
const TEXT_MAX = 10_000;
const STATEMENTS_MAX = 200;

type Standing = { readonly is_loaded: boolean; readonly is_made: boolean };

const STANDING = `
  select current_setting('${STATEMENT_COUNTER}.max', true) is not null
      and strpos(current_setting('shared_preload_libraries'), '${STATEMENT_COUNTER}') > 0 as is_loaded,
    to_regclass('${VIEW}') is not null as is_made`;

const MAKE = `
  create schema if not exists ${SCHEMA};
  create extension if not exists ${STATEMENT_COUNTER} schema ${SCHEMA}`;

/** Those of roles that are gone are still the tenant's. What may only read is ours, and runs what people ask. */
const COUNTS = `
  with theirs as (
    select s.*, r.rolname, d.datname
    from ${VIEW} as s
    left join pg_roles as r on r.oid = s.userid
    left join pg_database as d on d.oid = s.dbid
    where s.query is not null and strpos(s.query, '${OURS}') = 0
      and (r.oid is null or r.rolname = '${READER}'
        or not r.rolsuper and r.rolname !~ '^(pg_|dynabase)')
  )
  select coalesce(queryid, 0)::text as id, left(query, ${TEXT_MAX}) as text,
    length(query) > ${TEXT_MAX} as is_cut,
    case when rolname <> '${READER}' then rolname end as role, datname as database,
    calls::float8 as calls, total_exec_time as total, mean_exec_time as mean,
    max_exec_time as longest, rows::float8 as rows,
    shared_blks_hit::float8 / nullif(shared_blks_hit + shared_blks_read, 0) as from_memory,
    count(*) over ()::int as known, sum(calls) over ()::float8 as all_calls,
    sum(total_exec_time) over () as all_total
  from theirs`;

const ORDERS: Readonly<Record<StatementOrder, string>> = {
  total: 'total',
  mean: 'mean',
  longest: 'longest',
  calls: 'calls',
  rows: 'rows',
};

type StatementRow = {
  readonly id: string;
  readonly text: string;
  readonly is_cut: boolean;
  readonly role: string | null;
  readonly database: string | null;
  readonly calls: number;
  readonly total: number;
  readonly mean: number;
  readonly longest: number;
  readonly rows: number;
  readonly from_memory: number | null;
  readonly known: number;
  readonly all_calls: number;
  readonly all_total: number;
};

const SINCE = `
  select to_char(stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since,
    dealloc::float8 as dropped
  from ${SCHEMA}.pg_stat_statements_info`;

type SinceRow = { readonly since: string | null; readonly dropped: number };

/** The text is looked at in the end: to sort needs none. */
export async function readStatements(
  client: pg.Client,
  { order, limit }: { readonly order: StatementOrder; readonly limit: number },
): Promise<StatementCounts> {
  if (!(await isThere(client))) return { kind: 'uncounted', because: 'restart' };
  const asked = `${COUNTS} order by ${ORDERS[order]} desc, id limit $1`;
  const { rows } = await client.query<StatementRow>(asked, [Math.min(limit, STATEMENTS_MAX)]);
  const info = (await client.query<SinceRow>(SINCE)).rows[0];
  const [first] = rows;
  return {
    kind: 'counted',
    since: info?.since ?? null,
    dropped: info?.dropped ?? 0,
    known: first?.known ?? 0,
    calls: first?.all_calls ?? 0,
    totalMs: first?.all_total ?? 0,
    statements: rows.map(statementOf),
  };
}

function statementOf(row: StatementRow): CountedStatement {
  const { id, role, database, calls, rows } = row;
  return {
    ...{ id, role, database, calls, rows },
    text: withoutValues(row.text),
    isCut: row.is_cut,
    totalMs: row.total,
    meanMs: row.mean,
    longestMs: row.longest,
    fromMemory: row.from_memory,
  };
}

/** Has all be counted from zero. Nothing where nothing is counted. */
export async function forgetStatements(client: pg.Client): Promise<void> {
  if (await isThere(client)) await client.query(`select ${SCHEMA}.pg_stat_statements_reset()`);
}

/** A compute that was started before statements were counted has the module with its next start. */
async function isThere(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<Standing>(STANDING);
  if (rows[0]?.is_loaded !== true) return false;
  if (!rows[0].is_made) await client.query(MAKE);
  return true;
}
