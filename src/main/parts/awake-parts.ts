/** Why tenants are awake: kept from the first wake on, and told when the doors are open. */
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import { AwakeBook } from '../../control/awake/awake-book.ts';
import { AwakeDesk } from '../../control/awake/awake-desk.ts';
import { chargePrice, costPrice } from '../../control/awake/awake-price.ts';
import type { PriceDesk } from '../../control/economics/price-desk.ts';
import type { AskedNow } from '../../domain/awake.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Log } from '../../domain/log.ts';
import type { UseLedger } from '../../domain/metering.ts';

export type AwakeParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalog: PgCatalog;
  readonly asked: AskedNow;
};

export type OpenAwake = {
  readonly book: AwakeBook;
  desk(parts: {
    readonly lifecycle: Lifecycle;
    readonly ledger: UseLedger;
    readonly prices: PriceDesk;
  }): AwakeDesk;
  /** When what ends with the server has ended. */
  close(): Promise<void>;
};

/** To be called before tenants are healed. Throws `CATALOG_DOWN`. */
export async function openAwake({ clock, log, catalog, asked }: AwakeParts): Promise<OpenAwake> {
  const { awake: store } = catalog.stores;
  const book = new AwakeBook({ clock, log, store, asked });
  await book.open();
  return {
    book,
    desk: ({ lifecycle, ledger, prices }) =>
      new AwakeDesk({
        ...{ clock, catalog, lifecycle, store, book, ledger },
        price: ({ isOperator }) =>
          isOperator ? costPrice(prices.book) : chargePrice(prices.tariffs),
      }),
    close: () => book.close(),
  };
}
