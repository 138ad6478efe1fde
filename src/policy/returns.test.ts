import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hours, later, minutes, ms, seconds, type Timestamp, timestamp } from '../domain/units.ts';
import { chances, chanceWithin, Habit, Population } from './returns.ts';

/** A Monday, 00:00 UTC. */
const MONDAY = timestamp(1_767_571_200_000);
const DAY = hours(24);

const nobody = new Population();

/** A tenant that is busy for `busy` from each of these moments on; the last idle time is open. */
function lived(begins: readonly Timestamp[], busy = seconds(5)) {
  const habit = new Habit();
  let idleSince: Timestamp | null = null;
  for (const at of begins) {
    if (idleSince !== null) habit.returned(idleSince, at);
    habit.began(at);
    idleSince = later(at, busy);
  }
  return { habit, idleSince: idleSince ?? MONDAY };
}

const at = (day: number, hour: number): Timestamp => later(MONDAY, ms(day * DAY + hours(hour)));

/** Monday to Friday, every 10 minutes from 9 to 17 UTC. */
const office = (days: number, from = 9): readonly Timestamp[] =>
  Array.from({ length: days }, (_, day) => day)
    .filter((day) => day % 7 < 5)
    .flatMap((day) => Array.from({ length: 48 }, (_, turn) => at(day, from + turn / 6)));

const every = (period: number, count: number): readonly Timestamp[] =>
  Array.from({ length: count }, (_, turn) => later(MONDAY, ms(period * turn)));

const inHour = (
  { habit, idleSince }: { readonly habit: Habit; readonly idleSince: Timestamp },
  now: Timestamp,
): number => chanceWithin(habit, nobody, { since: idleSince, now }, hours(1));

describe('the chance of a return', () => {
  test('of an office tenant is large before nine, small at night and on Sunday', () => {
    const tenant = lived(office(26));
    expect(inHour(tenant, at(28, 8.5))).toBeGreaterThan(0.25);
    expect(inHour(tenant, at(26, 3))).toBeLessThan(0.1);
    expect(inHour(tenant, at(27, 8.5))).toBeLessThan(0.1);
  });

  test('of an office tenant is near one on the morning after a day of work', () => {
    const tenant = lived(office(25));
    expect(inHour(tenant, at(25, 8.5))).toBeGreaterThan(0.7);
    expect(inHour(tenant, at(25, 3))).toBeLessThan(0.05);
  });

  test('of an hourly timer is near one around its minute, and small before', () => {
    const tenant = lived(every(hours(1), 60));
    const due = later(tenant.idleSince, hours(1));
    const soon = { since: tenant.idleSince, now: later(due, ms(-minutes(2))) };
    expect(chanceWithin(tenant.habit, nobody, soon, minutes(4))).toBeGreaterThan(0.6);
    const early = { since: tenant.idleSince, now: later(due, ms(-minutes(40))) };
    expect(chanceWithin(tenant.habit, nobody, early, minutes(20))).toBeLessThan(0.1);
  });

  test('of a tenant that has been gone for a month is next to nothing', () => {
    const tenant = lived(every(minutes(7), 20));
    expect(inHour(tenant, later(tenant.idleSince, ms(30 * DAY)))).toBeLessThan(0.01);
  });

  test('follows a tenant that moves its day', () => {
    const moved = [...office(26), ...office(26, 15).map((begin) => later(begin, ms(28 * DAY)))];
    const tenant = lived(moved);
    expect(inHour(tenant, at(56, 14.5))).toBeGreaterThan(inHour(tenant, at(56, 8.5)));
  });

  test('of a tenant nobody knows is the fleet’s', () => {
    const busy = new Population();
    const quiet = new Population();
    for (let i = 0; i < 500; i += 1) {
      const gap = { since: at(i % 28, i % 24), from: ms(0) };
      busy.watched({ ...gap, to: minutes(20), returned: true });
      quiet.watched({ ...gap, to: DAY, returned: false });
    }
    const stranger = lived([MONDAY]);
    const now = later(stranger.idleSince, minutes(15));
    const idle = { since: stranger.idleSince, now };
    expect(chanceWithin(stranger.habit, busy, idle, hours(1))).toBeGreaterThan(
      2 * chanceWithin(stranger.habit, quiet, idle, hours(1)),
    );
  });

  test('is a hazard for all tenants: positive, finite, in order, and without end', () => {
    const gap = fc.integer({ min: 0, max: 40 * DAY });
    fc.assert(
      fc.property(fc.array(gap, { maxLength: 40 }), (gaps) => {
        let now: Timestamp = MONDAY;
        const begins = [now, ...gaps.map((one) => (now = later(now, ms(5_000 + one))))];
        const { habit, idleSince } = lived(begins);
        let before = 0;
        for (const { until, perSecond } of chances(habit, nobody, idleSince)) {
          expect(until).toBeGreaterThan(before);
          expect(perSecond).toBeGreaterThan(0);
          expect(perSecond).toBeLessThan(1);
          before = until;
        }
        expect(before).toBe(Number.POSITIVE_INFINITY);
      }),
      { numRuns: 40 },
    );
  });
});

describe('what is learned', () => {
  test('fits into 1,000 bytes, and says the same when it is read again', () => {
    const tenant = lived(office(40));
    const bytes = tenant.habit.encode();
    expect(bytes.length).toBeLessThanOrEqual(1_000);
    const read = Habit.decode(bytes);
    expect(read.encode()).toEqual(bytes);
    const now = at(42, 8.5);
    const again = inHour({ habit: read, idleSince: tenant.idleSince }, now);
    expect(Math.abs(again - inHour(tenant, now))).toBeLessThan(0.05);
  });

  test('grows although it is written and read after each return', () => {
    let habit = new Habit();
    for (let i = 1; i < 200; i += 1) {
      habit.began(later(MONDAY, ms(minutes(10) * (i - 1))));
      habit.returned(
        later(MONDAY, ms(minutes(10) * (i - 1) + 5_000)),
        later(MONDAY, ms(minutes(10) * i)),
      );
      habit = Habit.decode(habit.encode());
    }
    const returns = habit.pace.returns.reduce((sum, one) => sum + one, 0);
    expect(returns).toBeGreaterThan(130);
    expect(returns).toBeLessThan(300);
  });

  test('begins anew with bytes that nobody wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_100 }), (bytes) => {
        const { perSecond } = chances(Habit.decode(bytes), Population.decode(bytes), MONDAY).next()
          .value ?? { perSecond: 0 };
        expect(perSecond).toBeGreaterThan(0);
      }),
    );
  });

  test('of the fleet is the same when read, in at most 4,000 bytes, and adds up', () => {
    const one = new Population();
    const other = new Population();
    one.watched({ since: MONDAY, from: ms(0), to: hours(2), returned: true });
    other.watched({ since: at(1, 9), from: hours(1), to: hours(30), returned: false });
    const read = Population.decode(one.encode());
    expect(read.encode()).toEqual(one.encode());
    expect(one.encode().length).toBeLessThanOrEqual(4_000);
    const both = new Population();
    both.watched({ since: MONDAY, from: ms(0), to: hours(2), returned: true });
    both.watched({ since: at(1, 9), from: hours(1), to: hours(30), returned: false });
    read.merge(other);
    expect(read.encode()).toEqual(both.encode());
  });

  test('of the fleet is read where its bytes are a part of many others, as a database gives them', () => {
    const fleet = new Population();
    fleet.watched({ since: MONDAY, from: ms(0), to: hours(2), returned: true });
    const bytes = fleet.encode();
    for (const fill of [0, 0xff]) {
      const answer = Buffer.alloc(4 * bytes.length, fill);
      answer.set(bytes, bytes.length);
      const read = Population.decode(answer.subarray(bytes.length, 2 * bytes.length));
      expect(read.encode()).toEqual(bytes);
    }
  });
});
