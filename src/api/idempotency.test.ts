import { expect, test } from 'vitest';
import { hours, ms } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { Idempotency, REMEMBERED_FOR, REMEMBERED_MAX } from './idempotency.ts';

test('an outcome is forgotten after a day', async () => {
  const clock = new VirtualClock();
  const once = new Idempotency(clock);
  let runs = 0;
  const run = async () => ++runs;
  expect(await once.once('key', 'request', run)).toBe(1);
  await clock.advance(ms(REMEMBERED_FOR - 1));
  expect(await once.once('key', 'request', run)).toBe(1);
  await clock.advance(ms(1));
  expect(await once.once('key', 'request', run)).toBe(2);
});

test('the oldest outcome makes room for a new one', async () => {
  const clock = new VirtualClock();
  const once = new Idempotency(clock);
  let runs = 0;
  const run = async () => ++runs;
  for (let i = 0; i <= REMEMBERED_MAX; i++) await once.once(`key ${i}`, 'request', run);
  expect(await once.once(`key ${REMEMBERED_MAX}`, 'request', run)).toBe(REMEMBERED_MAX + 1);
  expect(await once.once('key 0', 'request', run)).toBe(REMEMBERED_MAX + 2);
});

test('a failure is not remembered, and a later success is', async () => {
  const clock = new VirtualClock();
  const once = new Idempotency(clock);
  const failing = once.once('key', 'request', () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  await clock.advance(hours(1));
  expect(await once.once('key', 'request', async () => 'yes')).toBe('yes');
  expect(await once.once('key', 'request', async () => 'again')).toBe('yes');
});
