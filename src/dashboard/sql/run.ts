/** Runs what was chosen, and says of each statement what came of it. */
import { DynaBaseError, type Query, type QueryResult } from '../../sdk/index.ts';
import { insteadOf } from './advice.ts';
import { offsetOf, type Statement, statementsIn } from './statements.ts';
import type { Cell } from './text.ts';

export type Answered = {
  readonly kind: 'answered';
  readonly command: string;
  readonly columns: QueryResult['columns'];
  readonly rows: readonly (readonly Cell[])[];
  readonly rowCount: number | null;
  readonly isCut: boolean;
  readonly notices: QueryResult['notices'];
};

export type Failed = {
  readonly kind: 'failed';
  readonly error: unknown;
  /** Where in the editor, if PostgreSQL has said so. */
  readonly at: { readonly from: number; readonly to: number } | null;
};

export type Outcome = Answered | Failed;

export type Run = {
  readonly outcomes: readonly Outcome[];
  /** As the server has measured it; null where nothing was answered. */
  readonly ms: number | null;
  readonly wakeMs: number;
  readonly noticesLeftOut: number;
  readonly readOnly: boolean;
};

/** Most that an answer is shown of. */
export const ROWS_MAX = 10_000;
export const BYTES_MAX = 16_777_216;

type Ask = (query: Query) => Promise<QueryResult>;

/**
 * Several statements that may write go together: they are one transaction, and may begin others. Where nothing may be
 * written each goes alone, and the first that fails is the last.
 */
export async function runChosen(chosen: Statement, readOnly: boolean, ask: Ask): Promise<Run> {
  const parts = readOnly
    ? statementsIn(chosen.text).map((part) => ({ ...part, from: chosen.from + part.from }))
    : [chosen];
  const outcomes: Outcome[] = [];
  const habit = habitIn(chosen);
  let ms: number | null = null;
  let wakeMs = 0;
  let noticesLeftOut = 0;
  if (habit !== null) return { outcomes: [habit], ms, wakeMs, noticesLeftOut, readOnly };
  for (const part of parts) {
    try {
      const answer = await ask({ sql: part.text, readOnly, arrayMode: true, jsonAsText: true });
      outcomes.push(...(answer.results ?? [answer]).map(answered));
      ms = (ms ?? 0) + answer.ms;
      wakeMs += answer.wakeMs;
      noticesLeftOut += answer.noticesLeftOut;
    } catch (error) {
      outcomes.push({ kind: 'failed', error, at: placeOf(error, part) });
      break;
    }
  }
  return { outcomes, ms, wakeMs, noticesLeftOut, readOnly };
}

/** A command of psql among the statements: nothing is asked then. */
function habitIn({ from, text }: Statement): Failed | null {
  for (const part of statementsIn(text)) {
    const instead = insteadOf(part.text);
    if (instead === null) continue;
    const length = /^\S+/.exec(part.text)?.[0].length ?? 1;
    const at = { from: from + part.from, to: from + part.from + length };
    return { kind: 'failed', error: new Error(instead), at };
  }
  return null;
}

const answered = ({
  columns,
  rows,
  rowCount,
  command,
  truncated,
  notices,
}: NonNullable<QueryResult['results']>[number]): Answered => ({
  ...{ kind: 'answered', command, columns, rowCount, isCut: truncated, notices },
  rows: rows as readonly (readonly Cell[])[],
});

/** The word at the position that PostgreSQL tells, or a character if there is none. */
function placeOf(error: unknown, { from, text }: Pick<Statement, 'from' | 'text'>) {
  const position = error instanceof DynaBaseError ? error.database?.position : undefined;
  if (position === undefined) return null;
  const at = Math.min(offsetOf(text, position), Math.max(0, text.length - 1));
  const word = /^(?:"[^"]*"|[\w$\u0080-\uffff]+|.)/.exec(text.slice(at))?.[0] ?? ' ';
  return { from: from + at, to: from + at + word.length };
}
