/** SQL by hand: an editor, what came of it, and what was run before. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Tenant } from '../../sdk/index.ts';
import { relative } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { useCaller, useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Menu } from '../ui/menu.tsx';
import { Editor, type EditorHandle, type Mark, WAY_OUT } from './editor.tsx';
import { arrived, handedOver } from './handed-over.ts';
import { historyOf, type Ran, remember } from './history.ts';
import { Results } from './results.tsx';
import { BYTES_MAX, ROWS_MAX, type Run, runChosen } from './run.ts';
import { type SchemaTable, schemaQuery } from './schema.ts';

const FIRST = 'select now(), current_user;\n';

/** Longest that a statement may take here. */
const TIMEOUT_MS = 300_000;

const NO_TABLES: readonly SchemaTable[] = [];

const CHANGES_SCHEMA = /\b(create|alter|drop|truncate|comment|rename)\b/i;

export function SqlConsole({ tenant }: { readonly tenant: Tenant }) {
  const work = useRuns(tenant);
  const refused = useRefusal()('query');
  const [isWriting, setWriting] = useState(false);
  const schema = useQuery({
    ...schemaQuery(tenant.name),
    // Nothing starts for a look; who writes is about to ask.
    enabled: (tenant.state === 'running' || isWriting) && refused === null,
  });
  const handle = useRef<EditorHandle>(null);
  const [text, setText] = useState(() => handedOver(tenant.id) ?? work.history[0]?.sql ?? FIRST);
  useEffect(() => arrived(tenant.id), [tenant.id]);
  const caller = useCaller();
  const mayWrite = !caller.readOnly && (caller.role === 'admin' || caller.role === 'operator');
  const [readOnly, setReadOnly] = useState(!mayWrite);
  const run = (): void => {
    const chosen = handle.current?.chosen();
    if (chosen !== undefined && refused === null) void work.run(chosen, readOnly);
  };
  return (
    <section
      aria-label="SQL editor"
      className="grid grid-cols-1 h-[calc(100dvh-13rem)] min-h-[30rem] grid-rows-[auto_minmax(8rem,2fr)_minmax(10rem,3fr)] overflow-hidden rounded-lg border border-line bg-surface"
    >
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
        {work.isRunning ? (
          <Button disabledBecause={null} look="danger" icon="close" onClick={work.cancel}>
            Cancel
          </Button>
        ) : (
          <Button
            look="strong"
            icon="right"
            onClick={run}
            disabledBecause={refused ?? (text.trim() === '' ? 'Write a statement first.' : null)}
          >
            Run
          </Button>
        )}
        <span className="hidden text-xs text-ink-soft md:inline">
          Ctrl Enter runs what is selected, or the statement under the cursor. {WAY_OUT}
        </span>
        <label className="ml-auto flex h-8 items-center gap-2">
          <input
            type="checkbox"
            checked={readOnly}
            disabled={!mayWrite}
            onChange={(event) => setReadOnly(event.target.checked)}
          />
          Read only
        </label>
        <HistoryMenu history={work.history} onPick={(sql) => handle.current?.replace(sql)} />
      </div>
      <div className="min-h-0 border-b border-line">
        <Editor
          handle={handle}
          value={text}
          onChange={(next) => {
            setText(next);
            setWriting(true);
          }}
          onRun={run}
          tables={schema.data ?? NO_TABLES}
          mark={work.mark}
        />
      </div>
      <Results run={work.last} isRunning={work.isRunning} name={tenant.name} />
    </section>
  );
}

/** What runs, what came of the last, and what was before. */
function useRuns({ id, name }: Tenant) {
  const client = useQueryClient();
  const [history, setHistory] = useState(() => historyOf(localStorage, id));
  const [last, setLast] = useState<Run | null>(null);
  const [mark, setMark] = useState<Mark | null>(null);
  const [underWay, setUnderWay] = useState<AbortController | null>(null);
  const run = async (
    chosen: { readonly from: number; readonly to: number; readonly text: string },
    readOnly: boolean,
  ): Promise<void> => {
    if (underWay !== null) return;
    const over = new AbortController();
    setUnderWay(over);
    setMark(null);
    const at = Date.now();
    const bounds = { timeoutMs: TIMEOUT_MS, rowsMax: ROWS_MAX, bytesMax: BYTES_MAX };
    const found = await runChosen(chosen, readOnly, (query) =>
      dynabase.inside.query(name, { ...query, ...bounds }, { signal: over.signal }),
    );
    setUnderWay(null);
    setLast(found);
    const end = found.outcomes.at(-1);
    const isFailed = end?.kind === 'failed';
    setMark(isFailed && end.at !== null ? { ...end.at, says: String(end.error) } : null);
    const rows = end?.kind === 'answered' ? end.rowCount : null;
    setHistory(remember(localStorage, id, { at, sql: chosen.text, ms: found.ms, rows, isFailed }));
    if (!isFailed && CHANGES_SCHEMA.test(chosen.text)) {
      await client.invalidateQueries(schemaQuery(name));
    }
  };
  const cancel = (): void => underWay?.abort();
  return { history, last, mark, run, cancel, isRunning: underWay !== null };
}

const SHOWN = 15;

function HistoryMenu({
  history,
  onPick,
}: {
  readonly history: readonly Ran[];
  readonly onPick: (sql: string) => void;
}) {
  if (history.length === 0) return null;
  return (
    <Menu
      trigger={<Button icon="operations">History</Button>}
      items={history.slice(0, SHOWN).map(({ sql, at, rows, isFailed }) => ({
        text: `${sql.replace(/\s+/g, ' ').slice(0, 90)} · ${relative(at, Date.now())} · ${
          isFailed ? 'failed' : `${rows ?? 0} rows`
        }`,
        onClick: () => onPick(sql),
      }))}
    />
  );
}
