import { expect, test } from 'vitest';
import { offsetOf, statementAt, statementsIn } from './statements.ts';

const texts = (sql: string) => statementsIn(sql).map(({ text }) => text);

test('statements end at semicolons that are not within something', () => {
  expect(texts('select \';\' ; select "a;b";\n-- no; \n select 3')).toEqual([
    "select ';'",
    'select "a;b"',
    'select 3',
  ]);
  expect(texts("select e'\\';' ; select 'it''s;'")).toEqual(["select e'\\';'", "select 'it''s;'"]);
  expect(texts('select 1 /* a; /* b; */ c; */; select 2')).toEqual([
    'select 1 /* a; /* b; */ c; */',
    'select 2',
  ]);
});

test('a string between dollars ends at its own tag; a name with dollars begins none', () => {
  const body = 'do $x$ begin; $$ ; $$ end $x$';
  expect(texts(`${body}; select 1`)).toEqual([body, 'select 1']);
  expect(texts('select a$b$ from t; select 2')).toEqual(['select a$b$ from t', 'select 2']);
  expect(texts('select $1; select $2')).toEqual(['select $1', 'select $2']);
});

test('what is not finished is one statement, and comments alone are none', () => {
  expect(texts("select 'open; select 2")).toEqual(["select 'open; select 2"]);
  expect(texts('select /* open; select 2')).toEqual(['select /* open; select 2']);
  expect(texts(' ;; -- nothing\n/* at all */ ;')).toEqual([]);
});

test('the statement under the cursor, or the one before an empty line', () => {
  const sql = 'select 1;\n\nselect 2;\n\n';
  expect(statementAt(sql, 0)?.text).toBe('select 1');
  expect(statementAt(sql, 9)?.text).toBe('select 1');
  expect(statementAt(sql, 12)?.text).toBe('select 2');
  expect(statementAt(sql, sql.length)?.text).toBe('select 2');
  expect(statementAt('', 0)).toBeUndefined();
});

test('positions of PostgreSQL are counted in characters', () => {
  expect(offsetOf('select x', 8)).toBe(7);
  expect(offsetOf("select '😀', x", 13)).toBe(13);
  expect(offsetOf('ab', 99)).toBe(2);
});
