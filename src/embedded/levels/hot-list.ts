/**
 * The hot list of a tenant: which blocks were worth having in memory, so that the next start can have
 * them read before anybody asks. A text beside the data directory, a range of blocks a line:
 *
 *   dynabase-hot-list 1
 *   <database> <file node> <fork> <first block> <block behind the last> <heat>
 *
 * the hottest first. Heat is a mean use count in hundredths; blocks that are used again add to it, and
 * others lose theirs.
 *
 * How much they lose depends on how much was seen. A wake of two seconds that touched ten blocks says
 * nothing of ten thousand others, so each list fades what it does not have by `FADE` to the power of its
 * own size over the size of the old one. So the poorer list never replaces the richer: it is added.
 */
import type { HotBlocks } from './buffers.ts';
import type { FileRange } from './page-cache.ts';
import { BLOCK_BYTES, placeOf, relationKey } from './relations.ts';

const HEAD = 'dynabase-hot-list 1';
const LENGTH_MAX = 64 * 1_024;
/** Of all ranges that are read: 32 GB. A list may come with a file that a stranger has made. */
const BLOCKS_MAX = 2 ** 22;
const LINE = /^(\d{1,10}) (\d{1,10}) ([0-2]) (\d{1,10}) (\d{1,10}) (\d{1,5})$/;

/** What a block keeps of its heat when a list as large as the old one does not have it. */
const FADE = 0.7;
/** A block that is less hot is not worth reading: nobody has used it for four full wakes or more. */
const HEAT_MIN = 0.5;
/** Ranges that differ by less than this part of their heat are told as one where they touch. */
const ALIKE = 0.25;

export type HotList = readonly HotBlocks[];

/** As it was written, but for more blocks than memory could hold; empty if it is none of ours, or damaged. */
export function parseHotList(text: string): HotList {
  const [head, ...lines] = text.slice(0, LENGTH_MAX).split('\n');
  if (head !== HEAD) return [];
  const ranges = lines.flatMap((line) => {
    const found = LINE.exec(line);
    if (!found) return [];
    const [database = 0, node = 0, fork = 0, from = 0, to = 0, heat = 0] = found
      .slice(1)
      .map(Number);
    return from < to ? [{ database, node, fork, from, to, heat: heat / 100 }] : [];
  });
  return hottest(ranges, BLOCKS_MAX);
}

/** The hottest that fit into 64 kB. */
export function hotListText(list: HotList): string {
  const lines = [HEAD];
  let length = HEAD.length + 1;
  for (const { database, node, fork, from, to, heat } of hottestFirst(list)) {
    const line = `${database} ${node} ${fork} ${from} ${to} ${Math.round(heat * 100)}`;
    length += line.length + 1;
    if (length > LENGTH_MAX) break;
    lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}

/** What is known once `seen` was seen after `known`. */
export function mergedHotList(known: HotList, seen: HotList): HotList {
  const fade = FADE ** Math.min(1, blocksIn(seen) / Math.max(1, blocksIn(known)));
  const before = byFork(known);
  const now = byFork(seen);
  const merged: HotBlocks[] = [];
  for (const [fork, ranges] of now) {
    merged.push(...mergedRanges(before.get(fork) ?? [], ranges, fade));
  }
  for (const [fork, ranges] of before) {
    if (!now.has(fork)) merged.push(...mergedRanges(ranges, [], fade));
  }
  return hottestFirst(merged);
}

const blocksIn = (list: HotList): number =>
  list.reduce((sum, { from, to }) => sum + (to - from), 0);

const hottestFirst = (list: HotList): HotList =>
  list.toSorted((a, b) => b.heat - a.heat || b.to - b.from - (a.to - a.from));

function byFork(list: HotList): Map<string, HotBlocks[]> {
  return Map.groupBy(list, ({ database, node, fork }) => `${relationKey(database, node)}/${fork}`);
}

/** Of one fork: cut wherever a range begins or ends, so that every piece has one heat. */
function mergedRanges(known: HotList, seen: HotList, fade: number): HotBlocks[] {
  const changes = [
    ...known.flatMap((range) => changesOf(range, range.heat * fade)),
    ...seen.flatMap((range) => changesOf(range, range.heat)),
  ].toSorted((a, b) => a.at - b.at);
  const [like] = known.length > 0 ? known : seen;
  if (!like) return [];
  const pieces: HotBlocks[] = [];
  let heat = 0;
  for (const [index, { at, by }] of changes.entries()) {
    heat += by;
    const to = changes[index + 1]?.at ?? at;
    if (to > at && heat >= HEAT_MIN) append(pieces, { ...like, from: at, to, heat });
  }
  return pieces;
}

const changesOf = ({ from, to }: HotBlocks, heat: number) => [
  { at: from, by: heat },
  { at: to, by: -heat },
];

/** Adds a piece behind the others, to the last of them if it goes on there much alike. */
function append(pieces: HotBlocks[], piece: HotBlocks): void {
  const last = pieces.at(-1);
  const isAlike = last?.to === piece.from && Math.abs(last.heat - piece.heat) <= ALIKE * piece.heat;
  if (!last || !isAlike) {
    pieces.push(piece);
    return;
  }
  const [before, more] = [last.to - last.from, piece.to - piece.from];
  const heat = (last.heat * before + piece.heat * more) / (before + more);
  pieces[pieces.length - 1] = { ...last, to: piece.to, heat };
}

/** The hottest blocks of a list, as many as given. */
export function hottest(list: HotList, blocksMax: number): HotList {
  let left = blocksMax;
  const some: HotBlocks[] = [];
  for (const range of list) {
    if (left <= 0) break;
    const to = Math.min(range.to, range.from + left);
    some.push({ ...range, to });
    left -= to - range.from;
  }
  return some;
}

/** As pieces of files, one file after the other, that with the hottest first. */
export const filesOf = (list: HotList): FileRange[] =>
  [...Map.groupBy(fileRangesOf(list), ({ name }) => name).values()].flat();

/** The same blocks as pieces of files below PGDATA, in the same order. */
export function fileRangesOf(list: HotList): FileRange[] {
  return list.flatMap(({ database, node, fork, from, to }) => {
    const ranges: FileRange[] = [];
    for (let block = from; block < to; ) {
      const place = placeOf({ database, node, fork, block });
      const blocks = Math.min(to - block, place.left);
      ranges.push({
        name: place.name,
        from: place.block * BLOCK_BYTES,
        bytes: blocks * BLOCK_BYTES,
      });
      block += blocks;
    }
    return ranges;
  });
}
