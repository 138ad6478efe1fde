/** When a tenant was awake, who woke it, and what each time has cost. */
import { useQuery } from '@tanstack/react-query';
import type { AwakeTimes, Why } from '../../contract/awake/awake.ts';
import type { Tenant } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { duration, moment } from '../format/units.ts';
import { awakeTimesQuery, whyQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Panel } from '../ui/panel.tsx';
import { type Part, ShareBar } from '../ui/share-bar.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo, useNow } from '../ui/time.tsx';
import { WhatIfForm } from './what-if-form.tsx';

type AwakeTime = AwakeTimes['times'][number];

const DAY_MS = 86_400_000;

const COLOURS: Readonly<Record<AwakeTime['cause']['kind'], string>> = {
  session: 'var(--accent)',
  expected: 'var(--fill-cold)',
  operator: 'var(--fill-hot)',
  prewarm: 'var(--fill-warm)',
  tier: 'var(--fill-persistent)',
  upkeep: 'var(--good)',
  restart: 'var(--line-strong)',
  found: 'var(--level-4)',
};

export function TenantAwake({ tenant }: { readonly tenant: Tenant }) {
  const why = useQuery(whyQuery(tenant.name));
  const times = useQuery(awakeTimesQuery(tenant.name));
  const mayAsk = useRefusal()('whatIf') === null;
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Panel title="Why it is awake, or asleep" room="11rem">
        <Loaded query={why}>{(told) => <Told why={told} />}</Loaded>
      </Panel>
      <Panel title="What woke it, by time awake" room="11rem">
        <Loaded query={why}>{({ causes }) => <Causes causes={causes} />}</Loaded>
      </Panel>
      <div className="min-w-0 lg:col-span-2">
        <Panel
          title="The last 24 hours"
          room="5.375rem"
          aside={<span className="text-xs">coloured by what woke it</span>}
        >
          <Loaded query={times} lines={1}>
            {({ rows }) => <Timeline rows={rows} />}
          </Loaded>
        </Panel>
      </div>
      <div className="min-w-0 lg:col-span-2">
        <Panel title="Times awake" isBare room="9rem">
          <Loaded query={times}>{({ rows }) => <List rows={rows} />}</Loaded>
        </Panel>
      </div>
      {mayAsk && (
        <div className="min-w-0 lg:col-span-2">
          <Panel title="What if" aside={<span className="text-xs">replayed by the simulator</span>}>
            <WhatIfForm tenant={tenant.name} />
          </Panel>
        </div>
      )}
    </div>
  );
}

function Told({ why: { says } }: { readonly why: Why }) {
  return (
    <div className="space-y-2">
      {says.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  );
}

function Causes({ causes }: { readonly causes: Why['causes'] }) {
  if (causes.length === 0) return <Empty title="Nothing has woken it yet" />;
  const sums = new Map<string, Part>();
  for (const { kind, lengthMs } of causes) {
    const value = (sums.get(kind)?.value ?? 0) + lengthMs;
    sums.set(kind, { name: kind, value, colour: COLOURS[kind] });
  }
  return <ShareBar label="Time awake by cause" parts={[...sums.values()]} format={duration} />;
}

function Timeline({ rows }: { readonly rows: readonly AwakeTime[] }) {
  const now = useNow(10_000);
  const begin = now - DAY_MS;
  const place = (at: number): number => ((Math.max(at, begin) - begin) / DAY_MS) * 100;
  const shown = rows.filter(({ to }) => to === null || Date.parse(to) > begin);
  return (
    <div>
      <div className="relative h-8 overflow-hidden rounded bg-sunken">
        {shown.map((time) => {
          const from = place(Date.parse(time.from));
          const to = place(time.to === null ? now : Date.parse(time.to));
          return (
            <div
              key={time.from}
              title={`${moment(time.from)}: ${time.cause.says}, ${duration(time.lengthMs)}`}
              className="absolute inset-y-0"
              style={{
                left: `${from}%`,
                width: `${Math.max(0.15, to - from)}%`,
                background: COLOURS[time.cause.kind],
              }}
            />
          );
        })}
      </div>
      <div className="mt-1 flex justify-between text-xs text-ink-soft">
        {[24, 18, 12, 6].map((hours) => (
          <span key={hours}>{hours} h ago</span>
        ))}
        <span>now</span>
      </div>
    </div>
  );
}

function List({ rows }: { readonly rows: readonly AwakeTime[] }) {
  if (rows.length === 0) return <Empty title="It has not been awake yet" />;
  return (
    <Table
      label="Times awake"
      rows={rows}
      idOf={({ from }) => from}
      height="24rem"
      columns={[
        { name: 'From', width: '6rem', cell: ({ from }) => <TimeAgo at={from} /> },
        {
          name: 'Woken because',
          cell: ({ cause }) => (
            <span className="inline-flex max-w-full items-center gap-2" title={cause.says}>
              <span
                className="size-2 shrink-0 rounded-full"
                style={{ background: COLOURS[cause.kind] }}
              />
              <span className="truncate">{cause.says}</span>
            </span>
          ),
        },
        { name: 'From level', width: '5.5rem', isSpare: true, cell: ({ level }) => level ?? '–' },
        {
          name: 'Wake',
          width: '5rem',
          align: 'right',
          isSpare: true,
          cell: ({ wakeMs }) => (wakeMs === null ? '–' : duration(wakeMs)),
        },
        {
          name: 'Ended',
          isSpare: true,
          cell: ({ ended }) => <span title={ended?.says}>{ended?.says ?? 'not yet'}</span>,
        },
        { name: 'For', width: '6rem', align: 'right', cell: (one) => duration(one.lengthMs) },
        {
          name: 'Cost',
          width: '5.5rem',
          align: 'right',
          cell: ({ cost }) => (cost === null ? '–' : money(cost.amount, cost.currency)),
        },
      ]}
    />
  );
}
