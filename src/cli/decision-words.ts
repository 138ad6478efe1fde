/** Decisions as a person reads them, within 80 columns. */
import type { Decision } from '../contract/policy.ts';
import { tableText } from './layout.ts';
import type { Style } from './style.ts';
import { cut } from './width.ts';
import { agoWords } from './words.ts';

const BECAUSE_WIDTH = 42;

export function decisionsText(decisions: readonly Decision[], now: number, style: Style): string {
  if (decisions.length === 0) return 'no decisions';
  const columns = [
    { head: 'WHEN' },
    { head: 'KIND' },
    { head: 'CHANGE' },
    { head: 'BECAUSE' },
  ] as const;
  const rows = decisions.map((decision) => [
    agoWords(decision.at, now),
    decision.kind,
    changeText(decision),
    cut(decision.because, BECAUSE_WIDTH),
  ]);
  return tableText(columns, rows, style);
}

/** Each whole: when, what, why, from what, and what the rules of now say of it. */
export function replayText(decisions: readonly Decision[], now: number, style: Style): string {
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
  return `${replay.isSame ? style.green('the same') : style.yellow('another')}: ${replay.says}`;
}

/** `WARM to HOT`, `HOT` where it stays or only one is known, `-` where there is none. */
function changeText({ from, to }: Decision): string {
  const known = [from, to].filter((side) => side !== null);
  return known.length === 0 ? '-' : [...new Set(known)].join(' to ');
}
