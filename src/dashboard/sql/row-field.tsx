import { useId } from 'react';
import { type Draft, fieldOf, LEFT } from './drafts.ts';
import type { SchemaColumn } from './schema.ts';

/** A value of one column: what it is, that it is NULL, or, of a new row, that the database makes it. */
export function RowField({
  column,
  draft,
  isNew,
  wrong,
  onChange,
}: {
  readonly column: SchemaColumn;
  readonly draft: Draft;
  readonly isNew: boolean;
  /** What cannot be about what is typed. */
  readonly wrong: string | null;
  readonly onChange: (draft: Draft) => void;
}) {
  const id = useId();
  const field = fieldOf(column);
  if (column.generated) return null;
  const hint = wrong ?? (field.kind === 'choice' ? null : field.hint);
  return (
    <div className="space-y-1">
      <div className="flex items-center justify-between gap-2 text-xs">
        <label htmlFor={id} className="min-w-0 font-medium">
          {column.name} <span className="font-normal text-ink-soft">{column.type}</span>
        </label>
        <span className="flex gap-3">
          {isNew && draft.kind !== 'left' && (
            <button type="button" className="text-accent" onClick={() => onChange(LEFT)}>
              Use the default
            </button>
          )}
          {!column.notNull && (
            <label className="flex h-6 items-center gap-1.5">
              <input
                type="checkbox"
                aria-label={`${column.name} is NULL`}
                checked={draft.kind === 'null'}
                onChange={({ target }) =>
                  onChange(target.checked ? { kind: 'null' } : { kind: 'value', text: '' })
                }
              />
              NULL
            </label>
          )}
        </span>
      </div>
      <Typed id={id} column={column} draft={draft} onChange={onChange} />
      {hint !== null && (
        <p id={`${id}-hint`} className={`text-xs ${wrong === null ? 'text-ink-soft' : 'text-bad'}`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Lines that a long text is given; more are scrolled to. */
const LINES_MAX = 10;

function Typed({
  id,
  column,
  draft,
  onChange,
}: {
  readonly id: string;
  readonly column: SchemaColumn;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}) {
  const field = fieldOf(column);
  const text = draft.kind === 'value' ? draft.text : '';
  const unsaid =
    draft.kind === 'null' ? 'NULL' : draft.kind === 'left' ? (column.default ?? 'NULL') : 'empty';
  const shared = {
    ...{ id, value: text, placeholder: unsaid, 'aria-describedby': `${id}-hint` },
    onChange: ({ target }: { readonly target: { readonly value: string } }) =>
      onChange({ kind: 'value', text: target.value }),
  };
  switch (field.kind) {
    case 'choice': {
      const { placeholder: _, ...rest } = shared;
      return (
        <select {...rest} className="control w-full border-line-strong! font-mono">
          {!field.choices.includes(text) && <option value="">{text === '' ? unsaid : text}</option>}
          {field.choices.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      );
    }
    case 'lines':
      return (
        <textarea
          {...shared}
          rows={Math.min(LINES_MAX, Math.max(text.split('\n').length, Math.ceil(text.length / 60)))}
          spellCheck={false}
          className="w-full rounded-md border border-line-strong bg-surface px-2.5 py-1.5 font-mono"
        />
      );
    case 'line':
      return (
        <input
          {...shared}
          autoComplete="off"
          spellCheck={false}
          className="control w-full border-line-strong! font-mono"
        />
      );
    default:
      return field satisfies never;
  }
}
