/** What tenants use, counted. */
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import { Metering } from '../../control/metering/metering.ts';
import { UsageDesk, type UsageDeskWorld } from '../../control/metering/metering-desk.ts';
import { BILLED_HOURS_MIN, isBilled, type SettingsDesk } from '../../control/settings.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { PageReads, Samples, UseLedger, UseRetention } from '../../domain/metering.ts';
import type { Random } from '../../domain/random.ts';
import { ms } from '../../domain/units.ts';

export type MeteringParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly catalog: PgCatalog;
  readonly settings: Pick<SettingsDesk, 'current'>;
  readonly engine: { readonly samples: Samples; readonly reads: PageReads };
};

export type OpenMetering = { readonly ledger: UseLedger; close(): Promise<void> };

/** Counts from now on; to be closed when computes that end with the server have ended. Throws `CATALOG_DOWN`. */
export async function openMetering(parts: MeteringParts): Promise<OpenMetering> {
  const { use } = parts.catalog.stores;
  const metering = new Metering({
    ...parts,
    ...parts.engine,
    store: use,
    retention: retentionOf(parts),
  });
  await metering.start();
  return { ledger: use, close: () => metering.close() };
}

/** Whoever began to bill with less set loses nothing that is still kept. */
const retentionOf =
  ({ settings, catalog }: MeteringParts) =>
  async (): Promise<UseRetention> => {
    const { minutesMs, hoursMs } = settings.current().retention;
    const least = isBilled(await catalog.stores.billing.settings()) ? BILLED_HOURS_MIN : 0;
    return { minutes: minutesMs, hours: ms(Math.max(hoursMs, least)) };
  };

/** What was used, for those who ask. What it costs somebody else may know. */
export const usageDesk = (parts: {
  readonly clock: Clock;
  readonly catalog: PgCatalog;
  readonly control: UsageDeskWorld['control'];
  readonly money: UsageDeskWorld['money'];
}): UsageDesk => new UsageDesk({ ...parts, history: parts.catalog.stores.useHistory });
