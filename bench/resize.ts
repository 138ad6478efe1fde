/**
 * What a client at rest sees of a change of size class: how long it waits for an answer that it asks for
 * at a random moment while its compute is restarted in another size.
 *
 *   node bench/resize.ts [CHANGES]
 *
 * Bar: at most 80 ms p95. Beside it, in turn: a stop and a start of the same PostgreSQL by hand, from the
 * signal to the first answer, which is what cannot be left out. And what the same question costs when
 * nothing is changed.
 */
import { join } from 'node:path';
import { realServer } from '../src/testing/real-server.ts';
import { query } from '../src/testing/requests.ts';
import { firstRow, learnCommand, startBare, stopBare } from './bare-postgres.ts';
import { fixed, p50, p95, printMachine, printTable, quantile, timed, verdict } from './measure.ts';
import { RawSession } from './raw-session.ts';

const CHANGES = Number(process.argv[2] ?? 100);
const WARM_UP = 6;
const BAR_MS = 80;
/** The server asks a session what it holds when it has been idle for half of `--park-after`. */
const IDLE_MS = 750;

const SELECT = query('select 1');

await using server = await realServer({
  args: ['--log-level', 'error', '--suspend-after', '1h', '--park-after', '1s', '--husks', '0'],
});
const { tenants } = server.client;
const { name, password } = await tenants.create({ name: 'resized', plan: 'professional' });
const bare = await tenants.create({ name: 'bare', plan: 'professional' });
await tenants.wake(bare.name);
const command = await learnCommand(join(server.dataDir, 'tenants', bare.id));
await tenants.suspend(bare.name);

const place = { host: '127.0.0.1', port: server.proxyPort };
const session = await RawSession.open({ place, role: name, password });
await session.ask(SELECT);

const wait = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms));

let lastChangeMs = 100;

/** The client's wait, and whether the change was still under way when it asked. */
async function askAround(tier: 'WARM' | 'HOT'): Promise<{ ms: number; asked: number }> {
  await wait(IDLE_MS);
  const began = performance.now();
  const changed = timed(() => tenants.change(name, { tier }));
  const asked = Math.random() * lastChangeMs;
  await wait(asked);
  const at = performance.now() - began;
  const ms = await timed(() => session.ask(SELECT));
  lastChangeMs = await changed;
  return { ms, asked: at };
}

async function byHand(child: Awaited<ReturnType<typeof startBare>>) {
  const began = performance.now();
  await stopBare(child);
  const next = await startBare(command);
  const { socketDir: host } = command;
  await firstRow({ host, user: bare.name, database: bare.name, password: bare.password });
  return { next, ms: performance.now() - began };
}

const waits: number[] = [];
const calls: number[] = [];
const hand: number[] = [];
const still: number[] = [];
let child = await startBare(command);
for (let change = 0; change < WARM_UP + CHANGES; change++) {
  await wait(IDLE_MS);
  const calm = await timed(() => session.ask(SELECT));
  const seen = await askAround(change % 2 === 0 ? 'WARM' : 'HOT');
  const restarted = await byHand(child);
  child = restarted.next;
  if (change < WARM_UP) continue;
  waits.push(seen.ms);
  calls.push(lastChangeMs);
  hand.push(restarted.ms);
  still.push(calm);
}
await stopBare(child);
session.close();

printMachine();
const row = (what: string, ms: readonly number[], bar = ''): string[] => [
  what,
  ...[p50(ms), p95(ms), quantile(ms, 1)].map((n) => fixed(n)),
  bar,
];
printTable([
  [`resize, ${CHANGES} changes, ms`, 'p50', 'p95', 'max', 'bar of p95'],
  row('asked at a random moment of it', waits, `${BAR_MS} ${verdict(p95(waits) <= BAR_MS)}`),
  row('asked without one', still),
  row('the API call, all of it', calls),
  row('stop, start and first answer by hand', hand),
]);
