import { expect, test } from 'vitest';
import type { HotBlocks } from './buffers.ts';
import {
  fileRangesOf,
  filesOf,
  type HotList,
  hotListText,
  hottest,
  mergedHotList,
  parseHotList,
} from './hot-list.ts';

const range = (node: number, from: number, to: number, heat: number): HotBlocks => ({
  ...{ database: 5, node, fork: 0 },
  ...{ from, to, heat },
});

const blocksOf = (list: HotList, node: number): number =>
  list.filter((one) => one.node === node).reduce((sum, { from, to }) => sum + to - from, 0);

test('a list is read as it was written, the hottest first', () => {
  const list = [range(1, 0, 8, 2.25), range(2, 100, 101, 5), { ...range(3, 0, 4, 2.25), fork: 2 }];
  expect(parseHotList(hotListText(list))).toEqual([list[1], list[0], list[2]]);
});

test('what is not ours, or is damaged, is left out', () => {
  const text = hotListText([range(1, 0, 8, 2)]);
  expect(parseHotList('')).toEqual([]);
  expect(parseHotList(text.replace('list 1', 'list 2'))).toEqual([]);
  expect(parseHotList(`${text}5 1 9 0 8 200\n5 1 0 8 8 200\n../../etc 1 0 0 1 5\n5 1 0 0`)).toEqual(
    [range(1, 0, 8, 2)],
  );
});

test('a list of more blocks than memory could hold, as a stranger may have made it, stays small', () => {
  const lines = Array.from({ length: 2_000 }, (_, node) => `5 ${node + 1} 0 0 4294967295 500`);
  const list = parseHotList(['dynabase-hot-list 1', ...lines].join('\n'));
  const blocks = list.reduce((sum, { from, to }) => sum + to - from, 0);
  expect([list.length, blocks]).toEqual([1, 4_194_304]);
  expect(fileRangesOf(list).length).toBe(32);
});

test('a list stays within 64 kB, and the coldest are what is missing', () => {
  const list = Array.from({ length: 10_000 }, (_, index) => range(index, 0, 1, 1 + index / 1_000));
  const text = hotListText(list);
  expect(text.length).toBeLessThanOrEqual(65_536);
  expect(text.length).toBeGreaterThan(65_000);
  const kept = parseHotList(text);
  expect(kept[0]?.node).toBe(9_999);
  expect(kept.every(({ node }) => node >= 10_000 - kept.length)).toBe(true);
});

test('blocks that are used again grow hotter than those that are new', () => {
  const merged = mergedHotList([range(1, 0, 10, 4)], [range(1, 5, 15, 4)]);
  expect(merged).toEqual([
    range(1, 5, 10, 4 * 0.7 + 4),
    range(1, 10, 15, 4),
    range(1, 0, 5, 4 * 0.7),
  ]);
});

test('a short wake replaces nothing of a rich list, and ten of them do not either', () => {
  const rich = [range(1, 0, 5_000, 5), range(2, 0, 5_000, 3)];
  let list: HotList = rich;
  for (let wake = 0; wake < 10; wake++) list = mergedHotList(list, [range(3, 0, 10, 5)]);
  expect([1, 2, 3].map((node) => blocksOf(list, node))).toEqual([5_000, 5_000, 10]);
  expect(list.find(({ node }) => node === 1)?.heat).toBeGreaterThan(4.9);
});

test('what no wake as large as the list has used is forgotten in a few', () => {
  let list: HotList = [range(1, 0, 100, 5)];
  const wakes: number[] = [];
  for (let wake = 0; wake < 12; wake++) {
    list = mergedHotList(list, [range(2, 0, 100, 5)]);
    wakes.push(blocksOf(list, 1));
  }
  expect(wakes[3]).toBe(100);
  expect(wakes.at(-1)).toBe(0);
  expect(blocksOf(list, 2)).toBe(100);
});

test('pieces that touch and are much alike become one', () => {
  expect(mergedHotList([], [range(1, 0, 4, 5), range(1, 4, 8, 4.5), range(1, 8, 9, 1)])).toEqual([
    range(1, 0, 8, 4.75),
    range(1, 8, 9, 1),
  ]);
});

test('blocks are found in the files that have them', () => {
  const shared = { database: 0, node: 1262, fork: 2, from: 0, to: 1, heat: 1 };
  expect(fileRangesOf([range(16_384, 131_070, 131_074, 5), shared])).toEqual([
    { name: 'base/5/16384', from: 131_070 * 8_192, bytes: 2 * 8_192 },
    { name: 'base/5/16384.1', from: 0, bytes: 2 * 8_192 },
    { name: 'global/1262_vm', from: 0, bytes: 8_192 },
  ]);
});

test('the hottest blocks are taken one file after the other', () => {
  const list = [range(1, 0, 2, 5), range(2, 0, 4, 4), range(1, 8, 10, 3), range(3, 0, 9, 2)];
  expect(filesOf(hottest(list, 7)).map(({ name, bytes }) => [name, bytes])).toEqual([
    ['base/5/1', 2 * 8_192],
    ['base/5/1', 8_192],
    ['base/5/2', 4 * 8_192],
  ]);
});
