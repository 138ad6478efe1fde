import { expect, test } from 'vitest';
import { settled } from '../sim/virtual-clock.ts';
import { RolesRefresh } from './roles-refresh.ts';

/** Readings that end when the test says so. */
class World {
  readonly readings: PromiseWithResolvers<void>[] = [];
  readonly refresh = new RolesRefresh(() => {
    const reading = Promise.withResolvers<void>();
    this.readings.push(reading);
    return reading.promise;
  });
}

test('changes that come during a reading share one more, however many they are', async () => {
  const { refresh, readings } = new World();
  const first = refresh.start();
  await settled();
  const later = Array.from({ length: 1_000 }, () => refresh.start());
  expect(readings.length).toBe(1);
  readings[0]?.resolve();
  await first;
  await settled();
  expect(readings.length).toBe(2);
  readings[1]?.resolve();
  await Promise.all(later);
  await refresh.known();
  expect(readings.length).toBe(2);
});

test('who asks during a reading waits for the one that sees the last change', async () => {
  const { refresh, readings } = new World();
  void refresh.start();
  await settled();
  void refresh.start();
  let isKnown = false;
  void refresh.known().then(() => {
    isKnown = true;
  });
  readings[0]?.resolve();
  await settled();
  expect([readings.length, isKnown]).toEqual([2, false]);
  readings[1]?.resolve();
  await settled();
  expect(isKnown).toBe(true);
});

test('a reading that fails is told to who waited for it, and does not keep the next from being made', async () => {
  const { refresh, readings } = new World();
  const first = refresh.start();
  await settled();
  const second = refresh.start();
  readings[0]?.reject(new Error('the compute is gone'));
  await expect(first).rejects.toThrow('the compute is gone');
  await settled();
  readings[1]?.resolve();
  await second;
  expect(readings.length).toBe(2);
});
