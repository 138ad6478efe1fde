import { expect, test } from 'vitest';
import { seconds } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import type { Identity, PooledBackend } from './pooled-backend.ts';
import { RestedBackends } from './rested-backends.ts';

const identity = {} as Identity;

test('the one that was used last is used again, so that those beyond what is needed go', async () => {
  const clock = new VirtualClock();
  const left: string[] = [];
  const backend = (name: string, lastUser: object | null = null) =>
    ({
      identity,
      lastUser,
      leave: () => left.push(name),
    }) as Partial<PooledBackend> as PooledBackend;
  const rested = new RestedBackends(clock);
  const [old, late] = [backend('old'), backend('late')];
  rested.add(old);
  rested.add(late);
  rested.add(backend('uncleared', {}));
  for (let second = 0; second < 40; second++) {
    expect(rested.take(identity)).toBe(late);
    await clock.advance(seconds(1));
    rested.add(late);
    rested.sweep(clock.now());
  }
  expect(left).toEqual(['old', 'uncleared']);
  expect(rested.discardOldest()).toBe(true);
  expect(rested.take(identity)).toBeUndefined();
});
