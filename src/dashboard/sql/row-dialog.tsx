/** One row, made, changed or deleted: what will be done stands there before it is. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { DynaBaseError } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { Dialog, FormDialog } from '../ui/dialog.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { say } from '../ui/toast.tsx';
import {
  assigned,
  changedMeanwhile,
  type Draft,
  draftOf,
  LEFT,
  type Row,
  rebased,
  wrongIn,
} from './drafts.ts';
import { type Assigned, type Edit, preview, rowOf, statementOf } from './edits.ts';
import { RowField } from './row-field.tsx';
import type { SchemaTable } from './schema.ts';

/** `row` is that of the page: its key counts, other values may be cut. */
export type Open =
  | { readonly kind: 'insert' }
  | { readonly kind: 'update' | 'delete'; readonly row: Row };

/** As it is in the database, with what tells that it is still the same. */
type Whole = { readonly row: Row; readonly version: string };

const DIVISION_BY_ZERO = '22012';

const TITLES = {
  insert: 'Insert a row',
  update: 'Edit the row',
  delete: 'Delete the row',
} as const;

const ACTIONS = { insert: 'Insert', update: 'Save', delete: 'Delete' } as const;

const DONE = {
  insert: 'The row is inserted',
  update: 'The row is saved',
  delete: 'The row is deleted',
} as const;

type RowDialogProps = {
  /** Of the database. */
  readonly name: string;
  readonly table: SchemaTable;
  readonly open: Open;
  readonly onClose: () => void;
  readonly onDone: () => Promise<unknown>;
};

export function RowDialog(props: RowDialogProps) {
  const { open } = props;
  if (open.kind === 'insert') return <RowForm {...props} whole={null} />;
  return <KnownRow {...props} shown={open.row} />;
}

/** Reads the row anew and whole: the page may be old, and shows long values cut. */
function KnownRow(props: RowDialogProps & { readonly shown: Row }) {
  const { name, table, open, shown, onClose } = props;
  const key = keyOf(table, shown);
  const whole = useQuery({
    queryKey: ['rows', name, table.schema, table.name, 'row', key.map(({ value }) => value)],
    queryFn: () => readRow(name, table, key),
    // Each dialog begins with what there is.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  if (whole.data) return <RowForm {...props} whole={whole.data} />;
  return (
    <Dialog title={TITLES[open.kind]} isOpen onClose={onClose}>
      <Loaded query={whole}>
        {() => (
          <Empty title="It is no longer there">Somebody has deleted it, or changed its key.</Empty>
        )}
      </Loaded>
    </Dialog>
  );
}

/** Null if there is none any more. */
async function readRow(
  name: string,
  table: SchemaTable,
  key: readonly Assigned[],
): Promise<Whole | null> {
  const { sql, params } = rowOf(table, key);
  const asked = { sql, params: [...params], arrayMode: true, bytesMax: 16_777_216 };
  const [found] = (await dynabase.inside.query(name, asked)).rows as readonly Row[];
  if (found === undefined) return null;
  return { row: found.slice(0, -1), version: found.at(-1) ?? '' };
}

function RowForm({
  name,
  table,
  open,
  whole: first,
  onClose,
  onDone,
}: RowDialogProps & { readonly whole: Whole | null }) {
  const { columns } = table;
  const [whole, setWhole] = useState(first);
  const [drafts, setDrafts] = useState<readonly Draft[]>(() =>
    columns.map((_, at) => (first === null ? LEFT : draftOf(first.row[at]))),
  );
  const edit = editOf(table, open.kind, drafts, whole);
  const wrongs = columns.map(({ type, baseType }, at) =>
    wrongIn(baseType ?? type, drafts[at] ?? LEFT),
  );
  const isNothing = edit.kind === 'update' && edit.set.length === 0;
  /** Somebody was quicker: what there is now is taken over, what was typed stays. */
  const meetOthers = async (mine: Whole): Promise<never> => {
    const now = await readRow(name, table, keyOf(table, mine.row));
    if (now === null) throw new Error('Somebody has deleted the row meanwhile. Nothing was done.');
    setDrafts(rebased(drafts, mine.row, now.row));
    setWhole(now);
    throw new Error(conflictTold(changedMeanwhile(columns, { before: mine.row, now: now.row })));
  };
  const submit = async (): Promise<void> => {
    const { sql, params } = statementOf(edit);
    try {
      await dynabase.inside.query(name, { sql, params: [...params] });
    } catch (error) {
      const isOther = error instanceof DynaBaseError && error.sqlstate === DIVISION_BY_ZERO;
      if (!isOther || whole === null) throw error;
      await meetOthers(whole);
    }
    await onDone();
    say(DONE[open.kind]);
  };
  const wrong = open.kind !== 'delete' && wrongs.some((one) => one !== null);
  return (
    <FormDialog
      title={TITLES[open.kind]}
      action={ACTIONS[open.kind]}
      look={open.kind === 'delete' ? 'danger' : 'strong'}
      isOpen
      onClose={onClose}
      onSubmit={submit}
      disabledBecause={
        isNothing ? 'Nothing was changed.' : wrong ? 'A value cannot be as it is.' : null
      }
    >
      {open.kind !== 'delete' &&
        columns.map((column, at) => (
          <RowField
            key={column.name}
            column={column}
            isNew={open.kind === 'insert'}
            draft={drafts[at] ?? LEFT}
            wrong={wrongs[at] ?? null}
            onChange={(draft) =>
              setDrafts(drafts.map((before, place) => (place === at ? draft : before)))
            }
          />
        ))}
      <Told text={isNothing ? 'Nothing yet.' : preview(edit)} />
    </FormDialog>
  );
}

const Told = ({ text }: { readonly text: string }) => (
  <div>
    <p className="mb-1 text-xs font-medium">What will be done</p>
    <pre className="max-h-40 overflow-auto rounded-md border border-line bg-sunken p-2 font-mono text-xs break-all whitespace-pre-wrap">
      {text}
    </pre>
  </div>
);

const TOLD_MAX = 80;

function conflictTold(changes: ReturnType<typeof changedMeanwhile>): string {
  const told = changes.map(({ name, value }) =>
    value === null ? `${name} is NULL` : `${name} is '${value.slice(0, TOLD_MAX)}'`,
  );
  const now = told.length === 0 ? '' : `: ${told.join(', ')} now`;
  return `Somebody has changed the row meanwhile${now}. Nothing was done yet: do it again if it is still meant.`;
}

const keyOf = (table: SchemaTable, row: Row): readonly Assigned[] =>
  table.key.map((name) => {
    const at = table.columns.findIndex((column) => column.name === name);
    return { name, type: table.columns[at]?.type ?? 'text', value: row[at] ?? null };
  });

function editOf(
  table: SchemaTable,
  kind: Open['kind'],
  drafts: readonly Draft[],
  whole: Whole | null,
): Edit {
  const set = assigned(table.columns, drafts, whole?.row);
  if (whole === null || kind === 'insert') return { kind: 'insert', table, values: set };
  const place = { table, key: keyOf(table, whole.row), version: whole.version };
  return kind === 'delete' ? { kind, ...place } : { kind: 'update', ...place, set };
}
