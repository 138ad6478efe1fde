/** What tenants use, counted. */
import type { PgCatalog } from '../catalog/pg-catalog.ts';
import { Metering } from '../control/metering.ts';
import { UsageDesk, type UsageDeskWorld } from '../control/metering-desk.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { PageReads, Samples, UseLedger, UseRetention } from '../domain/metering.ts';
import type { Random } from '../domain/random.ts';
import { hours } from '../domain/units.ts';

/** Minutes for two weeks, hours for a little more than a year. */
const RETENTION: UseRetention = { minutes: hours(24 * 14), hours: hours(24 * 400) };

export type MeteringParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly catalog: PgCatalog;
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
    retention: () => RETENTION,
  });
  await metering.start();
  return { ledger: use, close: () => metering.close() };
}

/** What was used, for those who ask. What it costs somebody else may know. */
export const usageDesk = (parts: {
  readonly clock: Clock;
  readonly catalog: PgCatalog;
  readonly control: UsageDeskWorld['control'];
  readonly money: UsageDeskWorld['money'];
}): UsageDesk => new UsageDesk({ ...parts, history: parts.catalog.stores.useHistory });
