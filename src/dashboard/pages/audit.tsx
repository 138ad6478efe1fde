/** Who has changed what. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { AuditEntry } from '../../sdk/index.ts';
import { moment } from '../format/units.ts';
import { auditQuery } from '../server/queries.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { SearchField } from '../ui/field.tsx';
import { Fact, Facts, PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';

const route = getRouteApi('/frame/audit');

const TONES: Readonly<Record<AuditEntry['outcome'], Tone>> = {
  begun: 'accent',
  done: 'good',
  failed: 'bad',
  unknown: 'warn',
};

export function AuditPage() {
  const { search = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const entries = useQuery(auditQuery(search === '' ? {} : { operation: search }));
  const [open, setOpen] = useState<AuditEntry | null>(null);
  return (
    <>
      <PageHead title="Audit log" lead="Who has changed what, the latest first." />
      <search className="mb-3 flex">
        <SearchField
          label="Operation, as createTenant"
          value={search}
          onChange={(text) =>
            void navigate({ search: text === '' ? {} : { search: text }, replace: true })
          }
        />
      </search>
      <Panel title="Entries" isBare>
        <Loaded query={entries} lines={10}>
          {({ rows }) =>
            rows.length === 0 ? (
              <Empty title="Nothing of that kind was done" />
            ) : (
              <List rows={rows} onOpen={setOpen} />
            )
          }
        </Loaded>
      </Panel>
      <Dialog title={open?.operation ?? ''} isOpen={open !== null} onClose={() => setOpen(null)}>
        {open && <Entry entry={open} />}
      </Dialog>
    </>
  );
}

function List({
  rows,
  onOpen,
}: {
  readonly rows: readonly AuditEntry[];
  readonly onOpen: (entry: AuditEntry) => void;
}) {
  return (
    <Table
      label="Audit log"
      rows={rows}
      idOf={({ id }) => id}
      height="calc(100dvh - 15rem)"
      columns={[
        { name: 'When', width: '6rem', cell: ({ at }) => <TimeAgo at={at} /> },
        {
          name: 'Operation',
          cell: ({ operation }) => <span className="font-medium">{operation}</span>,
        },
        { name: 'By', isSpare: true, cell: ({ caller }) => caller.name },
        {
          name: 'About',
          isSpare: true,
          cell: ({ tenant, target, customer }) => (
            <span className="font-mono text-xs">
              {[tenant, target, customer].filter((one) => one !== null).join(' ') || '–'}
            </span>
          ),
        },
        {
          name: 'Outcome',
          isSpare: true,
          width: '6rem',
          cell: ({ outcome }) => <Badge tone={TONES[outcome]}>{outcome}</Badge>,
        },
        {
          name: '',
          width: '5rem',
          align: 'right',
          cell: (entry) => (
            <Button look="quiet" onClick={() => onOpen(entry)}>
              Details
            </Button>
          ),
        },
      ]}
    />
  );
}

function Entry({ entry }: { readonly entry: AuditEntry }) {
  const { at, caller, requestId, fault, before, after } = entry;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return (
    <Facts>
      <Fact name="When">{moment(at)}</Fact>
      <Fact name="By">
        {caller.name} ({caller.kind}
        {caller.address === null ? '' : `, from ${caller.address}`})
      </Fact>
      <Fact name="Request">
        <code className="font-mono text-xs">{requestId}</code>
      </Fact>
      {fault !== null && <Fact name="Fault">{fault}</Fact>}
      {names.map((name) => (
        <Fact key={name} name={name}>
          <code className="font-mono text-xs break-all">
            {before !== null && `${JSON.stringify(before[name] ?? null)} → `}
            {JSON.stringify(after?.[name] ?? null)}
          </code>
        </Fact>
      ))}
    </Facts>
  );
}
