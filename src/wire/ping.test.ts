import { expect, test } from 'vitest';
import { isPing, type Ping, pingIn } from './ping.ts';

const ONE: Ping = { kind: 'one', column: '?column?' };
const EMPTY: Ping = { kind: 'empty' };

const CASES: readonly (readonly [string, Ping | null])[] = [
  ['', EMPTY],
  [';', EMPTY],
  [' ; ;\n', EMPTY],
  ['-- ping', EMPTY],
  ['/* ping */', EMPTY],
  ['/* a * b / c */;', EMPTY],
  ['select 1', ONE],
  ['SELECT 1', ONE],
  ['Select\t1 ;', ONE],
  [';select 1', ONE],
  ['/* keepalive */ select 1 -- really', ONE],
  ['select/**/1', ONE],
  ['select 1 as x', { kind: 'one', column: 'x' }],
  ['SELECT 1 AS Alive', { kind: 'one', column: 'alive' }],
  ['select 1 as "Is It"', { kind: 'one', column: 'Is It' }],
  ['select 1 as select', { kind: 'one', column: 'select' }],
  [`select 1 as ${'x'.repeat(63)}`, { kind: 'one', column: 'x'.repeat(63) }],
  // PostgreSQL cuts the name, and says so.
  [`select 1 as ${'x'.repeat(64)}`, null],
  ['select1', null],
  ['select 11', null],
  ['select 1.0', null],
  ['select 1 + 1', null],
  ['select 1 x', null],
  ['select 1as x', null],
  ['select 1; select 1', null],
  ['select 2', null],
  ['select 1 from t', null],
  ['select version()', null],
  ['select 1 as "a""b"', null],
  ['select 1 as ä', null],
  ['/* a /* nested */ */', null],
  ['/* open', null],
  ['begin', null],
  [`select 1 -- ${'x'.repeat(300)}`, null],
];

test.each(CASES)('%j', (sql, expected) => {
  expect(pingIn(sql)).toEqual(expected);
});

test.each(CASES)('%j, at a glance within a message', (sql, expected) => {
  const bytes = Buffer.from(`Q....${sql}\0behind`);
  const end = bytes.length - 'behind'.length;
  // What is long or oddly spelled is none at a glance; what is none is never taken for one.
  const isGlanced = sql.length < 60 && !/^(?:select[\t/]|.*-- really)/i.test(sql);
  const found = isPing(bytes, 5, end);
  expect(found && expected === null).toBe(false);
  if (isGlanced && !sql.includes('\t')) expect(found).toBe(expected !== null);
});

test('a text without an end is none', () => {
  expect(isPing(Buffer.from('select 1'), 0, 8)).toBe(false);
});

test('comments made to be slow are read quickly', () => {
  expect(pingIn(`${'/**/'.repeat(60)}x`)).toBe(null);
  expect(pingIn(`${'-- \n'.repeat(60)}x`)).toBe(null);
});
