import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Decision, Tenant } from '../../sdk/index.ts';
import { decisionsQuery } from '../server/queries.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Fact, Facts, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';

export function TenantDecisions({ tenant }: { readonly tenant: Tenant }) {
  const decisions = useQuery(decisionsQuery(tenant.name));
  const [open, setOpen] = useState<Decision | null>(null);
  return (
    <Panel title="What was decided, and why" isBare>
      <Loaded query={decisions}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="Nothing was decided yet">
              Each change of tier and each wake ahead of somebody is kept here with its reason and
              all that was looked at, for 90 days.
            </Empty>
          ) : (
            <Table
              label="Decisions"
              rows={rows}
              idOf={({ at, kind }) => at + kind}
              height="60dvh"
              columns={[
                { name: 'When', width: '6rem', cell: ({ at }) => <TimeAgo at={at} /> },
                { name: 'About', width: '5.5rem', cell: ({ kind }) => <Badge>{kind}</Badge> },
                {
                  name: 'From, to',
                  width: '11rem',
                  cell: ({ from, to }) => `${from ?? '–'} → ${to ?? '–'}`,
                },
                { name: 'Why', isSpare: true, cell: ({ because }) => because },
                {
                  name: '',
                  width: '6.5rem',
                  align: 'right',
                  cell: (one) => (
                    <Button look="quiet" onClick={() => setOpen(one)}>
                      Looked at
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      <Dialog title="What was looked at" isOpen={open !== null} onClose={() => setOpen(null)}>
        {open && (
          <>
            <p className="mb-3">{open.because}</p>
            <Facts>
              {Object.entries(open.inputs).map(([name, value]) => (
                <Fact key={name} name={name}>
                  <code className="font-mono text-xs break-all">{JSON.stringify(value)}</code>
                </Fact>
              ))}
            </Facts>
          </>
        )}
      </Dialog>
    </Panel>
  );
}
