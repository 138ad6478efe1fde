import { execFileSync } from 'node:child_process';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NativeCalls } from '../system/ffi.ts';
import { COLD, GIVE_UP_AFTER, type RealHost, realHost } from '../testing/real-host.ts';
import { layoutOf, tenantFiles } from './layout.ts';
import { isLocked } from './machine/lock.ts';
import { processesOf } from './machine/processes.ts';
import { systemIdentifierOf } from './system-identifier.ts';

let world: RealHost;

beforeAll(async () => {
  world = await realHost({ husks: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

const filesOf = (id: Parameters<typeof tenantFiles>[1]) => tenantFiles(layoutOf(world.dataDir), id);

test('a tenant is created, started, settled, used, stopped and removed', async () => {
  const { host } = world;
  const tenant = await world.created('first');
  expect(await host.observe(tenant.id)).toEqual({ kind: 'stopped' });

  const { address } = await world.start(tenant.id);
  await host.settle(tenant.id, tenant);
  expect(await host.observe(tenant.id)).toEqual({ kind: 'running', address });
  const rows = await world.sql(tenant, 'select current_user as role, current_database() as db');
  expect(rows).toEqual([{ role: 'first', db: 'first' }]);

  await host.stop(tenant.id);
  expect(await host.observe(tenant.id)).toEqual({ kind: 'stopped' });
  expect(processesOf(filesOf(tenant.id))).toEqual([]);
  expect(isLocked(filesOf(tenant.id).lock, new NativeCalls())).toBe(false);

  await host.remove(tenant.id);
  expect(await host.observe(tenant.id)).toEqual({ kind: 'absent' });
});

test('what was committed is there after a stop and a start', async () => {
  const tenant = await world.running('lasting');
  await world.sql(tenant, 'create table kept as select generate_series(1, 1000) as n');
  await world.host.stop(tenant.id);
  await world.start(tenant.id);
  expect(await world.sql(tenant, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }]);
});

test('every call may be repeated', async () => {
  const { host } = world;
  const tenant = await world.created('repeated');
  await host.create(tenant.id);
  const started = await Promise.all([world.start(tenant.id), world.start(tenant.id)]);
  expect(started[0]?.address).toEqual(started[1]?.address);
  await host.settle(tenant.id, tenant);
  await host.settle(tenant.id, tenant);
  await host.stop(tenant.id);
  await host.stop(tenant.id);
  await host.remove(tenant.id);
  await host.remove(tenant.id);
  await host.stop(tenant.id);
  expect(await host.observe(tenant.id)).toEqual({ kind: 'absent' });
});

test('computes have system identifiers of their own', async () => {
  const tenants = await Promise.all([world.running('one'), world.running('other')]);
  const told = await Promise.all(
    tenants.map((tenant) =>
      world.sql(tenant, 'select system_identifier::text as id from pg_control_system()'),
    ),
  );
  const onDisk = await Promise.all(
    tenants.map((tenant) => systemIdentifierOf(filesOf(tenant.id).data)),
  );
  expect(told.flat()).toEqual(onDisk.map((id) => ({ id: `${id}` })));
  expect(new Set(onDisk).size).toBe(2);
});

test('an empty tenant takes at most 32 MB, its own database included', async () => {
  const tenant = await world.running('small');
  await world.host.stop(tenant.id);
  const { root } = filesOf(tenant.id);
  const kilobytes = Number(execFileSync('du', ['-sk', root]).toString().split('\t')[0]);
  expect(kilobytes).toBeLessThanOrEqual(32 * 1024);
});

test('a tenant has all that initdb makes', async () => {
  const tenant = await world.running('complete');
  const databases = await world.sql(
    tenant,
    `select datname as name, oid::int < 16384 as standard, datallowconn as open,
       datistemplate as template, datlocprovider as provider,
       pg_encoding_to_char(encoding) as encoding,
       shobj_description(oid, 'pg_database') is not null as described
     from pg_database order by oid`,
  );
  const shared = { provider: 'b', encoding: 'UTF8' };
  expect(databases).toEqual([
    { name: 'template1', standard: true, open: true, template: true, described: true, ...shared },
    { name: 'template0', standard: true, open: false, template: true, described: true, ...shared },
    { name: 'postgres', standard: true, open: true, template: false, described: true, ...shared },
    { name: 'complete', standard: false, open: true, template: false, described: false, ...shared },
  ]);
  expect(await world.sql(tenant, 'show data_checksums')).toEqual([{ data_checksums: 'on' }]);
});

test('one transaction of the smallest compute can lock 3,200 things', async () => {
  const tenant = await world.running('locking');
  const locked = await world.sql(
    tenant,
    'select count(pg_advisory_xact_lock(n))::int as n from generate_series(1, 3200) n',
  );
  expect(locked).toEqual([{ n: 3_200 }]);
});

test('a start that cannot succeed says why in plain words, and leaves nothing behind', async () => {
  const tenant = await world.created('refusing');
  const size = { ...COLD.size, connectionsMax: 1_000_000_000 };
  await expect(
    world.host.start(tenant.id, { ...COLD, size, giveUpAfter: GIVE_UP_AFTER }),
  ).rejects.toThrow(/^1000000003 is outside the valid range for parameter "max_connections"/);
  expect(await world.host.observe(tenant.id)).toEqual({ kind: 'stopped' });
  expect(processesOf(filesOf(tenant.id))).toEqual([]);
});

test('data of another version is refused by both names', async () => {
  const tenant = await world.created('dated');
  await writeFile(join(filesOf(tenant.id).data, 'PG_VERSION'), '12\n');
  await expect(world.start(tenant.id)).rejects.toThrow(
    'its data was made by PostgreSQL 12, and the engine is 18',
  );
});

test('what a compute is started with shows no secret', async () => {
  const tenant = await world.running('visible');
  const pids = processesOf(filesOf(tenant.id)).map(({ pid }) => pid);
  expect(pids.length).toBeGreaterThan(3);
  const master = (await readFile(layoutOf(world.dataDir).masterKey)).toString('base64url');
  for (const pid of pids) {
    // A backend may be at its end.
    const shown = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    for (const secret of [master, tenant.password, tenant.verifier, 'SCRAM']) {
      expect(shown + environment).not.toContain(secret);
    }
  }
});

test('a log that has outgrown its bound is rotated at the next start', async () => {
  await using bounded = await realHost({ more: { logBytesMax: 1_000 } });
  const tenant = await bounded.running('talkative');
  const { log } = tenantFiles(layoutOf(bounded.dataDir), tenant.id);
  for (let round = 0; round < 3; round++) {
    for (let line = 0; line < 20; line++) {
      await bounded.sql(tenant, 'select 1/0').catch(() => {});
    }
    await bounded.host.stop(tenant.id);
    await bounded.start(tenant.id);
  }
  expect((await stat(log)).size).toBeLessThan(2_000);
  expect((await stat(`${log}.1`)).size).toBe(1_000);
});

test('a tenant whose empty directories were cleaned away starts all the same', async () => {
  const tenant = await world.running('cleaned');
  await world.host.stop(tenant.id);
  const { run, logDir } = filesOf(tenant.id);
  for (const dir of [run, logDir]) await rm(dir, { recursive: true });
  await world.start(tenant.id);
  expect(await world.sql(tenant, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a tenant that hides its version file behind a pipe does not stop the server', async () => {
  const tenant = await world.created('hostile');
  const file = join(filesOf(tenant.id).data, 'PG_VERSION');
  await rm(file);
  execFileSync('mkfifo', [file]);
  await expect(world.start(tenant.id)).rejects.toThrow('its data is missing');
});
