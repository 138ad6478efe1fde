import { mkdtempSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Limits } from '../../domain/tier.ts';
import { ms } from '../../domain/units.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { FakeCgroups } from '../../testing/fake-cgroups.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { KEPT } from '../../testing/places.ts';
import { type Cages, openCages } from './cages.ts';
import { diskOf } from './cgroup-limits.ts';
import { RESOURCES } from './cgroup-places.ts';

const LIMITS: Limits = { memoryMb: 64, cpuPercent: 150, processesMax: 20, ioMbPerSecond: 10 };
const POSTMASTER = 4_000;

let dataDir: string;
let log: MemoryLog;

beforeEach(() => {
  // On a disk, whose bytes can be limited.
  dataDir = mkdtempSync(`${KEPT}/dynabase-cages-`);
  log = new MemoryLog();
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const open = (files: FakeCgroups): Promise<Cages> =>
  openCages({ dataDir, clock: new VirtualClock(), log, files });

/** The one group of the server, below what is delegated to this process. */
const serverOf = (files: FakeCgroups, tree = ''): string =>
  files.groups(tree).find((name) => /^dynabase-[0-9a-f]{12}$/.test(name)) ?? 'none';

/** In a group where this process may make others. */
const fakeOf = (version: 1 | 2): FakeCgroups =>
  new FakeCgroups(version, version === 1 ? '/service' : '/service/dynabase-server');

const trees = (version: 1 | 2): readonly string[] =>
  version === 1 ? ['memory', 'cpu', 'pids', 'blkio'] : [''];

describe.each([1, 2] as const)('version %d', (version) => {
  test('a compute is in a group of its own from its start to its end', async () => {
    const files = fakeOf(version);
    const cages = await open(files);
    await cages.prepare('tn_1', LIMITS);
    await cages.enter('tn_1', POSTMASTER);
    for (const tree of trees(version)) {
      const group = files.path(`${serverOf(files, tree)}/tn_1`, tree);
      expect(await files.read(`${group}/cgroup.procs`)).toBe(`${POSTMASTER}`);
    }
    files.end(POSTMASTER);
    await cages.leave('tn_1');
    for (const tree of trees(version)) {
      expect(files.groups(tree).filter((name) => name.endsWith('tn_1'))).toEqual([]);
    }
    expect(log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  test('a child that was forked before its postmaster was moved follows it', async () => {
    const files = fakeOf(version);
    const cages = await open(files);
    files.say(`/proc/${POSTMASTER}/task/${POSTMASTER}/children`, '4001 ');
    await cages.prepare('tn_1', LIMITS);
    await cages.enter('tn_1', POSTMASTER);
    for (const tree of trees(version)) {
      const group = files.path(`${serverOf(files, tree)}/tn_1`, tree);
      expect(await files.read(`${group}/cgroup.procs`)).toBe(`${POSTMASTER}\n4001`);
    }
  });

  test('a group is found again by the next server, and an empty one is swept', async () => {
    const files = fakeOf(version);
    const first = await open(files);
    for (const name of ['tn_1', 'tn_2']) await first.prepare(name, LIMITS);
    await first.enter('tn_1', POSTMASTER);
    await first.close();
    const second = await open(files);
    for (const tree of trees(version)) {
      const server = serverOf(files, tree);
      expect(files.groups(tree).filter((name) => name.startsWith(server))).toEqual([
        server,
        `${server}/tn_1`,
      ]);
    }
    files.end(POSTMASTER);
    await second.leave('tn_1');
    await second.close();
    for (const tree of trees(version)) expect(serverOf(files, tree)).toBe('none');
  });

  test('a compute without any limit has no group', async () => {
    const files = fakeOf(version);
    const cages = await open(files);
    const none = { memoryMb: null, cpuPercent: null, processesMax: null, ioMbPerSecond: null };
    await cages.prepare('catalog', none);
    await cages.enter('catalog', POSTMASTER);
    expect(files.groups(trees(version)[0]).filter((name) => name.includes('catalog'))).toEqual([]);
  });

  test('where groups may not be made, that is said for each resource, and nothing fails', async () => {
    const files = fakeOf(version);
    files.refuse = 'EACCES';
    const cages = await open(files);
    expect(cages.lacks.map((lack) => lack.split(' here,')[0])).toEqual([
      'no control group limits memory',
      'no control group limits processors',
      'no control group limits processes',
      'no control group limits the disk',
    ]);
    await cages.prepare('tn_1', LIMITS);
    await cages.enter('tn_1', POSTMASTER);
    await cages.leave('tn_1');
    expect(log.lines).toEqual([]);
  });

  test('a group that is busy at the end is removed a little later', async () => {
    const files = fakeOf(version);
    const clock = new VirtualClock();
    const cages = await openCages({ dataDir, clock, log, files });
    await cages.prepare('tn_1', LIMITS);
    await cages.enter('tn_1', POSTMASTER);
    await cages.leave('tn_1');
    expect(files.groups(trees(version)[0]).some((name) => name.endsWith('tn_1'))).toBe(true);
    files.end(POSTMASTER);
    await clock.advance(ms(50));
    expect(files.groups(trees(version)[0]).some((name) => name.endsWith('tn_1'))).toBe(false);
  });

  test('a compute that starts again at once keeps its group', async () => {
    const files = fakeOf(version);
    const clock = new VirtualClock();
    const cages = await openCages({ dataDir, clock, log, files });
    await cages.prepare('tn_1', LIMITS);
    await cages.enter('tn_1', POSTMASTER);
    await cages.leave('tn_1');
    await cages.prepare('tn_1', LIMITS);
    files.end(POSTMASTER);
    await clock.advance(ms(1_000));
    expect(files.groups(trees(version)[0]).some((name) => name.endsWith('tn_1'))).toBe(true);
  });
});

describe('in version 2', () => {
  const unlimited = async (files: FakeCgroups): Promise<number> =>
    (await open(files)).lacks.filter((lack) => lack.startsWith('no control group')).length;

  test('a leaf of a service is known by its name, and groups are made beside it', async () => {
    const files = fakeOf(2);
    expect(await unlimited(files)).toBe(0);
    expect(await files.read('/cg/service/dynabase-server/cgroup.procs')).toBe(`${process.pid}`);
    expect(await files.read('/cg/service/cgroup.subtree_control')).toBe('memory cpu pids io');
  });

  test('at the top of a container all that runs there moves aside', async () => {
    const files = new FakeCgroups(2, '/', [process.pid, 1]);
    expect(await unlimited(files)).toBe(0);
    expect(await files.read('/cg/cgroup.procs')).toBe('');
    expect(await files.read('/cg/dynabase-server/cgroup.procs')).toBe(`${process.pid}\n1`);
  });

  test('a group that others manage is left alone', async () => {
    const files = new FakeCgroups(2, '/session', [process.pid, 7]);
    expect(await unlimited(files)).toBe(RESOURCES.length);
    expect(files.groups()).toEqual([]);
    expect(await files.read('/cg/session/cgroup.procs')).toBe(`${process.pid}\n7`);
  });
});

/** What the files of a compute's group say once it has been put under these limits in turn. */
async function written(
  version: 1 | 2,
  limits: readonly Limits[],
  used = 0,
): Promise<Record<string, string>> {
  const files = fakeOf(version);
  const cages = await open(files);
  for (const one of limits) {
    await cages.prepare('tn_1', one);
    await cages.enter('tn_1', POSTMASTER);
    files.say(`${files.path(serverOf(files))}/tn_1/memory.current`, `${used}`);
  }
  const all: Record<string, string> = {};
  for (const tree of trees(version)) {
    const group = files.path(`${serverOf(files, tree)}/tn_1`, tree);
    for (const name of NAMES) {
      const text = await files.read(`${group}/${name}`);
      if (text !== undefined && text !== 'unset') all[name] = text;
    }
  }
  return all;
}

const NAMES = [
  ...['memory.max', 'memory.high', 'memory.swap.max', 'cpu.max', 'pids.max', 'io.max'],
  ...['memory.limit_in_bytes', 'memory.soft_limit_in_bytes', 'memory.swappiness'],
  ...['cpu.cfs_period_us', 'cpu.cfs_quota_us'],
  ...['blkio.throttle.read_bps_device', 'blkio.throttle.write_bps_device'],
];

const NONE: Limits = { memoryMb: null, cpuPercent: null, processesMax: null, ioMbPerSecond: null };

test('limits are said in the words of version 2, and taken back', async () => {
  expect(await written(2, [LIMITS])).toEqual({
    'memory.max': '67108864',
    'memory.high': '62914560',
    'memory.swap.max': '0',
    'cpu.max': '150000 100000',
    'pids.max': '20',
    'io.max': '8:0 rbps=10485760 wbps=10485760',
  });
  expect(await written(2, [LIMITS, NONE])).toEqual({
    'memory.max': 'max',
    'memory.high': 'max',
    'memory.swap.max': '0',
    'cpu.max': 'max 100000',
    'pids.max': 'max',
    'io.max': '8:0 rbps=max wbps=max',
  });
});

test('limits are said in the words of version 1, and taken back', async () => {
  expect(await written(1, [LIMITS])).toEqual({
    'memory.limit_in_bytes': '67108864',
    'memory.soft_limit_in_bytes': '62914560',
    'memory.swappiness': '0',
    'cpu.cfs_period_us': '100000',
    'cpu.cfs_quota_us': '150000',
    'pids.max': '20',
    'blkio.throttle.read_bps_device': '8:0 10485760',
    'blkio.throttle.write_bps_device': '8:0 10485760',
  });
  expect(await written(1, [LIMITS, NONE])).toMatchObject({
    'memory.limit_in_bytes': '-1',
    'cpu.cfs_quota_us': '-1',
    'pids.max': 'max',
    'blkio.throttle.read_bps_device': '8:0 0',
  });
});

test('memory in use is taken back, and nobody is killed for it', async () => {
  const inUse = 70 * 1_048_576;
  expect(await written(2, [{ ...LIMITS, memoryMb: 128 }, LIMITS], inUse)).toMatchObject({
    'memory.high': '62914560',
    'memory.max': `${128 * 1_048_576}`,
  });
});

test('the disk of a partition is the one that it is on', async () => {
  const files = new FakeCgroups(2, '/service');
  expect(await diskOf(files, 0x800n)).toBe('8:0');
  expect(await diskOf(files, 0x801n)).toBe('8:0');
  expect(await diskOf(files, 0x2en)).toBe(null);
});
