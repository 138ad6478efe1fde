/**
 * What a client at rest sees of a change of size class: how long it waits for an answer that it asks for
 * once, at a moment of its own while the compute is restarted in another size. With more clients all ask in
 * that time, and what is measured besides is how the two cores share out their new backends.
 *
 *   node bench/resize.ts [CHANGES] [CLIENTS]
 *
 * Bar: at most 80 ms p95 for one client. Beside it, in turn: a stop and a start of the same PostgreSQL by hand, from the
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
const CLIENTS = Number(process.argv[3] ?? 1);
const SPREAD_FIRST_MS = 100;
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
const sessions: RawSession[] = [];
for (let i = 0; i < CLIENTS; i++) {
  sessions.push(await RawSession.open({ place, role: name, password }));
}

const wait = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms));

/** Waits of all clients, who ask one after the other, spread over what the last change has taken. */
async function askAll(spread: number): Promise<number[]> {
  const asked = sessions.map(async (session, i) => {
    await wait((spread * (i + Math.random())) / CLIENTS);
    return await timed(() => session.ask(SELECT));
  });
  return await Promise.all(asked);
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
const pauses: number[] = [];
const calls: number[] = [];
const hand: number[] = [];
const still: number[] = [];
let child = await startBare(command);
for (let change = 0; change < WARM_UP + CHANGES; change++) {
  await wait(IDLE_MS);
  const calm = await askAll(SPREAD_FIRST_MS);
  await wait(IDLE_MS);
  const tier = change % 2 === 0 ? 'WARM' : 'HOT';
  const called = timed(() => tenants.change(name, { tier }));
  const seen = await askAll(calls.at(-1) ?? SPREAD_FIRST_MS);
  const call = await called;
  const restarted = await byHand(child);
  child = restarted.next;
  calls.push(call);
  if (change < WARM_UP) continue;
  waits.push(...seen);
  pauses.push(Math.max(...seen));
  hand.push(restarted.ms);
  still.push(...calm);
}
calls.splice(0, WARM_UP);
await stopBare(child);
for (const session of sessions) session.close();

const barOf = (ms: readonly number[]): string =>
  CLIENTS === 1 ? `${BAR_MS} ${verdict(p95(ms) <= BAR_MS)}` : '';

printMachine();
const row = (what: string, ms: readonly number[], bar = ''): string[] => [
  what,
  ...[p50(ms), p95(ms), quantile(ms, 1)].map((n) => fixed(n)),
  bar,
];
printTable([
  [`resize, ${CHANGES} changes, ms`, 'p50', 'p95', 'max', 'bar of p95'],
  row('a client at rest, asking meanwhile', waits, barOf(waits)),
  ...(CLIENTS === 1 ? [] : [row(`the longest wait of ${CLIENTS} clients`, pauses)]),
  row('asking without a change', still),
  row('the API call, all of it', calls),
  row('stop, start and first answer by hand', hand),
]);
