/** Levels as a person reads them, within 80 columns. */

import { HIT_RATIO_WANTED } from '../../contract/limits.ts';
import type { LadderStep, RelationLevels, TenantLevels } from '../../contract/tenants/levels.ts';
import { type Column, tableText } from './layout.ts';
import type { Style } from './style.ts';
import { stateText } from './tenant-words.ts';
import { cut } from './width.ts';
import { agoWords, bytesWords, countWords, percentWords, spanWords } from './words.ts';

const RELATIONS_SHOWN = 10;
const STEPS_SHOWN = 10;

const RELATION_WIDTH = 38;
const BECAUSE_WIDTH = 31;

export function levelsText(levels: TenantLevels, now: number, style: Style): string {
  const { name, descent, hitRatio, relations, steps } = levels;
  const head = `${style.bold(name)} is ${stateText(levels, style)}, at ${levels.level}`;
  return [
    descent === null ? head : `${head}; ${descent}`,
    '',
    levelTable(levels, style),
    '',
    `page reads from memory: ${ratioText(hitRatio, style)}`,
    ...(relations.length === 0 ? [] : ['', relationTable(relations, style)]),
    ...(steps.length === 0 ? [] : ['', stepTable(steps, now, style)]),
  ].join('\n');
}

/** `97.0 %, of 90 % wanted`; in another colour where it is less than that. */
export function ratioText(ratio: number | null, style: Style): string {
  const wanted = `of ${percentWords(HIT_RATIO_WANTED, 0)} wanted`;
  if (ratio === null) return `none counted yet, ${wanted}`;
  const paint = ratio < HIT_RATIO_WANTED ? style.yellow : style.green;
  return `${paint(percentWords(ratio))}, ${wanted}`;
}

const LEVEL_COLUMNS: readonly Column[] = [
  { head: 'LEVEL' },
  { head: 'BYTES', align: 'right' },
  { head: 'READS', align: 'right' },
  { head: 'SHARE', align: 'right' },
  { head: 'WAKES', align: 'right' },
];

function levelTable({ bytes, hits, wakes }: TenantLevels, style: Style): string {
  const all = hits.l1 + hits.l2 + hits.l3;
  const reads = (count: number): readonly [string, string] => [
    countWords(count),
    all === 0 ? '-' : percentWords(count / all),
  ];
  const rows = [
    ['L1 shared buffers', bytesOrUnknown(bytes.l1), ...reads(hits.l1), '-'],
    ['L2 page cache', bytesOrUnknown(bytes.l2), ...reads(hits.l2), countWords(wakes.l2)],
    ['L3 local disk', bytesWords(bytes.l3), ...reads(hits.l3), countWords(wakes.l3)],
    ['L4 archive', bytesWords(bytes.l4), '-', '-', countWords(wakes.l4)],
  ];
  return tableText(LEVEL_COLUMNS, rows, style);
}

const RELATION_COLUMNS: readonly Column[] = [
  { head: 'RELATION' },
  { head: 'L1', align: 'right' },
  { head: 'L2', align: 'right' },
  { head: 'L3', align: 'right' },
  { head: 'USE', align: 'right' },
];

function relationTable(relations: readonly RelationLevels[], style: Style): string {
  const shown = relations.slice(0, RELATIONS_SHOWN);
  const rows = shown.map(({ database, relation, bytes, share }) => [
    cut(`${database}: ${relation}`, RELATION_WIDTH),
    bytesOrUnknown(bytes.l1),
    bytesOrUnknown(bytes.l2),
    bytesWords(bytes.l3),
    percentWords(share),
  ]);
  return tableText(RELATION_COLUMNS, rows, style);
}

const STEP_COLUMNS: readonly Column[] = [
  { head: 'WHEN' },
  { head: 'STEP' },
  { head: 'BYTES', align: 'right' },
  { head: 'TOOK', align: 'right' },
  { head: 'BECAUSE' },
];

function stepTable(steps: readonly LadderStep[], now: number, style: Style): string {
  const rows = steps
    .slice(0, STEPS_SHOWN)
    .map(({ at, kind, from, bytes, ms, because }) => [
      agoWords(at, now),
      from === null ? kind : `${kind} ${from}`,
      bytesWords(bytes),
      spanWords(ms),
      cut(because, BECAUSE_WIDTH),
    ]);
  return tableText(STEP_COLUMNS, rows, style);
}

const bytesOrUnknown = (bytes: number | null): string =>
  bytes === null ? 'unknown' : bytesWords(bytes);
