import { useState } from 'react';
import { DynaBaseError } from '../../sdk/index.ts';
import { count, duration } from '../format/units.ts';
import { Button } from '../ui/button.tsx';
import { Menu } from '../ui/menu.tsx';
import { Empty, ErrorBox } from '../ui/states.tsx';
import { Grid } from './grid.tsx';
import type { Answered, Failed, Outcome, Run } from './run.ts';
import { saveFile } from './save-file.ts';
import { toCsv, toJson } from './text.ts';

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
      <div className="min-h-0 flex-1">
        {shown === undefined ? (
          <Empty title="Nothing was run yet">
            Rows come here. What is selected in a cell is copied by Ctrl C, a whole row by Ctrl
            Shift C.
          </Empty>
        ) : (
          <Shown key={at} outcome={shown} />
        )}
      </div>
    </div>
  );
}

function Shown({ outcome }: { readonly outcome: Outcome }) {
  if (outcome.kind === 'failed') return <Failure failed={outcome} />;
  if (outcome.columns.length === 0) {
    return (
      <Empty title={outcome.command}>
        {outcome.rowCount === null ? 'It is done.' : `${count(outcome.rowCount)} rows.`}
      </Empty>
    );
  }
  return <Grid label="Result" columns={outcome.columns} rows={outcome.rows} />;
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

function Told({ run, shown }: { readonly run: Run; readonly shown: Outcome | undefined }) {
  const rows = shown?.kind === 'answered' ? rowsTold(shown) : 'failed';
  const took = run.ms === null ? '' : `, ${duration(run.ms)}`;
  const woke = run.wakeMs > 0 ? `, after ${duration(run.wakeMs)} to wake` : '';
  return `${rows}${took}${woke}`;
}

function rowsTold({ command, columns, rows, rowCount, isCut }: Answered): string {
  if (columns.length === 0) return command;
  const first = isCut ? 'the first ' : '';
  return `${first}${count(rows.length)} ${rowCount === 1 ? 'row' : 'rows'}`;
}

/** What PostgreSQL says, and what it advises. */
function Failure({ failed: { error, at } }: { readonly failed: Failed }) {
  const isCancelled = error instanceof DOMException && error.name === 'AbortError';
  if (isCancelled) {
    return (
      <Empty title="Cancelled">The statement was ended, and what it had done taken back.</Empty>
    );
  }
  const told = error instanceof DynaBaseError ? error.database : null;
  return (
    <div className="space-y-2 overflow-auto p-3">
      <ErrorBox error={error} />
      {told?.detail !== undefined && <p>{told.detail}</p>}
      {told?.hint !== undefined && (
        <p>
          <span className="font-medium">Hint:</span> {told.hint}
        </p>
      )}
      {at !== null && (
        <p className="text-xs text-ink-soft">The place is underlined in the editor.</p>
      )}
    </div>
  );
}
