import { expect, test } from 'vitest';
import type { Tier } from '../domain/tier.ts';
import { type Instant, minutes, seconds } from '../domain/units.ts';
import { decideIdle, type IdleFacts, refusedWait } from './idle.ts';

const at = (s: number): Instant => seconds(s) as number as Instant;

const idle: IdleFacts = {
  tier: 'COLD',
  heldBy: null,
  idleSince: at(100),
  suspendAfter: minutes(1),
  isExpecting: false,
  notBefore: null,
};

test.each<[string, Partial<IdleFacts>, number, ReturnType<typeof decideIdle>]>([
  ['idle, not for long enough', {}, 159, { kind: 'askAt', at: at(160) }],
  ['idle for long enough', {}, 160, { kind: 'suspend', because: 'idle for 60 s' }],
  ['held', { heldBy: 'a query' }, 900, { kind: 'stay', because: 'a query' }],
  [
    'always awake',
    { tier: 'PERSISTENT' satisfies Tier },
    900,
    { kind: 'stay', because: 'tier PERSISTENT always runs' },
  ],
  ['expecting somebody', { isExpecting: true }, 100, { kind: 'askAt', at: at(115) }],
  [
    'expecting in vain',
    { isExpecting: true },
    115,
    { kind: 'suspend', because: 'nobody came for whom it was started, for 15 s' },
  ],
  [
    'expecting, where idleness is short anyway',
    { isExpecting: true, suspendAfter: seconds(1) },
    100,
    { kind: 'askAt', at: at(101) },
  ],
  [
    'expecting, and somebody came',
    { isExpecting: true, heldBy: 'a query' },
    900,
    {
      kind: 'stay',
      because: 'a query',
    },
  ],
  ['refused of late', { notBefore: at(300) }, 200, { kind: 'askAt', at: at(300) }],
  [
    'refused long since',
    { notBefore: at(300) },
    300,
    { kind: 'suspend', because: 'idle for 200 s' },
  ],
])('a compute that is %s', (_, change, now, action) => {
  expect(decideIdle({ ...idle, ...change }, at(now))).toEqual(action);
});

test('a refused suspend waits at least the idle time, and longer the more often it was refused', () => {
  const waits = [1, 2, 3, 4, 20].map((refusals) => refusedWait(refusals, seconds(1)));
  expect(waits).toEqual([1_000, 1_000, 2_000, 4_000, 60_000]);
  expect(refusedWait(20, minutes(15))).toBe(minutes(15));
});
