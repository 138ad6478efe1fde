import { expect, test } from 'vitest';
import { exactRows } from './exact-rows.ts';

const column = (name: string, typeId: number) => ({ name, type: '', typeId });
const JSONB = 3802;
const TEXT = 25;

const columns = [column('j', JSONB), column('t', TEXT)];
const BIG = '{"id": 9007199254740993}';

test('only what is JSON is read, with all digits, in rows of either kind', () => {
  expect(
    JSON.stringify(
      exactRows({
        columns,
        rows: [
          [BIG, BIG],
          [null, '7'],
        ],
      }),
    ),
  ).toBe(`[[{"id":9007199254740993},${JSON.stringify(BIG)}],[null,"7"]]`);
  expect(JSON.stringify(exactRows({ columns, rows: [{ j: BIG, t: '7' }] }))).toBe(
    '[{"j":{"id":9007199254740993},"t":"7"}]',
  );
});

test('of columns of one name the last says what the value is', () => {
  const twice = [column('a', JSONB), column('a', TEXT)];
  expect(exactRows({ columns: twice, rows: [{ a: '[1]' }] })).toEqual([{ a: '[1]' }]);
});
