import { expect, test } from 'vitest';
import {
  type AccessRecord,
  accessRecordText,
  advanced,
  NO_RECORD,
  pagesOfRun,
  parseAccessRecord,
  type Seen,
  sharesOf,
} from './access-record.ts';

type Counts = Readonly<Record<number, number>>;

const seen = (run: string, hit: number, counts: Counts, more: Partial<Seen> = {}): Seen => ({
  ...{ run, pages: { hit, read: 0 }, databases: new Set([5]) },
  relations: Object.entries(counts).map(([oid, fetched]) => ({
    ...{ database: 5, oid: Number(oid), node: Number(oid), fetched },
  })),
  ...more,
});

const weightOf = (record: AccessRecord, oid: number): number | undefined =>
  record.relations.find((one) => one.oid === oid)?.weight;

test('accesses count by how far a counter has moved, and fade', () => {
  const first = advanced(NO_RECORD, seen('a', 1_000, { 1: 100, 2: 900 }));
  expect([weightOf(first, 1), weightOf(first, 2)]).toEqual([100, 900]);
  const second = advanced(first, seen('b', 1_500, { 1: 600, 2: 900 }));
  expect([weightOf(second, 1), weightOf(second, 2)]).toEqual([70 + 500, 630]);
  expect(sharesOf(second)).toEqual([
    { database: 5, node: 2, share: 630 / 1_200 },
    { database: 5, node: 1, share: 570 / 1_200 },
  ]);
});

test('after a crash counters begin again, and what they say counts from zero', () => {
  const before = advanced(NO_RECORD, seen('a', 1_000, { 1: 1_000 }));
  const after = advanced(before, seen('b', 50, { 1: 50 }));
  expect(weightOf(after, 1)).toBe(700 + 50);
  expect(pagesOfRun(before, seen('b', 50, {}))).toEqual({ hit: 50, read: 0 });
});

test('pages are counted from the start of the run, however often it is looked at', () => {
  let record = advanced(NO_RECORD, seen('a', 1_000, {}));
  expect(pagesOfRun(record, seen('b', 1_200, {}))).toEqual({ hit: 200, read: 0 });
  record = advanced(record, seen('b', 1_200, {}));
  expect(pagesOfRun(record, seen('b', 1_300, {}))).toEqual({ hit: 300, read: 0 });
  record = advanced(record, seen('b', 1_300, {}));
  expect(pagesOfRun(record, seen('c', 1_310, {}))).toEqual({ hit: 10, read: 0 });
});

test('a relation that was not kept cannot have had more accesses than all together', () => {
  const first = advanced(NO_RECORD, seen('a', 10_000, { 1: 10_000 }));
  const second = advanced(first, seen('b', 10_100, { 1: 10_050, 2: 9_000 }));
  expect(weightOf(second, 2)).toBe(100);
});

test('a relation that was dropped is forgotten, and those of a database not asked fade', () => {
  const first = advanced(NO_RECORD, seen('a', 100, { 1: 100 }));
  expect(advanced(first, seen('b', 100, {})).relations).toEqual([]);
  const unasked = advanced(first, seen('b', 100, {}, { databases: new Set([6]) }));
  expect(weightOf(unasked, 1)).toBe(70);
});

test('a record is read as it was written, and stays within 32 kB', () => {
  const counts = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, index) => [2 ** 31 + index, 2 ** 40 + index]),
  );
  const record = advanced(NO_RECORD, seen('a', 2 ** 50, counts));
  const text = accessRecordText(record);
  expect(text.length).toBeLessThanOrEqual(32 * 1_024);
  const read = parseAccessRecord(text);
  expect(read).toEqual({ ...record, relations: record.relations.slice(0, read.relations.length) });
  expect(read.relations.length).toBeGreaterThanOrEqual(200);
});

test.each([
  '',
  'null',
  '[]',
  '{"version":2}',
  '{"version":1,"run":"a","base":{"hit":-1,"read":0}}',
])('a damaged record, %j, is as none', (text) => {
  expect(parseAccessRecord(text)).toEqual(NO_RECORD);
});
