import { expect, test } from 'vitest';
import type { ProxyId } from '../domain/ids.ts';
import { ms, seconds } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { TenantUses } from './tenant-uses.ts';

const PROXY = 'px_1' as ProxyId;

test('when it was used last is known behind a suspend, whoever used it', async () => {
  const clock = new VirtualClock();
  const uses = new TenantUses(clock);
  await clock.advance(seconds(10));
  const usedAt = clock.now();
  // Who wrote has left, and somebody else was just coming.
  uses.report(PROXY, { sessions: 0, bound: 0, heldBy: 'a session waits', idleFor: ms(0) });
  await clock.advance(seconds(10));
  uses.parked();
  expect([uses.isEmpty, uses.heldBy, uses.usedAt]).toEqual([true, null, usedAt]);
});

test('robots hold what they use, and neither count as use nor hide who is at work', async () => {
  const clock = new VirtualClock();
  const uses = new TenantUses(clock);
  await clock.advance(seconds(10));
  const byRobots = { sessions: 2, bound: 1, heldBy: 'a backup', isHeldByRobots: true } as const;
  uses.report(PROXY, { ...byRobots, idleFor: seconds(7) });
  expect([uses.heldBy, uses.isAtWork, uses.usedAt]).toEqual(['a backup', false, 3_000]);
  const answered = uses.woke(PROXY, true);
  expect([uses.isAtWork, uses.usedAt]).toEqual([false, 3_000]);
  answered();
  uses.woke('px_2' as ProxyId)();
  expect([uses.isAtWork, uses.usedAt]).toEqual([true, 10_000]);
});

test('a robot that asks where a person is at work does not take that for its own', async () => {
  const uses = new TenantUses(new VirtualClock());
  uses.report(PROXY, { sessions: 1, bound: 1, heldBy: 'a query', idleFor: ms(0) });
  uses.woke(PROXY, true)();
  expect(uses.isAtWork).toBe(true);
});
