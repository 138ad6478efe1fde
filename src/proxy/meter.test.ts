import { describe, expect, test } from 'vitest';
import type { TenantId } from '../domain/ids.ts';
import { minutes, ms, seconds, timestamp } from '../domain/units.ts';
import { LATENCY_BOUNDS_US, type UsageMinute, type UsageSink } from '../domain/usage.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { BATCH_MAX, DUE_MAX, Meter } from './meter.ts';

const id = (n: number): TenantId => `tn_${String(n).padStart(12, '0')}` as TenantId;

const [ACME, OTHER] = [id(1), id(2)];

/** A sink that keeps what it is given, and fails or hangs when told to. */
class MemorySink implements UsageSink {
  readonly batches: { readonly batch: string; readonly records: readonly UsageMinute[] }[] = [];
  failures = 0;
  hang: Promise<void> | null = null;

  async add(records: readonly UsageMinute[], batch: string): Promise<void> {
    this.batches.push({ batch, records });
    await this.hang;
    if (this.failures > 0) {
      this.failures--;
      throw new Error('the catalog is down');
    }
  }

  get offered(): readonly (readonly [string, number, number])[] {
    return this.batches.flatMap(({ records }) =>
      records.map((r) => [r.tenant, r.minute - START, r.bytesIn] as const),
    );
  }
}

const clockAtStart = new VirtualClock();
const START = clockAtStart.wall();

function world() {
  const clock = new VirtualClock();
  const sink = new MemorySink();
  const log = new MemoryLog();
  const meter = new Meter({ clock, sink, log, random: new SeededRandom(1) });
  return { clock, sink, log, meter };
}

const buckets = (counts: Readonly<Record<number, number>>): number[] =>
  Array.from({ length: LATENCY_BOUNDS_US.length + 1 }, (_, bucket) => counts[bucket] ?? 0);

describe('meter', () => {
  test('a minute’s counts become one record, whole', async () => {
    const { clock, sink, meter } = world();
    const acme = meter.sessionBegan(ACME);
    meter.sessionBegan(ACME);
    acme.queries += 3;
    acme.byRobots += 1;
    acme.transactions += 2;
    acme.bytesIn += 10;
    acme.bytesOut += 20;
    acme.failed('42');
    acme.failed('42');
    acme.failed('23');
    for (const took of [0.05, 0.1, 0.11, 3, 20_000]) acme.answered(ms(took));
    await clock.advance(minutes(1));
    expect(sink.batches.map(({ records }) => records)).toEqual([
      [
        {
          tenant: ACME,
          minute: START,
          sessions: 2,
          queries: 3,
          byRobots: 1,
          transactions: 2,
          errors: { 42: 2, 23: 1 },
          bytesIn: 10,
          bytesOut: 20,
          classes: [0, 0, 0, 0, 0, 0, 0],
          latency: buckets({ 0: 2, 1: 1, 11: 1, 36: 1 }),
          latencySumUs: 20_003_260,
        },
      ],
    ]);
    await meter.close();
  });

  test('counts go to the minute in which they pass, at the minute of the wall clock', async () => {
    const { clock, sink, meter } = world();
    await clock.advance(seconds(50));
    const acme = meter.sessionBegan(ACME);
    acme.bytesIn += 1;
    await clock.advance(seconds(20));
    acme.bytesIn += 2;
    await clock.advance(seconds(60));
    acme.bytesIn += 4;
    await clock.advance(seconds(60));
    await meter.close();
    expect(sink.offered).toEqual([
      [ACME, 0, 1],
      [ACME, 60_000, 2],
      [ACME, 120_000, 4],
    ]);
  });

  test('a minute in which nothing happened makes no record, and no call', async () => {
    const { clock, sink, meter } = world();
    meter.sessionBegan(ACME);
    await clock.advance(minutes(1));
    await clock.advance(minutes(10));
    expect(sink.batches.length).toBe(1);
    await meter.close();
  });

  test('a tenant without sessions is forgotten once its counts are taken', async () => {
    const { clock, meter } = world();
    const acme = meter.sessionBegan(ACME);
    meter.sessionBegan(OTHER);
    acme.sessionEnded();
    expect(meter.activeCount).toBe(2);
    await clock.advance(minutes(1));
    expect(meter.activeCount).toBe(1);
    await meter.close();
  });

  test('what a session counts while its tenant has others is one sum', async () => {
    const { sink, meter } = world();
    meter.sessionBegan(ACME).bytesIn += 1;
    meter.sessionBegan(ACME).bytesIn += 2;
    meter.sessionBegan(OTHER).bytesIn += 4;
    await meter.flush();
    expect(sink.offered).toEqual([
      [ACME, 0, 3],
      [OTHER, 0, 4],
    ]);
    await meter.close();
  });

  test('records beyond a batch go in a batch of their own, under a name of their own', async () => {
    const { sink, meter } = world();
    for (let n = 0; n < BATCH_MAX + 1; n++) meter.sessionBegan(id(n));
    await meter.flush();
    expect(sink.batches.map(({ records }) => records.length)).toEqual([BATCH_MAX, 1]);
    const names = sink.batches.map(({ batch }) => batch);
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => /^[0-9a-f]{24}$/.test(name))).toBe(true);
    await meter.close();
  });

  test('closing stores what was counted, and leaves no timer', async () => {
    const { clock, sink, meter } = world();
    meter.sessionBegan(ACME).bytesIn += 5;
    await meter.close();
    expect(sink.offered).toEqual([[ACME, 0, 5]]);
    expect(clock.pending).toBe(0);
  });
});

describe('a sink that fails', () => {
  test('is offered the same batch again, and then what came meanwhile', async () => {
    const { clock, sink, log, meter } = world();
    const acme = meter.sessionBegan(ACME);
    sink.failures = 2;
    acme.bytesIn += 1;
    await clock.advance(minutes(1));
    acme.bytesIn += 2;
    await clock.advance(minutes(1));
    acme.bytesIn += 4;
    await clock.advance(minutes(1));
    const [first, second, third, rest] = sink.batches;
    expect([second, third]).toEqual([first, first]);
    expect(rest?.records.map((r) => [r.minute - START, r.bytesIn])).toEqual([
      [60_000, 2],
      [120_000, 4],
    ]);
    expect(log.lines.map((line) => line.message)).toEqual([
      'usage could not be stored; it is kept',
      'usage is stored again',
    ]);
    await meter.close();
  });

  test('that hangs is not called twice at once, and closing waits for it', async () => {
    const { clock, sink, meter } = world();
    const acme = meter.sessionBegan(ACME);
    let release = (): void => {};
    sink.hang = new Promise((resolve) => {
      release = resolve;
    });
    await clock.advance(minutes(1));
    acme.bytesIn += 1;
    await clock.advance(minutes(3));
    expect(sink.batches.length).toBe(1);
    const closed = meter.close();
    release();
    sink.hang = null;
    await closed;
    expect(sink.offered.map(([, , bytesIn]) => bytesIn)).toEqual([0, 1]);
  });

  test('at the end loses what it refuses, and the log says how much', async () => {
    const { sink, log, meter } = world();
    meter.sessionBegan(ACME);
    meter.sessionBegan(OTHER);
    sink.failures = 1;
    await meter.close();
    expect(log.lines.at(-1)).toEqual({
      level: 'error',
      message: 'usage was not stored before the end',
      fields: { records: 2 },
    });
  });

  test('that hangs at the end is not waited for longer than it is worth', async () => {
    const { clock, sink, log, meter } = world();
    meter.sessionBegan(ACME);
    sink.hang = new Promise(() => {});
    const closed = meter.close();
    await clock.advance(seconds(5));
    await closed;
    expect(log.alarming).toEqual(['usage was not stored before the end']);
    expect(clock.pending).toBe(0);
  });

  test('for long blurs the minutes of each tenant, and keeps the sums', async () => {
    const { clock, sink, log, meter } = world();
    sink.failures = Number.POSITIVE_INFINITY;
    // Ten tenants; one of them is in the batch that failed, with its first minute.
    const tenants = Array.from({ length: 10 }, (_, n) => meter.sessionBegan(id(n)));
    const minutesDown = DUE_MAX / tenants.length + 50;
    for (let minute = 0; minute < minutesDown; minute++) {
      for (const tenant of tenants) tenant.bytesIn += 1;
      await clock.advance(minutes(1));
    }
    sink.failures = 0;
    sink.batches.length = 0;
    await meter.flush();
    const records = sink.batches.flatMap((batch) => batch.records);
    expect(records.length).toBeLessThan(DUE_MAX);
    const sums = tenants.map(({ tenant }) =>
      records.filter((r) => r.tenant === tenant).reduce((sum, r) => sum + r.bytesIn, 0),
    );
    expect(sums).toEqual(tenants.map(() => minutesDown));
    expect(log.alarming).toEqual(['usage could not be stored; it is kept']);
    await meter.close();
  });

  test('for so many tenants that they cannot be kept loses the oldest, and the log says so', async () => {
    const { clock, sink, log, meter } = world();
    sink.failures = Number.POSITIVE_INFINITY;
    for (let n = 0; n < BATCH_MAX; n++) meter.sessionBegan(id(n)).sessionEnded();
    await clock.advance(minutes(1));
    for (let n = 0; n < DUE_MAX + 1; n++) meter.sessionBegan(id(n)).sessionEnded();
    await clock.advance(minutes(1));
    expect(log.lines.at(-1)).toEqual({
      level: 'error',
      message: 'usage was lost: too much waits for the catalog',
      fields: { lost: DUE_MAX / 2 + 1 },
    });
    sink.failures = 0;
    await meter.close();
  });
});

test('wall time that is not at a full minute at the start still ends its minute on time', async () => {
  const clock = new VirtualClock();
  await clock.advance(ms(59_999));
  const sink = new MemorySink();
  const random = new SeededRandom(1);
  const meter = new Meter({ clock, sink, log: new MemoryLog(), random });
  meter.sessionBegan(ACME);
  await clock.advance(ms(1));
  expect(sink.batches[0]?.records[0]?.minute).toBe(timestamp(START));
  await meter.close();
});
