import { describe, expect, test } from 'vitest';
import { type Timestamp, timestamp } from '../domain/units.ts';
import { peopleAsked } from '../sim/pattern-replay.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { type Anomaly, anomaliesOfDay, anomaliesOfMinute, findingOf } from './anomalies.ts';
import { SeriesWatch } from './anomaly-series.ts';
import { type MinuteOfUse, Pattern } from './pattern.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONDAY = Date.UTC(2026, 0, 5);

const at = (day: number, hour: number, minute = 0): Timestamp =>
  timestamp(MONDAY + day * DAY + hour * HOUR + minute * MINUTE);

/** A tenant that is watched. */
class Watched {
  readonly pattern = new Pattern();
  readonly found: Anomaly[] = [];

  use(use: MinuteOfUse): void {
    this.found.push(...anomaliesOfMinute(this.pattern, use));
    this.pattern.add(use);
  }

  day(day: number): void {
    this.found.push(...anomaliesOfDay(this.pattern, at(day, 0)));
  }

  /** Weekdays from 8 to 17, with noise. */
  weeks(days: number, random: SeededRandom, share = 0.3): this {
    for (let day = 0; day < days; day++) {
      this.day(day);
      this.pattern.size(at(day, 1), 1e9 * (1 + day / 500) * (1 + random.next() / 100));
      if (day % 7 >= 5) continue;
      for (let minute = 8 * 60; minute < 17 * 60; minute++) {
        if (random.next() >= share) continue;
        this.use(peopleAsked(at(day, 0, minute), 1 + Math.floor(-5 * Math.log(random.next()))));
      }
    }
    return this;
  }
}

test('quiet tenants are reported less than once a month', () => {
  const random = new SeededRandom(11);
  const months = 20 * 3;
  const found = Array.from({ length: 20 }, () => {
    const share = 0.02 + 0.5 * random.next();
    return new Watched().weeks(90, random, share).found;
  }).flat();
  expect(found.length / months).toBeLessThan(0.2);
});

describe('what is unusual', () => {
  const usual = (): Watched => new Watched().weeks(29, new SeededRandom(2));

  test('a spike, within the hour, once', () => {
    const tenant = usual();
    for (let minute = 0; minute < 120; minute++) {
      tenant.use(peopleAsked(at(29, 10, minute), 400));
    }
    expect(tenant.found).toMatchObject([
      { kind: 'spike', severity: 'warning', effect: 'fast track to HOT' },
    ]);
    expect(tenant.found[0]?.at).toBeLessThanOrEqual(at(29, 10, 10));
    expect(findingOf(tenant.found[0] as Anomaly).text).toMatch(/queries within this hour/);
  });

  test('people at work on a Saturday, but not for a minute or two', () => {
    const tenant = new Watched().weeks(26, new SeededRandom(2));
    tenant.use(peopleAsked(at(26, 7), 2));
    expect(tenant.found).toEqual([]);
    for (let minute = 0; minute < 60; minute += 4) tenant.use(peopleAsked(at(26, 11, minute), 2));
    expect(tenant.found).toMatchObject([{ kind: 'dayOff', severity: 'info' }]);
  });

  test('a tenant that falls silent, after three days', () => {
    const tenant = usual();
    for (let day = 29; day < 36; day++) tenant.day(day);
    expect(tenant.found).toMatchObject([{ kind: 'drop', severity: 'warning' }]);
    expect(tenant.found[0]?.at).toBeLessThanOrEqual(at(33, 0));
  });

  test('a robot that polls, but not people who are as busy', () => {
    const robot = usual();
    const people = usual();
    for (let minute = 0; minute < 180; minute++) {
      const asked = peopleAsked(at(29, 8, minute), 60);
      people.use(asked);
      robot.use({ ...asked, people: 0 });
    }
    expect(robot.found.map(({ kind }) => kind)).toContain('poller');
    expect(people.found.map(({ kind }) => kind)).not.toContain('poller');
  });

  test('data that grow by a half in a day', () => {
    const tenant = usual();
    tenant.pattern.size(at(29, 1), 1.6e9);
    tenant.day(30);
    expect(tenant.found).toMatchObject([{ kind: 'growth', severity: 'warning' }]);
  });
});

describe('a watched series', () => {
  const noise = (random: SeededRandom): number => 10 + random.next() + random.next();

  test('is quiet while it is as it was', () => {
    const random = new SeededRandom(4);
    const watch = new SeriesWatch();
    let alarms = 0;
    for (let step = 0; step < 20_000; step++) if (watch.next(noise(random)) > 0) alarms++;
    expect(alarms).toBeLessThanOrEqual(8);
  });

  test.each([
    ['a jump', (step: number) => (step < 2_000 ? 0 : 3)],
    ['a slow rise', (step: number) => (step < 2_000 ? 0 : (step - 2_000) / 100)],
    ['silence', (step: number) => (step < 2_000 ? 0 : -10)],
  ])('sees %s', (_name, shift) => {
    const random = new SeededRandom(4);
    const watch = new SeriesWatch();
    const alarms: number[] = [];
    for (let step = 0; step < 2_200; step++) {
      if (watch.next(noise(random) + shift(step)) > 0) alarms.push(step);
    }
    expect(alarms.some((step) => step >= 2_000)).toBe(true);
  });
});
