/** Price books and tariffs as the documents from which they are read: see `price-file.ts` and `tariffs.ts`. */
import { PLANS } from '../domain/tier.ts';
import { type Currency, decimalOf, moneyOf } from './money.ts';
import type { PriceBook, PriceVersion } from './price-book.ts';
import type { Tariff, TariffBook } from './tariffs.ts';

const time = (at: number): string => new Date(at).toISOString().replace(':00.000Z', 'Z');

/** What there is of it, as an object that JSON can hold; read again it is the same book. */
export function priceDocument({ name, currency, versions }: PriceBook): Record<string, unknown> {
  return {
    ...{ name, currency },
    versions: versions.map((version, at) => versionDocument(version, at === 0, currency)),
  };
}

function versionDocument(version: PriceVersion, isFirst: boolean, currency: Currency): object {
  const money = (value: bigint): string => moneyOf(value as never, currency);
  const each = (of: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, money(value)]));
  const { monthDays, gigabyte, prices, tiers, machines, minimum, sharing, alwaysOn } = version;
  return {
    ...(isFirst ? {} : { from: time(version.from) }),
    ...{ monthDays, gigabyte, prices: each(prices) },
    tiers: Object.fromEntries(Object.entries(tiers).map(([tier, price]) => [tier, each(price)])),
    machines: machines.map((one) => ({
      ...one,
      month: money(one.month),
      kilowattHour: money(one.kilowattHour),
    })),
    minimum: money(minimum),
    sharing,
    alwaysOn: { ...alwaysOn, month: money(alwaysOn.month) },
  };
}

export function tariffDocument({ currency, versions }: TariffBook): Record<string, unknown> {
  return {
    currency,
    versions: versions.map(({ from, plans }, at) => ({
      ...(at === 0 ? {} : { from: time(from).slice(0, 'YYYY-MM-DD'.length) }),
      plans: Object.fromEntries(PLANS.map((plan) => [plan, planDocument(plans[plan], currency)])),
    })),
  };
}

function planDocument({ month, included, overage, ...rest }: Tariff, currency: Currency): object {
  const each = (of: object): Record<string, string> =>
    Object.fromEntries(Object.entries(of).map(([meter, value]) => [meter, decimalOf(value)]));
  return {
    month: moneyOf(month, currency),
    ...{ included: each(included), overage: each(overage) },
    ...rest,
  };
}
