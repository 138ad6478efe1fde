import { expect, test } from 'vitest';
import { overseen } from './overseen.ts';

/** Keeps what is private where a proxy is no `this`. */
class Counter {
  #count = 0;
  readonly name = 'counter';

  add(more: number): number {
    this.#count += more;
    return this.#count;
  }

  twice(): number {
    return this.add(this.#count);
  }
}

test('what nobody stands in the way of passes, and the port keeps what is private', () => {
  const counter = overseen(new Counter(), {});
  expect([counter.add(2), counter.twice(), counter.name]).toEqual([2, 4, 'counter']);
});

test('a method is one of its own, and all are gone around, by name and once made', () => {
  const seen: PropertyKey[] = [];
  const made: PropertyKey[] = [];
  const counter = overseen(new Counter(), {
    own: { add: (more) => -more },
    around: (name, method) => {
      made.push(name);
      return (...args) => {
        seen.push(name);
        return method(...args);
      };
    },
  });
  expect([counter.add(2), counter.add(3), counter.twice()]).toEqual([-2, -3, 0]);
  expect([seen, made]).toEqual([
    ['add', 'add', 'twice'],
    ['add', 'twice'],
  ]);
});
