/** An error that PostgreSQL told, with the place in the statement that it speaks of. */
import type { Explained } from '../failure.ts';

/** Fields of an ErrorResponse, as pg names them. */
type PgFields = {
  readonly code?: string;
  readonly severity?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly where?: string;
};

export class SqlError extends Error implements Explained {
  override readonly name = 'SqlError';
  /** The SQLSTATE. */
  readonly code: string;
  readonly lines: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(error: Error & PgFields, statement: Statement) {
    super(error.message, { cause: error });
    const { detail, hint, where } = error;
    const place = error.position === undefined ? null : placeOf(Number(error.position), statement);
    this.code = error.code ?? '08006';
    this.lines = [
      ...(place === null ? [] : [`LINE ${place.line}: ${place.text}`, place.mark]),
      ...(detail === undefined ? [] : [`detail: ${detail}`]),
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
      ...(where === undefined ? [] : [`context: ${where}`]),
    ];
    this.fields = {
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
      ...(where === undefined ? {} : { where }),
      ...(place === null ? {} : { line: place.line, column: place.column }),
    };
  }
}

export type Statement = {
  readonly text: string;
  /** Line of the script on which the statement begins. */
  readonly line: number;
};

type Place = {
  readonly line: number;
  readonly column: number;
  readonly text: string;
  /** A caret under the place, with the indent of `LINE n: `. */
  readonly mark: string;
};

/** A longer line would wrap, and the caret would point nowhere. */
const SHOWN_MAX = 120;

/** `position` counts characters from 1. */
function placeOf(position: number, statement: Statement): Place {
  const before = [...statement.text].slice(0, position - 1).join('');
  const start = before.lastIndexOf('\n') + 1;
  const column = [...before.slice(start)].length + 1;
  const line = statement.line + before.split('\n').length - 1;
  const whole = [...(statement.text.slice(start).split('\n', 1)[0] ?? '').replaceAll('\t', ' ')];
  const from = Math.max(0, column - SHOWN_MAX / 2);
  const text = whole
    .slice(from, from + SHOWN_MAX)
    .join('')
    .trimEnd();
  const indent = `LINE ${line}: `.length + column - 1 - from;
  return { line, column, text, mark: `${' '.repeat(indent)}^` };
}
