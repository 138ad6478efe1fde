/**
 * Functions of ours in every compute, by which its shared buffers are looked at, emptied and filled.
 *
 * They are those of the modules `pg_buffercache` and `pg_prewarm`, made without the extensions, which
 * would show in a tenant's databases and in its dumps. They lie in `pg_catalog`, where no tenant can
 * make anything; nobody but a superuser may call them; and what `pg_init_privs` says of them tells
 * `pg_dump` that this has always been so. Where a module is not installed, or is too old to have a
 * function, that one is missing, and what needs it does nothing.
 *
 * Source: PostgreSQL `contrib/pg_buffercache`, `contrib/pg_prewarm`, `pg_dump.c` getFuncs.
 */

/** `postgres` is ours: buffers are those of the whole compute, looked at from there. */
const LOOKED_AT_FROM = 'postgres';

type OwnFunction = {
  readonly name: string;
  readonly takes: string;
  readonly returns: string;
  readonly module: string;
  readonly symbol: string;
};

/** Columns are named by whoever calls it. */
const BUFFERS: OwnFunction = {
  name: 'dynabase_buffers',
  takes: '',
  returns: 'setof record',
  module: 'pg_buffercache',
  symbol: 'pg_buffercache_pages',
};

/** Since 18 it tells two things. */
const evict = (major: number): OwnFunction => ({
  name: 'dynabase_evict',
  ...(major >= 18
    ? { takes: 'int4, out evicted bool, out flushed bool', returns: 'record' }
    : { takes: 'int4, out evicted bool', returns: 'bool' }),
  module: 'pg_buffercache',
  symbol: 'pg_buffercache_evict',
});

/** In every database: a relation can be read from its own alone. Null if there is no such relation. */
const PREWARM: OwnFunction = {
  name: 'dynabase_prewarm',
  takes: 'regclass, text, text, int8, int8',
  returns: 'int8',
  module: 'pg_prewarm',
  symbol: 'pg_prewarm',
};

const SAYS_WHO_MAY = `
  insert into pg_catalog.pg_init_privs (objoid, classoid, objsubid, privtype, initprivs)
  select p.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass, 0, 'i', p.proacl
  from pg_catalog.pg_proc as p where p.oid = `;

/** In a block, so that what is missing is as if it had not been asked for. */
function statementFor({ name, takes, returns, module, symbol }: OwnFunction): string {
  const signature = `pg_catalog.${name}(${takes})`;
  return `do $do$ begin
    create function ${signature} returns ${returns}
      as '$libdir/${module}', '${symbol}' language c strict volatile;
    revoke all on function ${signature} from public;
    ${SAYS_WHO_MAY} pg_catalog.to_regproc('pg_catalog.${name}');
  exception when undefined_file or undefined_function then null;
  end $do$`;
}

/** To be run once in `database`, by a superuser. */
export function ownFunctions(database: string, major: number): string[] {
  const wanted = database === LOOKED_AT_FROM ? [BUFFERS, evict(major), PREWARM] : [PREWARM];
  return wanted.map(statementFor);
}
