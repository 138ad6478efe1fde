/**
 * What a thousand tenants cost a month, from a real trace, against the same always on.
 *
 *   node bench/economics.ts [TRACE] [TENANTS] [SECONDS] [HOURS]
 *
 * So many hours of the trace, from its middle on, are run in so many seconds, with an idle time that is as much shorter: how much of the time a tenant is
 * awake is then what it would be at full length, while everything that comes by the event (processor time, wakes) is as much
 * denser. So memory and room are taken as they are, and what was taken by the event is stretched back to the trace's length.
 * The ledger of the server itself says what was used. An idle time of half a second and more is all that can be had, so that the
 * idle time of the trace is printed; with a longer one more is spent. What the policy that runs by default would have done at full
 * length, which has no such bound, is replayed over the whole trace by the simulator, at what a second awake and a wake took here.
 * Page cache that a tenant has of having been copied is dropped before anything is counted: on a way to sleep of minutes all but what is read is
 * given up, for which one of a second has no step. What is counted is what wakes read.
 * Bars: 97 % less than always on; ten times the tenants for three times the cost at most.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ms, timestamp } from '../src/domain/units.ts';
import { NO_USE, type Use, type UseRow } from '../src/domain/use.ts';
import { NOTHING, roughly, sumOf } from '../src/economics/money.ts';
import { costsOf, ratesAt } from '../src/economics/price-book.ts';
import { PRICE_BOOKS } from '../src/economics/price-presets.ts';
import { TARIFFS } from '../src/economics/tariffs.ts';
import { alwaysOnCost, costOf, utilisationOf } from '../src/economics/usage-cost.ts';
import { sampleOwn } from '../src/main/own-use.ts';
import { policyPricesOf } from '../src/main/policy-prices.ts';
import {
  alwaysOnCost as alwaysOnLevelCost,
  levelTerms,
  WAKE_SECONDS,
} from '../src/policy/level-costs.ts';
import { PRESET_DEFAULT, PRESETS } from '../src/policy/rules.ts';
import { residencyBounds } from '../src/policy/tier-decision.ts';
import { replayLevels } from '../src/sim/adaptive.ts';
import { type LevelTally, productCosts, termsAt } from '../src/sim/level-tally.ts';
import { parseTrace } from '../src/sim/trace.ts';
import { realServer } from '../src/testing/real-server.ts';
import { firstRow } from './bare-postgres.ts';
import { fixed, printMachine, printTable, verdict } from './measure.ts';
import { closePageCache, drop } from './page-files.ts';

const [FILE = 'traces/azure2019-1d.tsv.gz', COUNT = '40', LENGTH = '90', SPAN = '4'] =
  process.argv.slice(2);
const TENANTS = Number(COUNT);
const SECONDS = Number(LENGTH);
const SPAN_SECONDS = Number(SPAN) * 3_600;
const IDLE_MS = 1_000;
/** Of these many tenants is told; what is not of `TENANTS` is extrapolated. */
const SIZES = [100, 1_000, 10_000];
/** Of a tenant that holds little, where the ledger has not said. Source: bench/rest.ts. */
const FILES_BYTES = 27e6;
/** A budget that leaves room for what is no tenant's, below the bar of 97 %. */
const TIGHT_PERCENT = 2;
/** Meters that `railway` has a price for. */
const PARTS = ['memory', 'l2', 'cpu', 'l3', 'l4', 'egress'] as const;
const HOUR = timestamp(Date.UTC(2026, 10, 2, 9));

const inDollars = (money: number): string => `$${fixed(money, 2)}`;

const packed = await readFile(FILE);
const text = FILE.endsWith('.gz') ? gunzipSync(packed).toString() : packed.toString();
const all = parseTrace(text, { name: FILE, warmup: 0 });
const every = Math.max(1, Math.floor(all.tenants.length / TENANTS));
const chosen = all.tenants.filter((_, at) => at % every === 0).slice(0, TENANTS);
const span = Math.min(SPAN_SECONDS, all.span);
/** Of the trace; its middle is as good a part as any. */
const first = (all.span - span) / 2;
const faster = span / SECONDS;

await using server = await realServer({
  args: ['--log-level', 'error', '--suspend-after', `${IDLE_MS}ms`, '--policy', 'machine'],
});
const uris: string[] = [];
for (let at = 0; at < chosen.length; at++) {
  const tenant = await server.client.tenants.create({ name: `fleet-${at}` });
  uris.push(server.uri({ role: tenant.name, password: tenant.password }));
}
// Each has its files, and sleeps, before it is counted.
for (const uri of uris) await firstRow(uri);
await sleep(3 * IDLE_MS);
const tenantsDir = join(server.dataDir, 'tenants');
for (const tenant of await readdir(tenantsDir)) await drop(join(tenantsDir, tenant, 'data'));
await closePageCache();

const pids = [server.pid, ...(await proxiesOf(server.pid))];
const began = Date.now();
const from = new Date(began).toISOString();
const ours = { memory: 0, looks: 0 };
let asked = 0;
let failed = 0;
const watching = setInterval(() => {
  ours.memory += sampleOwn(pids, []).memoryBytes;
  ours.looks += 1;
}, 1_000);
const cpuBefore = cpuSum();
await Promise.all(chosen.map((tenant, at) => play(tenant.starts, uris[at] ?? '')));
await sleep(Math.max(0, began + SECONDS * 1_000 - Date.now()));
clearInterval(watching);
const ran = (Date.now() - began) / 1_000;
const cpuOurs = cpuSum() - cpuBefore;
// The ledger is written by the minute.
await sleep(65_000);
const found = await server.client.usage.ofAll({
  from,
  to: new Date().toISOString(),
  step: 'minute',
});
const use = found.steps.reduce<Record<string, bigint>>((sum, { use: one }) => {
  for (const [meter, amount] of Object.entries(one))
    sum[meter] = (sum[meter] ?? 0n) + BigInt(amount);
  return sum;
}, {});
const used = (meter: keyof Use): number => Number(use[meter] ?? 0n);

/** Of one tenant in an hour of the trace's own time: what is held as it is, what comes by the event stretched. */
const asRun: Use = {
  ...NO_USE,
  memory: hourly(used('memory')),
  l2: hourly(used('l2')),
  awake: hourly(used('awake')),
  cpu: hourly(used('cpu') / faster),
  l3: BigInt(Math.round((await restBytes()) * 3_600)),
  stored: BigInt(Math.round((await restBytes()) * 3_600)),
  egress: hourly(used('egress') / faster),
  wakes: hourly(used('wakes') / faster),
};
/** The same as the policy keeps all tenants that were chosen over the whole trace, within its budget. */
const within = (percent: number) => {
  const kept = keptWithin(percent);
  const longer = kept.awake / Math.max(1e-9, Number(asRun.awake) / 3_600);
  const cpuOfWake = used('cpu') / Math.max(1, used('wakes'));
  const use: Use = {
    ...asRun,
    memory: times(asRun.memory, longer),
    // In so short a run nobody's page cache was taken away.
    l2: times(asRun.l2, kept.cached),
    awake: times(asRun.awake, longer),
    cpu: BigInt(Math.round(kept.wakesAnHour * cpuOfWake)),
  };
  return { ...kept, says: `budget ${percent} %`, use };
};
const times = (amount: bigint, by: number): bigint => BigInt(Math.round(Number(amount) * by));
const replays = [PRESETS[PRESET_DEFAULT].residency.budgetPercent, TIGHT_PERCENT].map(within);
const overhead: Use = {
  ...NO_USE,
  memory: BigInt(Math.round((ours.memory / ours.looks) * 3_600)),
  cpu: BigInt(Math.round((cpuOurs / ran / faster) * 3_600)),
};

printMachine();
console.log(
  `\n${FILE}: ${chosen.length} of ${all.tenants.length} tenants, ${fixed(span / 3_600)} h in ${fixed(ran)} s (${fixed(faster, 0)} times as fast)`,
);
console.log(
  `measured: ${asked} connections (${failed} failed), awake ${fixed((100 * used('awake')) / ran / chosen.length, 2)} % of the time, idle time ${fixed((IDLE_MS * faster) / 60_000)} min of the trace`,
);
console.log(
  `measured: ${fixed(used('memory') / Math.max(1, used('awake')) / 1e6)} MB an awake compute, ${fixed(used('cpu') / Math.max(1, used('wakes')) / 1_000)} ms of a processor a wake, ${fixed((await restBytes()) / 1e6)} MB of files each, ${fixed(ours.memory / ours.looks / 1e6)} MB our own processes\n`,
);

for (const { says, awake, wakesAnHour, busy } of replays) {
  console.log(
    `replayed, policy \`${PRESET_DEFAULT}\`, ${says}: a tenant is awake ${fixed(100 * awake, 2)} % of the time, ${fixed(24 * wakesAnHour)} wakes a day (a minute of the trace in which something was asked counts as busy: ${fixed(100 * busy)} %)`,
  );
}
console.log();

type Row = { readonly month: number; readonly always: number; readonly cells: readonly string[] };

const ways = [{ says: 'as it was run', use: asRun }, ...replays];
const head = ['book', 'way', 'tenants', 'a month', 'a thousand', 'always on', 'less', 'used'];
const table = ways.map(({ says, use: one }) => ({
  says,
  railway: SIZES.map((size) => rowOf('railway', size, { says, use: one })),
  own: SIZES.map((size) => rowOf('own-hardware', size, { says, use: one })),
}));
printTable([
  head,
  ...table.flatMap(({ railway, own }) => [...railway, ...own].map((row) => [...row.cells])),
]);

console.log('\nwhat drives it, dollars a month of 1,000 tenants by `railway`:');
printTable([
  ['', ...PARTS, 'control plane'],
  ...ways.map(({ says, use: one }) => [says, ...partsOf(one), inDollars(overheadCost())]),
  ['always on', ...partsOf(alwaysOn(asRun)), '-'],
]);

for (const { says, railway, own } of table) {
  const [hundred, thousand, tenThousand] = railway.map(({ month }) => month);
  const less = 100 * (1 - (thousand ?? 0) / (railway[1]?.always ?? 1));
  const grown = [(thousand ?? 0) / (hundred ?? 1), (tenThousand ?? 0) / (thousand ?? 1)] as const;
  const ownGrown = own.slice(1).map(({ month }, at) => month / (own[at]?.month ?? 1));
  console.log(
    `\n${says}: less than always on, by metered prices: ${fixed(less)} % (bar 97): ${verdict(less >= 97)}`,
  );
  console.log(
    `ten times the tenants, from 100 and from 1,000: ${grown.map((n) => fixed(n, 2)).join(' and ')} times the cost (bar 3): ${verdict(Math.max(...grown) <= 3)}; on a machine that is paid for ${ownGrown.map((n) => fixed(n, 2)).join(' and ')}: ${verdict(Math.max(...ownGrown) <= 3)}`,
  );
}

function rowOf(
  name: 'railway' | 'own-hardware',
  size: number,
  { says, use: one }: { readonly says: string; readonly use: Use },
): Row {
  const row = (n: number): UseRow => ({
    ...{ tenant: `tn_${String(n).padStart(12, '0')}` as never, customer: null },
    ...{ plan: 'free', tier: 'COLD', hour: HOUR, seconds: 3_600n, use: one },
  });
  const hour = { hour: HOUR, rows: Array.from({ length: size }, (_, n) => row(n)), overhead };
  const cost = costOf(PRICE_BOOKS[name], [hour]);
  const month = roughly(cost.total) * 720;
  const always = roughly(alwaysOnCost(PRICE_BOOKS[name], hour.rows)) * 720;
  const busy = utilisationOf(cost);
  const cells = [
    ...[name, says, String(size), inDollars(month), inDollars((1_000 * month) / size)],
    ...[inDollars(always), `${fixed(100 * (1 - month / always))} %`],
    busy === null ? '-' : `${fixed(100 * busy)} %`,
  ];
  return { month, always, cells };
}

/** By meter, for a thousand tenants and a month. */
function partsOf(one: Use): readonly string[] {
  const { metered } = ratesAt(PRICE_BOOKS.railway, HOUR);
  const costs = costsOf(metered, one);
  return PARTS.map((part) => {
    const at = metered.findIndex(({ meter }) => meter === part);
    return inDollars(roughly(costs[at] ?? NOTHING) * 720_000);
  });
}

function overheadCost(): number {
  const { metered } = ratesAt(PRICE_BOOKS.railway, HOUR);
  return roughly(sumOf(costsOf(metered, overhead))) * 720;
}

/** What an idle PostgreSQL takes that never sleeps, as `alwaysOnCost` reckons it. */
function alwaysOn(one: Use): Use {
  const [{ alwaysOn: takes }] = PRICE_BOOKS.railway.versions;
  return {
    ...one,
    memory: BigInt(takes.memoryMb) * 1_000_000n * 3_600n,
    cpu: one.cpu + BigInt(takes.cpuMillis) * 1_000n * 3_600n,
  };
}

/**
 * What a second is worth is found as the fleet finds it: the dearest that keeps within the budget of the rules, by what `railway` says
 * that things cost.
 */
function keptWithin(percent: number): {
  readonly cached: number;
  readonly awake: number;
  readonly wakesAnHour: number;
  readonly busy: number;
} {
  const rules = PRESETS[PRESET_DEFAULT];
  const { decides: prices } = policyPricesOf(PRICE_BOOKS.railway, TARIFFS, HOUR);
  const costs = {
    ...productCosts(rules, prices),
    busyPerSecond: levelTerms(rules, 'COLD', WAKE_SECONDS, prices)[0]?.costPerSecond ?? 0,
  };
  const floorAwake = residencyBounds('COLD', rules).awakeAtLeast ?? ms(0);
  const always = alwaysOnLevelCost(rules, prices);
  const trace = { ...all, tenants: chosen };
  const ways = Array.from({ length: 25 }, (_, at) => 1e-9 * 10 ** (at / 3));
  const found = replayLevels(
    trace,
    ways.map((value) => termsAt(costs, value, floorAwake)),
  ).map((tallies) => {
    const sum = (of: (tally: LevelTally) => number): number =>
      tallies.reduce((n, one) => n + of(one), 0);
    const busy = sum((one) => one.busy);
    const total = sum((one) => one.total);
    const idle = costs.levels.reduce(
      (n, { level, costPerSecond }) => n + costPerSecond * sum((one) => one.seconds[level]),
      0,
    );
    const wakes = sum(({ returns, prewarms }) => returns.L2 + returns.L3 + returns.L4 + prewarms);
    return {
      share: (busy * costs.busyPerSecond + idle) / (total * always),
      awake: (busy + sum((one) => one.seconds.L1)) / total,
      cached: (busy + sum((one) => one.seconds.L1 + one.seconds.L2)) / total,
      ...{ wakesAnHour: (3_600 * wakes) / total, busy: busy / total },
    };
  });
  const fitting = found.filter(({ share }) => share <= percent / 100);
  const best = fitting.at(-1) ?? found[0];
  if (best === undefined) throw new Error('nothing was replayed');
  return best;
}

/** Connects, asks and leaves at each time; two that would fall together are one. */
async function play(starts: Float64Array, uri: string): Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  for (const start of starts) {
    if (start < first) continue;
    const at = began + ((start - first) / faster) * 1_000;
    if (at - last < IDLE_MS / 4) continue;
    last = at;
    await sleep(Math.max(0, at - Date.now()));
    if (Date.now() > began + SECONDS * 1_000) return;
    asked += 1;
    await firstRow(uri).catch(() => {
      failed += 1;
    });
  }
}

function hourly(amount: number): bigint {
  return BigInt(Math.round((amount / chosen.length / ran) * 3_600));
}

/** What a tenant's files take on disk. */
async function restBytes(): Promise<number> {
  const seconds = Number(use.seconds ?? 0n);
  return used('l3') > 0 && seconds > 0 ? used('l3') / seconds : FILES_BYTES;
}

function cpuSum(): number {
  return [...sampleOwn(pids, []).cpuUs.values()].reduce((sum, one) => sum + one, 0);
}

async function proxiesOf(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const found: number[] = [];
  for (const child of children.trim().split(' ').filter(Boolean)) {
    const name = await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '');
    if (/node|MainThread/.test(name)) found.push(Number(child));
  }
  return found;
}
