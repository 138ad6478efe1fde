/** One row, made, changed or deleted: what will be done stands there before it is. */
import { useState } from 'react';
import { DynaBaseError } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { FormDialog } from '../ui/dialog.tsx';
import { say } from '../ui/toast.tsx';
import { type Assigned, type Edit, preview, statementOf } from './edits.ts';
import type { SchemaColumn, SchemaTable } from './schema.ts';

type Row = readonly (string | null)[];

export type Open =
  | { readonly kind: 'insert' }
  | { readonly kind: 'update' | 'delete'; readonly row: Row };

/** What is typed into a field; `left` leaves the column to its default, or as it is. */
type Draft = { readonly value: string | null; readonly isLeft: boolean };

const DIVISION_BY_ZERO = '22012';

const TITLES = {
  insert: 'Insert a row',
  update: 'Edit the row',
  delete: 'Delete the row',
} as const;

export function RowDialog({
  name,
  table,
  open,
  onClose,
  onDone,
}: {
  readonly name: string;
  readonly table: SchemaTable;
  readonly open: Open;
  readonly onClose: () => void;
  readonly onDone: () => Promise<unknown>;
}) {
  const row = open.kind === 'insert' ? undefined : open.row;
  const [drafts, setDrafts] = useState<readonly Draft[]>(() =>
    table.columns.map((_, at) => ({ value: row?.[at] ?? null, isLeft: true })),
  );
  const edit = editOf(table, open, drafts);
  const isNothing = edit.kind === 'update' && edit.set.length === 0;
  const submit = async (): Promise<void> => {
    const { sql, params } = statementOf(edit);
    try {
      await dynabase.inside.query(name, { sql, params: [...params] });
    } catch (error) {
      const isGone = error instanceof DynaBaseError && error.sqlstate === DIVISION_BY_ZERO;
      if (!isGone) throw error;
      throw new Error('The row was changed or deleted meanwhile: nothing was done. Look again.');
    }
    await onDone();
    say('It is done');
  };
  return (
    <FormDialog
      title={TITLES[open.kind]}
      action={open.kind === 'delete' ? 'Delete' : 'Do it'}
      look={open.kind === 'delete' ? 'danger' : 'strong'}
      isOpen
      onClose={onClose}
      onSubmit={submit}
      disabledBecause={isNothing ? 'Nothing was changed.' : null}
    >
      {open.kind !== 'delete' &&
        table.columns.map((column, at) => (
          <Field
            key={column.name}
            column={column}
            draft={drafts[at] ?? { value: null, isLeft: true }}
            onChange={(draft) =>
              setDrafts(drafts.map((before, place) => (place === at ? draft : before)))
            }
          />
        ))}
      <div>
        <p className="mb-1 text-xs font-medium">What will be done</p>
        <pre className="max-h-40 overflow-auto rounded-md border border-line bg-sunken p-2 font-mono text-xs break-all whitespace-pre-wrap">
          {isNothing ? 'Nothing yet.' : preview(edit)}
        </pre>
      </div>
    </FormDialog>
  );
}

function editOf(table: SchemaTable, open: Open, drafts: readonly Draft[]): Edit {
  const set = table.columns.flatMap(({ name, type }, at): readonly Assigned[] => {
    const draft = drafts[at];
    return draft === undefined || draft.isLeft ? [] : [{ name, type, value: draft.value }];
  });
  if (open.kind === 'insert') return { kind: 'insert', table, values: set };
  const key = table.key.map((name): Assigned => {
    const at = table.columns.findIndex((column) => column.name === name);
    return { name, type: table.columns[at]?.type ?? 'text', value: open.row[at] ?? null };
  });
  return open.kind === 'delete'
    ? { kind: 'delete', table, key }
    : { kind: 'update', table, key, set };
}

function Field({
  column,
  draft,
  onChange,
}: {
  readonly column: SchemaColumn;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}) {
  if (column.generated) return null;
  return (
    <div className="space-y-1">
      <div className="flex items-center justify-between gap-2 text-xs">
        <label htmlFor={`column-${column.name}`} className="font-medium">
          {column.name} <span className="font-normal text-ink-soft">{column.type}</span>
        </label>
        {!column.notNull && (
          <label className="flex h-6 items-center gap-1.5">
            <input
              type="checkbox"
              aria-label={`${column.name} is NULL`}
              checked={draft.value === null && !draft.isLeft}
              onChange={(event) =>
                onChange({ value: event.target.checked ? null : '', isLeft: false })
              }
            />
            NULL
          </label>
        )}
      </div>
      <input
        id={`column-${column.name}`}
        value={draft.value ?? ''}
        placeholder={
          draft.value === null ? (draft.isLeft ? (column.default ?? 'NULL') : 'NULL') : ''
        }
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange({ value: event.target.value, isLeft: false })}
        className="control w-full border-line-strong! font-mono"
      />
    </div>
  );
}
