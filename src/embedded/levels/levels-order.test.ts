import { expect, test } from 'vitest';
import { droppingOrder } from './levels-order.ts';

const MB = 1_024 * 1_024;

const file = (name: string, allocated: number, resident: number | null = allocated) => ({
  ...{ name, allocated, resident },
});

test('what is missed least goes first, and what every start reads goes last', () => {
  const files = [
    file('global/pg_control', 8_192),
    file('pg_wal/000000010000000000000001', MB),
    file('base/5/1', MB),
    file('base/5/2', MB),
    file('base/5/3', MB),
    file('base/5/4', MB),
    file('base/5/5', MB, 0),
    file('base/5/6', MB, null),
  ];
  const hot = [
    { database: 5, node: 3, fork: 0, from: 0, to: 2, heat: 5 },
    { database: 5, node: 4, fork: 0, from: 8, to: 10, heat: 2 },
    { database: 5, node: 4, fork: 0, from: 10, to: 11, heat: 1 },
  ];
  const shares = [
    { database: 5, node: 1, share: 0.4 },
    { database: 5, node: 2, share: 0.1 },
    { database: 5, node: 3, share: 0.5 },
  ];
  const order = droppingOrder(files, hot, shares);
  expect(order.map(({ name, from, bytes }) => [name, from, bytes])).toEqual([
    ['base/5/4', 0, 8 * 8_192],
    ['base/5/4', 11 * 8_192, null],
    ['base/5/2', 0, null],
    ['base/5/1', 0, null],
    ['base/5/3', 2 * 8_192, null],
    ['pg_wal/000000010000000000000001', 0, null],
    ['base/5/4', 0, null],
    ['base/5/3', 0, null],
    ['global/pg_control', 0, null],
  ]);
});

test('of two relations that are used alike, the larger goes first', () => {
  const files = [file('base/5/1', 8_192), file('base/5/2', 64 * MB)];
  const shares = [1, 2].map((node) => ({ database: 5, node, share: 0.5 }));
  expect(droppingOrder(files, [], shares).map(({ name }) => name)).toEqual([
    'base/5/2',
    'base/5/1',
  ]);
});
