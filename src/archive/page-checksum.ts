/**
 * The checksum of PostgreSQL's pages, for files at rest: the only check that needs no server.
 * Source: PostgreSQL `storage/checksum_impl.h`, `storage/bufpage.h`.
 */
import { CHUNK_BYTES } from './chunks.ts';

const PAGE_BYTES = 8_192;

/** Pages of one file of a relation; the next goes on in `.1`. */
const PAGES_A_SEGMENT = 131_072;

const PAGES_A_CHUNK = CHUNK_BYTES / PAGE_BYTES;

/** The index of the chunk that page `page` of a file lies in, and the first page of a chunk. */
export const chunkOfPage = (page: number): number => Math.floor(page / PAGES_A_CHUNK);
export const pageOfChunk = (chunk: number): number => chunk * PAGES_A_CHUNK;

const WORDS = PAGE_BYTES / 4;
const SUMS = 32;
const PRIME = 16_777_619;
const CHECKSUM_AT = 8;
const UPPER_AT = 14;

const OFFSETS = Int32Array.of(
  ...[0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2],
  ...[0x83e13d2c, 0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c],
  ...[0xf718902a, 0x0b1c9cdb, 0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979],
  ...[0xcca6c0b2, 0x304a0979, 0x85aa43d4, 0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e],
  ...[0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756],
);

/** `base/5/1259`, `base/5/1259_fsm`, `global/1262.1`. */
const RELATION = /^(?:base\/\d+|global)\/(?:t\d+_)?\d+(?:_(?:fsm|vm|init))?(?:\.(\d+))?$/;

/** The number of a relation file's first page; null for a file of another kind. */
export function firstPageOf(path: string): number | null {
  const match = RELATION.exec(path);
  return match === null ? null : Number(match[1] ?? 0) * PAGES_A_SEGMENT;
}

/** The numbers of those pages of `bytes` whose checksum is wrong; the first is page `first`. */
export function badPages(bytes: Buffer, first: number): number[] {
  const bad: number[] = [];
  const pages = Math.floor(bytes.length / PAGE_BYTES);
  for (let page = 0; page < pages; page++) {
    const at = page * PAGE_BYTES;
    // A page that was never used has no checksum.
    if (bytes.readUInt16LE(at + UPPER_AT) === 0) continue;
    const own = bytes.readUInt16LE(at + CHECKSUM_AT);
    PAGE.set(bytes.subarray(at, at + PAGE_BYTES));
    if (pageChecksum(first + page) !== own) bad.push(first + page);
  }
  return bad;
}

/** One page, as bytes and as words: aligned, which a chunk need not be. */
const PAGE_WORDS = new Int32Array(WORDS);
const PAGE = Buffer.from(PAGE_WORDS.buffer);

/** Of what is in `PAGE`; its own checksum, which does not count, is overwritten. */
function pageChecksum(block: number): number {
  PAGE_WORDS[2] = (PAGE_WORDS[2] ?? 0) & 0xffff0000;
  let result = 0;
  // Four lanes at once: the sums stay in registers, and no multiplication waits for the one before.
  for (let lane = 0; lane < SUMS; lane += 4) {
    let a = OFFSETS[lane] as number;
    let b = OFFSETS[lane + 1] as number;
    let c = OFFSETS[lane + 2] as number;
    let d = OFFSETS[lane + 3] as number;
    for (let at = lane; at < WORDS; at += SUMS) {
      a = step(a, PAGE_WORDS[at] as number);
      b = step(b, PAGE_WORDS[at + 1] as number);
      c = step(c, PAGE_WORDS[at + 2] as number);
      d = step(d, PAGE_WORDS[at + 3] as number);
    }
    result ^= last(a) ^ last(b) ^ last(c) ^ last(d);
  }
  return (((result ^ block) >>> 0) % 65_535) + 1;
}

function step(sum: number, word: number): number {
  const mixed = sum ^ word;
  return Math.imul(mixed, PRIME) ^ (mixed >>> 17);
}

const last = (sum: number): number => step(step(sum, 0), 0);
