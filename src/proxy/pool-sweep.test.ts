import { expect, test } from 'vitest';
import { type Instant, ms } from '../domain/units.ts';
import type { Idleness } from './idleness.ts';
import { useOf } from './pool-sweep.ts';
import type { PooledSession } from './pooled-session.ts';

const at = (time: number): Instant => time as Instant;

const sessionIdleSince = (time: number): PooledSession =>
  ({
    idleness: { countedSince: at(time), isCounted: true } as Idleness,
    isBound: false,
    keptBy: null,
  }) as Partial<PooledSession> as PooledSession;

test('a tenant is idle since any of its sessions was last used, one that has left too', () => {
  const use = (usedAt: number) =>
    useOf([sessionIdleSince(4_000), sessionIdleSince(1_000)], {
      coming: 0,
      last: { at: at(usedAt), told: () => ({ left: null }) },
      now: at(10_000),
      quietFor: ms(1_000),
    });
  expect(use(0)).toEqual({ sessions: 2, bound: 0, heldBy: null, idleFor: 6_000 });
  expect(use(9_900)).toEqual({ sessions: 2, bound: 0, heldBy: null, idleFor: 100 });
});
