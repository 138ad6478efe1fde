/**
 * What the books say of the last 30 days, for the figures of the product and for a monitoring system: told again at most
 * every five minutes, since it reads a row for each tenant and day.
 */
import type { Clock } from '../../domain/clock.ts';
import { DAY } from '../../domain/day.ts';
import { hours, later, minutes, ms, type Timestamp, timestamp } from '../../domain/units.ts';
import { roughly } from '../../economics/money.ts';
import { monthOf } from '../../economics/month.ts';
import type { CostDesk, CostReport } from '../economics/cost-desk.ts';
import { kept } from '../kept.ts';
import { byLabel, type Family } from './metrics-family.ts';
import type { Figure, MoneyFigures } from './slo-kpis.ts';

const WINDOW_DAYS = 30;

/** Reckoned again so often. */
const KEPT = minutes(5);

const TIERS_MAX = 10;
const CUSTOMERS_MAX = Number.POSITIVE_INFINITY;
const MARGIN_MILLS = 750;

/** Of an average year. */
const MONTH_SECONDS = 2_629_746;

/** Two whole months say the same for all of the next. */
const RETENTION_KEPT = hours(6);

const EARLY = 'too early to tell: no tenant has been there for a day';

const UNLESS: Readonly<Record<NonNullable<CostReport['total']['marginUnknown']>, string>> = {
  'no revenue': 'no plan that is paid for has been used',
  'another currency': 'tariffs are in another currency than costs',
  'too early': EARLY,
};

export class MoneyWatch {
  readonly #month: () => Promise<CostReport>;
  readonly #today: () => Promise<CostReport>;
  readonly #retention: () => Promise<Figure>;

  constructor(costs: Pick<CostDesk, 'report' | 'spanOf'>, clock: Clock) {
    const since = (days: number) => async () => {
      const from = later(clock.wall(), ms(-(days - 1) * DAY));
      const how = { by: 'tier', limit: TIERS_MAX, marginMills: MARGIN_MILLS } as const;
      return await costs.report(costs.spanOf(from, undefined), how);
    };
    this.#month = kept(clock, KEPT, since(WINDOW_DAYS));
    this.#today = kept(clock, KEPT, since(1));
    this.#retention = kept(clock, RETENTION_KEPT, () => retention(costs, clock.wall()));
  }

  /** Null while no tenant was there. Throws `CATALOG_DOWN`. */
  async figures(): Promise<MoneyFigures | null> {
    const { total, isEarly } = await this.#month();
    const tenantMonths = Number(total.seconds) / MONTH_SECONDS;
    if (tenantMonths === 0) return null;
    const { margin, marginUnknown } = total;
    return {
      costPerTenant: { value: isEarly ? null : roughly(total.cost) / tenantMonths, unless: EARLY },
      grossMargin: { value: margin, unless: marginUnknown === null ? '' : UNLESS[marginUnknown] },
      revenueRetention: await this.#retention(),
    };
  }

  /** Of today in UTC, as far as it has gone. Throws `CATALOG_DOWN`. */
  async families(): Promise<readonly Family[]> {
    const { lines, unattributed } = await this.#today();
    const gauge = 'gauge';
    const each = (value: (line: CostReport['total']) => bigint | null): Record<string, number> =>
      Object.fromEntries(
        lines.flatMap((line) => {
          const known = value(line);
          return line.key === null || known === null ? [] : [[line.key, Number(known) / 1e12]];
        }),
      );
    return [
      byLabel(
        {
          ...{ kind: gauge, name: 'dynabase_cost_day_dollars' },
          help: 'What tenants have cost today so far, by tier, in the currency of the price book.',
        },
        'tier',
        each(({ cost }) => cost),
      ),
      byLabel(
        {
          ...{ kind: gauge, name: 'dynabase_revenue_day_dollars' },
          help: 'What tenants are charged for today so far, by tier.',
        },
        'tier',
        each(({ revenue }) => revenue),
      ),
      byLabel(
        {
          ...{ kind: gauge, name: 'dynabase_cost_unattributed_dollars' },
          help: 'What has cost today so far and is no doing of a tenant, by its cause.',
        },
        'cause',
        Object.fromEntries(
          Object.entries(unattributed).map(([cause, cost]) => [cause, roughly(cost)]),
        ),
      ),
    ];
  }
}

/** Of the last whole month; who was charged nothing a year before is not of those customers. */
async function retention(costs: Pick<CostDesk, 'report'>, now: Timestamp): Promise<Figure> {
  const { from: thisMonth } = monthOf(now);
  const { from: lastMonth } = monthOf(timestamp(thisMonth - 1));
  const yearBefore = new Date(lastMonth).setUTCFullYear(new Date(lastMonth).getUTCFullYear() - 1);
  const before = monthOf(timestamp(yearBefore));
  const then = await chargedTo(costs, before);
  const paid = [...then.values()].reduce((sum, revenue) => sum + revenue, 0n);
  if (paid === 0n) return { value: null, unless: 'nobody was charged anything a year ago' };
  const since = await chargedTo(costs, { from: lastMonth, to: thisMonth });
  const stayed = [...then.keys()].reduce((sum, customer) => sum + (since.get(customer) ?? 0n), 0n);
  return { value: Number(stayed) / Number(paid), unless: '' };
}

async function chargedTo(
  costs: Pick<CostDesk, 'report'>,
  { from, to }: { readonly from: Timestamp; readonly to: Timestamp },
): Promise<ReadonlyMap<string, bigint>> {
  const how = { by: 'customer', limit: CUSTOMERS_MAX, marginMills: MARGIN_MILLS } as const;
  const { lines } = await costs.report({ from, to }, how);
  return new Map(
    lines.flatMap(({ key, revenue }) =>
      key === null || revenue === null || revenue === 0n ? [] : [[key, revenue] as const],
    ),
  );
}
