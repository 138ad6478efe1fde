import { expect, test } from 'vitest';
import { ms } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { Progress } from './progress.ts';

test('is told at first, four times a second, and at the end', async () => {
  const clock = new VirtualClock();
  const told: [number, number | null][] = [];
  const progress = new Progress(clock, (done, all) => void told.push([done, all]));
  progress.expect(100);
  for (let at = 0; at < 100; at++) {
    progress.add(1);
    await clock.advance(ms(10));
  }
  expect(told).toEqual([0, 26, 51, 76, 100].map((done) => [done, 100]));
});

test('of what comes in a stream only what is done is known', () => {
  const told: [number, number | null][] = [];
  const progress = new Progress(new VirtualClock(), (done, all) => void told.push([done, all]));
  progress.add(7);
  expect(told).toEqual([[7, null]]);
});
