/**
 * What a thousand tenants cost a month, from a real trace, against the same always on.
 *
 *   node bench/economics.ts [TRACE] [TENANTS] [SECONDS] [HOURS]
 *
 * So many hours of the trace, from its middle on, are run in so many seconds, with an idle time that is as much shorter: how much of the time a tenant is
 * awake is then what it would be at full length, while everything that comes by the event (processor time, wakes) is as much
 * denser. So memory and room are taken as they are, and what was taken by the event is stretched back to the trace's length.
 * The ledger of the server itself says what was used. An idle time of half a second and more is all that can be had, so that the
 * idle time of the trace is printed; with a longer one more is spent. Bars: 97 % less than always on; ten times the tenants for
 * three times the cost at most.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { timestamp } from '../src/domain/units.ts';
import { NO_USE, type Use, type UseRow } from '../src/domain/use.ts';
import { roughly } from '../src/economics/money.ts';
import { PRICE_BOOKS } from '../src/economics/price-presets.ts';
import { alwaysOnCost, costOf, utilisationOf } from '../src/economics/usage-cost.ts';
import { sampleOwn } from '../src/main/own-use.ts';
import { parseTrace } from '../src/sim/trace.ts';
import { realServer } from '../src/testing/real-server.ts';
import { firstRow } from './bare-postgres.ts';
import { fixed, printMachine, printTable, verdict } from './measure.ts';

const [FILE = 'traces/azure2019-1d.tsv.gz', COUNT = '40', LENGTH = '100', SPAN = '4'] =
  process.argv.slice(2);
const TENANTS = Number(COUNT);
const SECONDS = Number(LENGTH);
const SPAN_SECONDS = Number(SPAN) * 3_600;
const IDLE_MS = 1_000;
/** Of these many tenants is told; what is not of `TENANTS` is extrapolated. */
const SIZES = [100, 1_000, 10_000];
/** Of a tenant that holds little, where the ledger has not said. Source: bench/rest.ts. */
const FILES_BYTES = 27e6;
const HOUR = timestamp(Date.UTC(2026, 10, 2, 9));

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
const anHour: Use = {
  ...NO_USE,
  memory: hourly(used('memory')),
  awake: hourly(used('awake')),
  cpu: hourly(used('cpu') / faster),
  l3: BigInt(Math.round((await restBytes()) * 3_600)),
  stored: BigInt(Math.round((await restBytes()) * 3_600)),
  egress: hourly(used('egress') / faster),
  wakes: hourly(used('wakes') / faster),
};
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

const rows: string[][] = [
  ['book', 'tenants', 'a month', 'a thousand', 'always on', 'less', 'used', ''],
];
const byBook: Record<string, number[]> = {};
for (const name of ['railway', 'own-hardware'] as const) {
  for (const size of SIZES) {
    const row = (n: number): UseRow => ({
      ...{
        tenant: `tn_${String(n).padStart(12, '0')}` as never,
        customer: null,
        plan: 'free',
        tier: 'COLD',
      },
      ...{ hour: HOUR, seconds: 3_600n, use: anHour },
    });
    const hour = { hour: HOUR, rows: Array.from({ length: size }, (_, n) => row(n)), overhead };
    const cost = costOf(PRICE_BOOKS[name], [hour]);
    const month = roughly(cost.total) * 720;
    const always = roughly(alwaysOnCost(PRICE_BOOKS[name], hour.rows)) * 720;
    byBook[name] = [...(byBook[name] ?? []), month];
    const busy = utilisationOf(cost);
    rows.push([
      ...[name, String(size), `$${fixed(month, 2)}`, `$${fixed((1_000 * month) / size, 2)}`],
      ...[`$${fixed(always, 2)}`, `${fixed(100 * (1 - month / always))} %`],
      busy === null ? '-' : `${fixed(100 * busy)} %`,
      'extrapolated from what was measured',
    ]);
  }
}
printTable(rows);
const [hundred = 0, thousand = 0, tenThousand = 0] = byBook.railway ?? [];
const always = rows.find(([name, size]) => name === 'railway' && size === '1000')?.[4] ?? '$1';
const less = 100 * (1 - thousand / Number(always.slice(1)));
console.log(
  `\nless than always on, by metered prices: ${fixed(less)} % (bar 97): ${verdict(less >= 97)}`,
);
console.log(
  `ten times the tenants: ${fixed(thousand / hundred, 2)} times the cost from 100 to 1,000, ${fixed(tenThousand / thousand, 2)} to 10,000 (bar 3): ${verdict(Math.max(thousand / hundred, tenThousand / thousand) <= 3)}`,
);
const [ownHundred = 0, ownThousand = 0, ownTen = 0] = byBook['own-hardware'] ?? [];
console.log(
  `the same on a machine that is paid for: ${fixed(ownThousand / ownHundred, 2)} and ${fixed(ownTen / ownThousand, 2)}: ${verdict(Math.max(ownThousand / ownHundred, ownTen / ownThousand) <= 3)}`,
);

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
