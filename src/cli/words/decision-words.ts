/** Decisions as a person reads them, within the columns of the terminal. */
import type { Decision } from '../../contract/policy/policy.ts';
import { tableText } from './layout.ts';
import type { Style } from './style.ts';
import { cut, widthOf } from './width.ts';
import { agoWords } from './words.ts';

const BECAUSE_WIDTH_MIN = 24;

/** Between columns. */
const GAP = 2;

export type Shown = {
  readonly decisions: readonly Decision[];
  readonly now: number;
  /** Of the terminal. */
  readonly columns: number;
};

export function decisionsText({ decisions, now, columns }: Shown, style: Style): string {
  if (decisions.length === 0) return 'no decisions';
  const heads = [{ head: 'WHEN' }, { head: 'KIND' }, { head: 'CHANGE' }, { head: 'BECAUSE' }];
  const facts = decisions.map(
    (decision) => [agoWords(decision.at, now), decision.kind, changeText(decision)] as const,
  );
  const widths = heads.slice(0, -1).map(({ head }, i) => {
    const cells = facts.map((cells) => widthOf(cells[i] ?? ''));
    return Math.max(widthOf(head), ...cells) + GAP;
  });
  const left = columns - widths.reduce((sum, width) => sum + width, 0);
  const rows = decisions.map(({ because }, i) => [
    ...(facts[i] ?? []),
    cut(because, Math.max(BECAUSE_WIDTH_MIN, left)),
  ]);
  return tableText(heads, rows, style);
}

/** Each whole: when, what, why, from what, and what the rules of now say of it. */
export function replayText({ decisions, now }: Shown, style: Style): string {
  if (decisions.length === 0) return 'no decisions';
  return decisions
    .map((decision) => {
      const { at, kind, because, inputs } = decision;
      const head = [agoWords(at, now), kind, changeText(decision)].join('  ');
      return [
        style.bold(head),
        `  because  ${because}`,
        `  inputs   ${JSON.stringify(inputs)}`,
        `  again    ${verdictText(decision, style)}`,
      ].join('\n');
    })
    .join('\n\n');
}

function verdictText({ replay }: Decision, style: Style): string {
  if (replay === null) return style.dim('cannot be taken again');
  const verdict = replay.isSame ? style.green('the same') : style.yellow('another');
  return `${verdict}${rulesText(replay)}: ${replay.says}`;
}

function rulesText({ isSame, rulesChanged }: NonNullable<Decision['replay']>): string {
  if (rulesChanged === null) return '';
  if (rulesChanged) return ', by rules that have changed since';
  return isSame ? '' : ', though the rules are the same';
}

/** `WARM to HOT`, `HOT` where it stays or only one is known, `-` where there is none. */
function changeText({ from, to }: Decision): string {
  const known = [from, to].filter((side) => side !== null);
  return known.length === 0 ? '-' : [...new Set(known)].join(' to ');
}
