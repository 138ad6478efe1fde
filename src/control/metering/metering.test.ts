import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTenantId, type TenantId } from '../../domain/ids.ts';
import type { ComputeSample, PageReading, Samples } from '../../domain/metering.ts';
import { hours, ms, timestamp } from '../../domain/units.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { MemoryUseStore } from '../../testing/memory-use-store.ts';
import { Metering } from './metering.ts';
import { usedBetween } from './metering-pieces.ts';

const TENANT = parseTenantId('tn_000000000001');
const RETENTION = { minutes: hours(24), hours: hours(24) };

class FakeSamples implements Samples {
  readonly running = new Map<TenantId, ComputeSample>();
  #onLast: (tenant: TenantId, sample: ComputeSample) => void = () => {};

  all(): Promise<ReadonlyMap<TenantId, ComputeSample>> {
    return Promise.resolve(new Map(this.running));
  }

  onLast(listener: (tenant: TenantId, sample: ComputeSample) => void): void {
    this.#onLast = listener;
  }

  stop(tenant: TenantId): void {
    const last = this.running.get(tenant);
    this.running.delete(tenant);
    if (last !== undefined) this.#onLast(tenant, last);
  }
}

const sample = (change: Partial<ComputeSample> = {}): ComputeSample => ({
  ...{ run: 'one', age: ms(0), memoryBytes: 5_000_000, cpuUs: 0, diskWrittenBytes: 0 },
  ...change,
});

function world(store = new MemoryUseStore(), clock = new VirtualClock()) {
  const samples = new FakeSamples();
  let read: (tenant: TenantId, reading: PageReading) => void = () => {};
  const reads = { onRead: (listener: typeof read) => (read = listener) };
  const own = { clock, random: new SeededRandom(1), log: new MemoryLog() };
  const parts = { ...own, samples, store, reads };
  const tell = (l1: number, change: Partial<PageReading> = {}) =>
    read(TENANT, { run: 'one', at: clock.wall(), l1, l2: 0, l3: 0, cachedBytes: null, ...change });
  return { ...parts, tell, metering: new Metering({ ...parts, retention: async () => RETENTION }) };
}

const total = (store: MemoryUseStore, meter: 'cpu' | 'written' | 'memory'): bigint =>
  store.used.reduce((sum, { use }) => sum + use[meter], 0n);

test('the pieces of what was used add up to it, each within its minute', () => {
  const look = fc.record({ from: fc.nat(600_000), length: fc.nat(600_000), cpu: fc.nat(1e9) });
  fc.assert(
    fc.property(look, ({ from, length, cpu }) => {
      const counters = { tenant: TENANT, run: 'one', memoryBytes: 4_096 };
      const before = { ...counters, at: timestamp(from), cpuUs: 0, diskWrittenBytes: 7 };
      const at = timestamp(from + length);
      const now = { ...counters, at, cpuUs: cpu, diskWrittenBytes: 7 + cpu };
      const pieces = usedBetween(before, now, length);
      const seconds = Math.floor((from + length) / 1_000) - Math.floor(from / 1_000);
      const sum = (meter: 'cpu' | 'written' | 'memory') =>
        pieces.reduce((all, { use }) => all + use[meter], 0n);
      expect(sum('cpu')).toBe(BigInt(cpu));
      expect(sum('written')).toBe(BigInt(cpu));
      expect(sum('memory')).toBe(4_096n * BigInt(seconds));
      expect(new Set(pieces.map((piece) => Math.floor(piece.at / 60_000))).size).toBe(
        pieces.length,
      );
    }),
  );
});

test('memory is taken to have gone straight from one look to the next', () => {
  const point = { tenant: TENANT, run: 'one', cpuUs: 0, diskWrittenBytes: null };
  const before = { ...point, at: timestamp(60_000), memoryBytes: 1_000 };
  const now = { ...point, at: timestamp(120_000), memoryBytes: 3_000 };
  expect(usedBetween(before, now, 0).map(({ use }) => use.memory)).toEqual([120_000n]);
});

test('a run that has ended between two rounds is counted to its end, and the next from its own', async () => {
  const { metering, samples, store, clock } = world();
  await metering.start();
  samples.running.set(TENANT, sample({ cpuUs: 100 }));
  await metering.count();
  samples.running.set(TENANT, sample({ cpuUs: 250, diskWrittenBytes: 8_192 }));
  samples.stop(TENANT);
  samples.running.set(TENANT, sample({ run: 'two', cpuUs: 30 }));
  await clock.advance(ms(60_000));
  expect(total(store, 'cpu')).toBe(280n);
  expect(total(store, 'written')).toBe(8_192n);
});

test.each(['before', 'after'] as const)(
  'what the store failed on %s its work is counted once',
  async (when) => {
    const { metering, samples, store } = world();
    await metering.start();
    samples.running.set(TENANT, sample({ cpuUs: 100 }));
    store.failure = { when, error: new Error('gone') };
    await metering.count();
    samples.running.set(TENANT, sample({ cpuUs: 150 }));
    await metering.count();
    expect(total(store, 'cpu')).toBe(150n);
  },
);

test('a server that comes after a crash goes on where the last count was', async () => {
  const first = world();
  await first.metering.start();
  first.samples.running.set(TENANT, sample({ cpuUs: 100 }));
  await first.metering.count();
  const next = world(first.store, first.clock);
  await next.metering.start();
  next.samples.running.set(TENANT, sample({ cpuUs: 90, memoryBytes: 0 }));
  await next.metering.count();
  next.samples.running.set(TENANT, sample({ cpuUs: 170, memoryBytes: 0 }));
  await next.metering.count();
  expect(total(next.store, 'cpu')).toBe(170n);
});

test('what was learned of reads is written with the round, the last of each run, and not lost', async () => {
  const { metering, store, tell } = world();
  await metering.start();
  tell(10);
  tell(30);
  tell(5, { run: 'two' });
  await metering.count();
  const pages = () => [...store.pages].map(([run, { l1 }]) => [run, l1]);
  expect(pages()).toEqual([
    [`${TENANT} one`, 30],
    [`${TENANT} two`, 5],
  ]);
  tell(40);
  tell(9, { run: 'two' });
  const written = store.countPages.bind(store);
  store.countPages = () => {
    // While it is under way somebody learns more.
    tell(12, { run: 'two' });
    return Promise.reject(new Error('gone'));
  };
  await metering.count();
  store.countPages = written;
  await metering.count();
  expect(pages()).toEqual([
    [`${TENANT} one`, 40],
    [`${TENANT} two`, 12],
  ]);
});
