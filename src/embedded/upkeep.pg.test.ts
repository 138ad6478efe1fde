/** Vacuuming by us, on real computes: what is due, what is left alone, and who goes first. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRESETS } from '../policy/rules.ts';
import { eventually } from '../testing/eventually.ts';
import { type RealHost, type RealTenant, realHost, type SqlLogin } from '../testing/real-host.ts';
import { layoutOf, tenantFiles } from './layout.ts';
import { processesOf } from './machine/processes.ts';
import { isRoot } from './machine/users.ts';

let world: RealHost;

beforeAll(async () => {
  world = await realHost({ husks: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

const NEVER = new AbortController().signal;

const filesOf = (tenant: RealTenant) => tenantFiles(layoutOf(world.dataDir), tenant.id);

const launchers = (tenant: RealTenant): number =>
  processesOf(filesOf(tenant)).filter(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('autovacuum launcher');
    } catch {
      return false;
    }
  }).length;

type Kept = { vacuumed: number; analyzed: number; dead: number };

const keptOf = async (
  tenant: RealTenant,
  table: string,
  login: Partial<SqlLogin> = {},
): Promise<Kept | undefined> =>
  (
    await world.sql<Kept>(
      tenant,
      `select vacuum_count::int as vacuumed, analyze_count::int as analyzed, n_dead_tup::int as dead
       from pg_stat_all_tables where relid = '${table}'::regclass`,
      login,
    )
  )[0];

test('tables that are due are vacuumed or analyzed, others and those that opt out are not', async () => {
  const tenant = await world.running('due');
  await world.sql(tenant, 'create table churned as select n from generate_series(1, 5000) n');
  await world.sql(tenant, 'create table quiet as select n from generate_series(1, 10) n');
  await world.sql(tenant, 'create table "Grown ""x" as select n from generate_series(1, 100) n');
  await world.sql(tenant, 'create table out (n int) with (autovacuum_enabled = off)');
  await world.sql(tenant, 'insert into out select n from generate_series(1, 5000) n');
  await world.sql(tenant, 'delete from out; update churned set n = n + 1');
  await world.sql(
    tenant,
    'create table eager (n int) with (autovacuum_vacuum_threshold = 5, autovacuum_vacuum_scale_factor = 0)',
  );
  await world.sql(tenant, 'insert into eager select n from generate_series(1, 20) n');
  await world.sql(tenant, 'delete from eager where n < 10');
  await world.host.upkeep(tenant.id, NEVER);
  const kept = {
    churned: await keptOf(tenant, 'churned'),
    quiet: await keptOf(tenant, 'quiet'),
    grown: await keptOf(tenant, '"Grown ""x"'),
    out: await keptOf(tenant, 'out'),
    eager: await keptOf(tenant, 'eager'),
  };
  expect(kept).toEqual({
    churned: { vacuumed: 1, analyzed: 1, dead: 0 },
    quiet: { vacuumed: 0, analyzed: 0, dead: 0 },
    grown: { vacuumed: 0, analyzed: 1, dead: 0 },
    out: { vacuumed: 0, analyzed: 0, dead: 5000 },
    eager: { vacuumed: 1, analyzed: 0, dead: 0 },
  });
  await world.host.upkeep(tenant.id, NEVER);
  const rows = await world.sql(
    tenant,
    `select vacuum_count::int as n from pg_stat_all_tables where relname = 'churned'`,
  );
  expect(rows).toEqual([{ n: 1 }]);
});

test('every database is kept up, whatever settings its owner gave it', async () => {
  const tenant = await world.running('settings');
  await world.sql(tenant, 'create database other');
  const other = { database: 'other' };
  await world.sql(tenant, 'create table t as select n from generate_series(1, 5000) n', other);
  await world.sql(tenant, 'delete from t', other);
  await world.sql(tenant, 'create schema trap', other);
  await world.sql(
    tenant,
    `create function trap.format(text, name, name) returns text language plpgsql
     as $$ begin raise exception 'trapped'; end $$`,
    other,
  );
  for (const setting of [
    'role = settings',
    'session_authorization = settings',
    'search_path = trap, public, pg_catalog',
    'statement_timeout = 1',
    'default_transaction_read_only = on',
  ]) {
    await world.sql(tenant, `alter database other set ${setting}`);
  }
  await world.host.upkeep(tenant.id, NEVER);
  await world.sql(tenant, 'alter database other reset all');
  const kept = await keptOf(tenant, 'public.t', other);
  expect(kept).toEqual({ vacuumed: 1, analyzed: 1, dead: 0 });
});

test('a client that comes is not held up by what is under way', async () => {
  const tenant = await world.running('abort');
  await world.sql(tenant, 'create table big (n int, filler text)');
  await world.sql(
    tenant,
    `create function slow(int) returns int immutable language plpgsql
     as $$ begin perform pg_sleep(0.05); return $1; end $$`,
  );
  await world.sql(tenant, `insert into big select n, '' from generate_series(1, 2000) n`);
  await world.sql(tenant, 'create statistics big_slow on (slow(n)) from big');
  const stop = new AbortController();
  const upkeep = world.host.upkeep(tenant.id, stop.signal);
  await eventually('the table is being analyzed', async () => {
    return (await world.sql(tenant, 'select from pg_stat_progress_analyze')).length > 0;
  });
  stop.abort();
  // Would wait for the lock of a minute's work if that went on.
  await world.sql(tenant, `set lock_timeout = '10s'; alter table big add column more int`);
  await upkeep;
  expect((await keptOf(tenant, 'big'))?.analyzed).toBe(0);
});

test('upkeep that is not wanted any more does nothing', async () => {
  const tenant = await world.running('unwanted');
  await world.sql(tenant, 'create table t as select n from generate_series(1, 500) n');
  await world.host.upkeep(tenant.id, AbortSignal.abort());
  expect((await keptOf(tenant, 't'))?.analyzed).toBe(0);
});

test('the launcher of a small compute comes and goes as it is told, after an adoption too', async () => {
  const tenant = await world.running('launcher');
  expect(launchers(tenant)).toBe(0);
  await world.host.autovacuum(tenant.id, true);
  await world.host.autovacuum(tenant.id, true);
  await eventually('the launcher runs', async () => launchers(tenant) === 1);
  expect(await world.sql(tenant, 'show autovacuum')).toEqual([{ autovacuum: 'on' }]);

  const second = await world.open();
  await second.host.observe(tenant.id);
  await second.host.autovacuum(tenant.id, false);
  await eventually('the launcher is gone', async () => launchers(tenant) === 0);

  await world.host.autovacuum(tenant.id, true);
  await world.host.stop(tenant.id);
  await world.host.autovacuum(tenant.id, true);
  await world.start(tenant.id);
  expect(await world.sql(tenant, 'show autovacuum')).toEqual([{ autovacuum: 'off' }]);
});

test('a large compute vacuums itself from the start, whatever it is told', async () => {
  const tenant = await world.created('large');
  await world.start(tenant.id, PRESETS.machine.tiers.HOT.size);
  await world.host.settle(tenant.id, tenant);
  await world.host.autovacuum(tenant.id, false);
  expect(await world.sql(tenant, 'show autovacuum')).toEqual([{ autovacuum: 'on' }]);
  expect(launchers(tenant)).toBe(1);
});

test('the settings file is read through no name that the tenant could change', async () => {
  const tenant = await world.running('sealed');
  const files = filesOf(tenant);
  const written = 'autovacuum = off\ndefault_transaction_read_only = off\n';
  expect(readFileSync(files.settings, 'utf8')).toBe(written);
  if (!isRoot()) return;
  expect(statSync(files.settings)).toMatchObject({ uid: 0, mode: 0o100644 });
  const { uid } = statSync(files.data);
  const tries = [
    `echo x >> '${files.settings}'`,
    `rm '${files.settings}'`,
    `mv '${files.root}/data' '${files.root}/gone'`,
    `touch '${join(files.root, 'more')}'`,
  ];
  for (const command of tries) {
    const run = () =>
      execFileSync('/bin/sh', ['-c', command], { uid, gid: uid, cwd: '/', stdio: 'ignore' });
    expect(run, command).toThrow();
  }
});
