import { parseArgs } from 'node:util';
import { openCatalog } from '../src/catalog/open-catalog.ts';
import type { TenantId } from '../src/domain/ids.ts';
import { ms, timestamp } from '../src/domain/units.ts';
import { classOfTag } from '../src/proxy/tag-class.ts';
import { TenantMeter } from '../src/proxy/tenant-meter.ts';
import { draft } from '../src/testing/drafts.ts';
import { MemoryLog } from '../src/testing/memory-log.ts';
import { realHost } from '../src/testing/real-host.ts';
import { realPostgres } from '../src/testing/real-postgres.ts';
import { fixed, p50, printMachine, printTable, verdict } from './measure.ts';
import { LOADS, sample } from './relay-loads.ts';
import { relayStart } from './relay-start.ts';
import { throughDynaBase } from './rivals.ts';

const BAR = { relay: 0.01, bytes: 1_024 } as const;
const LOOPS = 3_000_000;
const METERS = 20_000;

const { values: chosen } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    tenants: { type: 'string', default: '20' },
  },
});

printMachine();
await measureRelay();
measureHeap();
await measureAwake();

async function measureRelay(): Promise<void> {
  await using start = await relayStart(['max_connections=100']);
  const { postgres, role } = start;
  await using dynaBase = await throughDynaBase(postgres, role);
  const [way] = dynaBase.ways;
  const load = LOADS.find(({ name }) => name === 'simple');
  if (way === undefined || load === undefined)
    throw new Error('there is no way or load to measure');
  const shares: number[] = [];
  const rows = [['round', 'proxy, us of CPU a query', 'metering', 'part']];
  for (let round = 1; round <= Number(chosen.rounds); round++) {
    const { cpuUs } = await sample(way, load, { clients: 8, seconds: Number(chosen.seconds) });
    const metered = countingUs();
    shares.push(metered / cpuUs);
    rows.push([
      `${round}`,
      fixed(cpuUs),
      fixed(metered, 3),
      `${fixed((100 * metered) / cpuUs, 2)} %`,
    ]);
  }
  printTable(rows);
  const share = p50(shares);
  console.log(`\nmedian ${fixed(100 * share, 2)} %, bar 1 %: ${verdict(share <= BAR.relay)}\n`);
}

/** Microseconds of a processor for all that is counted of one query. */
function countingUs(): number {
  const tag = Buffer.from('SELECT 1\0');
  const meter = new TenantMeter('tn_000000000001' as TenantId);
  const took = ms(0.3);
  const before = process.cpuUsage();
  for (let query = 0; query < LOOPS; query++) {
    meter.bytesIn += 60;
    meter.queries++;
    meter.bytesOut += 70;
    const place = classOfTag(tag, 0, tag.length);
    meter.classes[place] = (meter.classes[place] ?? 0) + 1;
    meter.answered(took);
    meter.transactions++;
  }
  const { user, system } = process.cpuUsage(before);
  if (meter.take(timestamp(0))?.queries !== LOOPS) throw new Error('nothing was counted');
  return (user + system) / LOOPS;
}

function measureHeap(): void {
  const collect = global.gc;
  if (collect === undefined) throw new Error('run it with --expose-gc');
  collect();
  const before = process.memoryUsage().heapUsed;
  const meters = Array.from({ length: METERS }, (_, n) => {
    const meter = new TenantMeter(`tn_${`${n}`.padStart(12, '0')}` as TenantId);
    meter.sessionBegan();
    meter.answered(ms(1));
    return meter;
  });
  collect();
  const each = (process.memoryUsage().heapUsed - before) / meters.length;
  console.log(
    `${fixed(each, 0)} bytes an active tenant, bar ${BAR.bytes}: ${verdict(each <= BAR.bytes)}\n`,
  );
}

async function measureAwake(): Promise<void> {
  const count = Number(chosen.tenants);
  await using world = await realHost({ husks: count });
  const tenants: TenantId[] = [];
  for (let n = 0; n < count; n++) tenants.push((await world.running(`t${n}`)).id);
  const { samples } = world.engine;
  const first = await cpuUsOf(() => samples.all());
  const again: number[] = [];
  for (let times = 0; times < 10; times++) again.push(await cpuUsOf(() => samples.all()));
  await using postgres = await realPostgres();
  const catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
  const drafts = tenants.map((id, n) => ({ ...draft(`t${n}`), id }));
  for (const one of drafts) {
    const tenant = await catalog.insertTenant(one);
    const asleep = await catalog.move(tenant, { kind: 'suspended' });
    await catalog.move(await catalog.move(asleep, { kind: 'waking', attempt: 1 }), {
      kind: 'running',
    });
  }
  const writes: number[] = [];
  for (let minute = 0; minute < 10; minute++) {
    const at = timestamp(Date.now() + minute * 60_000);
    const start = performance.now();
    await catalog.stores.use.count({
      ...{ name: `minute ${minute}`, until: at },
      seen: tenants.map((tenant) => ({
        ...{ tenant, run: '1-1', at, memoryBytes: 6_000_000, cpuUs: minute, diskWrittenBytes: 0 },
      })),
      used: tenants.map((tenant) => ({
        tenant,
        at,
        use: { memory: 360_000_000n, cpu: 1n, written: 1n },
      })),
    });
    writes.push(((performance.now() - start) * 1_000) / count);
  }
  await catalog.close();
  printTable([
    ['of an awake tenant and minute', 'us'],
    ['a look, the first time', fixed(first / count)],
    ['a look, when nothing has changed', fixed(p50(again) / count)],
    ['into the catalog, by the clock', fixed(p50(writes))],
  ]);
}

/** Microseconds of a processor, this process and the kernel on its behalf. */
async function cpuUsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
