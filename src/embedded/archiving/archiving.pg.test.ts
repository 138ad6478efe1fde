import { existsSync, readdirSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snapshotIdOf, type TenantId } from '../../domain/ids.ts';
import { eventually } from '../../testing/eventually.ts';
import { type RealHost, type RealTenant, realHost } from '../../testing/real-host.ts';
import { SUPERUSER } from '../admin.ts';
import { layoutOf, tenantFiles } from '../layout.ts';
import { systemIdentifierOf } from '../system-identifier.ts';

let world: RealHost;

beforeAll(async () => {
  world = await realHost({ husks: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

const never = new AbortController().signal;

const filesOf = (id: TenantId) => tenantFiles(layoutOf(world.dataDir), id);

const refOf = ({ id }: { readonly id: TenantId }, snapshot: number) => ({
  tenant: id,
  vault: id,
  snapshot: snapshotIdOf(snapshot),
});

const archive = (tenant: RealTenant, snapshot: number, signal: AbortSignal = never) =>
  world.host.archive(tenant.id, { ...refOf(tenant, snapshot), name: null, notes: {}, signal });

/** Takes the tenant off this machine. */
async function shelve(tenant: RealTenant, snapshot: number): Promise<void> {
  await world.host.stop(tenant.id);
  await archive(tenant, snapshot);
  await world.host.remove(tenant.id);
}

/** Nobody becomes our superuser by anything but its password. */
async function mustAskForPasswords(tenant: RealTenant): Promise<void> {
  const login = { user: SUPERUSER, password: 'guessed', database: 'postgres' };
  await eventually('a refusal', () =>
    world.sql(tenant, 'select 1', login).then(
      () => false,
      (error: { readonly code?: string }) => error.code === '28P01',
    ),
  );
}

/** A tenant that is made of another's snapshot; not hydrated yet. */
async function forkOf(tenant: RealTenant, snapshot: number, name: string): Promise<RealTenant> {
  const fork = world.drafted(name);
  const to = { tenant: fork.id, snapshot: snapshotIdOf(1), name: null, notes: {} };
  await world.engine.archive.share(refOf(tenant, snapshot), to);
  return fork;
}

/** Hydrates, starts and settles it. */
async function wakeFork(fork: RealTenant, parent: RealTenant): Promise<void> {
  await world.host.hydrate(fork.id, { ...refOf(fork, 1), vault: parent.id }, never);
  await world.start(fork.id);
  await world.host.settle(fork.id, fork);
}

test('a tenant that was archived and removed comes back with all its rows', async () => {
  const tenant = await world.running('shelved');
  await world.sql(tenant, 'create table kept as select generate_series(1, 5000) as n');
  await world.host.stop(tenant.id);
  const { hotList, access, data } = filesOf(tenant.id);
  await writeFile(hotList, 'hot');
  await writeFile(access, '{}');
  const identifier = await systemIdentifierOf(data);
  const snapshot = await archive(tenant, 1);
  expect(snapshot).toMatchObject({ id: snapshotIdOf(1), taken: 'stopped', damage: null });
  await world.host.remove(tenant.id);
  expect(await world.host.observe(tenant.id)).toEqual({ kind: 'absent' });

  expect(await world.host.hydrate(tenant.id, refOf(tenant, 1), never)).toBeGreaterThan(0);
  expect(await world.host.observe(tenant.id)).toEqual({ kind: 'stopped' });
  expect(existsSync(filesOf(tenant.id).firstSecret)).toBe(false);
  expect(await readFile(hotList, 'utf8')).toBe('hot');
  expect(await readFile(access, 'utf8')).toBe('{}');
  expect(await systemIdentifierOf(data)).toBe(identifier);
  await world.start(tenant.id);
  const kept = 'select count(*)::int as n, sum(n)::int as total from kept';
  expect(await world.sql(tenant, kept)).toEqual([{ n: 5_000, total: 12_502_500 }]);
});

test('a tenant that has files is not hydrated over', async () => {
  const tenant = await world.running('present');
  await world.sql(tenant, 'create table kept as select 1 as n');
  await world.host.stop(tenant.id);
  await archive(tenant, 1);
  await world.start(tenant.id);
  await world.sql(tenant, 'insert into kept values (2)');
  expect(await world.host.hydrate(tenant.id, refOf(tenant, 1), never)).toBe(0);
  expect(await world.sql(tenant, 'table kept')).toEqual([{ n: 1 }, { n: 2 }]);
});

test('a base backup under load has all that was acknowledged before it was asked for', async () => {
  const tenant = await world.running('busy');
  await world.sql(tenant, 'create table written (n int primary key, filler text)');
  const load = await loadOn(tenant);
  await load.until(50);
  const before = load.acknowledged;
  const snapshot = await archive(tenant, 1);
  await load.until(before + 1);
  await load.end();
  expect(snapshot.taken).toBe('running');

  await world.host.stop(tenant.id);
  await world.host.remove(tenant.id);
  await world.host.hydrate(tenant.id, refOf(tenant, 1), never);
  await world.start(tenant.id);
  const counted =
    'select count(*)::int as n, max(n) as last, sum(rounds)::int as rounds from written';
  const [found] = await world.sql(tenant, counted);
  expect(found?.n).toBe(found?.last);
  expect(found?.n).toBeGreaterThanOrEqual(before);
  expect(await world.sql(tenant, 'select count(*)::int as n from written where n > 0')).toEqual([
    { n: found?.n },
  ]);
});

/** Rows that are written one after the other, with what makes pages tear: updates and checkpoints. */
async function loadOn(tenant: RealTenant) {
  const client = await world.connect(tenant);
  await client.query('alter table written add rounds int default 0');
  const state = { acknowledged: 0, isOver: false };
  const written = (async () => {
    for (let n = 1; !state.isOver; n++) {
      const filler = `repeat(md5(${n}::text), 100)`;
      await client.query(`insert into written (n, filler) values (${n}, ${filler})`);
      state.acknowledged = n;
      if (n % 20 === 0) await client.query('update written set rounds = rounds + 1');
    }
    await client.end();
  })();
  return {
    get acknowledged() {
      return state.acknowledged;
    },
    until: (n: number) => eventually(`${n} rows`, async () => state.acknowledged >= n),
    async end(): Promise<void> {
      state.isOver = true;
      await written;
    },
  };
}

test('a compute that was made without a door for backups gets one as it runs', async () => {
  const tenant = await world.created('doorless');
  await writeFile(join(filesOf(tenant.id).data, 'pg_hba.conf'), 'local all all scram-sha-256\n');
  await world.start(tenant.id);
  await world.host.settle(tenant.id, tenant);
  expect((await archive(tenant, 1)).taken).toBe('running');
  expect((await archive(tenant, 2)).taken).toBe('running');
});

test.each(['stopped', 'running'] as const)(
  'a fork of a %s tenant lives on beside it, under names and passwords of its own',
  async (taken) => {
    const parent = await world.running(`parent-${taken}`);
    await world.sql(parent, 'create table kept as select 1 as n');
    await world.sql(parent, `create role helper login password 'helps'`);
    if (taken === 'stopped') await world.host.stop(parent.id);
    expect((await archive(parent, 1)).taken).toBe(taken);
    const fork = await forkOf(parent, 1, `fork-${taken}`);
    await wakeFork(fork, parent);
    if (taken === 'stopped') await world.start(parent.id);

    await world.sql(fork, 'insert into kept values (2)');
    expect(await world.sql(fork, 'table kept')).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await world.sql(parent, 'table kept')).toEqual([{ n: 1 }]);
    const who = 'select current_user as role, current_database() as db';
    expect(await world.sql(fork, who)).toEqual([{ role: fork.name, db: fork.name }]);
    const helper = { user: 'helper', password: 'helps' };
    expect(await world.sql(fork, 'select 1 as one', helper)).toEqual([{ one: 1 }]);
    const names = await world.sql(
      fork,
      `select rolname as name from pg_roles where rolname !~ '^(pg_|dynabase)'
       union select datname from pg_database where datname !~ '^(template|postgres)' order by 1`,
    );
    expect(names).toEqual([{ name: fork.name }, { name: 'helper' }]);
    const login = { user: parent.name, password: parent.password, database: 'postgres' };
    await expect(world.sql(fork, 'select 1', login)).rejects.toMatchObject({ code: '28P01' });
    const told = 'select system_identifier::text as id from pg_control_system()';
    const identifiers = await Promise.all([fork, parent].map((of) => world.sql(of, told)));
    expect(identifiers[0]).not.toEqual(identifiers[1]);
    expect(existsSync(filesOf(fork.id).firstSecret)).toBe(false);
    await mustAskForPasswords(fork);

    await shelve(fork, 2);
    const ref = { ...refOf(fork, 2), vault: fork.id };
    await world.host.hydrate(fork.id, ref, never);
    await world.start(fork.id);
    expect(await world.sql(fork, 'table kept')).toEqual([{ n: 1 }, { n: 2 }]);
  },
);

test('a fork that is forked before it was ever awake, and one put away before it was settled', async () => {
  const parent = await world.running('grandparent');
  await world.sql(parent, 'create table kept as select 1 as n');
  await shelve(parent, 1);
  const between = await forkOf(parent, 1, 'between');
  const last = world.drafted('last');
  const ref = { ...refOf(between, 1), vault: parent.id };
  await world.engine.archive.share(ref, {
    tenant: last.id,
    snapshot: snapshotIdOf(1),
    name: null,
    notes: {},
  });
  await wakeFork(last, parent);
  expect(await world.sql(last, 'table kept')).toEqual([{ n: 1 }]);

  await world.host.hydrate(between.id, ref, never);
  await world.host.archive(between.id, {
    ...ref,
    snapshot: snapshotIdOf(2),
    name: null,
    notes: {},
    signal: never,
  });
  await world.host.remove(between.id);
  await world.host.hydrate(between.id, { ...ref, snapshot: snapshotIdOf(2) }, never);
  await world.start(between.id);
  await world.host.settle(between.id, between);
  expect(await world.sql(between, 'table kept')).toEqual([{ n: 1 }]);
});

test('what the tenant itself had named like the fork makes room for it', async () => {
  const parent = await world.running('crowded');
  await world.sql(parent, `create role staging login password 'x'`);
  await world.sql(parent, 'create database staging');
  await world.sql(parent, 'create table kept as select 1 as n');
  await shelve(parent, 1);
  const fork = await forkOf(parent, 1, 'staging');
  await wakeFork(fork, parent);
  await world.host.settle(fork.id, fork);
  expect(await world.sql(fork, 'table kept')).toEqual([{ n: 1 }]);
  const aside = { user: 'staging_old', password: 'x', database: 'staging_old' };
  expect(await world.sql(fork, 'select current_user as role', aside)).toEqual([
    { role: 'staging_old' },
  ]);
});

test('files that are brought back belong to the tenant', async () => {
  const tenant = await world.running('owned');
  await shelve(tenant, 1);
  await world.host.hydrate(tenant.id, refOf(tenant, 1), never);
  const { data, root } = filesOf(tenant.id);
  const { uid } = await stat(data);
  const entries = readdirSync(data, { withFileTypes: true, recursive: true });
  const owners = await Promise.all(
    entries.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).uid),
  );
  expect(new Set(owners)).toEqual(new Set([uid]));
  expect((await stat(root)).uid).toBe(process.getuid?.());
});

test('an export lives on in another installation, under a name and a password of its own', async () => {
  await using elsewhere = await realHost();
  const tenant = await world.running('exported');
  await world.sql(tenant, 'create table kept as select 1 as n');
  await archive(tenant, 1);
  const imported = elsewhere.drafted('imported');
  const ref = refOf(imported, 1);
  const file = world.engine.archive.export(refOf(tenant, 1));
  await elsewhere.engine.archive.import({ ...ref, name: null, notes: {} }, file, never);
  await elsewhere.host.hydrate(imported.id, ref, never);
  await elsewhere.start(imported.id);
  await elsewhere.host.settle(imported.id, imported);
  expect(await elsewhere.sql(imported, 'table kept')).toEqual([{ n: 1 }]);
});
