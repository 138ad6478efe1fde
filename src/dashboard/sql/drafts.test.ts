import { expect, test } from 'vitest';
import { assigned, changedMeanwhile, draftOf, fieldOf, LEFT, rebased, wrongIn } from './drafts.ts';
import type { SchemaColumn } from './schema.ts';

const column = (name: string, type: string, change: Partial<SchemaColumn> = {}): SchemaColumn => ({
  ...{ name, type, notNull: false, default: null, generated: false, labels: null, baseType: null },
  ...change,
});

const COLUMNS = [
  ...[column('id', 'integer', { generated: true }), column('name', 'text')],
  column('note', 'text'),
];
const BEFORE = ['1', 'Ada', null];
const drafts = BEFORE.map(draftOf);
const typed = (text: string) => ({ kind: 'value', text }) as const;

test('only what is another is written: an empty text is not NULL', () => {
  expect(assigned(COLUMNS, drafts, BEFORE)).toEqual([]);
  expect(assigned(COLUMNS, [draftOf('1'), typed(''), typed('')], BEFORE)).toEqual([
    { name: 'name', type: 'text', value: '' },
    { name: 'note', type: 'text', value: '' },
  ]);
  expect(assigned(COLUMNS, [draftOf('1'), { kind: 'null' }, { kind: 'null' }], BEFORE)).toEqual([
    { name: 'name', type: 'text', value: null },
  ]);
});

test('of a new row, what is left is made by the database', () => {
  expect(assigned(COLUMNS, [LEFT, typed('Ben'), { kind: 'null' }], undefined)).toEqual([
    { name: 'name', type: 'text', value: 'Ben' },
    { name: 'note', type: 'text', value: null },
  ]);
});

test('what somebody else has changed is told, and what was typed stays', () => {
  const now = ['1', 'Adele', 'theirs'];
  expect(changedMeanwhile(COLUMNS, { before: BEFORE, now })).toEqual([
    { name: 'name', value: 'Adele' },
    { name: 'note', value: 'theirs' },
  ]);
  const mine = [draftOf('1'), typed('Ada Moreau'), draftOf(null)];
  expect(rebased(mine, BEFORE, now)).toEqual([
    draftOf('1'),
    typed('Ada Moreau'),
    draftOf('theirs'),
  ]);
});

test('a field is made for what its column holds', () => {
  expect(fieldOf(column('a', 'boolean'))).toEqual({ kind: 'choice', choices: ['true', 'false'] });
  expect(fieldOf(column('a', 'mood', { labels: ['sad', 'ok'] }))).toMatchObject({
    choices: ['sad', 'ok'],
  });
  const kinds = ['integer', 'text', 'integer[]', 'jsonb', 'bytea', 'character varying(20)'];
  const domain = column('a', 'address', { baseType: 'text' });
  expect(fieldOf(domain).kind).toBe('lines');
  expect(kinds.map((type) => fieldOf(column('a', type)).kind)).toEqual([
    ...['line', 'lines', 'lines', 'lines', 'lines', 'lines'],
  ]);
});

test('what cannot be is told before the database is asked', () => {
  expect(wrongIn('jsonb', typed('{"a": 1}'))).toBeNull();
  expect(wrongIn('jsonb', typed('{a: 1}'))).toContain('JSON');
  expect(wrongIn('bytea', typed('\\x0aFF'))).toBeNull();
  expect(wrongIn('bytea', typed('0aff'))).toContain('hexadecimal');
  expect(wrongIn('text', typed('{'))).toBeNull();
  expect(wrongIn('jsonb', { kind: 'null' })).toBeNull();
});
