/** What the days of a tenant add to the chance of its return. */
import { describe, expect, test } from 'vitest';
import { hours, later, type Timestamp, timestamp } from '../domain/units.ts';
import { foresee } from './foresight.ts';
import type { Outlook } from './outlook.ts';
import { Pattern } from './pattern.ts';

const MONDAY = Date.UTC(2030, 0, 7);
const at = (day: number, hour: number, minute = 0): Timestamp =>
  timestamp(MONDAY + ((day * 24 + hour) * 60 + minute) * 60_000);

/** Four weeks and more of nine to five, Mondays to Fridays, until `now`. */
function officeHours(now: Timestamp): Pattern {
  const pattern = new Pattern();
  for (let day = -28; day < 7; day++) {
    if ((day + 28) % 7 > 4) continue;
    for (let minute = 0; minute < 8 * 60; minute += 2) {
      const of = { queries: 5, people: 5, sessions: 1, errors: 0, transactions: 5, bytes: 500 };
      const then = at(day, 9, minute);
      if (then < now) pattern.add({ minute: then, latencyMs: 1, ...of });
    }
  }
  return pattern;
}

const asleep = (now: Timestamp): Outlook => ({
  idleSince: later(now, hours(-3)),
  level: 'L3',
  isOpen: true,
  until: later(now, hours(24 * 8)),
  awakeAt: null,
  because: 'nobody is expected',
});

const inHours = (change: Partial<Parameters<typeof foresee>[0]>, now: Timestamp): Outlook =>
  foresee({ outlook: asleep(now), pattern: officeHours(now), keepsHours: false, ...change }, now);

describe('a tenant of office hours', () => {
  test('is to be awake five minutes before nine', () => {
    const seen = inHours({}, at(0, 3));
    expect(seen).toMatchObject({ level: 'L3', awakeAt: at(0, 8, 55), until: at(0, 8, 55) });
    expect(inHours({}, at(0, 8, 55))).toMatchObject({ level: 'L1', until: at(0, 9, 30) });
  });

  test('is let sleep on a weekend until Monday', () => {
    expect(inHours({}, at(4, 20)).awakeAt).toEqual(at(7, 8, 55));
  });

  test('that has gone to sleep within its hours is not woken at once, unless that is promised', () => {
    expect(inHours({}, at(0, 11)).awakeAt).toEqual(at(1, 8, 55));
    const kept = inHours({ keepsHours: true }, at(0, 11));
    expect(kept).toMatchObject({ level: 'L1', until: at(0, 17) });
    expect(kept.because).toBe('it is used until 17:00 UTC');
  });

  test('is as awake as the chance of its return has it, if that is longer or sooner', () => {
    const now = at(0, 3);
    const soon = { ...asleep(now), until: at(0, 4), awakeAt: at(0, 4) };
    expect(inHours({ outlook: soon }, now)).toBe(soon);
    const awake = { ...asleep(now), level: 'L1', until: at(0, 12) } as const;
    expect(inHours({ outlook: awake }, at(0, 8, 56))).toBe(awake);
  });
});

test('a tenant that nobody knows has no hours', () => {
  const now = at(0, 3);
  const outlook = asleep(now);
  expect(foresee({ outlook, pattern: new Pattern(), keepsHours: true }, now)).toBe(outlook);
});
