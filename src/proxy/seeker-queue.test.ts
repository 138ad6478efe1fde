import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { type Instant, seconds } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type Seeker, SeekerQueue } from './seeker-queue.ts';

const CAUSE = { kind: 'operator' } as const;

const seeker = (isListening: boolean): Seeker => ({
  identity: {
    role: 'acme',
    parameters: new Map(),
    clientKey: Buffer.alloc(32),
    baseline: null,
    poolMode: 'session',
  },
  cause: CAUSE,
  mayWake: true,
  isCounted: true,
  isListening,
  since: 0 as Instant,
  onBackend: () => {},
  onFailed: () => {},
  onSlow: () => {},
});

const queue = (): SeekerQueue =>
  new SeekerQueue(new VirtualClock(), () => ({
    waitMax: seconds(60),
    awaited: 'it is waking',
    because: () => fault('QUERY_CANCELED', {}),
  }));

test('whoever needs another turn is before those who came later, and behind all who listen', () => {
  const [again, late, listener] = [seeker(false), seeker(false), seeker(true)];
  const waiting = queue();
  waiting.add(late);
  waiting.add(listener);
  waiting.addFirst(again);
  const order: (Seeker | undefined)[] = [];
  while (waiting.size > 0) {
    const { first } = waiting;
    order.push(first);
    if (first !== undefined) waiting.remove(first);
  }
  expect(order).toEqual([listener, again, late]);
  expect(order[1]).toBe(again);
});
