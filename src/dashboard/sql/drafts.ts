/** What is typed into the fields of a row, and what of it is to be written. */
import type { Assigned } from './edits.ts';
import type { SchemaColumn, SchemaTable } from './schema.ts';

/** Every value as PostgreSQL writes it, in the order of the columns. */
export type Row = readonly (string | null)[];

/** `left` is left to the column's default, or as it is. */
export type Draft =
  | { readonly kind: 'left' }
  | { readonly kind: 'null' }
  | { readonly kind: 'value'; readonly text: string };

export const LEFT: Draft = { kind: 'left' };

export const draftOf = (value: string | null | undefined): Draft =>
  value === undefined ? LEFT : value === null ? { kind: 'null' } : { kind: 'value', text: value };

const written = (draft: Draft): string | null => (draft.kind === 'value' ? draft.text : null);

/** Only what is another than it was in `row`; without one, all that is not left. */
export function assigned(
  columns: SchemaTable['columns'],
  drafts: readonly Draft[],
  row: Row | undefined,
): readonly Assigned[] {
  return columns.flatMap(({ name, type, generated }, at): readonly Assigned[] => {
    const draft = drafts[at] ?? LEFT;
    const value = written(draft);
    if (generated || draft.kind === 'left' || (row !== undefined && value === row[at])) return [];
    return [{ name, type, value }];
  });
}

/** Columns whose value has become another in the database while `drafts` were typed, with what it is now. */
export function changedMeanwhile(
  columns: SchemaTable['columns'],
  { before, now }: { readonly before: Row; readonly now: Row },
): readonly { readonly name: string; readonly value: string | null }[] {
  return columns.flatMap(({ name }, at) =>
    before[at] === now[at] ? [] : [{ name, value: now[at] ?? null }],
  );
}

/** What was typed stays; what was not is as it is now. */
export const rebased = (drafts: readonly Draft[], before: Row, now: Row): readonly Draft[] =>
  drafts.map((draft, at) => (written(draft) === (before[at] ?? null) ? draftOf(now[at]) : draft));

export type FieldKind =
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'line' | 'lines'; readonly hint: string | null };

const LINE: FieldKind = { kind: 'line', hint: null };

/** How a value of the column is best typed. */
export function fieldOf(column: Pick<SchemaColumn, 'type' | 'baseType' | 'labels'>): FieldKind {
  const { labels } = column;
  const type = column.baseType ?? column.type;
  if (labels !== null) return { kind: 'choice', choices: labels };
  if (type === 'boolean') return { kind: 'choice', choices: ['true', 'false'] };
  if (type.endsWith('[]')) return { kind: 'lines', hint: 'An array: {1,2,NULL,"a, b"}' };
  if (/^jsonb?$/.test(type)) return { kind: 'lines', hint: null };
  if (type === 'bytea') return { kind: 'lines', hint: 'Bytes in hexadecimal: \\x0aff' };
  if (/^(text|xml|citext|character varying|tsvector)/.test(type))
    return { kind: 'lines', hint: null };
  return LINE;
}

/** What is wrong with a text before the database is asked; null if nothing is. */
export function wrongIn(type: string, draft: Draft): string | null {
  if (draft.kind !== 'value') return null;
  if (/^jsonb?$/.test(type)) return jsonFault(draft.text);
  const isBytes = type !== 'bytea' || /^\\x([0-9a-f]{2}|\s)*$/i.test(draft.text);
  return isBytes ? null : 'Bytes are \\x and pairs of hexadecimal digits.';
}

function jsonFault(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : 'That is no JSON.';
  }
}
