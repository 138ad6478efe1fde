import { describe, expect, test } from 'vitest';
import { memoryOutput } from '../../testing/fake-world.ts';
import { styleFor } from '../words/style.ts';
import { parseBackslash } from './backslash.ts';
import { DISPLAY, type Display } from './display.ts';
import { rowsJson } from './json-rows.ts';
import type { StatementResult } from './query.ts';
import { rowsCsv } from './rows-csv.ts';
import { resultText as textIn } from './rows-text.ts';
import { SqlError } from './sql-error.ts';

const plain = styleFor(memoryOutput(), {});

const resultText = (
  rows: StatementResult,
  how: Partial<Display> & { readonly room?: number } = {},
): string => {
  const { room = null, ...display } = how;
  return textIn(rows, { display: { ...DISPLAY, ...display }, room, style: plain }) ?? '';
};

const INT4 = 23;
const TEXT = 25;

const result = (
  columns: readonly (readonly [string, number])[],
  rows: StatementResult['rows'],
): StatementResult => ({
  columns: columns.map(([name, typeOid]) => ({ name, typeOid })),
  rows,
  tag: `SELECT ${rows.length}`,
});

describe('rows as text', () => {
  test('are aligned, numbers to the right, as psql has them', () => {
    const rows = result(
      [
        ['id', INT4],
        ['name', TEXT],
      ],
      [
        ['1', 'alice'],
        ['20', null],
      ],
    );
    expect(resultText(rows)).toBe(
      [' id | name', '----+-------', '  1 | alice', ' 20 | NULL', '(2 rows)'].join('\n'),
    );
  });

  test('a text that says NULL differs from one that is not there', () => {
    const rows = result([['a', TEXT]], [['NULL'], [null], ['']]);
    expect(resultText(rows).split('\n').slice(2, 5)).toEqual([' "NULL"', ' NULL', '']);
  });

  test('a value of several lines goes on below, marked by a plus', () => {
    const rows = result(
      [
        ['a', TEXT],
        ['b', TEXT],
      ],
      [['one\ntwo', 'x']],
    );
    expect(resultText(rows)).toBe(
      ['  a  | b', '-----+---', ' one+| x', ' two |', '(1 row)'].join('\n'),
    );
  });

  test('what would steer the terminal is shown, not sent', () => {
    const rows = result([['a', TEXT]], [['\u001b[2J\u0007\u009b\tx\u202ey']]);
    expect(resultText(rows).split('\n')[2]).toBe(' \\x1B[2J\\x07\\x9B        x\\u202Ey');
  });

  test('each row can be a record', () => {
    const rows = result(
      [
        ['id', INT4],
        ['name', TEXT],
      ],
      [['1', null]],
    );
    expect(resultText(rows, { expanded: 'on' })).toBe(
      ['-[ RECORD 1 ]-', 'id   | 1', 'name | NULL'].join('\n'),
    );
  });

  test('a statement without rows is told by its tag, one without columns is a table still', () => {
    expect(resultText({ columns: null, rows: [], tag: 'INSERT 0 1' })).toBe('INSERT 0 1');
    expect(resultText(result([['a', TEXT]], []))).toBe(' a\n---\n(0 rows)');
    expect(resultText(result([], [[]]))).toBe('\n\n\n(1 row)');
  });
});

describe('a table wider than the terminal', () => {
  const wide = result(
    [
      ['id', INT4],
      ['note', TEXT],
      ['city', TEXT],
    ],
    [['123456', 'the quick brown fox jumps over the lazy dog', 'Rome']],
  );

  test('loses the ends of its widest texts, never a digit', () => {
    expect(resultText(wide, { room: 40 }).split('\n')).toEqual([
      '   id   |          note          | city',
      '--------+------------------------+------',
      ' 123456 | the quick brown fox j… | Rome',
      '(1 row)',
    ]);
    expect(resultText(wide, { room: 200 })).toBe(resultText(wide));
  });

  test('is shown as records where too little would be left', () => {
    expect(resultText(wide, { room: 24 })).toBe(resultText(wide, { expanded: 'on' }));
    expect(resultText(wide, { room: 24, expanded: 'off' })).toBe(resultText(wide));
  });

  test.each([30, 31, 33, 36, 39, 40, 41, 50, 63])('fits in %i columns', (room) => {
    for (const line of resultText(wide, { room }).split('\n').slice(0, 2)) {
      expect(line.length).toBeLessThanOrEqual(room);
    }
  });

  test('shows what is asked for NULL, and rows alone', () => {
    const rows = result([['a', TEXT]], [[null], ['NULL'], ['-']]);
    expect(resultText(rows, { nullText: '-', tuplesOnly: true })).toBe(' -\n NULL\n "-"');
    expect(resultText(rows, { nullText: '' }).split('\n')[2]).toBe('');
  });
});

describe('rows as CSV', () => {
  test('are what COPY writes: NULL is nothing, an empty text two quotes', () => {
    const rows = result(
      [
        ['a', TEXT],
        ['b "c', TEXT],
      ],
      [
        ['x,y', null],
        ['', 'line\nfeed "quoted" here'],
      ],
    );
    const body = '"x,y",\n"","line\nfeed ""quoted"" here"';
    expect(rowsCsv(rows, false)).toBe(`a,"b ""c"\n${body}`);
    expect(rowsCsv(rows, true)).toBe(body);
    expect(rowsCsv({ columns: null, rows: [], tag: 'INSERT 0 1' }, false)).toBeNull();
  });
});

describe('rows as JSON', () => {
  const one = (oid: number, text: string | null) => rowsJson(result([['v', oid]], [[text]]));

  test.each([
    [INT4, '7', '7'],
    [20, '9223372036854775807', '9223372036854775807'],
    [1700, '0.10000000000000000000001', '0.10000000000000000000001'],
    [701, '1e+300', '1e+300'],
    [701, 'NaN', '"NaN"'],
    [701, '-Infinity', '"-Infinity"'],
    [16, 't', 'true'],
    [16, 'f', 'false'],
    [TEXT, '7', '"7"'],
    [TEXT, null, 'null'],
    [
      3802,
      '{"a": [1, 12345678901234567890], "b": null}',
      '{"a":[1,12345678901234567890],"b":null}',
    ],
    [1007, '{1,NULL,3}', '[1,null,3]'],
    [1009, '{a,"b,c",NULL,"NULL"}', '["a","b,c",null,"NULL"]'],
    [1007, '{{1,2},{3,4}}', '[[1,2],[3,4]]'],
    [1000, '{t,f}', '[true,false]'],
    [1184, '2030-01-01 00:00:00.123456+00', '"2030-01-01 00:00:00.123456+00"'],
    [17, '\\xdeadbeef', '"\\\\xdeadbeef"'],
  ])('a value of type %i that reads %s is %s', (oid, text, json) => {
    expect(one(oid, text)).toBe(`[{"v":${json}}]`);
  });

  test('columns of one name stay two', () => {
    const rows = result(
      [
        ['a', INT4],
        ['a', INT4],
        ['a_2', INT4],
      ],
      [['1', '2', '3']],
    );
    expect(rowsJson(rows)).toBe('[{"a":1,"a_2":2,"a_2_2":3}]');
  });

  test('a statement without rows gives an empty array', () => {
    expect(rowsJson({ columns: null, rows: [], tag: 'INSERT 0 1' })).toBe('[]');
  });
});

describe('an error', () => {
  const error = (fields: object) =>
    Object.assign(new Error('relation "foo" does not exist'), { code: '42P01', ...fields });

  test('points at its place in the script', () => {
    const statement = { text: 'select *\nfrom foo\nwhere true', line: 5 };
    const told = new SqlError(error({ position: '15', hint: 'look again' }), statement);
    expect(told.lines).toEqual(['LINE 6: from foo', '             ^', 'hint: look again']);
    expect(told.fields).toEqual({ hint: 'look again', line: 6, column: 6 });
    expect(told.code).toBe('42P01');
  });

  test('counts characters, not code units', () => {
    const statement = { text: "select '🙂' from foo", line: 1 };
    expect(new SqlError(error({ position: '17' }), statement).lines).toEqual([
      "LINE 1: select '🙂' from foo",
      '                        ^',
    ]);
  });

  test('shows the part of a long line that matters', () => {
    const statement = { text: `select ${'a'.repeat(500)} from foo`, line: 1 };
    const [shown = '', mark = ''] = new SqlError(error({ position: '514' }), statement).lines;
    expect(shown.length).toBeLessThan(140);
    expect(shown.slice(mark.length - 1)).toBe('foo');
  });

  test('without a place has detail and context alone', () => {
    const told = new SqlError(error({ detail: 'd', where: 'w' }), { text: 'select 1', line: 1 });
    expect(told.lines).toEqual(['detail: d', 'context: w']);
  });
});

describe('a backslash command', () => {
  test.each([
    ['\\q', 'quit'],
    ['\\?', 'help'],
    ['\\x', 'display'],
    ['\\x auto', 'display'],
    ['\\t on;', 'display'],
    ["\\pset null '(none)'", 'display'],
    ['\\timing', 'timing'],
    ['\\c globex', 'connect'],
    ['\\i a file.sql', 'include'],
    ['\\o', 'output'],
    ['\\e', 'edit'],
    ['\\dt', 'queries'],
    ['\\d', 'queries'],
    ['\\d "My Table";', 'queries'],
    ['\\l', 'queries'],
  ])('%s is read', (line, kind) => {
    expect(parseBackslash(line).kind).toBe(kind);
  });

  test('quotes the name it is given', () => {
    const command = parseBackslash("\\d it's");
    const sql = command.kind === 'queries' ? command.queries[0]?.sql : '';
    expect(sql).toContain("'it''s'::pg_catalog.regclass");
  });

  test('changes what it says, and turns a switch round where it says nothing', () => {
    const changed = (line: string, before = DISPLAY) => {
      const command = parseBackslash(line);
      return command.kind === 'display' ? command.change(before) : null;
    };
    expect(changed("\\pset null '(none)'")).toEqual({ ...DISPLAY, nullText: '(none)' });
    expect(changed('\\pset null')).toEqual({ ...DISPLAY, nullText: '' });
    expect(changed('\\x')).toEqual({ ...DISPLAY, expanded: 'on' });
    expect(changed('\\x', { ...DISPLAY, expanded: 'on' })).toEqual({ ...DISPLAY, expanded: 'off' });
    expect(changed('\\x auto', { ...DISPLAY, expanded: 'on' })).toEqual(DISPLAY);
    expect(changed('\\t')).toEqual({ ...DISPLAY, tuplesOnly: true });
  });

  test('takes a pattern as psql does', () => {
    const sqlOf = (line: string) => {
      const command = parseBackslash(line);
      return command.kind === 'queries' ? command.queries[0]?.sql : '';
    };
    expect(sqlOf('\\dt app*')).toContain("and c.relname ~ '^(app.*)$'");
    expect(sqlOf('\\df s.f?')).toContain("and n.nspname ~ '^(s)$' and p.proname ~ '^(f.)$'");
    expect(sqlOf('\\d a.*')).toContain("and n.nspname ~ '^(a)$' and c.relname ~ '^(.*)$'");
    expect(sqlOf("\\dt a'[b")).toContain("~ E'^(a''\\\\[b)$'");
  });

  test.each([
    ['\\copy t from x', 'there is no command \\copy; \\? lists those there are'],
    ['\\timng', 'there is no command \\timng; did you mean \\timing?'],
    ['\\x maybe', '\\x takes on, off or auto'],
    ['\\c', '\\c needs the name of a tenant'],
    ['\\pset border 2', '\\pset takes null TEXT, expanded on|off|auto, or tuples_only on|off'],
  ])('%s that is wrong says what to do', (line, message) => {
    expect(() => parseBackslash(line)).toThrow(message);
  });
});
