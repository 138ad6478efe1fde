import { describe, expect, test } from 'vitest';
import { timestamp } from '../domain/units.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { type Alert, type AlertFacts, judged, NO_ALERTS, usualDay } from './alerts.ts';
import { type Amount, amount, fromRough, NOTHING } from './money.ts';

const facts = (change: Partial<AlertFacts> = {}): AlertFacts => ({
  ...{ month: '2026-11', spent: NOTHING, budget: null, margin: null, hour: null },
  ...change,
});

/** What is told at each of them, one after the other. */
function told(...all: readonly Partial<AlertFacts>[]): readonly (readonly Alert[])[] {
  let state = NO_ALERTS;
  return all.map((change) => {
    const decision = judged(state, facts(change));
    state = decision.state;
    return decision.alerts;
  });
}

const parts = (...all: readonly Partial<AlertFacts>[]): readonly (number | string)[] =>
  told(...all).map((alerts) =>
    alerts.map((alert) => (alert.kind === 'budget' ? alert.part : alert.kind)).join(),
  );

const spent = (of: string, budget = '100', month = '2026-11'): Partial<AlertFacts> => ({
  ...{ month, spent: amount(of), budget: amount(budget) },
});

test('each part of a budget is told once a month, the highest of several alone', () => {
  expect(
    parts(
      spent('49.99'),
      spent('50'),
      spent('51'),
      spent('93'),
      spent('99'),
      spent('100'),
      spent('300'),
    ),
  ).toEqual(['', '50', '', '90', '', '100', '']);
  expect(parts(spent('80'), spent('80', '100', '2026-12'))).toEqual(['75', '75']);
  expect(told(spent('80'))[0]).toEqual([
    { kind: 'budget', part: 75, spent: amount('80'), budget: amount('100') },
  ]);
});

test('a higher budget begins anew where it is not used up, a lower one at once', () => {
  expect(parts(spent('95'), spent('96', '200'), spent('101', '200'), spent('150', '200'))).toEqual([
    ...['90', '', '50', '75'],
  ]);
  expect(parts(spent('60', '200'), spent('60', '60'), spent('60', '60'))).toEqual(['', '100', '']);
});

test('spending that goes back over a part by a credit is not told again', () => {
  expect(parts(spent('76'), spent('74'), spent('76'))).toEqual(['75', '', '']);
});

test('a budget of nothing is passed by the first that is spent', () => {
  expect(parts(spent('0', '0'), spent('0.01', '0'))).toEqual(['', '100']);
});

const margin = (profit: string, ratio: number | null, month = '2026-11'): Partial<AlertFacts> => ({
  ...{ month, margin: { profit: amount(profit), ratio } },
});

test('a negative margin is told once, and again after it was clearly positive or in another month', () => {
  const losing = margin('-1', -0.1);
  expect(parts(losing, losing, margin('0.1', 0.01), losing)).toEqual([
    ...['negative margin', '', '', ''],
  ]);
  expect(parts(losing, margin('1', 0.06), losing)).toEqual([
    ...['negative margin', '', 'negative margin'],
  ]);
  expect(parts(losing, margin('-1', null, '2026-12'))).toEqual([
    ...['negative margin', 'negative margin'],
  ]);
  expect(parts(margin('0', null), margin('0', 0))).toEqual(['', '']);
});

const hour = (cost: string, expected = '1', deviation = '0.2'): Partial<AlertFacts> => ({
  hour: { cost: amount(cost), expected: amount(expected), deviation: amount(deviation) },
});

test('an hour that costs far more than others is told once, until six hours were calm', () => {
  const calm = Array.from({ length: 6 }, () => hour('1.1'));
  const five = calm.slice(1);
  expect(parts(hour('1.9'), hour('2.1'), hour('9'))).toEqual(['', 'unusual cost', '']);
  expect(parts(hour('5'), ...five, hour('5')).at(-1)).toBe('');
  expect(parts(hour('5'), ...calm, hour('5')).at(-1)).toBe('unusual cost');
  // Neither calm nor unusual: the six begin anew.
  expect(parts(hour('5'), ...five, hour('1.7'), ...five, hour('5')).at(-1)).toBe('');
});

test('what costs less than a cent is not worth a word, and what scatters as much is not unusual', () => {
  expect(parts(hour('0.009', '0', '0'), hour('0.01', '0', '0'))).toEqual(['', 'unusual cost']);
  expect(parts(hour('5', '1', '1'), hour('5.1', '1', '1'))).toEqual(['', 'unusual cost']);
});

test('all that there is to say is said at once', () => {
  const decision = judged(NO_ALERTS, facts({ ...spent('50'), ...margin('-1', -1), ...hour('9') }));
  expect(decision.alerts.map(({ kind }) => kind)).toEqual([
    ...['budget', 'negative margin', 'unusual cost'],
  ]);
  expect(decision.alerts[1]).toEqual({
    kind: 'negative margin',
    profit: -1_000_000_000_000n as Amount,
  });
});

describe('a day of one tenant', () => {
  const DAY_MS = 86_400_000;
  const at = (n: number) => timestamp(Date.UTC(2026, 0, 1) + n * DAY_MS);

  /** How often it is told of, where each day is judged twice: as it goes, and at its end. */
  function daysTold(costs: readonly number[]): readonly number[] {
    let state = NO_ALERTS;
    return costs.flatMap((cost, n) => {
      const usual = usualDay(costs.slice(Math.max(0, n - 28), n).map(fromRough));
      return [cost / 2, cost].flatMap((sofar) => {
        const day = usual && { ...usual, day: at(n), cost: fromRough(sofar) };
        const decision = judged(state, facts({ day }));
        state = decision.state;
        return decision.alerts.length > 0 ? [n] : [];
      });
    });
  }

  test('is told of when it costs what none of its days has, once a week, and of no tenant that is too young', () => {
    const quiet = Array.from({ length: 20 }, (_, n) => 0.1 + 0.01 * (n % 3));
    expect(daysTold([...quiet, 1, 1, 3])).toEqual([20]);
    expect(daysTold([...quiet, 0.2])).toEqual([]);
    expect(daysTold([0.1, 0.1, 0.1, 9])).toEqual([]);
    expect(daysTold(quiet.map((one) => one / 10).concat(0.04))).toEqual([]);
    // Weeks later what was unusual has become one of its days.
    expect(daysTold([...quiet, 1, ...quiet, 1.5])).toEqual([20]);
    expect(daysTold([...quiet, 1, ...quiet, 5])).toEqual([20, 41]);
  });

  test('is told of in vain at most once in twenty months of quiet tenants, and caught when it runs away', () => {
    const random = new SeededRandom(7);
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    // Days that scatter by half, working days and weekends, and tenants that are not there on every day.
    const quietDay = (mean: number, presence: number) => (_: unknown, n: number) =>
      random.next() > presence ? 0.001 : mean * (n % 7 > 4 ? 0.3 : 1) * Math.exp(0.5 * normal());
    const [tenants, months] = [150, 6];
    let vain = 0;
    let caught = 0;
    for (let n = 0; n < tenants; n++) {
      const mean = 0.1 * 10 ** (2 * random.next());
      const days = Array.from({ length: months * 30 }, quietDay(mean, 0.4 + 0.6 * random.next()));
      const counts = Map.groupBy(daysTold(days), (day) => Math.floor(day / 30));
      for (const of of counts.values()) {
        expect(of.length).toBeLessThanOrEqual(1);
        vain += 1;
      }
      if (daysTold([...days.slice(0, 60), 15 * Math.max(...days)]).includes(60)) caught += 1;
    }
    expect(vain / (tenants * months)).toBeLessThan(0.05);
    expect(caught).toBe(tenants);
  });
});
