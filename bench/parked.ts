/**
 * What a parked session of a sleeping tenant costs in memory of the data plane.
 *
 *   node bench/parked.ts [SESSIONS] [TENANTS]
 *
 * Bar: 6 kB each. Told twice: as it stands, with what the logins have left behind, and after the
 * process has cleared up (`heap-report.ts`). What the kernel holds for a socket is not in it.
 *
 * A session is a descriptor in the data plane and one at its client: `ulimit -n` must be more than
 * the sessions. One client address may have as many as `--sessions-max-per-address` says.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TenantSecret } from '../src/sdk/index.ts';
import { eventually } from '../src/testing/eventually.ts';
import { realServer } from '../src/testing/real-server.ts';
import { fixed, printMachine, printTable, verdict } from './measure.ts';
import type { ClientsOrder } from './park-clients.ts';
import { type Login, RawSession } from './raw-session.ts';

const SESSIONS = Number(process.argv[2] ?? 10_000);
const TENANTS = Number(process.argv[3] ?? 100);
const BAR_KB = 6;

/** Sessions opened and closed before anything is measured, so that all code is there and warm. */
const WARM_UP = 300;
const WARM_UP_AT_ONCE = 50;

const max = String(2 * SESSIONS);
/** Of one tenant; the most that can be said. */
const ofTenantMax = String(Math.min(10_000, 2 * SESSIONS));
await using server = await realServer({
  args: [
    ...[
      '--log-level',
      'error',
      '--husks',
      '0',
      '--suspend-after',
      '1h',
      '--sessions-max',
      ofTenantMax,
    ],
    ...['--sessions-max-total', max, '--sessions-max-per-address', max],
  ],
  env: { NODE_OPTIONS: `--expose-gc --import=${import.meta.resolve('./heap-report.ts')}` },
});
const { tenants } = server.client;
const proxyDirectory = join(server.dataDir, 'data-plane');
const proxy = await pidOfProxy();

await warmUp(await newTenant('warm'));
const program = new URL('./park-clients.ts', import.meta.url).pathname;
const clients = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: clients.stdout });
const before = { cleared: await clearedUp(), raw: await memory() };
for (let i = 0; i < TENANTS; i++) {
  const tenant = await newTenant(`sleeping-${i}`);
  const opened = once(lines, 'line');
  const order: ClientsOrder = { login: loginOf(tenant), count: SESSIONS / TENANTS };
  clients.stdin.write(`${JSON.stringify(order)}\n`);
  await opened;
  await tenants.suspend(tenant.name);
}
const raw = await memory();
const cleared = await clearedUp();
clients.stdin.end();

const each = (kb: number): string => fixed(kb / SESSIONS, 2);
const pss = (cleared.pss - before.cleared.pss) / SESSIONS;
printMachine();
printTable([
  [`${SESSIONS} parked sessions of ${TENANTS} tenants`, 'kB each'],
  ['as it stands: RSS', each(raw.rss - before.raw.rss)],
  ['as it stands: PSS', each(raw.pss - before.raw.pss)],
  ['cleared up: RSS', each(cleared.rss - before.cleared.rss)],
  ['cleared up: PSS', each(cleared.pss - before.cleared.pss)],
  ['  JavaScript objects', each(cleared.heap - before.cleared.heap)],
  ['  buffers', each(cleared.buffers - before.cleared.buffers)],
  ['bar of PSS, cleared up', `${BAR_KB} ${verdict(pss <= BAR_KB)}`],
]);

async function newTenant(name: string): Promise<TenantSecret> {
  const tenant = await tenants.create({ name });
  await tenants.wake(name);
  return tenant;
}

function loginOf({ name: role, password }: TenantSecret): Login {
  return { place: { host: '127.0.0.1', port: server.proxyPort }, role, password };
}

async function warmUp(tenant: TenantSecret): Promise<void> {
  for (let done = 0; done < WARM_UP; done += WARM_UP_AT_ONCE) {
    const some = Array.from({ length: WARM_UP_AT_ONCE }, () => RawSession.open(loginOf(tenant)));
    for (const session of await Promise.all(some)) session.close();
  }
  await tenants.suspend(tenant.name);
}

async function pidOfProxy(): Promise<number> {
  const [name = ''] = (await readdir(proxyDirectory)).filter((found) => found.endsWith('.json'));
  const { pid } = JSON.parse(await readFile(join(proxyDirectory, name), 'utf8')) as { pid: number };
  return pid;
}

/** In kB. */
async function memory(): Promise<{ readonly rss: number; readonly pss: number }> {
  const text = await readFile(`/proc/${proxy}/smaps_rollup`, 'utf8');
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
  return { rss: of('Rss'), pss: of('Pss') };
}

/** In kB, after its garbage was collected. */
async function clearedUp() {
  const file = join(proxyDirectory, 'heap');
  const lengthOf = async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').length;
  const length = await lengthOf();
  process.kill(proxy, 'SIGUSR2');
  await eventually('it has cleared up', async () => (await lengthOf()) > length);
  const last = (await readFile(file, 'utf8')).trim().split('\n').at(-1) ?? '';
  const said = JSON.parse(last) as { readonly heap: number; readonly buffers: number };
  return { ...(await memory()), ...said };
}
