/**
 * What the books say of the last 30 days, for the figures of the product and for a monitoring system: told again at most
 * every five minutes, since it reads a row for each tenant and day.
 */
import type { Clock } from '../../domain/clock.ts';
import { DAY } from '../../domain/day.ts';
import { later, minutes, ms } from '../../domain/units.ts';
import { roughly } from '../../economics/money.ts';
import type { CostDesk, CostReport } from '../economics/cost-desk.ts';
import { kept } from '../kept.ts';
import { byLabel, type Family } from './metrics-family.ts';
import type { MoneyFigures } from './slo-kpis.ts';

const WINDOW_DAYS = 30;

/** Reckoned again so often. */
const KEPT = minutes(5);

const TIERS_MAX = 10;
const MARGIN_MILLS = 750;

/** Of an average year. */
const MONTH_SECONDS = 2_629_746;

export class MoneyWatch {
  readonly #month: () => Promise<CostReport>;
  readonly #today: () => Promise<CostReport>;

  constructor(costs: Pick<CostDesk, 'report' | 'spanOf'>, clock: Clock) {
    const since = (days: number) => async () => {
      const from = later(clock.wall(), ms(-(days - 1) * DAY));
      const how = { by: 'tier', limit: TIERS_MAX, marginMills: MARGIN_MILLS } as const;
      return await costs.report(costs.spanOf(from, undefined), how);
    };
    this.#month = kept(clock, KEPT, since(WINDOW_DAYS));
    this.#today = kept(clock, KEPT, since(1));
  }

  /** Null while nothing has cost anything. Throws `CATALOG_DOWN`. */
  async figures(): Promise<MoneyFigures | null> {
    const { total } = await this.#month();
    const tenantMonths = Number(total.seconds) / MONTH_SECONDS;
    if (tenantMonths === 0) return null;
    return {
      costPerTenant: roughly(total.cost) / tenantMonths,
      grossMargin: total.margin,
      revenueRetention: null,
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
