import { expect, test } from 'vitest';
import { type Instant, minutes, seconds } from '../domain/units.ts';
import { decideIdle, type IdleFacts, refusedWait } from './idle.ts';

const at = (s: number): Instant => seconds(s) as number as Instant;

const SLEEP = { after: minutes(1), what: { kind: 'suspend' } } as const;
const HALF = { after: seconds(40), what: { kind: 'shedL2', keep: 0.5 } } as const;

const idle: IdleFacts = {
  heldBy: null,
  idleSince: at(100),
  way: [SLEEP],
  done: 0,
  mustClimb: false,
  wants: null,
  isExpecting: false,
  notBefore: null,
};

const ASLEEP = { kind: 'step', what: SLEEP.what, because: 'idle for 60 s' } as const;

test.each<[string, Partial<IdleFacts>, number, ReturnType<typeof decideIdle>]>([
  ['idle, not for long enough', {}, 159, { kind: 'askAt', at: at(160) }],
  ['idle for long enough', {}, 160, ASLEEP],
  ['held', { heldBy: 'a query' }, 900, { kind: 'stay', because: 'a query' }],
  ['always awake', { way: [] }, 900, { kind: 'stay', because: 'its tier always runs' }],
  ['before its first step', { way: [HALF, SLEEP] }, 139, { kind: 'askAt', at: at(140) }],
  [
    'at its first step',
    { way: [HALF, SLEEP] },
    140,
    { kind: 'step', what: HALF.what, because: 'idle for 40 s' },
  ],
  ['behind its first step', { way: [HALF, SLEEP], done: 1 }, 140, { kind: 'askAt', at: at(160) }],
  ['at its last step', { way: [HALF, SLEEP], done: 1 }, 160, ASLEEP],
  ['not in the size of its tier', { mustClimb: true }, 100, { kind: 'askAt', at: at(101) }],
  ['to be larger', { wants: 'a peak', way: [] }, 101, { kind: 'climb', because: 'a peak' }],
  [
    'to be larger, and in use',
    { wants: 'a peak', heldBy: 'a query' },
    101,
    { kind: 'stay', because: 'a query' },
  ],
  [
    'not in the size of its tier, and at rest',
    { mustClimb: true, way: [] },
    101,
    { kind: 'climb', because: 'it is in use, and not in the size of its tier' },
  ],
  [
    'not in the size of its tier, and held',
    { mustClimb: true, heldBy: 'a query' },
    900,
    { kind: 'stay', because: 'a query' },
  ],
  [
    'not to be restarted yet',
    { mustClimb: true, notBefore: at(110) },
    105,
    { kind: 'askAt', at: at(110) },
  ],
  [
    'expecting somebody',
    { isExpecting: true, way: [HALF, SLEEP] },
    100,
    { kind: 'askAt', at: at(115) },
  ],
  [
    'expecting in vain',
    { isExpecting: true },
    115,
    {
      kind: 'step',
      what: SLEEP.what,
      because: 'nobody came for whom it was started, for 15 s',
    },
  ],
  [
    'expecting, where idleness is short anyway',
    { isExpecting: true, way: [{ ...SLEEP, after: seconds(1) }] },
    100,
    { kind: 'askAt', at: at(101) },
  ],
  [
    'expecting, and somebody came',
    { isExpecting: true, heldBy: 'a query' },
    900,
    { kind: 'stay', because: 'a query' },
  ],
  ['refused of late', { notBefore: at(300) }, 200, { kind: 'askAt', at: at(300) }],
  [
    'refused long since',
    { notBefore: at(300) },
    300,
    { kind: 'step', what: SLEEP.what, because: 'idle for 200 s' },
  ],
])('a compute that is %s', (_, change, now, action) => {
  expect(decideIdle({ ...idle, ...change }, at(now))).toEqual(action);
});

test('what was refused waits longer the more often it was', () => {
  expect([1, 2, 3, 4, 20].map(refusedWait)).toEqual([500, 1_000, 2_000, 4_000, 60_000]);
});
