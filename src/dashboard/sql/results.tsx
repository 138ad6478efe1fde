import { useState } from 'react';
import { DynaBaseError } from '../../sdk/index.ts';
import { bytes, count, duration } from '../format/units.ts';
import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy.tsx';
import { Menu } from '../ui/menu.tsx';
import { Empty, ErrorBox } from '../ui/states.tsx';
import { hintFor, notKept } from './advice.ts';
import { CellDialog } from './cell-dialog.tsx';
import { Grid } from './grid.tsx';
import { type Answered, BYTES_MAX, type Failed, type Outcome, ROWS_MAX, type Run } from './run.ts';
import { saveFile } from './save-file.ts';
import { toCsv, toJson, wholeText } from './text.ts';

export function Results({
  run,
  isRunning,
  name,
}: {
  readonly run: Run | null;
  readonly isRunning: boolean;
  /** Of the database, for files. */
  readonly name: string;
}) {
  const [picked, setPicked] = useState<{ readonly of: Run | null; readonly at: number } | null>(
    null,
  );
  const last = (run?.outcomes.length ?? 1) - 1;
  const at = picked !== null && picked.of === run ? picked.at : last;
  const shown = run?.outcomes[at];
  return (
    <div className="flex min-h-0 flex-col" aria-busy={isRunning}>
      <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-1 text-xs">
        {run && run.outcomes.length > 1 && (
          <Statements
            outcomes={run.outcomes}
            at={at}
            onPick={(to) => setPicked({ of: run, at: to })}
          />
        )}
        <output className="text-ink-soft">
          {isRunning ? 'Running …' : run && <Told run={run} shown={shown} />}
        </output>
        {shown?.kind === 'answered' && shown.columns.length > 0 && (
          <span className="ml-auto">
            <Menu
              trigger={
                <Button look="quiet" icon="down">
                  Export
                </Button>
              }
              items={[
                {
                  text: 'As CSV',
                  onClick: () => saveFile(`${name}.csv`, 'text/csv', toCsv(shown)),
                },
                {
                  text: 'As JSON',
                  onClick: () => saveFile(`${name}.json`, 'application/json', toJson(shown)),
                },
              ]}
            />
          </span>
        )}
      </div>
      {!isRunning && run && <NotKept run={run} />}
      {!isRunning && shown && (
        <Notices notices={noticesOf(shown)} leftOut={run?.noticesLeftOut ?? 0} />
      )}
      <div className="min-h-0 flex-1">
        {shown === undefined ? (
          <Empty title="Nothing was run yet">
            Rows come here. Enter opens a cell, Ctrl C copies it, Ctrl Shift C its whole row.
          </Empty>
        ) : (
          <Shown key={at} outcome={shown} readOnly={run?.readOnly ?? false} />
        )}
      </div>
    </div>
  );
}

function Shown({ outcome, readOnly }: { readonly outcome: Outcome; readonly readOnly: boolean }) {
  if (outcome.kind === 'failed') return <Failure failed={outcome} readOnly={readOnly} />;
  if (outcome.command === 'EXPLAIN') return <QueryPlan rows={outcome.rows} />;
  if (outcome.columns.length > 0) return <Rows answer={outcome} />;
  const { command, rowCount } = outcome;
  return (
    <Empty title={command === '' ? 'Nothing to run' : command}>
      {command === ''
        ? 'There are only comments.'
        : rowCount === null
          ? 'It is done.'
          : `${counted(rowCount)}${command === 'SELECT' ? ' without columns' : ''}.`}
    </Empty>
  );
}

/** Its steps stand in each other: only whole, and with its spaces, is it to be read. */
function QueryPlan({ rows }: Pick<Answered, 'rows'>) {
  const text = rows.map(([line]) => wholeText(line, 'text')).join('\n');
  return (
    <div className="flex h-full items-start gap-2 overflow-auto p-3">
      <pre className="flex-1 font-mono text-xs leading-5">{text}</pre>
      <span className="sticky right-0">
        <CopyButton text={text} label="Copy the plan" />
      </span>
    </div>
  );
}

function Rows({ answer: { columns, rows } }: { readonly answer: Answered }) {
  const [open, setOpen] = useState<readonly [row: number, column: number] | null>(null);
  const column = open && columns[open[1]];
  return (
    <>
      <Grid label="Result" columns={columns} rows={rows} onCell={(row, at) => setOpen([row, at])} />
      {open && column && (
        <CellDialog
          column={column}
          value={rows[open[0]]?.[open[1]]}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

function Statements({
  outcomes,
  at,
  onPick,
}: {
  readonly outcomes: readonly Outcome[];
  readonly at: number;
  readonly onPick: (at: number) => void;
}) {
  return (
    <fieldset className="flex gap-1 overflow-x-auto" aria-label="Statements">
      {outcomes.map((outcome, index) => (
        <button
          // biome-ignore lint/suspicious/noArrayIndexKey: they stay in their order
          key={index}
          type="button"
          aria-pressed={index === at}
          onClick={() => onPick(index)}
          className="h-6 rounded px-2 whitespace-nowrap hover:bg-sunken aria-pressed:bg-sunken aria-pressed:font-medium"
        >
          {index + 1}: {outcome.kind === 'failed' ? 'failed' : outcome.command}
        </button>
      ))}
    </fieldset>
  );
}

/** What was done, and is gone again. */
function NotKept({ run: { outcomes } }: { readonly run: Run }) {
  const commands = outcomes.map((one) => (one.kind === 'answered' ? one.command : 'failed'));
  const told = commands.includes('failed') ? null : notKept(commands);
  if (told === null) return null;
  return (
    <p role="status" className="border-b border-line bg-warn/8 px-3 py-1.5 text-xs">
      {told}
    </p>
  );
}

type Notice = Answered['notices'][number];

/** What PostgreSQL told meanwhile. */
function noticesOf(outcome: Outcome): readonly Notice[] {
  if (outcome.kind === 'answered') return outcome.notices;
  const { error } = outcome;
  return (error instanceof DynaBaseError ? error.database?.notices : undefined) ?? [];
}

function Notices({
  notices,
  leftOut,
}: {
  readonly notices: readonly Notice[];
  /** Of all statements of the run. */
  readonly leftOut: number;
}) {
  if (notices.length === 0) return null;
  return (
    <ul
      aria-label="Notices"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what is longer is scrolled by keyboard
      tabIndex={0}
      className="max-h-32 shrink-0 overflow-auto border-b border-line px-3 py-1.5 text-xs"
    >
      {notices.map(({ severity, message, detail, hint }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they stay in their order
        <li key={at} className="whitespace-pre-wrap">
          <span className={severity === 'WARNING' ? 'font-medium' : 'text-ink-soft'}>
            {severity.toLowerCase()}:
          </span>{' '}
          {message}
          {detail !== undefined && <div className="pl-4 text-ink-soft">{detail}</div>}
          {hint !== undefined && <div className="pl-4 text-ink-soft">Hint: {hint}</div>}
        </li>
      ))}
      {leftOut > 0 && <li className="text-ink-soft">{count(leftOut)} more were left out.</li>}
    </ul>
  );
}

function Told({ run, shown }: { readonly run: Run; readonly shown: Outcome | undefined }) {
  const rows = shown?.kind === 'answered' ? rowsTold(shown) : 'failed';
  const took = run.ms === null ? '' : `, ${duration(run.ms)}`;
  const woke = run.wakeMs > 0 ? `, after ${duration(run.wakeMs)} to start` : '';
  return `${rows}${took}${woke}`;
}

function rowsTold({ command, columns, rows, isCut }: Answered): string {
  if (columns.length === 0) return command;
  if (!isCut) return counted(rows.length);
  return `the first ${counted(rows.length)} (at most ${count(ROWS_MAX)} or ${bytes(BYTES_MAX)})`;
}

const counted = (rows: number): string => `${count(rows)} ${rows === 1 ? 'row' : 'rows'}`;

/** What PostgreSQL says, and what it advises. */
function Failure({
  failed: { error, at },
  readOnly,
}: {
  readonly failed: Failed;
  readonly readOnly: boolean;
}) {
  const isCancelled = error instanceof DOMException && error.name === 'AbortError';
  if (isCancelled) {
    return (
      <Empty title="Cancelled">The statement was ended, and what it had done taken back.</Empty>
    );
  }
  const told = error instanceof DynaBaseError ? error.database : null;
  const hint = told?.hint ?? hintFor(error, readOnly);
  return (
    <div className="space-y-2 overflow-auto p-3">
      <ErrorBox error={error} />
      {told?.detail !== undefined && <p>{told.detail}</p>}
      {hint !== null && (
        <p>
          <span className="font-medium">Hint:</span> {hint}
        </p>
      )}
      {at !== null && (
        <p className="text-xs text-ink-soft">The place is underlined in the editor.</p>
      )}
    </div>
  );
}
