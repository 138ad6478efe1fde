import { expect, test } from 'vitest';
import { fromText } from './values.ts';

const JSONB = 3802;

test.each<[text: string | null, typeId: number, json: string]>([
  [null, 23, 'null'],
  ['t', 16, 'true'],
  ['2147483647', 23, '2147483647'],
  ['9223372036854775807', 20, '"9223372036854775807"'],
  ['NaN', 701, '"NaN"'],
  ['0.1', 701, '0.1'],
  ['{"id": 9007199254740993}', JSONB, '{"id":9007199254740993}'],
  ['{t,f,NULL}', 1000, '[true,false,null]'],
  ['{{1,2},{3,4}}', 1007, '[[1,2],[3,4]]'],
  ['{9223372036854775807}', 1016, '["9223372036854775807"]'],
  ['{0.5,NaN,-Infinity}', 1022, '[0.5,"NaN","-Infinity"]'],
  ['{"a b",NULL,"NULL"}', 1009, '["a b",null,"NULL"]'],
  ['{1.5}', 1231, '"{1.5}"'],
])('%s of type %i is told as %s', (text, typeId, json) => {
  expect(JSON.stringify(fromText(text, typeId))).toBe(json);
});

test('JSON is told as PostgreSQL writes it, if that is asked for', () => {
  const text = '{"a": 1.0, "a": 2}';
  expect([fromText(text, 114, true), fromText('null', JSONB, true)]).toEqual([text, 'null']);
});
