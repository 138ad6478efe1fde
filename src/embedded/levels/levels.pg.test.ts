/** Levels of real tenants: what is measured, what leaves memory first, and what comes back. */
import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LevelReading, RelationLevels } from '../../domain/levels.ts';
import { PRESETS } from '../../policy/rules.ts';
import { SystemRandom } from '../../system/random.ts';
import { titled } from '../../testing/installed.ts';
import { KEPT } from '../../testing/places.ts';
import {
  GIVE_UP_AFTER,
  type RealHost,
  type RealTenant,
  realHost,
} from '../../testing/real-host.ts';
import { SUPERUSER } from '../admin.ts';
import { layoutOf, tenantFiles } from '../layout.ts';
import { readPostmasterFile } from '../postmaster-file.ts';
import { openSecrets } from '../secrets.ts';

const KB = 1_024;
const MB = 1_024 * KB;
const NEVER = new AbortController().signal;

/** In the smallest class the pool has 6.3 MB. */
const SIZE = PRESETS.machine.tiers.WARM.size;

let world: RealHost;

beforeAll(async () => {
  world = await realHost({ husks: 2, parent: KEPT });
});
afterAll(() => world[Symbol.asyncDispose]());

const OLDER = '/usr/lib/postgresql/15/bin';

const filesOf = (tenant: RealTenant) => tenantFiles(layoutOf(world.dataDir), tenant.id);

/** Not on a file system in memory, nor on a kernel before 6.5. */
async function isL2Told(tenant: RealTenant): Promise<boolean> {
  const { l2 } = (await world.host.measure(tenant.id)).bytes;
  const type = execFileSync('stat', ['-f', '-c', '%T', world.dataDir], { encoding: 'utf8' });
  return l2 !== null && type.trim() !== 'tmpfs';
}

/** Two tables of 2 MB, of which `often` is read a hundred times as much. */
async function withTables(name: string): Promise<RealTenant> {
  const tenant = await world.running(name);
  await world.host.stop(tenant.id);
  await world.start(tenant.id, SIZE);
  const client = await world.connect(tenant);
  for (const table of ['often', 'seldom']) {
    await client.query(
      `create table ${table} as select g as id, repeat('x', 200) as text from generate_series(1, 8000) g`,
    );
    await client.query(`vacuum (analyze) ${table}`);
  }
  await client.query('checkpoint').catch(() => {});
  await client.query('select count(*) from seldom');
  for (let time = 0; time < 100; time++) await client.query('select count(*) from often');
  await client.end();
  return tenant;
}

const relationIn = (reading: LevelReading, name: string): RelationLevels | undefined =>
  reading.relations.find(({ relation }) => relation === name);

async function asSuper<T>(tenant: RealTenant, sql: string, database = 'postgres'): Promise<T[]> {
  const secrets = await openSecrets(layoutOf(world.dataDir).masterKey, new SystemRandom());
  const password = secrets.password(tenant.id, SUPERUSER);
  return (await world.sql(tenant, sql, { user: SUPERUSER, password, database })) as T[];
}

test('an awake tenant is measured at every level, by relation and by who served its pages', async () => {
  const tenant = await withTables('measured');
  const reading = await world.host.measure(tenant.id);
  expect(reading.bytes.l1).toBeGreaterThan(4 * MB);
  expect(reading.bytes.l1).toBeLessThanOrEqual(SIZE.sharedBuffersMb * MB);
  expect(reading.bytes.l3).toBeGreaterThan(25 * MB);
  const often = relationIn(reading, 'public.often');
  const seldom = relationIn(reading, 'public.seldom');
  expect(often).toMatchObject({ database: 'measured' });
  for (const one of [often, seldom]) {
    expect(one?.bytes.l1).toBeGreaterThan(1.8 * MB);
    expect(one?.bytes.l3).toBeGreaterThan(1.8 * MB);
  }
  expect(often?.share).toBeGreaterThan(0.9);
  expect(seldom?.share).toBeLessThan(0.05);
  const names = reading.relations.map(({ relation }) => relation);
  expect(names).toEqual(
    expect.arrayContaining(['system catalogs', 'shared system catalogs', 'write-ahead log']),
  );
  const total = reading.relations.reduce((sum, { bytes }) => sum + bytes.l3, 0);
  expect(total).toBe(reading.bytes.l3);
  // A hundred scans of 250 pages each, from memory; the first wake of a tenant begins at nothing.
  expect(reading.hits?.l1).toBeGreaterThan(20_000);
  expect(reading.hits?.l1).toBeLessThan(100_000);

  await world.host.remember(tenant.id);
  await world.host.stop(tenant.id);
  const asleep = await world.host.measure(tenant.id);
  expect(asleep).toMatchObject({ bytes: { l1: 0 }, hits: null, relations: [] });
  expect(asleep.bytes.l3).toBeGreaterThan(25 * MB);
  await world.start(tenant.id);
  const again = await world.host.measure(tenant.id);
  expect(again.hits?.l1).toBeLessThan(20_000);
});

test('of shared buffers whole relations go, the least used first', async () => {
  const tenant = await withTables('shed');
  const before = await world.host.remember(tenant.id);
  const keep = (before.bytes.l1 ?? 0) - MB;
  const evicted = await world.host.shedL1(tenant.id, keep);
  expect(evicted).toBeGreaterThanOrEqual(MB);
  expect(evicted).toBeLessThan(2 * MB);
  const half = await world.host.measure(tenant.id);
  expect(relationIn(half, 'public.seldom')?.bytes.l1).toBeLessThan(1.2 * MB);
  expect(relationIn(half, 'public.often')?.bytes.l1).toBeGreaterThan(1.8 * MB);

  await world.host.shedL1(tenant.id, 0);
  const [{ used = 0 } = {}] = await asSuper<{ used: number }>(
    tenant,
    `select count(*)::int as used from dynabase_buffers() as b (bufferid int4, relfilenode oid,
       reltablespace oid, reldatabase oid, relforknumber int2, relblocknumber int8, isdirty bool,
       usagecount int2, pinning_backends int4) where relfilenode is not null`,
  );
  // What this very question needs of the catalogs.
  expect(used * 8 * KB).toBeLessThan(2 * MB);
  expect(await world.sql(tenant, 'select count(*)::int as n from often')).toEqual([{ n: 8_000 }]);
});

test('what was remembered comes back into shared buffers, within its bytes, unless somebody comes', async () => {
  const tenant = await withTables('prewarmed');
  await world.host.remember(tenant.id);
  await world.host.stop(tenant.id);
  await world.start(tenant.id, SIZE);
  const l1Of = async () =>
    relationIn(await world.host.measure(tenant.id), 'public.often')?.bytes.l1;
  expect(await l1Of()).toBe(0);
  expect(await world.host.prewarm(tenant.id, 64 * MB, AbortSignal.abort())).toBe(0);
  const some = await world.host.prewarm(tenant.id, 256 * KB, NEVER);
  expect(some).toBeGreaterThan(0);
  expect(some).toBeLessThanOrEqual(256 * KB);
  const most = await world.host.prewarm(tenant.id, 64 * MB, NEVER);
  expect(most).toBeGreaterThan(2 * MB);
  expect(await l1Of()).toBeGreaterThan(1.8 * MB);
  const { l1 } = (await world.host.measure(tenant.id)).bytes;
  expect(l1).toBeLessThan(0.9 * SIZE.sharedBuffersMb * MB);
});

test('a short wake that saw little leaves the hot list as rich as it was', async () => {
  const tenant = await withTables('rich');
  await world.host.remember(tenant.id);
  const rich = await readFile(filesOf(tenant).hotList, 'utf8');
  const [{ node = '' } = {}] = await world.sql<{ node: string }>(
    tenant,
    `select pg_relation_filenode('often')::text as node`,
  );
  const linesOf = (text: string) => text.split('\n').filter((line) => line.includes(` ${node} 0 `));
  expect(linesOf(rich)).not.toEqual([]);
  for (let wake = 0; wake < 3; wake++) {
    await world.host.stop(tenant.id);
    await world.start(tenant.id, SIZE);
    await world.host.remember(tenant.id);
  }
  const after = await readFile(filesOf(tenant).hotList, 'utf8');
  const rangesOf = (text: string) => linesOf(text).map((line) => line.split(' ').slice(0, 5));
  expect(rangesOf(after)).toEqual(rangesOf(rich));
});

test('our functions are nobody else’s, and a dump has no word of them', async () => {
  const tenant = await world.running('locked');
  await world.sql(tenant, 'create database another');
  const calls = {
    locked: [`select dynabase_prewarm('pg_class', 'buffer', 'main', 0, 0)`],
    another: [`select dynabase_prewarm('pg_class', 'buffer', 'main', 0, 0)`],
    postgres: ['select dynabase_evict(1)', 'select dynabase_buffers()'],
  };
  for (const [database, statements] of Object.entries(calls)) {
    for (const statement of statements) {
      await expect(world.sql(tenant, statement, { database })).rejects.toThrow('permission denied');
    }
    // Source: pg_dump.c, getFuncs: what lies in pg_catalog is dumped if its rights are not its first ones.
    const dumped = await world.sql(
      tenant,
      `select p.proname from pg_proc as p left join pg_init_privs as i
         on i.objoid = p.oid and i.classoid = 'pg_proc'::regclass and i.objsubid = 0
       where p.proacl is distinct from i.initprivs or p.proname like 'dynabase%'
         and (i.initprivs is null or p.pronamespace <> 'pg_catalog'::regnamespace)`,
      { database },
    );
    expect(dumped).toEqual([]);
  }
  const ours = `select proname from pg_proc where proname like 'dynabase%' order by 1`;
  const found = await world.sql<{ proname: string }>(tenant, ours, { database: 'postgres' });
  expect(found.map(({ proname }) => proname)).toEqual([
    'dynabase_buffers',
    'dynabase_evict',
    'dynabase_prewarm',
  ]);
});

test('data from before our functions is measured without them', async () => {
  const tenant = await withTables('older');
  await world.host.remember(tenant.id);
  await asSuper(tenant, 'drop function dynabase_buffers, dynabase_evict');
  const reading = await world.host.measure(tenant.id);
  expect(reading.bytes.l1).toBeNull();
  expect(relationIn(reading, 'public.often')?.bytes.l1).toBeNull();
  expect(reading.bytes.l3).toBeGreaterThan(25 * MB);
  expect(await world.host.shedL1(tenant.id, 0)).toBe(0);
  expect(await world.host.prewarm(tenant.id, MB, NEVER)).toBe(0);
  expect((await world.host.remember(tenant.id)).hits).not.toBeNull();
});

test('what a tenant lays into its data directory is not followed, and holds nobody up', async () => {
  const tenant = await world.running('hostile');
  const { data } = filesOf(tenant);
  const { bytes } = await world.host.measure(tenant.id);
  symlinkSync('/usr', join(data, 'base', 'usr'));
  symlinkSync('/etc/passwd', join(data, 'base', 'passwd'));
  execFileSync('mkfifo', [join(data, 'base', 'pipe')]);
  const after = (await world.host.measure(tenant.id)).bytes;
  expect(Math.abs(after.l3 - bytes.l3)).toBeLessThan(2 * MB);
});

test('a compute that hangs is measured by its files, and holds nobody up for long', async () => {
  const tenant = await world.running('hung');
  const pid = readPostmasterFile(filesOf(tenant).data)?.pid ?? 0;
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, 'SIGSTOP');
  try {
    const reading = await world.host.measure(tenant.id);
    expect(reading).toMatchObject({ bytes: { l1: null }, hits: null, relations: [] });
    expect(reading.bytes.l3).toBeGreaterThan(25 * MB);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect((await world.host.measure(tenant.id)).hits).not.toBeNull();
});

describe('the page cache', () => {
  test('is left by what is used least, awake and asleep, and a start is served from what is left', async ({
    skip,
  }) => {
    const tenant = await withTables('dropped');
    skip(!(await isL2Told(tenant)), 'needs Linux 6.5 or newer, and a data directory on a disk');
    await world.host.remember(tenant.id);
    await world.host.stop(tenant.id);
    await world.start(tenant.id, SIZE);
    const before = await world.host.measure(tenant.id);
    const keep = (before.bytes.l2 ?? 0) - MB;
    expect(await world.host.shedL2(tenant.id, keep)).toBeGreaterThanOrEqual(MB);
    const after = await world.host.measure(tenant.id);
    expect(after.bytes.l2).toBeLessThanOrEqual(keep + MB / 4);
    const often = relationIn(after, 'public.often');
    expect(often?.bytes.l2).toBeGreaterThan(0.9 * (often?.bytes.l3 ?? 0));
    await world.host.stop(tenant.id);

    const l2 = (await world.host.measure(tenant.id)).bytes.l2 ?? 0;
    expect(await world.host.shedL2(tenant.id, 0)).toBeGreaterThan(l2 / 2);
    expect((await world.host.measure(tenant.id)).bytes.l2).toBeLessThan(MB / 4);
    const cold = await world.host.start(tenant.id, startOptions());
    expect(cold.from).toBe('L3');
    // What was hot is read ahead of anybody asking for it.
    await expect
      .poll(async () => relationIn(await world.host.measure(tenant.id), 'public.often')?.bytes.l2, {
        timeout: 15_000,
      })
      .toBeGreaterThan(1.8 * MB);
    await world.host.stop(tenant.id);
    await world.start(tenant.id, SIZE);
    await world.host.stop(tenant.id);
    const warm = await world.host.start(tenant.id, startOptions());
    expect(warm.from).toBe('L2');
  });
});

test('pages are told apart by who served them: buffers, page cache or disk', async ({ skip }) => {
  const tenant = await withTables('told');
  skip(!(await isL2Told(tenant)), 'needs Linux 6.5 or newer, and a data directory on a disk');
  await world.host.remember(tenant.id);
  await world.host.stop(tenant.id);
  await world.start(tenant.id, SIZE);
  /** Pages of each level that one look at the table took; it has 236. */
  const servedBy = async () => {
    const before = (await world.host.measure(tenant.id)).hits;
    await world.sql(tenant, 'select count(*) from often');
    const after = (await world.host.measure(tenant.id)).hits;
    const more = (level: 'l1' | 'l2' | 'l3') => (after?.[level] ?? 0) - (before?.[level] ?? 0);
    return { l1: more('l1'), l2: more('l2'), l3: more('l3') };
  };
  await world.host.shedL2(tenant.id, 0);
  const fromDisk = await servedBy();
  expect(fromDisk.l3).toBeGreaterThan(200);
  // Another look has the catalogs that a session needs, and looking itself, in buffers as well.
  await servedBy();
  const fromBuffers = await servedBy();
  expect(fromBuffers.l1).toBeGreaterThan(200);
  expect(fromBuffers.l2 + fromBuffers.l3).toBeLessThan(50);
  await world.host.shedL1(tenant.id, 0);
  const fromPageCache = await servedBy();
  // What the kernel had read ahead of the first look came from the disk, and is counted so here.
  expect(fromPageCache.l2).toBeGreaterThan(200);
  expect(fromPageCache.l3).toBeLessThan(fromPageCache.l2);
});

const startOptions = () => {
  const { limits } = PRESETS.machine.tiers.WARM;
  return { size: SIZE, limits, giveUpAfter: GIVE_UP_AFTER };
};

test.skipIf(!existsSync(OLDER))(
  titled('an engine that cannot evict is measured and prewarmed', existsSync(OLDER), 'postgresql'),
  async () => {
    await using older = await realHost({ binDir: OLDER });
    const tenant = await older.running('older');
    await older.sql(tenant, 'create table t as select generate_series(1, 40000) as id');
    const scan = 'select count(*) from t';
    await older.sql(tenant, Array.from({ length: 9 }, () => scan).join(';'));
    const reading = await older.host.remember(tenant.id);
    expect(reading.bytes.l1).toBeGreaterThan(MB);
    expect(await older.host.shedL1(tenant.id, 0)).toBe(0);
    await older.host.stop(tenant.id);
    await older.start(tenant.id, SIZE);
    expect(await older.host.prewarm(tenant.id, 64 * MB, NEVER)).toBeGreaterThan(MB);
    const after = await older.host.measure(tenant.id);
    expect(relationIn(after, 'public.t')?.bytes.l1).toBeGreaterThan(MB);
  },
);
