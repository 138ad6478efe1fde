/** The fleet at a glance, live. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Status } from '../../sdk/index.ts';
import { bytes, count, duration, percent } from '../format/units.ts';
import {
  computesQuery,
  costAlertsQuery,
  costsQuery,
  fleetQuery,
  fleetUsageQuery,
  operationsQuery,
  statusQuery,
} from '../server/queries.ts';
import { TenantLink } from '../shell/tenant-link.tsx';
import { STATE_COLOURS, StateBadge, TIER_FILLS, TierBadge } from '../ui/badge.tsx';
import { Minutes } from '../ui/minutes.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { ShareBar } from '../ui/share-bar.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { Since, TimeAgo } from '../ui/time.tsx';
import { CostLines, TenantTrend } from './cost-lines.tsx';
import { Happenings } from './happenings.tsx';
import { Figures, SOURCES, Warnings } from './overview-figures.tsx';
import { TierFlowPanel } from './tier-flow-panel.tsx';
import { WeekPanel } from './week-panel.tsx';

/** As high as a chart with its legend: what comes late moves nothing. */
const ROOM = '14.75rem';

const BYTES_OF_MB = 1_048_576;

export function OverviewPage() {
  const status = useQuery(statusQuery);
  // What is told before everything else comes with it, not after it.
  const { isPending } = useQuery(costAlertsQuery);
  const query = isPending ? { ...status, data: undefined } : status;
  return (
    <>
      <PageHead title="Overview" lead="The whole fleet, as it is now." />
      <Loaded query={query} lines={12}>
        {(now) => <Fleet status={now} />}
      </Loaded>
    </>
  );
}

function Fleet({ status }: { readonly status: Status }) {
  const byTier = useQuery(costsQuery('tier'));
  const byDay = useQuery(costsQuery('day', 30));
  const usage = useQuery(fleetUsageQuery);
  const all = Object.values(status.tenants).reduce((sum, one) => sum + one, 0);
  return (
    <>
      <Warnings status={status} />
      <Figures status={status} all={all} />
      {all === 0 ? (
        <Panel title="No tenants yet">
          <Empty title="A tenant is a whole PostgreSQL of its own, awake only while it is used.">
            <Link to="/tenants" className="text-accent underline">
              Create the first one
            </Link>
          </Empty>
        </Panel>
      ) : (
        <div className="grid gap-4 lg:grid-cols-2">
          <Distribution status={status} />
          <Levels status={status} />
          <TierFlowPanel />
          <Panel
            room={ROOM}
            title="Margin by tier"
            aside={<span className="text-xs">this month</span>}
            isBare
          >
            <Loaded query={byTier}>
              {(report) => <CostLines report={report} what="Tier" height="14rem" />}
            </Loaded>
          </Panel>
          <Panel
            room={ROOM}
            title="Cost of a tenant a day"
            aside={<span className="text-xs">30 days</span>}
          >
            <Loaded query={byDay} lines={6}>
              {(report) => <TenantTrend report={report} />}
            </Loaded>
          </Panel>
          <WeekPanel title="When the fleet is used" query={usage} room={ROOM} />
          <Awake />
          <Live />
        </div>
      )}
    </>
  );
}

const QUIET = Array.from({ length: 60 }, () => 0);

function Distribution({ status }: { readonly status: Status }) {
  const minutes = useQuery(fleetQuery).data?.minutes ?? QUIET;
  const navigate = useNavigate();
  const tiers = Object.entries(status.tiers).map(([name, value]) => ({
    ...{ name, value, colour: TIER_FILLS[name as keyof typeof TIER_FILLS] },
  }));
  const states = Object.entries(status.tenants)
    .filter(([name, value]) => value > 0 || name === 'running' || name === 'suspended')
    .map(([name, value]) => ({
      ...{ name, value, colour: STATE_COLOURS[name as keyof typeof STATE_COLOURS] },
    }));
  const show = (search: object): void => void navigate({ to: '/tenants', search });
  return (
    <Panel title="Tenants by tier and state" room="17.5rem">
      <div className="space-y-5">
        <ShareBar label="Tenants by tier" parts={tiers} onPick={(tier) => show({ tier })} />
        <ShareBar label="Tenants by state" parts={states} onPick={(state) => show({ state })} />
        <Minutes label="Wakes by the minute, the last hour" values={minutes} />
      </div>
    </Panel>
  );
}

function Levels({ status: { levels, unsavedSince } }: { readonly status: Status }) {
  const { l2, l3, l4 } = levels.bytes;
  const awake = useQuery(computesQuery).data;
  const inBuffers =
    awake?.isCut === true
      ? null
      : (awake?.rows ?? []).reduce((sum, { size }) => sum + size.sharedBuffersMb * BYTES_OF_MB, 0);
  const places = [
    ...(inBuffers === null
      ? []
      : [{ name: 'L1 buffers', value: inBuffers, colour: 'var(--level-1)' }]),
    { name: 'L2 page cache', value: l2 ?? 0, colour: 'var(--level-2)' },
    { name: 'L3 disk', value: l3, colour: 'var(--level-3)' },
    { name: 'L4 archive', value: l4, colour: 'var(--level-4)' },
  ];
  return (
    <Panel
      title="Memory and disk by level"
      room="17.5rem"
      aside={
        <span className="text-xs">{percent(levels.hitRatio)} of page reads served by memory</span>
      }
    >
      <div className="space-y-5">
        <ShareBar label="Bytes by level" parts={places} format={bytes} />
        <Wakes />
        <p className="text-xs text-ink-soft">
          {unsavedSince === null ? (
            'All changes are in a snapshot.'
          ) : (
            <>
              The oldest change that is in no snapshot was made <TimeAgo at={unsavedSince} />.
            </>
          )}
        </p>
      </div>
    </Panel>
  );
}

/** Left out on a phone. */
const SPARE: ReadonlySet<string> = new Set(['p50', 'p99']);

function Wakes() {
  const fleet = useQuery(fleetQuery);
  return (
    <Loaded query={fleet}>
      {({ wakes }) => (
        <table className="w-full">
          <caption className="sr-only">Wakes of the last hour</caption>
          <thead className="text-xs text-ink-soft">
            <tr>
              <th scope="col" className="text-left font-normal">
                Wakes of the last hour
              </th>
              {['Times', 'p50', 'p95', 'p99'].map((head) => (
                <th
                  key={head}
                  scope="col"
                  className={`w-16 text-right font-normal ${SPARE.has(head) ? 'hidden sm:table-cell' : ''}`}
                >
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="tnum">
            {wakes.map(({ from, times, p50Ms, p95Ms, p99Ms }) => (
              <tr key={from} className="h-6">
                <th scope="row" className="text-left font-normal">
                  {SOURCES[from]}
                </th>
                <td className="text-right">{count(times)}</td>
                <td className="hidden text-right sm:table-cell">{took(p50Ms)}</td>
                <td className="text-right">{took(p95Ms)}</td>
                <td className="hidden text-right sm:table-cell">{took(p99Ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Loaded>
  );
}

const took = (ms: number | null): string => (ms === null ? '–' : duration(Math.round(ms)));

function Awake() {
  const computes = useQuery(computesQuery);
  return (
    <Panel
      title="Awake now"
      room="19rem"
      isBare
      aside={
        <Link to="/tenants" search={{ state: 'running' }} className="text-accent hover:underline">
          All
        </Link>
      }
    >
      <Loaded query={computes}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="Everybody sleeps">A tenant wakes when its first client comes.</Empty>
          ) : (
            <Table
              label="Tenants that are awake"
              rows={rows}
              idOf={({ tenant }) => tenant}
              height="19rem"
              columns={[
                {
                  name: 'Tenant',
                  cell: ({ name }) => <TenantLink name={name} />,
                },
                {
                  name: 'State',
                  width: '6.5rem',
                  cell: ({ state }) => <StateBadge state={state} />,
                },
                {
                  name: 'Tier',
                  width: '6rem',
                  isSpare: true,
                  cell: ({ tier }) => <TierBadge tier={tier} />,
                },
                {
                  name: 'For',
                  width: '5rem',
                  align: 'right',
                  cell: ({ since }) => <Since at={since} />,
                },
                {
                  name: 'Sessions',
                  width: '4.5rem',
                  align: 'right',
                  isSpare: true,
                  cell: ({ sessions }) => count(sessions),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Live() {
  const running = useQuery(operationsQuery({ status: 'running' }));
  const rows = running.data?.rows ?? [];
  return (
    <Panel
      title="Happening now"
      aside={
        rows.length > 0 && (
          <Link to="/operations" className="text-accent hover:underline">
            {count(rows.length)} under way, the longest for{' '}
            {duration(Math.max(...rows.map(({ begunAt }) => Date.now() - Date.parse(begunAt))))}
          </Link>
        )
      }
      isBare
    >
      <Happenings height="19rem" />
    </Panel>
  );
}
