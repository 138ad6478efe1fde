import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutValues } from './statement-text.ts';

test.each([
  ['as PostgreSQL writes it', 'select $1 from t where a = $2', 'select $1 from t where a = $2'],
  [
    'a string',
    "select * from t where name = 'Ann O''Hara' and x",
    'select * from t where name = ? and x',
  ],
  ['strings with a prefix', "select E'a\\'b', U&'c', x'ff', n'd', e'' ", 'select ?, ?, ?, ?, ? '],
  ['a string in dollars', "select $$it's$$, $a$ $b$ 'x' $b$ $a$ from t", 'select ?, ? from t'],
  [
    'long numbers',
    'select 4111111111111111, 20, .5, 1e9999, 1234 limit 10',
    'select ?, 20, .5, ?, ? limit 10',
  ],
  ['names', 'select "it\'s", t1234, a$b from "x""y"', 'select "it\'s", t1234, a$b from "x""y"'],
  [
    'comments',
    "select 1 /* it's /* in */ it's */ -- it's\n, 'x'",
    "select 1 /* it's /* in */ it's */ -- it's\n, ?",
  ],
  ['a string that is cut', "select 'secre", 'select ?'],
  ['a name that is cut', 'select "secre', 'select "secre'],
  ['a dollar string that is cut', 'select $x$secret $x', 'select ?'],
  ['a comment that is cut', 'select 1 /* a', 'select 1 /* a'],
  ['what may escape', "select 'it\\'s secret', 'x' from t", 'select ?'],
  [
    'words of other alphabets',
    "select ключ from таблица where имя = 'секрет'",
    'select ключ from таблица where имя = ?',
  ],
])('%s', (_, text, shown) => {
  expect(withoutValues(text)).toBe(shown);
});

test('no string is told, wherever it stands', () => {
  const piece = fc.constantFrom(
    'select ',
    'a.b',
    '"',
    '"c"',
    '--x\n',
    '/*',
    '*/',
    ', ',
    '1',
    '$1',
    ' = ',
    '\n',
  );
  const secret = fc.constantFrom("'SECRET'", "E'\\'SECRET'", '$$SECRET$$', "$q$'SECRET$q$");
  fc.assert(
    fc.property(fc.array(piece), secret, (before, value) => {
      // A name, a comment or a line of one that is open would swallow it.
      const begun = before.join('');
      fc.pre(!begun.includes('"') && !begun.includes('/*') && !/--[^\n]*$/.test(begun));
      expect(withoutValues(`${begun} ${value} from t`)).not.toContain('SECRET');
    }),
  );
});
