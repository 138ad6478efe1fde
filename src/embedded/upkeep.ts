/**
 * Vacuums and analyzes what is due in a compute, as autovacuum would: by the same thresholds, of the
 * server and of the table. A compute that is awake for seconds at a time never lives to see the
 * first round of autovacuum, which comes after a minute.
 *
 * We come as superuser into databases that belong to the tenant. Settings of a database give way to
 * those of our connection; catalogs and operators are found in `pg_catalog` alone; and what a table
 * brings along (functions of its indexes) PostgreSQL itself runs as the owner of the table.
 *
 * Source: PostgreSQL 18 `src/backend/postmaster/autovacuum.c`, `relation_needs_vacanalyze`.
 */
import pg from 'pg';
import type { Clock } from '../domain/clock.ts';
import type { Address } from '../domain/host.ts';
import { ms, seconds } from '../domain/units.ts';
import { asSuperuser, type Login } from './admin.ts';
import type { ComputeFiles } from './layout.ts';
import { belongsTo, findProcess, signalProcess } from './machine/processes.ts';

/** Longest time for all databases of a compute; what is left is due the next time. */
const WITHIN = seconds(30);
const DATABASES_MAX = 20;
const TABLES_MAX = 200;

/** A cancel that came a moment before its statement is lost, so it is sent until it is heard. */
const CANCEL_EVERY = ms(10);
const CANCELS_MAX = 500;

export type UpkeepRequest = {
  readonly files: ComputeFiles;
  readonly address: Address;
  readonly password: string;
  readonly clock: Clock;
  /** Aborts when a client has come. */
  readonly signal: AbortSignal;
};

/** Resolves when nothing is due any more, when time is up, or when `signal` aborts. */
export async function upkeep(request: UpkeepRequest): Promise<void> {
  const { clock, signal } = request;
  const stop = new AbortController();
  const giveWay = () => stop.abort();
  signal.addEventListener('abort', giveWay, { once: true });
  if (signal.aborted) giveWay();
  const cancelTimer = clock.timer(WITHIN, giveWay);
  try {
    await keepUp({ ...request, signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', giveWay);
  }
}

async function keepUp(request: UpkeepRequest): Promise<void> {
  const { address, password, signal } = request;
  if (signal.aborted) return;
  const databases = await asSuperuser({ address, password }, writtenDatabases);
  const failures: string[] = [];
  for (const database of databases) {
    if (signal.aborted) return;
    failures.push(...(await keepUpDatabase(request, database)));
  }
  if (failures.length === 0 || signal.aborted) return;
  // A message could hold a row of the tenant; the code cannot.
  throw new Error(`${failures.length} tables could not be kept up: ${failures[0]}`);
}

const WRITTEN = `
  select d.datname as name
  from pg_database d join pg_stat_database s on s.datid = d.oid
  where d.datallowconn and not d.datistemplate and d.datconnlimit <> -2
    and s.tup_inserted + s.tup_updated + s.tup_deleted > 0
  order by s.tup_updated + s.tup_deleted desc, d.datname
  limit ${DATABASES_MAX}`;

async function writtenDatabases(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ readonly name: string }>(WRITTEN);
  return rows.map(({ name }) => name);
}

/** The codes of the failures, one a table. */
async function keepUpDatabase(request: UpkeepRequest, database: string): Promise<string[]> {
  const login: Login = { address: request.address, password: request.password };
  const failures: string[] = [];
  const work = async (client: pg.Client): Promise<void> => {
    for (const statement of await dueStatements(client)) {
      if (request.signal.aborted) return;
      const failure = await client.query(statement).then(() => undefined, codeOf);
      if (failure !== undefined) failures.push(failure);
    }
  };
  await asSuperuser(login, (client) => cancellable(request, client, work), database);
  return failures;
}

/** The SQLSTATE of a statement that failed; whatever else goes wrong is thrown. */
function codeOf(error: unknown): string {
  if (error instanceof pg.DatabaseError) return error.code ?? 'no code';
  throw error;
}

/** Runs `work`; once the signal aborts, its statement is cancelled. */
async function cancellable(
  { files, clock, signal }: UpkeepRequest,
  client: pg.Client,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const { rows } = await client.query<{ readonly pid: number }>('select pg_backend_pid() as pid');
  const backend = findProcess(rows[0]?.pid ?? 0);
  let isOver = false;
  const cancel = async (): Promise<void> => {
    for (let sent = 0; sent < CANCELS_MAX && !isOver; sent++) {
      // The answer is the compute's own, so only a process of the compute is signalled.
      if (backend && belongsTo(backend, files)) signalProcess(backend, 'SIGINT');
      await clock.sleep(CANCEL_EVERY);
    }
  };
  const onAbort = () => void cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (!signal.aborted) await work(client);
  } finally {
    isOver = true;
    signal.removeEventListener('abort', onAbort);
  }
}

/** A threshold of the table's own, else the server's. */
const own = (name: string): string =>
  `coalesce((o.own->>'${name}')::float8, current_setting('${name}')::float8)`;

const over = (count: string, kind: string): string =>
  `${count} > ${own(`autovacuum_${kind}_threshold`)}
     + ${own(`autovacuum_${kind}_scale_factor`)} * greatest(c.reltuples, 0)`;

const PG_STATISTIC = 2619;

const DUE = `
  select format('%I.%I', n.nspname, c.relname) as name, due.vacuum, due.analyze
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace,
    lateral (
      select jsonb_object_agg(option_name, option_value) as own from pg_options_to_table(c.reloptions)
    ) o,
    lateral (
      select
        ${over('pg_stat_get_dead_tuples(c.oid)', 'vacuum')}
          or pg_stat_get_ins_since_vacuum(c.oid) > 0
            and ${over('pg_stat_get_ins_since_vacuum(c.oid)', 'vacuum_insert')}
          or age(c.relfrozenxid) > current_setting('autovacuum_freeze_max_age')::int as vacuum,
        c.relkind <> 't' and c.oid <> ${PG_STATISTIC}
          and ${over('pg_stat_get_mod_since_analyze(c.oid)', 'analyze')} as analyze
    ) due
  where c.relkind in ('r', 'm', 't') and c.relpersistence <> 't'
    and coalesce((o.own->>'autovacuum_enabled')::bool, true)
    and (due.vacuum or due.analyze)
  order by pg_stat_get_dead_tuples(c.oid) desc, c.oid
  limit ${TABLES_MAX}`;

type DueRow = { readonly name: string; readonly vacuum: boolean; readonly analyze: boolean };

async function dueStatements(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<DueRow>(DUE);
  return rows.map(({ name, vacuum, analyze }) => {
    if (!vacuum) return `analyze (skip_locked) ${name}`;
    return `vacuum (skip_locked, parallel 0${analyze ? ', analyze' : ''}) ${name}`;
  });
}
