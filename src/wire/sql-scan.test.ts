import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sqlTokens } from './sql-lexer.ts';
import { statementOf } from './sql-prepare.ts';
import { mayMatter, redacted, type ScanFindings, scanSql } from './sql-scan.ts';

function scanned(sql: string): Omit<ScanFindings, 'names'> & { names: readonly string[] } {
  const found: ScanFindings = {
    names: new Set(),
    usesSequenceValue: false,
    setsDynamically: false,
    loads: false,
  };
  const bytes = Buffer.from(`;set no.one${sql};set no.two`);
  const [start, end] = [11, bytes.length - 11];
  scanSql(bytes, start, end, found);
  const isFound =
    found.names.size > 0 || found.usesSequenceValue || found.setsDynamically || found.loads;
  if (isFound) expect(mayMatter(bytes, start, end)).toBe(true);
  return { ...found, names: [...found.names] };
}

const NOTHING = { names: [], usesSequenceValue: false, setsDynamically: false, loads: false };

describe('the text of a query tells', () => {
  test.each<[string, Partial<ReturnType<typeof scanned>>]>([
    ["set app.tenant = '1'", { names: ['app.tenant'] }],
    ['SET  LOCAL\n"App"."Tenant" to x', { names: ['app.tenant'] }],
    ['set session "a.b" = \'x.y\'', { names: ['a.b'] }],
    ['do $$ begin set a.b.c = 1; end $$', { names: ['a.b.c'] }],
    ["select set_config('app.x', $1, true)", { names: ['app.x'] }],
    ["select pg_catalog.SET_CONFIG ( E'My.App' ::text, '1', false)", { names: ['my.app'] }],
    [
      'select set_config($$app.y$$, $1, true), set_config($t$app.z$t$, $2, true)',
      { names: ['app.y', 'app.z'] },
    ],
    ["select set_config('work_mem', '5MB', false)", {}],
    ['select set_config($1, $2, false)', { setsDynamically: true }],
    ["select set_config('app.' || x, y, false) from z", { setsDynamically: true }],
    ['select set_config(name', { setsDynamically: true }],
    ["select currval('s')", { usesSequenceValue: true }],
    ['SELECT LASTVAL()', { usesSequenceValue: true }],
    ["load 'auto_explain'", { loads: true }],
    ["/* x */ LOAD\n'x'", { loads: true }],
  ])('%s', (sql, expected) => {
    expect(scanned(sql)).toEqual({ ...NOTHING, ...expected });
  });

  test.each([
    "select t.id, t.name from public.users as t where t.id = $1 and t.name like '%.x'",
    "update accounts set balance = balance - 1.5, name = 'a.b' where accounts.id = 7",
    "insert into set_logs (v) values (nextval('offset_seq'), 'payload 1')",
    'select vacuum_val, set_confused from offset_c',
    'begin',
    'v',
    "._'",
    '',
    'select "x"."y", interval \'1 day\'',
  ])('nothing: %s', (sql) => {
    expect(scanned(sql)).toEqual(NOTHING);
    expect(mayMatter(Buffer.from(sql), 0, Buffer.byteLength(sql))).toBe(false);
  });

  test('no bytes are outside of what it can read', () => {
    const pieces = fc.constantFrom(
      'set ',
      'local ',
      'a',
      '.',
      '_config',
      "'",
      '(',
      '$',
      'curr',
      'val',
      'load ',
      '"',
      'ü',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        scanned(parts.join(''));
      }),
    );
  });
});

describe('a query with its values left out', () => {
  test.each([
    ["select 'secret', 12.5e3, $1 from t", 'select ?, ?, $1 from t'],
    [
      "select E'it\\'s', $$x$$, $a$ $b$ $a$, U&'x', B'01', 0xff, .5",
      'select ?, ?, ?, U&?, B?, ?, ?',
    ],
    ['select  1 -- secret\n  /* a /* b */ c */ + 2', 'select ? + ?'],
    ["select 'what\\', ' or is it'", 'select ?…'],
    ["select 'no end", 'select ?…'],
    ['select $$no end', 'select ?…'],
    ["create role x password 'p'", 'create role x password ?'],
    ['select "Col ""1""", t1.a2', 'select "Col ""1""", t1.a2'],
  ])('%s', (sql, expected) => {
    expect(redacted(sql)).toBe(expected);
  });

  test('never shows a literal, however it is quoted', () => {
    const secret = 'sesame';
    const content = fc
      .array(fc.constantFrom(secret, "''", '\\\\', '"', '--', '/*', '*/', ';', '$', ' ', '\n', 'é'))
      .map((parts) => parts.join(''));
    const literal = fc.oneof(
      content.map((text) => `'${text}'`),
      content.map((text) => `E'${text}'`),
      content.map((text) => `$q$${text.replaceAll('$', '')}$q$`),
      content.map((text) => `$$${text.replaceAll('$', '')}$$`),
      content.map((text) => `/*${text.replaceAll(/[/*]/g, '')}*/`),
      content.map((text) => `--${text.replaceAll('\n', '')}\n`),
    );
    const between = fc.constantFrom(
      ' ',
      ', ',
      ' || ',
      '\n',
      ' "quoted ""name" ',
      ' x ',
      ' $1 ',
      ';',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(between, literal, between)), (parts) => {
        expect(redacted(parts.flat().join(''), 10_000)).not.toContain(secret);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is no longer than wanted', () => {
    expect(redacted(`select ${'a, '.repeat(500)}`, 30)).toBe('select a, a, a, a, a, a, a, a…');
  });
});

test('tokens put together are the text again', () => {
  const pieces = fc.constantFrom(
    "'",
    '"',
    '$',
    '$a$',
    'E',
    '\\',
    '/*',
    '*/',
    '--',
    '\n',
    ';',
    'x',
    '1',
    '.',
    ' ',
    '\u00a0',
    'ü',
    '\u{1f600}',
  );
  fc.assert(
    fc.property(fc.array(pieces), (parts) => {
      const sql = parts.join('');
      expect([...sqlTokens(sql)].map(({ text }) => text).join('')).toBe(sql);
    }),
    { numRuns: 1_000 },
  );
});

describe('the command that prepared a statement', () => {
  test.each<[string, string, string | undefined]>([
    ['prepare a as select 1', 'a', 'prepare a as select 1'],
    [' prepare a as select 1 ; ', 'a', 'prepare a as select 1'],
    ["select 1; PREPARE A as select ';'; prepare b as select 2", 'a', "PREPARE A as select ';'"],
    [
      '/* ; */ prepare "x;""y" as select $$;$$ -- ;\n;select 2',
      'x;"y',
      '/* ; */ prepare "x;""y" as select $$;$$ -- ;',
    ],
    ["prepare a as select E'\\';'; drop table t", 'a', "prepare a as select E'\\';'"],
    ["prepare a as select 'c:\\x'", 'a', "prepare a as select 'c:\\x'"],
    ["prepare a as select 'c:\\'; select 2", 'a', undefined],
    ['prepare a as select 1; deallocate a; prepare a as select 2', 'a', undefined],
    ['select 1', 'a', undefined],
    ["prepare a as select 'no end", 'a', undefined],
    ['prepare U&"\\0061" as select 1; select 2', 'a', undefined],
  ])('%s', (sql, name, expected) => {
    expect(statementOf(sql, name)).toBe(expected);
  });

  test('of a very long text is found without much ado', () => {
    const text = `prepare a as select '${"x''".repeat(300_000)}'`;
    expect(statementOf(text, 'a')).toBe(text);
  });
});
