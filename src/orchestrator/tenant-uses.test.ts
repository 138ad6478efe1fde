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
