import { useQuery } from '@tanstack/react-query';
import type { Session, Tenant } from '../../sdk/index.ts';
import { duration } from '../format/units.ts';
import { sessionsQuery } from '../server/queries.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

const TONES: Readonly<Record<Session['state'], Tone>> = {
  bound: 'good',
  pinned: 'warn',
  parked: 'plain',
  waiting: 'accent',
};

/** Sessions come and go unheard; who looks at them sees them within this. */
const LOOKED_EVERY_MS = 5_000;

export function TenantSessions({ tenant }: { readonly tenant: Tenant }) {
  const sessions = useQuery({ ...sessionsQuery(tenant.name), refetchInterval: LOOKED_EVERY_MS });
  return (
    <Panel title="Sessions" isBare>
      <Loaded query={sessions}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="Nobody is connected">
              Sessions at rest stay open while the tenant sleeps, parked: they cost it nothing.
            </Empty>
          ) : (
            <List rows={rows} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function List({ rows }: { readonly rows: readonly Session[] }) {
  return (
    <Table
      label="Sessions"
      rows={rows}
      idOf={({ id }) => String(id)}
      height="60dvh"
      columns={[
        { name: 'Role', width: '8rem', cell: ({ role }) => role },
        {
          name: 'State',
          width: '5.5rem',
          cell: ({ state }) => <Badge tone={TONES[state]}>{state}</Badge>,
        },
        { name: 'Application', isSpare: true, cell: (one) => one.applicationName || '–' },
        { name: 'From', width: '9rem', isSpare: true, cell: ({ from }) => from },
        { name: 'Counts as', width: '6rem', isSpare: true, cell: ({ visitor }) => visitor },
        {
          name: 'Pinned by',
          isSpare: true,
          cell: ({ pin }) =>
            pin === null ? '–' : <span title={pin.statement ?? ''}>{pin.reason}</span>,
        },
        { name: 'Idle', width: '6rem', align: 'right', cell: (one) => duration(one.idleForMs) },
        { name: 'Open', width: '6rem', align: 'right', cell: (one) => duration(one.openForMs) },
      ]}
    />
  );
}
