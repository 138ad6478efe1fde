import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { COLD, GIVE_UP_AFTER, realHost } from '../testing/real-host.ts';
import { computeFiles, layoutOf, tenantFiles } from './layout.ts';
import { findProcess, processesOf } from './machine/processes.ts';
import { readPostmasterFile } from './postmaster-file.ts';

test('a second server finds what the first left running, and can stop it', async () => {
  await using world = await realHost();
  const tenant = await world.running('survivor');
  const first = world.engine;
  const { address } = await world.start(tenant.id);
  await first.close();
  expect(await world.sql(tenant, 'select 1 as n').catch(() => 'gone')).toEqual([{ n: 1 }]);

  const second = await world.open();
  expect(await second.host.observe(tenant.id)).toEqual({ kind: 'running', address });
  expect(await world.sql(tenant, 'select 1 as n')).toEqual([{ n: 1 }]);
  await second.host.stop(tenant.id);
  expect(await second.host.observe(tenant.id)).toEqual({ kind: 'stopped' });
});

test('the end of an adopted compute is noticed', async () => {
  await using world = await realHost();
  const tenant = await world.running('adopted');
  await world.engine.close();
  const { host } = await world.open();
  await host.observe(tenant.id);
  const lost = new Promise((resolve) => host.onLost((id, reason) => resolve({ id, reason })));
  const file = readPostmasterFile(tenantFiles(layoutOf(world.dataDir), tenant.id).data);
  process.kill(file?.pid ?? 0, 'SIGKILL');
  expect(await lost).toEqual({ id: tenant.id, reason: 'the server process ended' });
  await world.start(tenant.id);
});

test('servers that start one tenant at once start one postmaster', async () => {
  await using world = await realHost();
  const tenant = await world.created('contested');
  const hosts = [world.host, (await world.open()).host, (await world.open()).host];
  const options = { ...COLD, giveUpAfter: GIVE_UP_AFTER };
  const data = tenantFiles(layoutOf(world.dataDir), tenant.id).data;
  for (let round = 0; round < 5; round++) {
    const started = await Promise.all(hosts.map((host) => host.start(tenant.id, options)));
    expect(new Set(started.map(({ address }) => address.socketPath)).size).toBe(1);
    const pid = readPostmasterFile(data)?.pid ?? 0;
    expect(findProcess(pid)).toBeDefined();
    await Promise.all(hosts.map((host) => host.stop(tenant.id)));
    expect(findProcess(pid)).toBeUndefined();
  }
});

test('the catalog’s compute is started, found again, and is no superuser’s', async () => {
  await using world = await realHost();
  const connection = await world.engine.startSystem();
  const again = await (await world.open()).startSystem();
  expect(again).toEqual(connection);
  const { socketDir: host, ...login } = connection;
  const client = new pg.Client({ host, ...login });
  await client.connect();
  const { rows } = await client.query(
    `select current_user as role, rolsuper as super, current_setting('fsync') as fsync
     from pg_roles where rolname = current_user`,
  );
  await client.end();
  expect(rows).toEqual([{ role: 'catalog', super: false, fsync: 'on' }]);
});

test('a catalog whose compute cannot start is a plain fault with the reason', async () => {
  await using world = await realHost();
  await world.engine.startSystem();
  await world.engine.close();
  const { data } = computeFiles(layoutOf(world.dataDir).catalog);
  await rm(join(data, 'global', 'pg_control'));
  const again = await world.open();
  await expect(again.startSystem()).rejects.toMatchObject({
    code: 'CATALOG_UNUSABLE',
    message:
      'the catalog cannot be used: its PostgreSQL could not start (could not find the database system)',
  });
});

test('the catalog’s compute comes back at its address when it was killed', async () => {
  await using world = await realHost();
  const { socketDir: host, ...login } = await world.engine.startSystem();
  const ask = async (): Promise<unknown[]> => {
    const client = new pg.Client({ host, ...login });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query('select 1 as n')).rows;
    } finally {
      await client.end();
    }
  };
  const files = computeFiles(layoutOf(world.dataDir).catalog);
  const before = readPostmasterFile(files.data)?.pid ?? 0;
  process.kill(before, 'SIGKILL');
  await eventually('an answer', () =>
    ask().then(
      () => true,
      () => false,
    ),
  );
  expect(await ask()).toEqual([{ n: 1 }]);
  expect(readPostmasterFile(files.data)?.pid).not.toBe(before);
  await world.engine.close();
  expect(processesOf(files)).toEqual([]);
});
