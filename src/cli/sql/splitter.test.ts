import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Inside, Splitter } from './splitter.ts';

/** The pieces of a whole script, fed line by line. */
function pieces(script: string) {
  const splitter = new Splitter();
  const lines = script.split(/(?<=\n)/);
  return [...lines.flatMap((line) => splitter.push(line)), ...splitter.end()];
}

const texts = (script: string) => pieces(script).map(({ text }) => text);

describe('a script is cut', () => {
  test('at each semicolon', () => {
    expect(texts('select 1; select 2;\nselect 3')).toEqual(['select 1;', 'select 2;', 'select 3']);
  });

  test.each([
    ["select 'a;b';"],
    ["select 'it''s; fine';"],
    ["select E'it\\'s; fine', e'\\\\';"],
    ["select E'it''s \\'; fine';"],
    ['select "a;b" from "c""d;";'],
    ['select $$a;b$$;'],
    ['select $tag$a; $$ ; $other$ ; b$tag$;'],
    ['select 1 /* ; /* ; */ ; */ + 1;'],
    ['select 1 -- ; no\n+ 1;'],
    ['create rule r as on insert to t do (select 1; select 2);'],
    ['select a$1$b from t;'],
    ['select $1, $2;'],
    ["select 'two\nlines;';"],
    ['create function f() returns int language sql begin atomic select 1; select 2; end;'],
    [
      'create or replace procedure p() begin atomic\n  select case when true then 1 end;\n  select 2;\nend;',
    ],
  ])('but not within %j', (statement) => {
    expect(texts(`${statement} select 'next';`)).toEqual([statement, "select 'next';"]);
  });

  test('an END elsewhere closes nothing', () => {
    expect(texts('begin; select case when true then 1 end; end;')).toEqual([
      'begin;',
      'select case when true then 1 end;',
      'end;',
    ]);
  });

  test('and what is only space, comments or semicolons is no statement', () => {
    expect(texts(' ;; -- nothing\n/* nor ; this */ ;\n')).toEqual([]);
  });

  test('a comment before a statement stays with it', () => {
    expect(pieces('\n-- why\nselect 1;')).toEqual([{ text: '-- why\nselect 1;', line: 2 }]);
  });

  test('each piece knows the line it begins on', () => {
    expect(pieces('select 1;\n\n  select\n2;\nselect 3;').map(({ line }) => line)).toEqual([
      1, 3, 5,
    ]);
  });

  test('a backslash command is a line of its own, but not inside of a statement', () => {
    expect(texts('\\dt\nselect\n\\x\n;')).toEqual(['\\dt', 'select\n\\x\n;']);
  });
});

test.each<[string, Inside]>([
  ['', 'nothing'],
  ['-- nothing', 'nothing'],
  ['select', 'statement'],
  ["select 'a", 'string'],
  ['select "a', 'identifier'],
  ['select $x$', 'dollar'],
  ['select /*', 'comment'],
  ['select (', 'parentheses'],
  ['select 1;', 'nothing'],
])('after %j the next line continues %s', (line, inside) => {
  const splitter = new Splitter();
  splitter.push(`${line}\n`);
  expect(splitter.inside).toBe(inside);
});

test('what was begun can be taken back', () => {
  const splitter = new Splitter();
  splitter.push("select ('\n");
  splitter.clear();
  expect(splitter.inside).toBe('nothing');
  expect(splitter.push('select 1;\n').map(({ text }) => text)).toEqual(['select 1;']);
});

test('whatever it is fed, pieces are parts of the script, in its order', () => {
  const word = fc.constantFrom(
    ...["'", '"', '$$', '$a$', '/*', '*/', '--', ';', '(', ')', 'a', ' ', '\n', "E'", '\\'],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      const script = words.join('');
      let cursor = 0;
      for (const text of texts(script)) {
        const start = script.indexOf(text, cursor);
        expect(start).toBeGreaterThanOrEqual(cursor);
        cursor = start + text.length;
      }
    }),
  );
});

test('a line of five megabytes is cut in no more than a few passes over it', () => {
  const long = `insert into t values (E'${'ab\\n'.repeat(1_250_000)}');`;
  expect(texts(long)).toEqual([long]);
});
