/**
 * What an awake, idle tenant costs in memory of the machine.
 *
 *   node bench/density.ts [TENANTS]
 *
 * Bar: at most 6.5 MB each. Measured twice: what the machine has less available (everything counted,
 * kernel included, page cache not), and the proportional set size of the processes.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../src/testing/eventually.ts';
import { processesIn, realServer } from '../src/testing/real-server.ts';
import { firstRow } from './bare-postgres.ts';
import { fixed, printMachine, printTable, verdict } from './measure.ts';

const TENANTS = Number(process.argv[2] ?? 100);
const BAR_MB = 6.5;

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
const before = await unavailableKb();
for (const uri of uris) await firstRow(uri);
await eventually('every backend has gone', async () => (await status()).sessions === 0);
const after = await unavailableKb();

let pssKb = 0;
const running = await processesIn(join(server.dataDir, 'tenants'));
for (const { pid } of running) pssKb += await pssOf(pid);

/** Memory in use that is not page cache of files. */
async function unavailableKb(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
  const files = of('Cached') + of('Buffers') - of('Shmem');
  return of('MemTotal') - of('MemFree') - files - of('SReclaimable');
}

async function pssOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
}

printMachine();
const machineMb = (after - before) / 1024 / TENANTS;
const pssMb = pssKb / 1024 / TENANTS;
printTable([
  [`${TENANTS} awake, idle tenants`, 'MB each'],
  ['memory of the machine', fixed(machineMb, 2)],
  ['proportional set size', fixed(pssMb, 2)],
  ['processes each', fixed(running.length / TENANTS)],
  ['bar of the first', `${BAR_MB} ${verdict(machineMb <= BAR_MB)}`],
]);
