/** What one tenant may take, on this machine's own control groups and with real PostgreSQL. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Limits } from '../domain/tier.ts';
import { PRESETS } from '../policy/rules.ts';
import { eventually } from '../testing/eventually.ts';
import { GIVE_UP_AFTER, type RealHost, type RealTenant, realHost } from '../testing/real-host.ts';
import { openCages } from './cages/cages.ts';
import { CONTROL_FILES } from './cages/cgroup-files.ts';
import { findPlaces, type Place, type Resource, settlePlace } from './cages/cgroup-places.ts';
import { computeFiles, layoutOf, tenantFiles } from './layout.ts';
import { processesOf } from './machine/processes.ts';
import { isRoot, mayCapOthers } from './machine/users.ts';
import { readPostmasterFile } from './postmaster-file.ts';

const { COLD, HOT } = PRESETS.machine.tiers;

/** More than any bound, so that it is the bound that ends it. */
const GREEDY_SORT = `select count(*) from (select random() as r from generate_series(1, 100000000)
  order by r offset 0) as sorted`;

const pidOf = (world: RealHost, tenant: RealTenant): number =>
  readPostmasterFile(tenantFiles(layoutOf(world.dataDir), tenant.id).data)?.pid ?? 0;

const startWith = (world: RealHost, tenant: RealTenant, limits: Limits) =>
  world.host.start(tenant.id, { size: COLD.size, limits, giveUpAfter: GIVE_UP_AFTER });

async function restartedWith(
  world: RealHost,
  tenant: RealTenant,
  limits: Limits,
): Promise<RealTenant> {
  await world.host.stop(tenant.id);
  await startWith(world, tenant, limits);
  return tenant;
}

/** An open connection whose end is no surprise. */
async function connected(world: RealHost, tenant: RealTenant): Promise<pg.Client> {
  const client = await world.connect(tenant);
  client.on('error', () => {});
  return client;
}

describe('each process by itself', () => {
  let world: RealHost;
  let tenants: readonly [RealTenant, RealTenant];

  beforeAll(async () => {
    world = await realHost({ husks: 2 });
    tenants = [await world.running('greedy'), await world.running('neighbour')];
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.runIf(process.platform === 'linux')(
    'a sort that wants all memory fails, and nobody else does',
    async () => {
      const [greedy, neighbour] = tenants;
      const other = await connected(world, greedy);
      const client = await connected(world, greedy);
      const beside = await connected(world, neighbour);
      const before = pidOf(world, greedy);
      await client.query(`set work_mem = '20GB'`);
      await expect(client.query(GREEDY_SORT)).rejects.toMatchObject({ code: '53200' });
      for (const each of [client, other, beside]) {
        expect((await each.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
        await each.end();
      }
      expect(pidOf(world, greedy)).toBe(before);
    },
  );

  test('what a tenant may do by its tier is not refused', async () => {
    const client = await connected(world, tenants[0]);
    await client.query(`set work_mem = '64MB'; set maintenance_work_mem = '64MB'`);
    await client.query(
      `create table many as select g as id, md5(g::text) as text from generate_series(1, 300000) g`,
    );
    for (const work of ['create index on many (text)', 'vacuum analyze many'])
      await client.query(work);
    const { rows } = await client.query(
      'select count(*)::int as n from many a join many b using (text)',
    );
    expect(rows).toEqual([{ n: 300_000 }]);
    expect((await client.query(`select length(repeat('x', 20000000)) as n`)).rows).toEqual([
      { n: 20_000_000 },
    ]);
    await client.query('drop table many');
    await client.end();
  });

  // Root without CAP_SYS_RESOURCE may not change limits of what already runs.
  test.runIf(process.platform === 'linux' && mayCapOthers())(
    'the bound of a process follows the limits, for new sessions',
    async () => {
      const tenant = tenants[1];
      const bound = async (): Promise<string | undefined> => {
        const client = await connected(world, tenant);
        const { rows } = await client.query('select pg_backend_pid() as pid');
        const limits = readFileSync(`/proc/${rows[0].pid}/limits`, 'utf8');
        await client.end();
        return /Max data size\s+(\S+)/.exec(limits)?.[1];
      };
      expect(await bound()).toBe(`${512 * 1_048_576}`);
      await world.host.limit(tenant.id, HOT.limits);
      expect(await bound()).toBe(`${2_048 * 1_048_576}`);
      await world.host.limit(tenant.id, COLD.limits);
      expect(await bound()).toBe(`${512 * 1_048_576}`);
    },
  );

  test.runIf(process.platform === 'linux')(
    'a backend is given up before its postmaster, and that before the server',
    async () => {
      const client = await connected(world, tenants[0]);
      const { rows } = await client.query('select pg_backend_pid() as pid');
      const scores = [pidOf(world, tenants[0]), rows[0].pid].map((pid) =>
        Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8')),
      );
      expect(scores).toEqual([500, 800]);
      await client.end();
    },
  );
});

const places: Place[] = [];
if (isRoot()) {
  for (const place of await findPlaces(CONTROL_FILES)) {
    const settled = await settlePlace(CONTROL_FILES, place, 'dynabase-test');
    if (settled) places.push(settled);
    await CONTROL_FILES.removeGroup(join(place.home, 'dynabase-test'));
  }
}
const has = (...resources: readonly Resource[]): boolean =>
  resources.every((resource) => places.some((place) => place.resources.includes(resource)));

// They need root, or a subtree that was delegated to this user.
describe.runIf(has('memory', 'cpu', 'pids'))('all processes of a compute together', () => {
  let world: RealHost;
  beforeAll(async () => {
    world = await realHost({ husks: 2 });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** The groups of the tenant, one for each place that has it. */
  async function groupsOf(tenant: RealTenant): Promise<string[]> {
    const found: string[] = [];
    for (const { home } of places) {
      for (const server of await CONTROL_FILES.groupsBelow(home)) {
        const group = join(home, server, tenant.id);
        if (server.startsWith('dynabase-') && existsSync(group)) found.push(group);
      }
    }
    return found;
  }

  /** What the first of these files says that one of the tenant's groups has. */
  async function told(tenant: RealTenant, ...names: readonly string[]): Promise<string> {
    const groups = await groupsOf(tenant);
    for (const path of groups.flatMap((group) => names.map((name) => join(group, name)))) {
      const text = await CONTROL_FILES.read(path);
      if (text !== undefined) return text.trim();
    }
    return 'nothing';
  }

  const figures = async (tenant: RealTenant) => ({
    memory: await told(tenant, 'memory.max', 'memory.limit_in_bytes'),
    cpu: (await told(tenant, 'cpu.max', 'cpu.cfs_quota_us')).split(' ')[0],
    pids: await told(tenant, 'pids.max'),
  });

  /** Enters happen behind the start. */
  const caged = (tenant: RealTenant): Promise<void> =>
    eventually('every process is in its group', async () => {
      const pids = processesOf(tenantFiles(layoutOf(world.dataDir), tenant.id));
      const groups = await groupsOf(tenant);
      if (groups.length !== places.length || pids.length === 0) return false;
      const inside = groups.map((group) => readFileSync(join(group, 'cgroup.procs'), 'utf8'));
      return inside.every((text) => pids.every(({ pid }) => text.split('\n').includes(`${pid}`)));
    });

  test('they are in one group with the limits, which follow, and go with the compute', async () => {
    const tenant = await world.running('bounded');
    await caged(tenant);
    // Limits are written behind the entering.
    const given = { memory: '1073741824', cpu: '100000', pids: '264' };
    await eventually('it has its limits', async () => {
      const now = await figures(tenant);
      return now.memory === given.memory && now.cpu === given.cpu && now.pids === given.pids;
    });
    expect(await figures(tenant)).toEqual(given);
    await world.host.limit(tenant.id, { ...HOT.limits, processesMax: 300 });
    expect(await figures(tenant)).toEqual({ memory: '4294967296', cpu: '400000', pids: '300' });
    const client = await connected(world, tenant);
    const { rows } = await client.query('select pg_backend_pid() as pid');
    const groups = await groupsOf(tenant);
    for (const group of groups) {
      const inside = readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n');
      expect(inside).toContain(`${rows[0].pid}`);
    }
    await client.end();
    await world.host.stop(tenant.id);
    await eventually('no group', () => Promise.resolve(!groups.some((group) => existsSync(group))));
    expect(world.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('a compute that outgrows its memory dies alone, and is there again at once', async () => {
    const neighbour = await world.running('spared');
    const tenant = await world.running('outgrown');
    await restartedWith(world, tenant, { ...COLD.limits, memoryMb: 96 });
    await caged(tenant);
    const beside = await connected(world, neighbour);
    const lost = new Promise((resolve) => world.host.onLost((id) => resolve(id)));
    const client = await connected(world, tenant);
    await client.query(`set work_mem = '20GB'`);
    await expect(client.query(GREEDY_SORT)).rejects.toThrow();
    expect(await lost).toBe(tenant.id);
    expect((await beside.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await beside.end();
    await startWith(world, tenant, COLD.limits);
    expect(await world.sql(tenant, 'select 1 as n')).toEqual([{ n: 1 }]);
  });

  test('a tenant that opens connections without end is refused, and the open ones go on', async () => {
    const tenant = await world.running('forking');
    await restartedWith(world, tenant, { ...COLD.limits, processesMax: 14 });
    await caged(tenant);
    const clients: pg.Client[] = [];
    const open = async (): Promise<boolean> => {
      for (let count = 0; count < 30; count++) {
        try {
          clients.push(await connected(world, tenant));
        } catch {
          return false;
        }
      }
      return true;
    };
    expect(await open()).toBe(false);
    expect(clients.length).toBeGreaterThan(3);
    expect(Number(await told(tenant, 'pids.current'))).toBeLessThanOrEqual(14);
    for (const client of clients) {
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
      await client.end();
    }
  });

  test('a busy tenant is held back to its share of a processor', async () => {
    const tenant = await world.running('busy');
    await world.host.limit(tenant.id, { ...COLD.limits, cpuPercent: 5 });
    await caged(tenant);
    await world.sql(tenant, 'select count(*) from generate_series(1, 300000)');
    const { throttled } = /nr_throttled (?<throttled>\d+)/.exec(await told(tenant, 'cpu.stat'))
      ?.groups ?? { throttled: '0' };
    expect(Number(throttled)).toBeGreaterThan(0);
  });

  test('the next server finds the group of a compute, and sweeps those of a crash', async () => {
    const tenant = await world.running('adopted');
    await caged(tenant);
    const [group = ''] = await groupsOf(tenant);
    const leftover = join(group, '..', 'tn_leftover');
    await mkdir(leftover);
    const second = await world.open();
    expect(existsSync(leftover)).toBe(false);
    expect(existsSync(group)).toBe(true);
    await second.host.limit(tenant.id, { ...COLD.limits, memoryMb: 700 });
    expect(await told(tenant, 'memory.max', 'memory.limit_in_bytes')).toBe(`${700 * 1_048_576}`);
    await second.host.stop(tenant.id);
    await eventually('no group', () => Promise.resolve(!existsSync(group)));
    await second.close();
  });

  test('the catalog has no bound', async () => {
    await world.engine.startSystem();
    const { data } = computeFiles(layoutOf(world.dataDir).catalog);
    const groups = readFileSync(`/proc/${readPostmasterFile(data)?.pid}/cgroup`, 'utf8');
    expect(groups).not.toMatch(/dynabase-[0-9a-f]{12}/);
  });
});

test('where there are no control groups, a tenant runs, and the operator is told', async () => {
  const none = { ...CONTROL_FILES, read: () => Promise.resolve(undefined) };
  await using world = await realHost({ more: { controlFiles: none } });
  const { lacks } = await openCages({
    dataDir: world.dataDir,
    clock: { now: () => 0 } as never,
    log: world.log,
    files: none,
  });
  expect(lacks).toHaveLength(4);
  expect(world.engine.warnings).toEqual(expect.arrayContaining([...lacks]));
  const tenant = await world.running('unbounded');
  expect(await world.sql(tenant, 'select 1 as n')).toEqual([{ n: 1 }]);
  await world.host.limit(tenant.id, COLD.limits);
  await world.host.stop(tenant.id);
  expect(world.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
