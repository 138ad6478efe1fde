import { expect, test } from 'vitest';
import { after, type Instant, ms } from '../domain/units.ts';
import {
  AUTOVACUUM_AFTER,
  decideAutovacuum,
  decideUpkeep,
  UPKEEP_EVERY,
  usedSince,
} from './upkeep.ts';

const at = (t: number): Instant => t as Instant;
const START = at(100_000);
const DUE = after(START, AUTOVACUUM_AFTER);
const EARLY = at(DUE - 1);

const facts = (autovacuum: boolean | null, busy: boolean) => ({
  autovacuum,
  busy,
  usedSince: START,
  idleSince: START,
});

test.each([
  [false, true, EARLY, { kind: 'askAt', at: DUE }],
  [false, true, DUE, { kind: 'turn', on: true }],
  [null, true, DUE, { kind: 'turn', on: true }],
  [true, true, DUE, { kind: 'stay' }],
  [true, false, EARLY, { kind: 'askAt', at: DUE }],
  [true, false, DUE, { kind: 'turn', on: false }],
  [null, false, DUE, { kind: 'turn', on: false }],
  [false, false, DUE, { kind: 'stay' }],
] as const)('with autovacuum %s and sessions %s, at %i: %j', (autovacuum, busy, now, action) => {
  expect(decideAutovacuum(facts(autovacuum, busy), now)).toEqual(action);
});

const LATE = after(START, UPKEEP_EVERY);
const LATE_DUE = after(LATE, AUTOVACUUM_AFTER);

test.each([
  ['soon after the last upkeep', { idleSince: at(LATE - 1) }, LATE_DUE, { kind: 'stay' }],
  ['long after it', { idleSince: LATE }, LATE_DUE, { kind: 'keepUp' }],
  ['long after it, just now', { idleSince: LATE }, LATE, { kind: 'askAt', at: LATE_DUE }],
  ['not used since', { idleSince: LATE, used: false }, LATE_DUE, { kind: 'stay' }],
  ['in use', { idleSince: LATE, busy: true }, LATE_DUE, { kind: 'stay' }],
] as const)('upkeep of a tenant that became idle %s', (_, change, now, action) => {
  expect(decideUpkeep({ busy: false, used: true, keptAt: START, ...change }, now)).toEqual(action);
});

test('use goes on through short gaps, and begins anew after a long one', () => {
  const last = { usedSince: at(5), idleSince: START };
  expect(usedSince(null, START)).toBe(START);
  expect(usedSince(last, EARLY)).toBe(5);
  expect(usedSince(last, DUE)).toBe(DUE);
  expect(usedSince(last, after(DUE, ms(1)))).toBe(DUE + 1);
});
