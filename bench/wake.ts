/**
 * What a wake costs a client: connect, SCRAM and first row of a sleeping tenant through the front
 * door, against the same PostgreSQL started by hand and asked the same. In pairs, in turn.
 *
 *   node bench/wake.ts [PAIRS]
 *
 * Bar: p50 at most 1.5x, p95 at most 2x of bare.
 */
import { join } from 'node:path';
import { realServer } from '../src/testing/real-server.ts';
import { firstRow, learnCommand, startBare, stopBare } from './bare-postgres.ts';
import { fixed, p50, p95, printMachine, printTable, timed, verdict } from './measure.ts';

const PAIRS = Number(process.argv[2] ?? 60);
const WARM_UP = 5;

await using server = await realServer({ args: ['--log-level', 'error'] });
const { tenants } = server.client;

const front = await tenants.create({ name: 'front' });
const bare = await tenants.create({ name: 'bare' });
await tenants.wake('bare');
const command = await learnCommand(join(server.dataDir, 'tenants', bare.id));
await tenants.suspend('bare');

async function throughTheDoor(): Promise<number> {
  const uri = server.uri({ role: front.name, password: front.password });
  const took = await timed(() => firstRow(uri));
  await tenants.suspend('front');
  return took;
}

async function byHand(): Promise<number> {
  const { socketDir: host } = command;
  const login = { host, user: bare.name, database: bare.name, password: bare.password };
  const start = performance.now();
  const child = await startBare(command);
  await firstRow(login);
  const took = performance.now() - start;
  await stopBare(child);
  return took;
}

const door: number[] = [];
const hand: number[] = [];
for (let pair = 0; pair < WARM_UP + PAIRS; pair++) {
  const [a, b] = pair % 2 === 0 ? [await throughTheDoor(), await byHand()] : [0, 0];
  const [c, d] = pair % 2 === 0 ? [0, 0] : [await byHand(), await throughTheDoor()];
  if (pair < WARM_UP) continue;
  door.push(a + d);
  hand.push(b + c);
}

printMachine();
const ratio50 = p50(door) / p50(hand);
const ratio95 = p95(door) / p95(hand);
printTable([
  [`wake, ${PAIRS} pairs, ms`, 'p50', 'p95'],
  ['DynaBase, front door', fixed(p50(door)), fixed(p95(door))],
  ['PostgreSQL by hand', fixed(p50(hand)), fixed(p95(hand))],
  ['ratio', fixed(ratio50, 2), fixed(ratio95, 2)],
  ['bar', `1.5 ${verdict(ratio50 <= 1.5)}`, `2.0 ${verdict(ratio95 <= 2)}`],
]);
