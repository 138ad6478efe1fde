/** What a minute awake costs the operator, and what a customer is charged for it. */
import type { UseMinute } from '../../domain/metering.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { baseUnits, METERS } from '../../domain/use.ts';
import {
  type Amount,
  type Currency,
  moneyOf,
  NOTHING,
  plus,
  scaled,
  sumOf,
} from '../../economics/money.ts';
import { monthOf } from '../../economics/month.ts';
import {
  costsOf,
  type PriceBook,
  pricesAt,
  type Rates,
  ratesAt,
} from '../../economics/price-book.ts';
import { type TariffBook, tariffAt } from '../../economics/tariffs.ts';

type Priced = Pick<Tenant, 'tier' | 'plan'>;

export type AwakePrice = {
  readonly currency: Currency;
  /** Of each minute. */
  readonly costs: (tenant: Priced, minutes: readonly UseMinute[]) => readonly Amount[];
};

/** By the price book: what was used, and the tier's price of an hour awake. */
export const costPrice = (book: PriceBook): AwakePrice => ({
  currency: book.currency,
  costs: ({ tier }, minutes) => {
    let rates: Rates | null = null;
    return minutes.map(({ minute, use }) => {
      const isOld =
        rates === null ||
        rates.month.name !== monthOf(minute).name ||
        rates.version !== pricesAt(book, minute);
      if (rates === null || isOld) rates = ratesAt(book, minute);
      const { metered, machined, version } = rates;
      const used = [...costsOf(metered, use), ...costsOf(machined, use)];
      return plus(sumOf(used), scaled(version.tiers[tier].awakeHour, use.awake, 3_600n));
    });
  },
});

const GIGABYTE = 1_000_000_000n;

/** By the plan's price of use beyond what it includes: what is included is set off by the month, and not here. */
export const chargePrice = (tariffs: TariffBook): AwakePrice => ({
  currency: tariffs.currency,
  costs: ({ plan }, minutes) =>
    minutes.map(({ minute, use }) => {
      const { overage } = tariffAt(tariffs, plan, minute);
      const scale = { monthSeconds: monthOf(minute).seconds, gigabyte: GIGABYTE };
      return sumOf(
        METERS.map((meter) =>
          scaled(overage[meter] ?? NOTHING, use[meter], baseUnits(meter, scale)),
        ),
      );
    }),
});

/** An amount with all its decimals, and in what. */
export const exactMoney = (
  amount: bigint,
  currency: Currency,
): { readonly amount: string; readonly currency: Currency } => ({
  amount: moneyOf(amount as Amount, currency),
  currency,
});
