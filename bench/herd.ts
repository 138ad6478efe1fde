/**
 * A herd: clients of many sleeping tenants come at once. Against starting the same computes by hand,
 * as many at once as the server does. In turn.
 *
 *   node bench/herd.ts [TENANTS] [ROUNDS]
 *
 * Bar: nothing fails, throughput at least 0.8x of by hand.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { TenantSecret } from '../src/sdk/index.ts';
import { realServer } from '../src/testing/real-server.ts';
import { type BareCommand, firstRow, learnCommand, startBare, stopBare } from './bare-postgres.ts';
import { fixed, p50, p95, printMachine, printTable, timed, verdict } from './measure.ts';

const TENANTS = Number(process.argv[2] ?? 200);
const ROUNDS = Number(process.argv[3] ?? 3);
const AT_ONCE = availableParallelism() * 2;

await using server = await realServer({
  args: ['--log-level', 'error', '--wakes-at-once', String(AT_ONCE), '--suspend-after', '1h'],
});
const { tenants } = server.client;

type Member = { readonly tenant: TenantSecret; readonly command: BareCommand };

const herd: Member[] = [];
for (let i = 0; i < TENANTS; i++) {
  const tenant = await tenants.create({ name: `herd-${i}` });
  await tenants.wake(tenant.name);
  const command = await learnCommand(join(server.dataDir, 'tenants', tenant.id));
  herd.push({ tenant, command });
  await tenants.suspend(tenant.name);
}

let failures = 0;
const waits: number[] = [];

async function throughTheDoor(): Promise<number> {
  const took = await timed(() =>
    Promise.all(
      herd.map(async ({ tenant }) => {
        const uri = server.uri({ role: tenant.name, password: tenant.password });
        try {
          waits.push(await timed(() => firstRow(uri)));
        } catch {
          failures += 1;
        }
      }),
    ),
  );
  for (const { tenant } of herd) await tenants.suspend(tenant.name);
  return took;
}

async function byHand(): Promise<number> {
  const left = [...herd];
  const children: Awaited<ReturnType<typeof startBare>>[] = [];
  const one = async (): Promise<void> => {
    for (let member = left.shift(); member !== undefined; member = left.shift()) {
      const { name, password } = member.tenant;
      children.push(await startBare(member.command));
      const { socketDir: host } = member.command;
      await firstRow({ host, user: name, database: name, password });
    }
  };
  const took = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, one)));
  for (const child of children) await stopBare(child);
  return took;
}

const door: number[] = [];
const hand: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  door.push(await throughTheDoor());
  hand.push(await byHand());
}

printMachine();
const perSecond = (ms: number): number => (TENANTS * 1000) / ms;
const ratio = perSecond(p50(door)) / perSecond(p50(hand));
printTable([
  [`herd of ${TENANTS}, ${AT_ONCE} starts at once, median of ${ROUNDS}`, 'tenants/s', 'all in s'],
  ['DynaBase, front door', fixed(perSecond(p50(door))), fixed(p50(door) / 1000, 2)],
  ['PostgreSQL by hand', fixed(perSecond(p50(hand))), fixed(p50(hand) / 1000, 2)],
  ['ratio', fixed(ratio, 2), ''],
  ['bar', `0.8 ${verdict(ratio >= 0.8)}`, ''],
]);
console.log(
  `\nfailures ${failures} ${verdict(failures === 0)}; wait of a client p50 ${fixed(p50(waits))} ms, p95 ${fixed(p95(waits))} ms`,
);
