/** The two figures of money that stand beside those of use: what is left, and what room a tenant's data costs. */
import type { Timestamp } from '../../domain/units.ts';
import type { Meter } from '../../domain/use.ts';
import { type Amount, roughly, scaled, sumOf } from '../../economics/money.ts';
import { monthOf } from '../../economics/month.ts';
import { costsOf, ratesAt } from '../../economics/price-book.ts';
import type { CostDesk } from './cost-desk.ts';
import { isEarly, linesBy, together } from './cost-sums.ts';
import type { PriceDesk } from './price-desk.ts';

const STORAGE: readonly Meter[] = ['l3', 'l4', 'stored'];

/** Of this month so far, a tenant's room as for a whole month; null where there is nothing to tell. Throws `CATALOG_DOWN`. */
export async function costFigures(
  costs: Pick<CostDesk, 'month'>,
  { book, tariffs }: Pick<PriceDesk, 'book' | 'tariffs'>,
  now: Timestamp,
): Promise<{
  readonly storageCostPerTenant: number | null;
  readonly currency: string;
  readonly averageMargin: number | null;
}> {
  const { shares, charges } = await costs.month();
  const seconds = shares.reduce((sum, share) => sum + share.seconds, 0n);
  const { currency } = book;
  if (seconds === 0n) return { currency, storageCostPerTenant: null, averageMargin: null };
  const { metered, machined } = ratesAt(book, now);
  const rates = [...metered, ...machined].filter(({ meter }) => STORAGE.includes(meter));
  const spent = sumOf(shares.flatMap(({ use }) => costsOf(rates, use)));
  const charged = book.currency === tariffs.currency ? charges : null;
  const earned = { charged, isEarly: isEarly(shares) };
  return {
    currency,
    storageCostPerTenant: roughly(scaled(spent as Amount, monthOf(now).seconds, seconds)),
    averageMargin: together(linesBy('plan', shares, earned).values(), earned.isEarly).margin,
  };
}
