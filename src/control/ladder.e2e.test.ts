/** A tenant's data on its way to the archive and back, as copies and as files, through the front door. */
import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { type RealServer, realServer, runCli } from '../testing/real-server.ts';

let server: RealServer;

beforeAll(async () => {
  server = await realServer({ args: ['--suspend-after', '10m'] });
});

afterAll(() => server[Symbol.asyncDispose]());

/** Runs one statement as the owner, on a connection of its own. */
async function sql(tenant: TenantSecret, statement: string): Promise<readonly unknown[]> {
  const client = new pg.Client(server.uri({ role: tenant.name, password: tenant.password }));
  await client.connect();
  try {
    return (await client.query({ text: statement, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

/** A tenant with these rows in table `t`. */
async function tenantWith(name: string, ...rows: readonly number[]): Promise<TenantSecret> {
  const tenant = await server.client.tenants.create({ name });
  await sql(tenant, 'create table t (n integer primary key)');
  await insert(tenant, ...rows);
  return tenant;
}

const insert = (tenant: TenantSecret, ...rows: readonly number[]) =>
  sql(tenant, `insert into t values ${rows.map((n) => `(${n})`).join(', ')}`);

const rowsOf = (tenant: TenantSecret) => sql(tenant, 'select n from t order by n');

test('one that is archived has no files here, and its next client finds all as it was', async () => {
  const { tenants } = server.client;
  const acme = await tenantWith('archived', 1, 2);
  const away = await tenants.archive(acme.id);
  expect(away).toMatchObject({
    state: 'suspended',
    home: 'archive',
    level: 'L4',
    dirtySince: null,
  });
  await expect(stat(join(server.dataDir, 'tenants', acme.id))).rejects.toMatchObject({
    code: 'ENOENT',
  });
  expect(await rowsOf(acme)).toEqual([1, 2]);
  // That it runs is written behind the client's back.
  await tenants.wake(acme.id);
  const levels = await tenants.levels(acme.id);
  expect(levels).toMatchObject({ level: 'L1', wakes: { l4: 1 } });
  expect(levels.bytes.l3).toBeGreaterThan(1_000_000);
  expect(levels.bytes.l4).toBeGreaterThan(0);
  expect(levels.steps.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['wake', 'archive']));
});

test('a snapshot of an awake tenant is restored, and what there was is kept', async () => {
  const { tenants } = server.client;
  const acme = await tenantWith('restored', 1);
  const before = await tenants.snapshot(acme.id, { name: 'one row' });
  expect(before).toMatchObject({ name: 'one row', taken: 'running', damage: null });
  await insert(acme, 2);
  await tenants.restore(acme.id, before.id);
  expect(await rowsOf(acme)).toEqual([1]);
  const kept = (await tenants.snapshots(acme.id)).find(({ name }) => name?.includes(before.id));
  await tenants.restore(acme.id, kept?.id ?? '');
  expect(await rowsOf(acme)).toEqual([1, 2]);
  await tenants.deleteSnapshot(acme.id, before.id);
  expect((await tenants.snapshots(acme.id)).some(({ id }) => id === before.id)).toBe(false);
});

test('a fork and its origin live on side by side, each with its own password', async () => {
  const { tenants } = server.client;
  const acme = await tenantWith('origin', 1);
  const fork = await tenants.fork(acme.id, { name: 'fork' });
  await insert(acme, 2);
  await insert(fork, 3);
  expect([await rowsOf(acme), await rowsOf(fork)]).toEqual([
    [1, 2],
    [1, 3],
  ]);
  expect(await sql(fork, 'select current_user, current_database()')).toEqual(['fork', 'fork']);
  await tenants.delete(acme.id);
  await tenants.archive(fork.id);
  expect(await rowsOf(fork)).toEqual([1, 3]);
});

test('an exported file becomes a tenant again, by the command line', async () => {
  const acme = await tenantWith('exported', 1, 2, 3);
  const file = join(tmpdir(), `dynabase-e2e-${process.pid}.tar.zst`);
  const { dataDir } = server;
  try {
    const exported = await runCli(['export', 'exported', file, '--json'], { dataDir });
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    const { mode, size } = await stat(file);
    expect([mode & 0o777, size]).toEqual([0o600, JSON.parse(exported.stdout).bytes]);
    const imported = await runCli(['import', 'again', file, '--json'], { dataDir });
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    const again: TenantSecret = JSON.parse(imported.stdout);
    await insert(again, 4);
    expect([await rowsOf(again), await rowsOf(acme)]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3],
    ]);
  } finally {
    await rm(file, { force: true });
  }
});

test('what is no exported file is refused, and leaves no tenant', async () => {
  const refused = await runCli(['import', 'nothing', '-'], {
    dataDir: server.dataDir,
    stdin: 'something else',
  });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('[BAD_IMPORT]')]);
  await expect(server.client.tenants.get('nothing')).rejects.toMatchObject({
    code: 'TENANT_UNKNOWN',
  });
});
