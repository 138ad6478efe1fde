import { expect, test } from 'vitest';
import { cellText, toCsv, toJson, wholeText } from './text.ts';

const columns = ['a', 'b'].map((name) => ({ name, type: 'text' }));

test('NULL, an empty text, quotes and line ends keep apart in CSV', () => {
  const rows = [
    [null, ''],
    ['say "hi"', 'x\ny'],
    [-5, { deep: [1] }],
  ];
  expect(toCsv({ columns, rows })).toBe(
    'a,b\r\n,""\r\n"say ""hi""","x\ny"\r\n-5,"{""deep"":[1]}"\r\n',
  );
});

test('what a stranger has written is no formula of who opens the file', () => {
  expect(toCsv({ columns, rows: [['=cmd()', '-1.5']] })).toBe("a,b\r\n'=cmd(),-1.5\r\n");
});

test('columns of one name are all there in JSON', () => {
  const twice = [...columns, { name: 'a', type: 'int4' }];
  expect(JSON.parse(toJson({ columns: twice, rows: [['x', null, 3]] }))).toEqual([
    { a: 'x', b: null, a_2: 3 },
  ]);
});

test('JSON keeps all its digits, in a dialog and in a file', () => {
  const value = '{"id": 9007199254740993}';
  expect(wholeText(value, 'jsonb')).toBe('{\n  "id": 9007199254740993\n}');
  const table = { columns: [{ name: 'j', type: 'jsonb' }], rows: [[value], [null]] };
  expect(toJson(table).replaceAll(/\s/g, '')).toBe('[{"j":{"id":9007199254740993}},{"j":null}]');
});

test('a cell shows what is in it', () => {
  expect([null, true, 1.5, ['x'], 'text'].map(cellText)).toEqual([
    '',
    'true',
    '1.5',
    '["x"]',
    'text',
  ]);
});
