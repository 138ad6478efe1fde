import { useNavigate } from '@tanstack/react-router';
import type { CountedStatement, Tenant } from '../../sdk/index.ts';
import { count, percent } from '../format/units.ts';
import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Fact, Facts } from '../ui/panel.tsx';
import { handOver } from './handed-over.ts';
import { brief } from './statement-words.ts';

/** One statement whole, to be taken along. */
export function StatementDialog({
  statement,
  tenant,
  onClose,
}: {
  readonly statement: CountedStatement | null;
  readonly tenant: Tenant;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title="A statement" isOpen={statement !== null} onClose={onClose}>
      {statement !== null && <Content statement={statement} tenant={tenant} />}
    </Dialog>
  );
}

function Content({
  statement,
  tenant: { id, name },
}: {
  readonly statement: CountedStatement;
  readonly tenant: Tenant;
}) {
  const { text, cut, role, database, calls, rows } = statement;
  const navigate = useNavigate();
  const edit = (): void => {
    handOver(id, text);
    void navigate({ to: '/databases/$ref', params: { ref: name }, search: { tab: 'sql' } });
  };
  return (
    <div className="space-y-4">
      <div className="flex items-start gap-1 rounded-md border border-line bg-sunken py-1 pr-1 pl-3">
        <pre className="max-h-64 min-w-0 flex-1 overflow-auto py-1 font-mono text-xs break-words whitespace-pre-wrap">
          {text}
          {cut && '…'}
        </pre>
        <CopyButton text={text} label="Copy the statement" />
      </div>
      <Facts>
        <Fact name="Asked by">
          {role ?? 'readers in the editor and the API, or a role that is gone'}
        </Fact>
        {database !== name && <Fact name="Database">{database ?? 'one that is gone'}</Fact>}
        <Fact name="Calls">{count(calls)}</Fact>
        <Fact name="All took">
          {brief(statement.totalMs)}, {percent(statement.share)} of what all statements took
        </Fact>
        <Fact name="One takes">
          {brief(statement.meanMs)}, the longest {brief(statement.longestMs)}
        </Fact>
        <Fact name="Rows">
          {count(rows)}, {count(Math.round(rows / Math.max(1, calls)))} a call
        </Fact>
        <Fact name="From memory">{percent(statement.fromMemory)} of the pages it read</Fact>
      </Facts>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-xs text-ink-soft">$1 and ? stand for the values, which are not kept.</p>
        <Button onClick={edit}>Open in the editor</Button>
      </div>
    </div>
  );
}
