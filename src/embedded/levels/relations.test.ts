import { expect, test } from 'vitest';
import { placeOf, relationFile } from './relations.ts';

test.each([
  ['base/5/16384', { database: 5, node: 16_384, fork: 0, block: 0 }],
  ['base/5/16384_fsm', { database: 5, node: 16_384, fork: 1, block: 0 }],
  ['base/5/16384.3', { database: 5, node: 16_384, fork: 0, block: 3 * 131_072 }],
  ['global/1262_vm', { database: 0, node: 1_262, fork: 2, block: 0 }],
])('%s is a relation’s, and its name is made again', (name, file) => {
  expect(relationFile(name)).toEqual(file);
  expect(placeOf(file)).toEqual({ name, block: 0, left: 131_072 });
});

test('other files are no relation’s', () => {
  const names = ['base/5/PG_VERSION', 'base/5/t3_16384', 'global/pg_control', 'pg_xact/0000'];
  expect(names.map(relationFile)).toEqual(names.map(() => undefined));
});
