import { expect, test } from 'vitest';
import { isSuspicious, isTouching } from './suspicion.ts';

const suspicious = (text: string): boolean => {
  const bytes = Buffer.from(text);
  return isSuspicious(bytes, 0, bytes.length);
};

test.each([
  'create temp table t (x int)',
  'CREATE TEMPORARY VIEW v AS SELECT 1',
  'select 1 into temp t',
  'declare c cursor with hold for select 1',
  'select pg_advisory_lock(1)',
  `select currval('s')`,
  'SELECT LASTVAL()',
  `LOAD 'auto_explain'`,
  `set app.tenant = '1'`,
  'set local "app"."tenant" to 1',
  'SET/**/app.x=1',
  `select set_config('app.x', $1, true)`,
  'drop database old',
])('%s is looked at closely', (text) => expect(suspicious(text)).toBe(true));

test.each([
  'select * from payload where threshold > 3 and temperature < 2.5',
  `select now() - interval '1 day' from t.household offset 3`,
  `update t set x = 'a.b' where y = 1`,
  'insert into uploads (charset, household) values ($1, $2)',
  'select abalance from pgbench_accounts where aid = 12345',
])('%s is ordinary', (text) => expect(suspicious(text)).toBe(false));

test('a word at the very end of what there is', () => {
  expect([suspicious('x temp'), suspicious('x tem'), suspicious('set'), suspicious('')]).toEqual([
    ...[true, false, false, false],
  ]);
});

test('tags that may change what a session holds', () => {
  const tags = ['SET', 'RESET', 'PREPARE', 'DEALLOCATE', 'DECLARE CURSOR', 'DISCARD ALL', 'DO'];
  const more = ['LISTEN', 'UNLISTEN', 'LOAD', 'CALL', 'CREATE TABLE'];
  const others = ['SELECT 1', 'INSERT 0 1', 'UPDATE 3', 'DELETE 0', 'COMMIT', 'COPY 5', 'BEGIN'];
  const touches = (tag: string): boolean => {
    const bytes = Buffer.from(`${tag}\0`);
    return isTouching(bytes, 0, bytes.length);
  };
  expect([...tags, ...more].filter((tag) => !touches(tag))).toEqual([]);
  expect(others.filter(touches)).toEqual([]);
});
