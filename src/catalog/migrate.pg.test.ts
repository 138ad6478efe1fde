import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTenantName } from '../domain/ids.ts';
import { timestamp } from '../domain/units.ts';
import { draft } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import type { CatalogConnection } from './connections.ts';
import { MIGRATIONS_DIR, type Migration, migration, readMigrations } from './migrate.ts';
import { openCatalog } from './open-catalog.ts';

let postgres: RealPostgres;
let known: readonly Migration[];
let databases = 0;

beforeAll(async () => {
  postgres = await realPostgres();
  known = await readMigrations(MIGRATIONS_DIR);
});

afterAll(() => postgres[Symbol.asyncDispose]());

async function freshDatabase(options = ''): Promise<string> {
  const name = `fresh${++databases}`;
  await postgres.sql(`create database ${name} ${options}`);
  return name;
}

const within = (database: string): CatalogConnection => ({ ...postgres.connection, database });

async function open(
  database: string,
  migrations: readonly Migration[] = known,
): Promise<MemoryLog> {
  const log = new MemoryLog();
  const catalog = await openCatalog({ connection: within(database), log, migrations });
  await catalog.close();
  return log;
}

const applied = (database: string) =>
  postgres.sql('select version, name from dynabase.migrations order by version', [], database);

const extra = (text: string): Migration => migration(known.length + 1, 'extra.sql', text);

describe('opening the catalog', () => {
  test('makes the tables once, also when five programs start together', async () => {
    const database = await freshDatabase();
    const logs = await Promise.all(Array.from({ length: 5 }, () => open(database)));
    const names = known.map(({ name }) => name);
    expect(await applied(database)).toEqual(names.map((name, i) => ({ version: i + 1, name })));
    const made = logs.flatMap(({ lines }) => lines.flatMap(({ fields }) => Object.values(fields)));
    expect(made.toSorted()).toEqual(names);
  });

  test('makes nothing the second time, and keeps what is there', async () => {
    const database = await freshDatabase();
    const log = new MemoryLog();
    const connection = within(database);
    await using first = await openCatalog({ connection, log });
    const tenant = await first.insertTenant(draft('acme'));
    const again = await open(database);
    expect([again.lines, await first.tenantById(tenant.id)]).toEqual([[], tenant]);
  });

  test('applies what a newer program brings', async () => {
    const database = await freshDatabase();
    await open(database);
    await open(database, [...known, extra('create table dynabase.extra ()')]);
    expect((await applied(database)).at(-1)).toEqual({
      version: known.length + 1,
      name: 'extra.sql',
    });
  });

  test('keeps the tenants of a catalog from before a session could be pinned', async () => {
    const database = await freshDatabase();
    await open(database, known.slice(0, 2));
    await postgres.sql(
      `insert into dynabase.tenants (id, name, plan, tier, state, sessions_max)
       values ('tn_000000000001', 'acme', 'free', 'COLD', 'suspended', 7)`,
      [],
      database,
    );
    await using catalog = await openCatalog({
      connection: within(database),
      log: new MemoryLog(),
      migrations: known,
    });
    const tenant = await catalog.tenantByName(parseTenantName('acme'));
    expect(tenant).toMatchObject({ sessionsMax: 7, maxPinIdle: null });
    const negative = `update dynabase.tenants set max_pin_idle_ms = -1`;
    await expect(postgres.sql(negative, [], database)).rejects.toMatchObject({ code: '23514' });
  });

  test('has the tenants of a catalog from before the ladder here, in no snapshot', async () => {
    const database = await freshDatabase();
    await open(database, known.slice(0, 3));
    await postgres.sql(
      `insert into dynabase.tenants (id, name, plan, tier, state)
       values ('tn_000000000001', 'acme', 'free', 'COLD', 'suspended')`,
      [],
      database,
    );
    await using catalog = await openCatalog({
      connection: within(database),
      log: new MemoryLog(),
      migrations: known,
    });
    const tenant = await catalog.tenantByName(parseTenantName('acme'));
    const due = await catalog.dueForSnapshot(timestamp(4_102_444_800_000), 1);
    expect([tenant?.home, tenant?.vault, due]).toEqual([{ kind: 'local' }, tenant?.id, [tenant]]);
    expect(await catalog.countHomes()).toEqual({ none: 0, local: 1, archive: 0 });
    const tiers = { COLD: 0, WARM: 0, HOT: 0, PERSISTENT: 0 };
    expect(await catalog.countTiers()).toEqual({ ...tiers, [tenant?.tier ?? '']: 1 });
  });

  test('needs no more than the right to make a schema, and makes things nowhere else', async () => {
    const database = await freshDatabase();
    await postgres.sql(`create role modest login password 'modest'`);
    await postgres.sql(`grant create on database ${database} to modest`);
    const connection = {
      ...postgres.connection,
      database,
      user: 'modest',
      password: 'modest',
    };
    await (await openCatalog({ connection, log: new MemoryLog() })).close();
    const schemas = await postgres.sql(
      `select distinct nspname from pg_class join pg_namespace n on n.oid = relnamespace
       where nspname !~ '^pg_' and nspname <> 'information_schema'`,
      [],
      database,
    );
    expect(schemas).toEqual([{ nspname: 'dynabase' }]);
  });
});

describe('a migration that fails', () => {
  test('leaves the catalog as it was, and is repeated', async () => {
    const database = await freshDatabase();
    const torn = extra('create table dynabase.extra (); select 1 / 0');
    await expect(open(database, [...known, torn])).rejects.toThrow('division by zero');
    await open(database, [...known, extra('create table dynabase.extra ()')]);
    expect((await applied(database)).length).toBe(known.length + 1);
  });

  test('because its connection was killed is told as the catalog being down', async () => {
    const database = await freshDatabase();
    const slow = extra('create table dynabase.extra (); select pg_sleep(600)');
    const opening = expect(open(database, [...known, slow])).rejects.toMatchObject({
      code: 'CATALOG_DOWN',
    });
    await postgres.sqlUntilRows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = $1 and wait_event = 'PgSleep'`,
      [database],
    );
    await opening;
    expect((await applied(database)).length).toBe(known.length);
    expect((await open(database)).lines).toEqual([]);
  });
});

describe('a catalog that is not for this program', () => {
  test('is refused when a newer one broke it', async () => {
    const database = await freshDatabase();
    await open(database, [...known, extra('-- breaking\ncreate table dynabase.extra ()')]);
    await expect(open(database)).rejects.toMatchObject({
      code: 'CATALOG_NEWER',
      message: expect.stringContaining(`it is at migration ${known.length + 1}`),
    });
  });

  test('is used, with a warning, when a newer one only added to it', async () => {
    const database = await freshDatabase();
    await open(database, [...known, extra('create table dynabase.extra ()')]);
    expect((await open(database)).lines).toEqual([
      {
        level: 'warn',
        message: 'catalog was made by a newer version',
        fields: { found: known.length + 1, known: known.length },
      },
    ]);
  });

  test('is refused when an applied migration was edited since', async () => {
    const database = await freshDatabase();
    await open(database);
    const [first, ...rest] = known;
    const edited = migration(1, first?.name ?? '', `${first?.sql}\n-- edited`);
    await expect(open(database, [edited, ...rest])).rejects.toMatchObject({
      code: 'CATALOG_UNUSABLE',
      message: expect.stringContaining('migration 1 is not the one it was made with'),
    });
  });

  test('is refused when its encoding cannot hold every name', async () => {
    const database = await freshDatabase(`encoding 'LATIN1' template template0`);
    await expect(open(database)).rejects.toMatchObject({
      code: 'CATALOG_UNUSABLE',
      message: expect.stringContaining('encoding LATIN1'),
    });
  });
});

describe('migration files', () => {
  async function filesRead(files: Readonly<Record<string, string>>) {
    const directory = await mkdtemp(join(tmpdir(), 'dynabase-migrations-'));
    try {
      for (const [name, text] of Object.entries(files))
        await writeFile(join(directory, name), text);
      return await readMigrations(pathToFileURL(`${directory}/`));
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  test('are read in order, and their line ends do not matter', async () => {
    const text = '-- breaking\nselect 1;\n';
    const [unix] = await filesRead({ '0001-a.sql': text, '0002-b.sql': '', 'README.md': '' });
    const windows = await filesRead({
      '0002-b.sql': '',
      '0001-a.sql': text.replaceAll('\n', '\r\n'),
    });
    expect(windows.map(({ version, breaking }) => [version, breaking])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(windows[0]).toEqual(unix);
  });

  test('with a gap or an odd name are our own mistake', async () => {
    await expect(filesRead({ '0002-a.sql': '' })).rejects.toThrow('number 1 is due');
    await expect(filesRead({ '1-a.sql': '' })).rejects.toThrow('not 0001-what-it-does.sql');
  });
});
