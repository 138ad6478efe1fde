import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TenantId } from '../domain/ids.ts';
import { after, hours, type Instant, ms } from '../domain/units.ts';
import { SHELF_TENANTS_MAX, Shelf } from './shelf.ts';

const idOf = (n: number): TenantId => `tn_${n}` as TenantId;
const [a, b, c, d] = [idOf(1), idOf(2), idOf(3), idOf(4)];
const at = (hour: number): Instant => hours(hour) as number as Instant;

test('what sleeping tenants keep is counted until they wake or go', () => {
  const shelf = new Shelf(100);
  expect(shelf.put(a, 40, at(0))).toEqual([]);
  expect(shelf.put(b, 60, at(0))).toEqual([]);
  expect(shelf.bytes).toBe(100);
  shelf.take(a, at(1));
  expect(shelf.bytes).toBe(60);
  shelf.forget(b);
  shelf.forget(b);
  expect(shelf.bytes).toBe(0);
});

test('a tenant that falls asleep again is counted once', () => {
  const shelf = new Shelf(100);
  shelf.put(a, 40, at(0));
  expect(shelf.put(a, 90, at(1))).toEqual([]);
  expect(shelf.bytes).toBe(90);
});

test('whoever has come back least per byte gives up first, down to nine tenths', () => {
  const shelf = new Shelf(100);
  for (const hour of [0, 1, 2]) shelf.put(a, 30, at(hour));
  shelf.put(b, 10, at(2));
  shelf.put(c, 50, at(2));
  // Wakes for each byte: a tenth for `a` and `b`, a fiftieth for `c`.
  expect(shelf.put(d, 20, at(2))).toEqual([c]);
  expect(shelf.bytes).toBe(60);
});

test('a smaller budget holds at once, and a larger one for who comes next', () => {
  const shelf = new Shelf(100);
  for (const [hour, tenant] of [a, b, c].entries()) shelf.put(tenant, 30, at(hour));
  expect(shelf.resize(200, at(3))).toEqual([]);
  expect(shelf.put(d, 100, at(3))).toEqual([]);
  expect(shelf.resize(70, at(3))).toContain(d);
  expect(shelf.bytes).toBeLessThanOrEqual(63);
});

test('the tenant that falls asleep may be the one that gives up', () => {
  const shelf = new Shelf(100);
  shelf.put(a, 40, at(0));
  expect(shelf.put(b, 1_000, at(0))).toEqual([b]);
  expect(shelf.bytes).toBe(40);
});

test('a day halves what it is worth to have come back', () => {
  const shelf = new Shelf(100);
  for (let wake = 0; wake < 3; wake++) shelf.put(a, 50, at(0));
  // Three wakes two days ago are less than one today.
  expect(shelf.put(b, 51, at(48))).toEqual([a]);
  const other = new Shelf(100);
  for (let wake = 0; wake < 3; wake++) other.put(a, 50, at(0));
  expect(other.put(b, 51, at(24))).toEqual([b]);
});

test('what a tenant is worth is kept while it is awake', () => {
  const shelf = new Shelf(100);
  for (let wake = 0; wake < 3; wake++) {
    shelf.put(a, 50, at(0));
    shelf.take(a, at(0));
  }
  shelf.put(a, 50, at(0));
  shelf.put(b, 40, at(0));
  expect(shelf.put(c, 20, at(0))).toEqual([b]);
});

test('tenants that keep nothing are asked for nothing', () => {
  const shelf = new Shelf(100);
  shelf.put(a, 0, at(0));
  shelf.put(b, 90, at(0));
  expect(shelf.put(c, 20, at(0))).toEqual([b]);
});

test('however many tenants come, so many are remembered', () => {
  const shelf = new Shelf(Number.POSITIVE_INFINITY);
  let given = 0;
  for (let n = 0; n < SHELF_TENANTS_MAX; n++) given += shelf.put(idOf(n), 1, at(0)).length;
  expect(given).toBe(0);
  expect(shelf.put(idOf(SHELF_TENANTS_MAX), 1, at(0)).length).toBe(SHELF_TENANTS_MAX / 10 + 1);
});

test('what is kept is never more than the budget, and is what was put and not given up', () => {
  const deeds = fc.record({
    tenant: fc.integer({ min: 0, max: 9 }),
    bytes: fc.integer({ min: 0, max: 120 }),
    kind: fc.constantFrom('put', 'put', 'take', 'forget'),
    wait: fc.integer({ min: 0, max: 100_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(deeds, { maxLength: 60 }), (list) => {
      const shelf = new Shelf(200);
      const kept = new Map<TenantId, number>();
      let now = at(0);
      for (const { tenant, bytes, kind, wait } of list) {
        now = after(now, ms(wait));
        const id = idOf(tenant);
        if (kind === 'put') {
          kept.set(id, bytes);
          for (const other of shelf.put(id, bytes, now)) {
            expect(kept.get(other)).toBeGreaterThan(0);
            kept.delete(other);
          }
        } else {
          kept.delete(id);
          if (kind === 'take') shelf.take(id, now);
          else shelf.forget(id);
        }
        const sum = [...kept.values()].reduce((all, one) => all + one, 0);
        expect(shelf.bytes).toBe(sum);
        expect(sum).toBeLessThanOrEqual(200);
      }
    }),
  );
});
