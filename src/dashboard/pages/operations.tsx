/** Long work: what is under way, how far it is, and what came of it. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { WORK_KINDS, WORK_STATUSES } from '../../contract/limits.ts';
import type { WorkOperation } from '../../sdk/index.ts';
import { bytes, duration, percent } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { operationsQuery } from '../server/queries.ts';
import { TenantLink } from '../shell/tenant-link.tsx';
import { useRefusal } from '../shell/who.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Select } from '../ui/field.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { Since, TimeAgo } from '../ui/time.tsx';
import { attempt } from '../ui/toast.tsx';

const route = getRouteApi('/frame/operations');

const TONES: Readonly<Record<WorkOperation['status'], Tone>> = {
  running: 'accent',
  done: 'good',
  failed: 'bad',
  cancelled: 'plain',
};

/** Progress within one that runs is told to nobody: it is asked for while somebody looks. */
const LOOKED_EVERY_MS = 2_000;

export function OperationsPage() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const operations = useQuery({
    ...operationsQuery(filter),
    refetchInterval: ({ state }) =>
      state.data?.rows.some(({ status }) => status === 'running') ? LOOKED_EVERY_MS : false,
  });
  const choices = (all: readonly string[]) => [
    { value: '', text: 'any' },
    ...all.map((value) => ({ value, text: value })),
  ];
  const set = (name: 'status' | 'kind', value: string): void =>
    void navigate({ search: (now) => ({ ...now, [name]: value || undefined }), replace: true });
  return (
    <>
      <PageHead title="Operations" lead="Work that takes long, the latest first." />
      <search className="mb-3 flex flex-wrap gap-2">
        <Select
          label="Status"
          isLabelHidden
          value={filter.status ?? ''}
          choices={choices(WORK_STATUSES)}
          onChange={(value) => set('status', value)}
        />
        <Select
          label="Kind"
          isLabelHidden
          value={filter.kind ?? ''}
          choices={choices(WORK_KINDS)}
          onChange={(value) => set('kind', value)}
        />
      </search>
      <Panel title="Operations" isBare>
        <Loaded query={operations} lines={10}>
          {({ rows }) =>
            rows.length === 0 ? (
              <Empty title="Nothing is like that">
                Wakes, archives, snapshots, forks and restores stand here, from their beginning on.
              </Empty>
            ) : (
              <List rows={rows} />
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}

function List({ rows }: { readonly rows: readonly WorkOperation[] }) {
  return (
    <Table
      label="Operations"
      rows={rows}
      idOf={({ id }) => id}
      height="calc(100dvh - 15rem)"
      columns={[
        {
          name: 'What',
          width: '6rem',
          cell: ({ kind }) => <span className="font-medium">{kind}</span>,
        },
        {
          name: 'Tenant',
          cell: ({ tenant }) => (tenant === null ? '–' : <TenantLink name={tenant.name} />),
        },
        {
          name: 'Status',
          width: '6rem',
          cell: (one) => <Badge tone={TONES[one.status]}>{one.status}</Badge>,
        },
        {
          name: 'How far',
          isSpare: true,
          cell: (one) => <span title={farOf(one)}>{farOf(one)}</span>,
        },
        { name: 'By', isSpare: true, cell: ({ caller }) => caller },
        {
          name: 'Begun',
          width: '6rem',
          isSpare: true,
          cell: ({ begunAt }) => <TimeAgo at={begunAt} />,
        },
        {
          name: 'Took',
          width: '5rem',
          isSpare: true,
          align: 'right',
          cell: ({ begunAt, endedAt }) =>
            endedAt === null ? (
              <Since at={begunAt} />
            ) : (
              duration(Date.parse(endedAt) - Date.parse(begunAt))
            ),
        },
        {
          name: '',
          width: '5rem',
          align: 'right',
          isSpare: true,
          cell: (one) => <Cancel one={one} />,
        },
      ]}
    />
  );
}

function Cancel({ one: { id, status } }: { readonly one: WorkOperation }) {
  const refused = useRefusal()('cancelOperation');
  if (status !== 'running') return null;
  return (
    <Button
      look="quiet"
      disabledBecause={refused}
      onClick={() => attempt(dynabase.operations.cancel(id), 'It is stopped')}
    >
      Cancel
    </Button>
  );
}

function farOf({ fault, progress, status }: WorkOperation): string {
  if (fault !== null) return `${fault.message} (${fault.code})`;
  if (progress === null || status !== 'running') return '–';
  const { step, doneBytes, allBytes } = progress;
  const part = doneBytes !== null && allBytes ? `, ${percent(doneBytes / allBytes)}` : '';
  return `${step ?? 'at work'}${doneBytes === null ? '' : `, ${bytes(doneBytes)}`}${part}`;
}
