import { expect, test } from 'vitest';
import type { Random } from '../domain/random.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { type CancelKey, PROTOCOL_3_0, PROTOCOL_3_2 } from '../wire/startup.ts';
import { CancelRegistry, type CancelTarget } from './cancel.ts';

function target(): CancelTarget & { cancelled: number } {
  return {
    cancelled: 0,
    async cancel() {
      this.cancelled++;
    },
  };
}

/** A key for a session of its own, and that session. */
function bound(registry: CancelRegistry, processId: number) {
  const session = target();
  const key = registry.issue({ protocol: PROTOCOL_3_0, processId });
  registry.bind(key, session);
  return { key, session };
}

test('a request with the right key reaches its session and no other', () => {
  const registry = new CancelRegistry(new SeededRandom(1));
  const [one, other] = [bound(registry, 41), bound(registry, 42)];
  void registry.cancel(other.key);
  expect([one.session.cancelled, other.session.cancelled]).toEqual([0, 1]);
});

test.each([
  ['a wrong secret', (key: CancelKey) => ({ ...key, secret: Buffer.from([0, 0, 0, 0]) })],
  ['a shorter secret', (key: CancelKey) => ({ ...key, secret: key.secret.subarray(0, 3) })],
  [
    'a longer secret',
    (key: CancelKey) => ({ ...key, secret: Buffer.concat([key.secret, Buffer.alloc(1)]) }),
  ],
  ['no secret', (key: CancelKey) => ({ ...key, secret: Buffer.alloc(0) })],
  ['another process id', (key: CancelKey) => ({ ...key, processId: key.processId + 1 })],
])('a request with %s reaches nobody, silently', (_name, forged) => {
  const registry = new CancelRegistry(new SeededRandom(1));
  const { key, session } = bound(registry, 41);
  void registry.cancel(forged(key));
  expect(session.cancelled).toBe(0);
});

test('the secret has 4 bytes for protocol 3.0 and 32 for 3.2', () => {
  const registry = new CancelRegistry(new SeededRandom(1));
  const lengths = [PROTOCOL_3_0, PROTOCOL_3_2].map(
    (protocol, i) => registry.issue({ protocol, processId: i + 1 }).secret.length,
  );
  expect(lengths).toEqual([4, 32]);
});

test('the process id is the backend’s where it is free, else another that is free', () => {
  const registry = new CancelRegistry(new SeededRandom(1));
  const ids = [7, 7, 7, 8].map((processId) => bound(registry, processId).key.processId);
  expect(ids[0]).toBe(7);
  expect(ids[3]).toBe(8);
  expect(new Set(ids).size).toBe(4);
  expect(ids.every((id) => Number.isInteger(id) && id > 0 && id <= 0x7fffffff)).toBe(true);
});

test('a process id of zero or less is never given out', () => {
  const registry = new CancelRegistry(new SeededRandom(1));
  expect(bound(registry, 0).key.processId).toBeGreaterThan(0);
  expect(bound(registry, -5).key.processId).toBeGreaterThan(0);
});

test('a source of chance that repeats itself does not hang the login', () => {
  const stuck: Random = { next: () => 0.5, bytes: (n) => new Uint8Array(n), fork: () => stuck };
  const registry = new CancelRegistry(stuck);
  const taken = bound(registry, 0).key.processId;
  expect(bound(registry, 0).key.processId).toBe(taken);
});

test('a key that is not bound, or forgotten, cancels nothing', () => {
  const registry = new CancelRegistry(new SeededRandom(1));
  void registry.cancel(registry.issue({ protocol: PROTOCOL_3_0, processId: 1 }));
  const { key, session } = bound(registry, 2);
  registry.forget(key);
  void registry.cancel(key);
  expect({ cancelled: session.cancelled, keys: registry.size }).toEqual({ cancelled: 0, keys: 1 });
});

test('forgetting an old key leaves the newer one of the same process id', () => {
  const registry = new CancelRegistry(new SeededRandom(1));
  const old = bound(registry, 7);
  registry.forget(old.key);
  const fresh = bound(registry, 7);
  registry.forget(old.key);
  void registry.cancel(fresh.key);
  expect(fresh.session.cancelled).toBe(1);
});
