/** The fleet at a glance, live. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Event, Status } from '../../sdk/index.ts';
import { bytes, count, duration, percent } from '../format/units.ts';
import { useHistory } from '../server/history.ts';
import { computesQuery, operationsQuery, statusQuery } from '../server/queries.ts';
import { STATE_COLOURS, StateBadge, TIER_FILLS, TierBadge } from '../ui/badge.tsx';
import { PageHead, Panel, Stat, Stats } from '../ui/panel.tsx';
import { ShareBar } from '../ui/share-bar.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { Since, TimeAgo, useNow } from '../ui/time.tsx';
import { Happenings } from './happenings.tsx';

export function OverviewPage() {
  const status = useQuery(statusQuery);
  return (
    <>
      <PageHead title="Overview" lead="The whole fleet, as it is now." />
      <Loaded query={status} lines={12}>
        {(now) => <Fleet status={now} />}
      </Loaded>
    </>
  );
}

function Fleet({ status }: { readonly status: Status }) {
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
          <Awake />
          <Live />
        </div>
      )}
    </>
  );
}

/** What the operator should look at, before anything else. */
function Warnings({ status }: { readonly status: Status }) {
  const failed = status.tenants.failed;
  if (status.warnings.length === 0 && failed === 0) return null;
  return (
    <section
      aria-label="Alerts"
      className="mb-4 space-y-1 rounded-lg border border-(--fill-warm)/60 bg-(--fill-warm)/12 px-4 py-3"
    >
      {failed > 0 && (
        <p>
          <Link to="/tenants" search={{ state: 'failed' }} className="font-medium underline">
            {count(failed)} {failed === 1 ? 'tenant has' : 'tenants have'} failed to start
          </Link>
          : each is tried again by itself.
        </p>
      )}
      {status.warnings.map((warning) => (
        <p key={warning}>{warning.charAt(0).toUpperCase() + warning.slice(1)}.</p>
      ))}
    </section>
  );
}

const MINUTE_MS = 60_000;

function Figures({ status, all }: { readonly status: Status; readonly all: number }) {
  const now = useNow(5_000);
  const wakes = useHistory().filter((event) => isWake(event) && isWithin(event, now));
  const { tenants, sessions, policy, levels } = status;
  const stored = levels.bytes.l3 + levels.bytes.l4;
  return (
    <Stats>
      <Stat label="Tenants" value={count(all)} note={`${count(status.homes.archive)} archived`} />
      <Stat
        label="Awake now"
        value={count(tenants.running)}
        note={all === 0 ? '' : `${percent(tenants.running / all)} of all`}
      />
      <Stat label="Wakes a minute" value={count(wakes.length)} note="seen live" />
      <Stat label="Sessions" value={count(sessions)} note="open, parked ones too" />
      <Stat
        label="Cost of always on"
        value={percent(policy.costShare)}
        note={policy.costShare === null ? 'not known yet' : policy.source}
      />
      <Stat label="Data" value={bytes(stored)} note={`${bytes(levels.bytes.l2)} of it in memory`} />
    </Stats>
  );
}

const isWake = ({ type, data }: Event): boolean =>
  type === 'tenant.state' && data.from === 'waking' && data.to === 'running';

const isWithin = ({ at }: Event, now: number): boolean => now - Date.parse(at) < MINUTE_MS;

function Distribution({ status }: { readonly status: Status }) {
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
    <Panel title="Tenants by tier and state">
      <div className="space-y-5">
        <ShareBar label="Tenants by tier" parts={tiers} onPick={(tier) => show({ tier })} />
        <ShareBar label="Tenants by state" parts={states} onPick={(state) => show({ state })} />
      </div>
    </Panel>
  );
}

function Levels({ status: { levels, unsavedSince } }: { readonly status: Status }) {
  const { l2, l3, l4 } = levels.bytes;
  const places = [
    { name: 'L2 page cache', value: l2 ?? 0, colour: 'var(--level-2)' },
    { name: 'L3 disk', value: l3, colour: 'var(--level-3)' },
    { name: 'L4 archive', value: l4, colour: 'var(--level-4)' },
  ];
  const wakes = [
    { name: 'from L2', value: levels.wakes.l2, colour: 'var(--level-2)' },
    { name: 'from L3', value: levels.wakes.l3, colour: 'var(--level-3)' },
    { name: 'from L4', value: levels.wakes.l4, colour: 'var(--level-4)' },
  ];
  return (
    <Panel
      title="Memory and disk by level"
      aside={
        <span className="text-xs">{percent(levels.hitRatio)} of page reads served by memory</span>
      }
    >
      <div className="space-y-5">
        <ShareBar label="Bytes by level" parts={places} format={bytes} />
        <ShareBar label="Wakes by the level they came from" parts={wakes} />
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

function Awake() {
  const computes = useQuery(computesQuery);
  return (
    <Panel
      title="Awake now"
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
                  cell: ({ name }) => (
                    <Link
                      to="/tenants/$ref"
                      params={{ ref: name }}
                      className="font-medium hover:underline"
                    >
                      {name}
                    </Link>
                  ),
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
