import { expect, test } from 'vitest';
import { bytesOf, hitsOf, largestNodes } from './levels-reading.ts';

test.each([
  ['is not told', null, { l1: 900, l2: null, l3: 100 }],
  ['was not read', 0, { l1: 900, l2: 100, l3: 0 }],
  ['gave some', 30 * 8_192 - 1, { l1: 900, l2: 70, l3: 30 }],
  ['was read for more than pages', 10_000 * 8_192, { l1: 900, l2: 0, l3: 100 }],
])('pages that no buffer had, where the disk %s', (_, disk, hits) => {
  expect(hitsOf({ hit: 900, read: 100 }, disk)).toEqual(hits);
});

test('where one file is not told of, the page cache is not', () => {
  const files = [
    { name: 'base/5/1', allocated: 8_192, resident: 4_096 },
    { name: 'base/5/2', allocated: 8_192, resident: 8_192 },
  ];
  expect(bytesOf(files, 7)).toEqual({ l1: 7, l2: 12_288, l3: 16_384 });
  const untold = [...files, { name: 'base/5/3', allocated: 0, resident: null }];
  expect(bytesOf(untold, null)).toEqual({ l1: null, l2: null, l3: 16_384 });
});

test('the largest relations of each database are found by all of their files', () => {
  const sizes = { 'base/5/1': 5, 'base/5/2': 3, 'base/5/2_vm': 3, 'base/5/3': 1, 'global/4': 1 };
  const files = Object.entries(sizes).map(([name, allocated]) => ({
    ...{ name, allocated },
    resident: 0,
  }));
  expect([
    ...largestNodes([...files, { name: 'PG_VERSION', allocated: 9, resident: 0 }], 2),
  ]).toEqual([
    [5, [2, 1]],
    [0, [4]],
  ]);
});
