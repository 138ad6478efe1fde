import { expect, test } from 'vitest';
import { parseFleet } from './fleet-file.ts';
import { makeFleet } from './synthetic.ts';
import type { TraceTenant } from './trace.ts';

const made = (group: object, fleet: object = {}) =>
  makeFleet(
    parseFleet(JSON.stringify({ days: 28, groups: [{ tenants: 20, ...group }], ...fleet }), 'f'),
  );

const startsOf = (tenants: readonly TraceTenant[]) => tenants.flatMap(({ starts }) => [...starts]);

/** The fleet begins on a Monday. */
const weekdayOf = (at: number): number => Math.floor(at / 86_400) % 7;
const hourOf = (at: number): number => (at / 3_600) % 24;

test('the same description makes the same fleet, and another seed another', () => {
  const group = { kind: 'people' };
  expect(made(group)).toEqual(made(group));
  expect(startsOf(made(group, { seed: 2 }).tenants)).not.toEqual(startsOf(made(group).tenants));
});

test('a tenant does the same without its neighbours', () => {
  const all = made({ kind: 'office' }).tenants;
  const fleet = parseFleet('{"days":28,"groups":[{"kind":"office","tenants":20}]}', 'f');
  const some = makeFleet(fleet, { sample: 5 }).tenants;
  expect(some).toEqual(all.filter(({ id }) => Number(id.split('-')[1]) % 5 === 0));
});

test('offices work in the hours and on the days of their own place', () => {
  const at = startsOf(made({ kind: 'office', utcOffset: -5, weekend: 0 }).tenants);
  const inHours = at.filter((one) => hourOf(one) > 13.4 && hourOf(one) < 23);
  expect(inHours.length / at.length).toBeGreaterThan(0.98);
  expect(at.filter((one) => weekdayOf(one) > 4)).toEqual([]);
});

test('a timer is punctual', () => {
  const [tenant] = made({ kind: 'timer', everyMinutes: 60, jitterSeconds: 20 }).tenants;
  const gaps = [...(tenant?.starts ?? [])].map((at, i, all) => at - (all[i - 1] ?? at)).slice(1);
  expect(gaps.length).toBe(28 * 24 - 1);
  expect(gaps.every((gap) => Math.abs(gap - 3_600) <= 21)).toBe(true);
});

test('the dead are seen for some days and never again', () => {
  const { tenants } = made({ kind: 'dead', activeDays: 3, perMonth: 60 });
  expect(tenants.length).toBeGreaterThan(0);
  expect(Math.max(...startsOf(tenants))).toBeLessThan(3.2 * 86_400);
});

test('tenants join over time and leave over time', () => {
  const steady = made({ kind: 'timer' }).tenants;
  const churning = made({ kind: 'timer', joinOverDays: 20, leavePerMonth: 0.9 }).tenants;
  const firsts = churning.map(({ starts }) => starts[0] ?? 0);
  expect(Math.max(...firsts)).toBeGreaterThan(10 * 86_400);
  expect(startsOf(churning).length).toBeLessThan(startsOf(steady).length / 2);
});

test('robots that are told from people do not show, and those that are not do', () => {
  const rare = { kind: 'rare', perMonth: 1 };
  const count = (robots: object): number => startsOf(made({ ...rare, robots }).tenants).length;
  const without = startsOf(made(rare).tenants).length;
  expect(count({ tenants: 1, everyMinutes: 10, takenForPeople: 0 })).toBe(without);
  expect(count({ tenants: 1, everyMinutes: 10 })).toBeGreaterThan(20 * 27 * 144);
});

test.each([
  ['[]', 'the fleet is not a JSON object'],
  ['{', 'this is no JSON'],
  ['{"days":3}', 'a fleet needs groups'],
  ['{"groups":[{"kind":"cats","tenants":1}]}', 'group 1: kind is none of people'],
  ['{"groups":[{"kind":"dead"}]}', 'group 1: tenants is not a number from 1 to 1000000'],
  ['{"groups":[{"kind":"dead","tenants":1,"pace":2}]}', 'group 1: "pace" is not known'],
  ['{"groups":[{"kind":"dead","tenants":1,"utcOffset":[1,99]}]}', 'group 1: utcOffset is hours'],
  ['{"start":"monday","groups":[{"kind":"dead","tenants":1}]}', 'start is not a date'],
  ['{"groups":[{"kind":"dead","tenants":1,"robots":{"tenants":2}}]}', 'group 1: robots: tenants'],
  ['{"groups":[{"kind":"dead","tenants":900000},{"kind":"dead","tenants":900000}]}', 'at most'],
])('%s is refused', (text, message) => {
  expect(() => parseFleet(text, 'f')).toThrow(message);
});

test('a fleet in which nobody does anything cannot be simulated', () => {
  expect(() => made({ kind: 'people', sessionsPerDay: 0 })).toThrow('nobody in this fleet');
});
