/** In which order the files of a tenant leave the page cache: what is missed least goes first. */
import type { RelationShare } from './buffers.ts';
import { fileRangesOf, type HotList } from './hot-list.ts';
import type { FileFacts, FileRange } from './page-cache.ts';
import { relationFile, relationKey } from './relations.ts';

/**
 * First what of relations is not hot, by accesses for each byte; then the log of changes; then what is
 * hot, by its heat; last the small files that every start reads. Hot parts go with the whole file: what
 * was read at once is kept and dropped at once by the kernel, and no part of it can go alone.
 */
const STAGES = ['cold', 'wal', 'hot', 'rest'] as const;

type Candidate = {
  readonly range: FileRange;
  readonly stage: (typeof STAGES)[number];
  /** Compared within a stage; the least goes first. */
  readonly worth: number;
};

export function droppingOrder(
  files: readonly FileFacts[],
  hot: HotList,
  shares: readonly RelationShare[],
): FileRange[] {
  const shareOf = new Map(shares.map((one) => [relationKey(one.database, one.node), one.share]));
  const hotIn = Map.groupBy(
    hot.flatMap((blocks) => fileRangesOf([blocks]).map((range) => ({ range, heat: blocks.heat }))),
    ({ range }) => range.name,
  );
  const resident = files.filter((file) => file.resident !== null && file.resident > 0);
  return resident
    .flatMap((file): Candidate[] => {
      const whole = { name: file.name, from: 0, bytes: null };
      const relation = relationFile(file.name);
      if (file.name.startsWith('pg_wal/')) return [{ range: whole, stage: 'wal', worth: 0 }];
      if (!relation) return [{ range: whole, stage: 'rest', worth: 0 }];
      const key = relationKey(relation.database, relation.node);
      const worth = (shareOf.get(key) ?? 0) / Math.max(1, file.allocated);
      const parts = hotIn.get(file.name);
      if (!parts) return [{ range: whole, stage: 'cold', worth }];
      const heat = Math.max(...parts.map((part) => part.heat));
      const gaps = gapsBetween(
        file.name,
        parts.map(({ range }) => range),
      );
      return [
        ...gaps.map((range) => ({ range, stage: 'cold' as const, worth })),
        { range: whole, stage: 'hot', worth: heat },
      ];
    })
    .toSorted((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) || a.worth - b.worth)
    .map(({ range }) => range);
}

/** What of a file is in none of `parts`. */
function gapsBetween(name: string, parts: readonly FileRange[]): FileRange[] {
  const gaps: FileRange[] = [];
  let from = 0;
  for (const part of parts.toSorted((a, b) => a.from - b.from)) {
    if (part.from > from) gaps.push({ name, from, bytes: part.from - from });
    from = Math.max(from, part.from + (part.bytes ?? 0));
  }
  return [...gaps, { name, from, bytes: null }];
}
