/** The fleet in six numbers, and what the operator should look at before them. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { CostReport, Fleet, Status } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count, duration, percent } from '../format/units.ts';
import { costAlertsQuery, costsQuery, fleetQuery } from '../server/queries.ts';
import { Stat, Stats } from '../ui/panel.tsx';
import { AlertLine } from './alert-line.tsx';
import { isLoss, marginOf } from './cost-lines.tsx';

const DAY_MS = 86_400_000;

const ALERTS_SHOWN = 3;

/** What is wrong, or was told of money within a day. */
export function Warnings({ status }: { readonly status: Status }) {
  const alerts = useQuery(costAlertsQuery);
  const { failed } = status.tenants;
  const since = Date.now() - DAY_MS;
  const told = (alerts.data ?? []).filter(({ at }) => Date.parse(at) > since);
  if (status.warnings.length === 0 && failed === 0 && told.length === 0) return null;
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
      {told.slice(0, ALERTS_SHOWN).map((alert) => (
        <p key={alert.id}>
          <AlertLine alert={alert} />
        </p>
      ))}
      {told.length > ALERTS_SHOWN && (
        <p>
          <Link to="/costs" hash="alerts" className="font-medium underline">
            {count(told.length - ALERTS_SHOWN)} more about money
          </Link>
        </p>
      )}
      {status.warnings.map((warning) => (
        <p key={warning}>{warning.charAt(0).toUpperCase() + warning.slice(1)}.</p>
      ))}
    </section>
  );
}

export function Figures({ status, all }: { readonly status: Status; readonly all: number }) {
  const fleet = useQuery(fleetQuery).data;
  const month = useQuery(costsQuery('tier')).data;
  const days = useQuery(costsQuery('day', 30)).data;
  const { tenants, sessions } = status;
  const lately = fleet?.minutes.reduce((sum, one) => sum + one, 0) ?? 0;
  return (
    <Stats>
      <Stat label="Tenants" value={count(all)} note={`${count(status.homes.archive)} archived`} />
      <Stat
        label="Awake now"
        value={count(tenants.running)}
        note={`${all === 0 ? '' : `${percent(tenants.running / all)}, `}${count(sessions)} sessions`}
      />
      <Stat
        label="Wakes a minute"
        value={fleet === undefined ? '–' : count(fleet.wakesPerMinute)}
        note={fleet === undefined ? '' : `${count(lately)} in the last hour`}
      />
      <WakeStat fleet={fleet} />
      <CostStat month={month} days={days} />
      <MarginStat month={month} />
    </Stats>
  );
}

/** Of where most wakes came from: one number over all would say nothing of any. */
function WakeStat({ fleet }: { readonly fleet: Fleet | undefined }) {
  const most = fleet?.wakes.reduce((best, one) => (one.times > best.times ? one : best));
  const isKnown = most !== undefined && most.p95Ms !== null;
  return (
    <Stat
      label="Wake, p95"
      value={isKnown ? duration(Math.round(most.p95Ms ?? 0)) : '–'}
      note={isKnown ? SOURCES[most.from] : 'nobody waited in the last hour'}
    />
  );
}

export const SOURCES: Readonly<Record<Fleet['wakes'][number]['from'], string>> = {
  L2: 'from memory (L2)',
  L3: 'from disk (L3)',
  L4: 'from the archive (L4)',
  husk: 'first wakes',
};

function CostStat({
  month,
  days,
}: {
  readonly month: CostReport | undefined;
  readonly days: CostReport | undefined;
}) {
  const today = days?.lines.at(-1);
  const isToday = today?.key === new Date().toISOString().slice(0, 10);
  return (
    <Stat
      label="Cost today"
      value={isToday ? money(today.cost, days?.currency ?? 'USD') : '–'}
      note={month === undefined ? '' : `${money(month.total.cost, month.currency)} this month`}
    />
  );
}

function MarginStat({ month }: { readonly month: CostReport | undefined }) {
  const total = month?.total;
  const says = (): string => {
    if (month === undefined || total === undefined) return '';
    if (total.marginUnknown === 'too early') return 'too early to tell';
    if (total.margin === null) return 'no plan that is paid for';
    return `${money(total.revenue, month.currency)} revenue`;
  };
  return (
    <Stat
      label="Margin"
      value={total === undefined ? '–' : marginOf(total, month?.currency ?? 'USD')}
      note={says()}
      tone={total !== undefined && isLoss(total) ? 'bad' : undefined}
    />
  );
}
