import { expect, test } from 'vitest';
import type {
  ServedStep,
  StepQuery,
  TrafficStep,
  UsedStep,
  UseHistory,
} from '../../domain/metering.ts';
import { hours, later, minutes, timestamp } from '../../domain/units.ts';
import { NO_USE } from '../../domain/use.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { UsageDesk, type UsageDeskWorld } from './metering-desk.ts';

const NOON = timestamp(Date.UTC(2030, 0, 10, 12));
const NOTHING_ASKED = {
  ...{ sessions: 0, queries: 0, byRobots: 0, transactions: 0, errors: {}, bytesIn: 0, bytesOut: 0 },
  ...{ classes: [], latency: [], latencySumUs: 0 },
};

class GivenHistory implements UseHistory {
  readonly asked: StepQuery[] = [];
  readonly #used: readonly UsedStep[];
  readonly #traffic: readonly TrafficStep[];
  readonly #served: readonly ServedStep[];

  constructor(
    used: readonly UsedStep[],
    traffic: readonly TrafficStep[] = [],
    served: readonly ServedStep[] = [],
  ) {
    this.#served = served;
    this.#used = used;
    this.#traffic = traffic;
  }

  used(query: StepQuery): Promise<readonly UsedStep[]> {
    this.asked.push(query);
    return Promise.resolve(this.#used);
  }

  served(query: StepQuery): Promise<readonly ServedStep[]> {
    const { from, to } = query;
    return Promise.resolve(this.#served.filter(({ at }) => at >= from && at < to));
  }

  traffic(): Promise<readonly TrafficStep[]> {
    return Promise.resolve(this.#traffic);
  }
}

const deskOf = (history: UseHistory, control: Partial<UsageDeskWorld['control']> = {}) =>
  new UsageDesk({
    ...{ clock: new VirtualClock(NOON), history },
    control: control as UsageDeskWorld['control'],
    money: async () => ({ storageCostPerTenant: null, currency: 'USD', averageMargin: null }),
  });

const used = (at: number, stored: bigint): UsedStep => ({
  at: timestamp(at),
  seconds: 86_400n,
  use: { ...NO_USE, stored, cpu: 5n },
});

test('what was used and what was asked stand in one step, in order, and are summed up', async () => {
  const traffic = { ...NOTHING_ASKED, at: NOON, queries: 3, latency: [1, 2] };
  const earlier = { ...traffic, at: later(NOON, hours(-1)), errors: { 42: 1 } };
  const desk = deskOf(new GivenHistory([used(NOON, 7n)], [traffic, earlier]));
  const from = later(NOON, hours(-5));
  const { steps, total, next } = await desk.ofAll({ from, to: NOON, step: 'hour' });
  expect(steps.map(({ at, queries, use }) => [at, queries, use.stored])).toEqual([
    [earlier.at, 3, 0n],
    [NOON, 3, 7n],
  ]);
  expect(total).toMatchObject({ queries: 6, errors: { 42: 1 }, latency: [2, 4], seconds: 86_400n });
  expect(next).toBeNull();
});

test('a span begins with a whole step, and what does not fit is asked for further', async () => {
  const history = new GivenHistory([]);
  const from = later(NOON, minutes(7));
  const to = later(NOON, hours(1_000));
  const found = await deskOf(history).ofAll({ from, to, step: 'hour' });
  expect(found).toMatchObject({ from: NOON, to: later(NOON, hours(168)), next: found.to });
  expect(history.asked).toMatchObject([{ from: NOON, to: found.to }]);
});

test('who was woken by whom, and what memory served, is told by the hour and summed up', async () => {
  const at = later(NOON, hours(-1));
  const served: ServedStep[] = [
    { at, from: 'L1', what: 'page', times: 90 },
    { at, from: 'L3', what: 'page', times: 10 },
    { at, from: 'husk', what: 'person', times: 1 },
    { at: NOON, from: 'L2', what: 'person', times: 2 },
    { at: later(NOON, hours(-30)), from: 'L3', what: 'page', times: 1_000 },
  ];
  const control = {
    metrics: async () => ({ tenants: { running: 1, suspending: 0 }, tiers: {} }),
  } as unknown as UsageDeskWorld['control'];
  const desk = deskOf(new GivenHistory([used(at, 7n)], [], served), control);
  const span = { from: later(NOON, hours(-5)), to: later(NOON, hours(1)) };
  const { steps, total } = await desk.ofAll({ ...span, step: 'hour' });
  expect(steps.map((step) => [step.at, step.use.stored, step.served?.pages.L1])).toEqual([
    [at, 7n, 90],
    [NOON, 0n, 0],
  ]);
  expect(total.served).toEqual({
    pages: { L1: 90, L2: 0, L3: 10 },
    wakes: [
      { from: 'husk', by: 'person', times: 1 },
      { from: 'L2', by: 'person', times: 2 },
    ],
  });
  // Of the last day, and not of the one before.
  expect((await desk.fleetMetrics()).cacheEfficiency).toBe(0.9);
  expect((await desk.ofAll({ ...span, step: 'minute' })).total.served).toBeNull();
});
