/**
 * What it takes to reckon a day of a large fleet: processor time, the longest that nobody else is served, and memory.
 *
 *   node --expose-gc bench/settle.ts [TENANTS] [AWAKE]
 *
 * By the arithmetic alone, hour after hour as a server does it; what the catalog takes to read and write the rows is not in it.
 * Bars: 10 s of a processor for the day, 50 ms at once, 200 MB.
 */
import { setImmediate as immediately } from 'node:timers/promises';
import { DayCosts } from '../src/economics/day-cost.ts';
import { PRICE_BOOKS } from '../src/economics/price-presets.ts';
import { hoursWithin, rowOf, using, utc } from '../src/testing/ledger-rows.ts';
import { fixed, printMachine, printTable, verdict } from './measure.ts';

const [COUNT = '10000', AWAKE = '500'] = process.argv.slice(2);
const BAR = { cpuSeconds: 10, heldMs: 50, bytes: 200e6 } as const;

const files = { l3: 27_000_000n * 3_600n, stored: 27_000_000n * 3_600n };
const asleep = using(files);
const awake = using({
  ...{ ...files, memory: 7_000_000n * 1_800n, awake: 1_800n, cpu: 5_000_000n },
  ...{ l2: 10n ** 9n, egress: 10n ** 6n, wakes: 2n },
});
const overhead = using({ memory: 3n * 10n ** 11n, cpu: 10n ** 8n });

printMachine();
const table = [['book', 'processor, s', 'at once, ms', 'memory, MB', '']];
for (const name of ['railway', 'own-hardware'] as const) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const costs = new DayCosts(PRICE_BOOKS[name]);
  let [cpu, held, most] = [0, 0, 0];
  for (const hour of hoursWithin(utc('2026-11-02'), utc('2026-11-03'))) {
    const rows = Array.from({ length: Number(COUNT) }, (_, n) =>
      rowOf(n, { hour, use: n < Number(AWAKE) ? awake : asleep }),
    );
    const steps = costs.adding({ hour, rows, overhead });
    for (let isDone = false; !isDone; ) {
      const began = process.cpuUsage();
      isDone = steps.next().done ?? false;
      const { user, system } = process.cpuUsage(began);
      cpu += user + system;
      held = Math.max(held, user + system);
      await immediately();
    }
    globalThis.gc?.();
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  const holds = cpu / 1e6 <= BAR.cpuSeconds && held / 1e3 <= BAR.heldMs && most <= BAR.bytes;
  table.push([name, fixed(cpu / 1e6, 2), fixed(held / 1e3), fixed(most / 1e6), verdict(holds)]);
}
printTable(table);
