import { expect, test } from 'vitest';
import { DynaBaseError } from '../../sdk/index.ts';
import { hintFor, insteadOf, notKept } from './advice.ts';

test('who types a command of psql by habit is told what does the same', () => {
  const told = ['\\d', '\\dt', '\\d orders', '\\du', '\\watch 5', 'select 1'].map(insteadOf);
  expect(told).toEqual([
    '\\d is a command of psql, and no SQL. All tables and views stand under Tables.',
    '\\dt is a command of psql, and no SQL. All tables and views stand under Tables.',
    '\\d is a command of psql, and no SQL. Columns, keys and indexes of each table stand under Tables.',
    '\\du is a command of psql, and no SQL. For the roles: select rolname from pg_roles',
    '\\watch is a command of psql, and no SQL. Connect with psql to use it.',
    null,
  ]);
});

test('a transaction without an end is told to be lost, and one with an end is not', () => {
  expect(notKept(['BEGIN', 'INSERT'])).toContain('rolled back');
  expect(notKept(['BEGIN', 'COMMIT', 'START TRANSACTION'])).toContain('rolled back');
  expect(notKept(['BEGIN', 'INSERT', 'COMMIT'])).toBeNull();
  expect(notKept(['SELECT'])).toBeNull();
});

test('what is set last is told to hold no longer', () => {
  expect(notKept(['SET'])).toContain('this run alone');
  expect(notKept(['SET', 'SHOW'])).toBeNull();
});

test('what the editor cannot do says what can', () => {
  const failed = (code: string, sqlstate: string, message: string) =>
    new DynaBaseError({ code, sqlstate, message, http: 400, retry: 'never' });
  const copy = failed('QUERY_FAILED', '0A000', 'COPY is not supported over the API');
  expect(hintFor(copy, false)).toContain('Export');
  expect(hintFor(failed('QUERY_FAILED', '42501', 'permission denied'), false)).toBeNull();
  expect(hintFor(failed('QUERY_FAILED', '42501', 'permission denied'), true)).toContain(
    'Read only',
  );
});
