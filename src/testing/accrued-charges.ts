/** What rows come to by themselves, in tests without subscriptions: whoever is there pays for as long as he is. */
import type { ChargesOf } from '../control/economics/revenue.ts';
import { monthOf } from '../economics/month.ts';
import { accruedOf } from '../economics/plans.ts';

export const accruedCharges: ChargesOf = async ({ tariffs, shares }) =>
  [...Map.groupBy(shares, ({ month }) => month)].map(
    ([month, of]) => [month, accruedOf(tariffs, monthOf(month), of)] as const,
  );
