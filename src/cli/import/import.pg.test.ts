import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execute } from '../../main/local-programs.ts';
import { fakeWorld } from '../../testing/fake-world.ts';
import { runs, titled } from '../../testing/installed.ts';
import { debianPostgres, type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { type Imported, importDatabase, type Progress } from './import.ts';
import type { SchemaReader } from './schema-readers.ts';
import type { SourceAddress } from './source-address.ts';

const LIVED_IN = readFileSync(
  join(import.meta.dirname, '../../testing/programs/lived-in.sql'),
  'utf8',
);

const OLDER = debianPostgres(15);

let target: RealPostgres;

beforeAll(async () => {
  target = await realPostgres();
  await target.sql("create role acme login createrole password 'x'");
});
afterAll(() => target[Symbol.asyncDispose]());

const addressOf = (
  { connection }: RealPostgres,
  login: Partial<SourceAddress> = {},
): SourceAddress => ({
  host: connection.socketDir,
  port: connection.port,
  user: connection.user,
  password: connection.password,
  database: connection.database,
  sslMode: 'prefer',
  sslRootCert: undefined,
  ...login,
});

/** A fresh database of an ordinary owner, as a tenant is. */
async function freshTenant(name: string): Promise<SourceAddress> {
  await target.sql(`drop database if exists ${name}`);
  await target.sql(`create database ${name} owner acme`);
  return addressOf(target, { user: 'acme', password: 'x', database: name });
}

type Asked = {
  readonly schemaBy: SchemaReader;
  readonly signal?: AbortSignal;
  readonly progress?: (now: Progress) => void;
};

function imported(source: RealPostgres, tenant: SourceAddress, asked: Asked): Promise<Imported> {
  return importDatabase({
    world: { ...fakeWorld(), execute },
    source: addressOf(source),
    tenant: () => Promise.resolve(tenant),
    jobs: 3,
    signal: asked.signal ?? new AbortController().signal,
    progress: asked.progress ?? (() => undefined),
    schemaBy: asked.schemaBy,
  });
}

/** All rows of all tables, and what the catalog says of everything, for comparison. */
const FACTS: Readonly<Record<string, string>> = {
  relations: `select c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relispartition,
    c.relispopulated, obj_description(c.oid, 'pg_class') as comment
    from pg_class c where c.relnamespace = 'shop'::regnamespace order by 1`,
  columns: `select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, a.attidentity,
    a.attgenerated, a.attcollation::regcollation::text as collation, pg_get_expr(d.adbin, d.adrelid) as expr,
    col_description(c.oid, a.attnum) as comment
    from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d
      on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'c') and a.attnum > 0
      and not a.attisdropped order by c.relname, row_number() over (partition by c.oid order by a.attnum)`,
  indexes: `select indexdef from pg_indexes where schemaname = 'shop' order by 1`,
  valid: `select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = 'shop'::regnamespace and not i.indisvalid`,
  constraints: `select conrelid::regclass::text as t, conname, pg_get_constraintdef(oid) as def, convalidated
    from pg_constraint where connamespace = 'shop'::regnamespace and contype <> 'n' order by 1, 2`,
  triggers: `select tgname, tgenabled, pg_get_triggerdef(t.oid) as def from pg_trigger t where not tgisinternal order by 1`,
  functions: `select proname, prokind, pg_get_function_arguments(oid) as args, prosrc, provolatile from pg_proc
    where pronamespace = 'shop'::regnamespace order by 1, 3`,
  types: `select t.typname, t.typtype, t.typdefault, array(select enumlabel::text from pg_enum e
    where e.enumtypid = t.oid order by enumsortorder) as labels from pg_type t
    where typnamespace = 'shop'::regnamespace and typname !~ '^_' order by 1`,
  sequences: `select sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle,
    cache_size, last_value from pg_sequences where schemaname = 'shop' order by 1`,
  owned: `select pg_get_serial_sequence('shop.orders', 'id') as a, pg_get_serial_sequence('shop.people', 'id') as b`,
  // Newer versions leave out a table's name before its only columns.
  views: `select viewname, regexp_replace(definition, '(people|glad|zz_first|aa_counts)\\.', '', 'g') as def
    from pg_views where schemaname = 'shop' union all select matviewname, definition from pg_matviews where schemaname = 'shop' order by 1`,
  policies: `select policyname, permissive, cmd, qual, with_check from pg_policies order by 1`,
  rules: `select rulename, definition from pg_rules where schemaname = 'shop' order by 1`,
  statistics: `select pg_get_statisticsobjdef(oid) as def from pg_statistic_ext order by 1`,
  people: 'select * from shop.people order by id',
  orders: 'select * from shop.orders order by id',
  events: 'select tableoid::regclass::text as part, * from shop.events order by at, what',
  vehicles: 'select tableoid::regclass::text as own, * from shop.vehicles order by name',
  scratch: 'select * from shop.scratch order by a',
  mixed: 'select * from shop."Mixed ""Case""" order by 1',
  counts: 'select n, m from shop.aa_counts, shop.uses_counts',
  next: "select nextval('shop.numbers') as n",
};

async function factsOf(postgres: RealPostgres, database: string) {
  const facts: Record<string, unknown> = {};
  for (const [name, sql] of Object.entries(FACTS)) {
    facts[name] = await postgres.sql(sql, [], database);
  }
  return facts;
}

const SOURCES = [
  ['of our own version', undefined, 'catalog'],
  ['of version 15', OLDER, 'catalog'],
  ['of version 15, through pg_dump', OLDER, 'pg_dump'],
] as const;

describe.each(SOURCES)('a database %s', (title, binDir, schemaBy) => {
  const isThere =
    binDir === undefined ||
    (existsSync(binDir) && (schemaBy === 'catalog' || runs('pg_dump', '-V')));

  test.runIf(isThere)(titled('comes over whole', isThere, 'postgresql-15'), async () => {
    await using source = await realPostgres([], binDir);
    await source.sql(LIVED_IN);
    const database = `t_${SOURCES.findIndex(([one]) => one === title)}`;
    const tenant = await freshTenant(database);
    const steps: Progress[] = [];
    const found = await imported(source, tenant, { schemaBy, progress: (now) => steps.push(now) });
    expect(found.schemaBy).toBe(schemaBy);
    expect(found.extensions).toEqual(['citext', 'pg_trgm']);
    expect(Object.fromEntries(found.tables.map((t) => [t.table, t.rows]))).toMatchObject({
      'shop.people': 500,
      'shop.orders': 3000,
      'shop.events_2029': 365,
      'shop.events_rest': 365,
      'shop.vehicles': 1,
      'shop.cars': 1,
      'shop.scratch': 3,
      'shop.empty': 1,
      'shop."Mixed ""Case"""': 2,
    });
    expect(found.left).toEqual([
      '1 roles: every object belongs to the owner of the tenant, and grants to others are not made',
    ]);
    expect(steps.at(-1)?.step).toBe('counting rows');
    const there = await factsOf(source, 'postgres');
    const here = await factsOf(target, database);
    for (const name of Object.keys(FACTS))
      expect({ [name]: here[name] }).toEqual({ [name]: there[name] });
    const strange = await target.sql(
      `select relname from pg_class where relnamespace = 'shop'::regnamespace and relowner <> 'acme'::regrole`,
      [],
      database,
    );
    expect(strange).toEqual([]);
  });
});

test('a failure on the way names the side, the statement and the code', async () => {
  await using source = await realPostgres();
  await source.sql('create table t (a int); insert into t values (1)');
  const tenant = await freshTenant('t_failing');
  await target.sql('create table public.t ()', [], 't_failing');
  await expect(imported(source, tenant, { schemaBy: 'catalog' })).rejects.toMatchObject({
    message: 'the new tenant: relation "t" already exists',
    code: '42P07',
    lines: ['while: create table public.t (a integer)'],
  });
});

test('what an owner may not make is left out, and told', async () => {
  await using source = await realPostgres();
  await source.sql(`create function f(int) returns int language internal as 'int4abs';
    create function g() returns event_trigger language plpgsql as 'begin end';
    create event trigger watch on ddl_command_end execute function g();
    select lo_create(0)`);
  const tenant = await freshTenant('t_left');
  expect((await imported(source, tenant, { schemaBy: 'catalog' })).left).toEqual([
    '1 event triggers',
    '1 large objects',
    'function public.f(integer): the owner of a tenant may not make it',
  ]);
});

test('rows that change meanwhile are seen as they were at the beginning', async () => {
  await using source = await realPostgres();
  await source.sql('create table a (n int); create table b (n int); insert into a values (1)');
  const tenant = await freshTenant('t_snapshot');
  let isChanged = false;
  const changing: Promise<unknown>[] = [];
  const found = await imported(source, tenant, {
    schemaBy: 'catalog',
    progress: ({ step }) => {
      if (isChanged || step !== 'making the schema') return;
      isChanged = true;
      changing.push(source.sql('insert into a values (2); insert into b values (2)'));
    },
  });
  await Promise.all(changing);
  expect(isChanged).toBe(true);
  expect(found.tables).toEqual([
    { table: 'public.a', rows: 1 },
    { table: 'public.b', rows: 0 },
  ]);
});

test('a stop ends it at once', async () => {
  await using source = await realPostgres();
  await source.sql('create table a as select generate_series(1, 100000) as n');
  const tenant = await freshTenant('t_stopped');
  const controller = new AbortController();
  const stopped = imported(source, tenant, {
    schemaBy: 'catalog',
    signal: controller.signal,
    progress: ({ bytes }) => {
      if (bytes !== undefined && bytes > 1_000) controller.abort(new Error('stopped'));
    },
  });
  await expect(stopped).rejects.toThrow('stopped');
});

test('a row that the target refuses is its failure, and the source is let go', async () => {
  await using source = await realPostgres();
  await source.sql(
    "create table a as select repeat('x', 1000) as t from generate_series(1, 20000)",
  );
  const tenant = await freshTenant('t_refused');
  // Domains are made with their checks; this one holds only where the rows come from.
  await source.sql(`create function fine() returns boolean language sql
      as 'select current_database() = ''postgres''';
    create domain d as int check (fine()); create table b (a int, d d);
    insert into b select i, 1 from generate_series(1, 300000) i`);
  const failing = imported(source, tenant, { schemaBy: 'catalog' });
  await expect(failing).rejects.toMatchObject({
    code: '23514',
    message: expect.stringContaining('the new tenant: value for domain'),
  });
});

test('a wrong password is told with its side', async () => {
  await using source = await realPostgres();
  const tenant = { ...(await freshTenant('t_login')), password: 'wrong' };
  await expect(imported(source, tenant, { schemaBy: 'catalog' })).rejects.toMatchObject({
    code: '28P01',
    message: 'the new tenant: password authentication failed for user "acme"',
  });
});
