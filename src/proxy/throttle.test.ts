import { expect, test } from 'vitest';
import { minutes, ms, seconds } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type LoginAttempt, LoginThrottle, type ThrottleLimits } from './throttle.ts';

const LIMITS: ThrottleLimits = {
  freeFailuresOfAddress: 4,
  freeFailuresOfRole: 3,
  freeFailuresOfPair: 2,
  firstWait: seconds(1),
  longestWait: seconds(8),
  forgetAfter: minutes(15),
  countsMax: 100,
};

const ALICE: LoginAttempt = { address: 'home', role: 'acme/alice' };

function throttled(limits: Partial<ThrottleLimits> = {}) {
  const clock = new VirtualClock();
  return { clock, throttle: new LoginThrottle(clock, { ...LIMITS, ...limits }) };
}

const fail = (throttle: LoginThrottle, attempt: LoginAttempt, times: number): void => {
  for (let i = 0; i < times; i++) throttle.failed(attempt);
};

test('some failures are free; each one beyond doubles the wait, up to a limit', () => {
  const { throttle } = throttled();
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    waits.push(throttle.wait(ALICE));
    throttle.failed(ALICE);
  }
  expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});

test('the wait passes, and quiet forgets what was', async () => {
  const { clock, throttle } = throttled();
  fail(throttle, ALICE, 3);
  await clock.advance(ms(500));
  expect(throttle.wait(ALICE)).toBe(1_500);
  await clock.advance(ms(1_500));
  expect(throttle.wait(ALICE)).toBe(0);
  throttle.failed(ALICE);
  expect(throttle.wait(ALICE)).toBe(4_000);
  await clock.advance(LIMITS.forgetAfter);
  throttle.failed(ALICE);
  expect(throttle.wait(ALICE)).toBe(0);
});

test('a role that is guessed from many addresses is slowed down for strangers', () => {
  const { throttle } = throttled();
  for (let i = 0; i < 3; i++) throttle.failed({ ...ALICE, address: `bot ${i}` });
  expect(throttle.wait({ ...ALICE, address: 'bot 9' })).toBe(1_000);
  expect(throttle.wait({ address: 'bot 9', role: 'acme/bob' })).toBe(0);
});

test('an address that guesses many roles is slowed down for all', () => {
  const { throttle } = throttled();
  for (let i = 0; i < 5; i++) throttle.failed({ ...ALICE, role: `acme/${i}` });
  expect(throttle.wait({ ...ALICE, role: 'beta/bob' })).toBe(2_000);
  expect(throttle.waitOfAddress('home')).toBe(2_000);
  expect(throttle.waitOfAddress('elsewhere')).toBe(0);
});

test('who has proven the password from there before is held to nobody else’s failures', () => {
  const { throttle } = throttled();
  throttle.succeeded(ALICE);
  for (let i = 0; i < 9; i++) {
    throttle.failed({ ...ALICE, address: `bot ${i}` });
    throttle.failed({ ...ALICE, role: `acme/${i}` });
  }
  expect(throttle.wait(ALICE)).toBe(0);
  fail(throttle, ALICE, 3);
  expect(throttle.wait(ALICE)).toBe(2_000);
});

test('a success does not clear what the address did to others', () => {
  const { throttle } = throttled();
  for (let i = 0; i < 4; i++) throttle.failed({ ...ALICE, role: `acme/${i}` });
  throttle.succeeded(ALICE);
  expect(throttle.wait({ ...ALICE, role: 'acme/9' })).toBe(1_000);
});

test('a failure without a role counts for the address', () => {
  const { throttle } = throttled();
  for (let i = 0; i < 4; i++) throttle.failedOfAddress('home');
  expect(throttle.waitOfAddress('home')).toBe(1_000);
});

test('memory is bounded: what was longest untouched is forgotten first', () => {
  const { throttle } = throttled({ countsMax: 6 });
  fail(throttle, ALICE, 3);
  expect(throttle.wait(ALICE)).toBe(2_000);
  throttle.failed({ address: 'x', role: 'r' });
  expect(throttle.wait(ALICE)).toBe(2_000);
  throttle.failed({ address: 'y', role: 's' });
  expect(throttle.wait(ALICE)).toBe(0);
});
