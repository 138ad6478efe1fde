/**
 * What an awake, idle tenant costs in memory of the machine.
 *
 *   node bench/density.ts [TENANTS]
 *
 * Bar: at most 6.5 MB each. Measured twice. What the machine has less available counts everything,
 * the kernel included, but for page cache, which it can have back; whatever else runs on the machine
 * disturbs it. What is counted by process is disturbed by nothing, and lacks the kernel's own objects
 * (sockets, descriptors, names), about 0.2 MB. What the server itself grew by is told apart.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../src/testing/eventually.ts';
import { processesIn, realServer } from '../src/testing/real-server.ts';
import { firstRow } from './bare-postgres.ts';
import { fixed, printMachine, printTable, quantile, verdict } from './measure.ts';

const TENANTS = Number(process.argv[2] ?? 100);
const BAR_MB = 6.5;

/** Of an idle compute: the postmaster, checkpointer, background and WAL writer, autovacuum launcher. */
const PROCESSES_IDLE = 5;
/** Source: Linux, `THREAD_SIZE` of x86-64 and arm64. */
const KERNEL_STACK_KB = 16;
const LOOKS = 7;
const LOOK_EVERY_MS = 300;

await using server = await realServer({
  args: ['--log-level', 'error', '--suspend-after', '1h', '--husks', '0'],
});
const { tenants } = server.client;
const uris: string[] = [];
for (let i = 0; i < TENANTS; i++) {
  const tenant = await tenants.create({ name: `dense-${i}` });
  uris.push(server.uri({ role: tenant.name, password: tenant.password }));
  await firstRow(uris[i] ?? '');
  await tenants.suspend(tenant.name);
}

const status = () => server.client.status();
const before = await machine();
for (const uri of uris) await firstRow(uri);
await eventually('every backend has gone', async () => (await status()).sessions === 0);
await eventually('every compute has settled', async () => {
  return (await processesIn(tenantsDir())).length <= TENANTS * PROCESSES_IDLE;
});
const after = await machine();

const running = await processesIn(tenantsDir());
const pids = new Set(running.map(({ pid }) => pid));
const total = { own: 0, shared: 0, tables: 0, stacks: 0 };
for (const { pid, parent } of running) {
  for (const part of ['Pss_Anon', 'Pss_File']) {
    total.own += await kbIn(`/proc/${pid}/smaps_rollup`, part);
  }
  total.tables += await kbIn(`/proc/${pid}/status`, 'VmPTE');
  total.stacks += KERNEL_STACK_KB;
  if (!pids.has(parent)) total.shared += await sharedKb(pid);
}

/**
 * The shared memory of a compute as the kernel has allocated it. More than its processes have mapped
 * now: what a backend has touched stays when the backend has gone.
 */
async function sharedKb(postmaster: number): Promise<number> {
  const maps = await readFile(`/proc/${postmaster}/maps`, 'utf8');
  const range = /^0*(\w+)-0*(\w+) .*\/dev\/zero/m.exec(maps);
  const segment = await stat(`/proc/${postmaster}/map_files/${range?.[1]}-${range?.[2]}`).catch(
    () => null,
  );
  return segment ? segment.blocks / 2 : await kbIn(`/proc/${postmaster}/smaps_rollup`, 'Pss_Shmem');
}

function tenantsDir(): string {
  return join(server.dataDir, 'tenants');
}

/** What the machine has available, and what of it this server itself has taken; median of a few. */
async function machine(): Promise<{ readonly availableKb: number; readonly serverKb: number }> {
  const available: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((next) => setTimeout(next, LOOK_EVERY_MS));
    available.push(await kbIn('/proc/meminfo', 'MemAvailable'));
  }
  const serverKb = await kbIn(`/proc/${server.pid}/smaps_rollup`, 'Pss');
  return { availableKb: quantile(available, 0.5), serverKb };
}

/** The figure in kB behind `name`; 0 if the process is gone. */
async function kbIn(path: string, name: string): Promise<number> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

printMachine();
const each = (kb: number): number => kb / 1024 / TENANTS;
const serverGrew = after.serverKb - before.serverKb;
const machineMb = each(before.availableKb - after.availableKb - serverGrew);
const countedMb = each(total.own + total.shared + total.tables + total.stacks);
printTable([
  [`${TENANTS} awake, idle tenants`, 'MB each'],
  ['memory of the machine', fixed(machineMb, 2)],
  ['counted by process', fixed(countedMb, 2)],
  ['  processes, their share', fixed(each(total.own), 2)],
  ['  shared memory', fixed(each(total.shared), 2)],
  ['  page tables', fixed(each(total.tables), 2)],
  ['  kernel stacks', fixed(each(total.stacks), 2)],
  ['the server itself', fixed(each(serverGrew), 2)],
  ['processes each', fixed(running.length / TENANTS)],
  ['bar of the first two', `${BAR_MB} ${verdict(Math.max(machineMb, countedMb) <= BAR_MB)}`],
]);
