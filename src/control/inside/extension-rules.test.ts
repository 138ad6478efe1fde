import { expect, test } from 'vitest';
import { whyRefused } from './extension-rules.ts';

test.each([
  ['hstore', true, [], null],
  ['vector', true, [], null],
  ['bloom', false, [], null],
  ['dblink', false, [], 'it reaches other servers; an operator can add it to the allowed ones'],
  ['dblink', false, ['dblink'], null],
  ['xml2', false, [], 'PostgreSQL does not trust it; an operator can add it to the allowed ones'],
  ['file_fdw', false, ['file_fdw'], 'it reads files of the machine and runs programs'],
  ['plpython3u', true, ['plpython3u'], 'its functions may do anything on the machine'],
  ['plpgsql', true, [], 'it is part of every database, and stays as it is'],
])('%s, trusted %s, with %j allowed: %s', (name, isTrusted, allowed, why) => {
  expect(whyRefused({ name, isTrusted }, allowed)).toBe(why);
});
