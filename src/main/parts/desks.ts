/** The desks of a server: each area's own, made by the area's own function. */
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import type { AccessDesks } from '../../control/access/access-desks.ts';
import type { ArchiveWork } from '../../control/archive-work.ts';
import { Deliveries } from '../../control/deliveries.ts';
import type { Desks } from '../../control/desks.ts';
import type { EconomicsDesks } from '../../control/economics/economics-desks.ts';
import type { EventBus } from '../../control/event-bus.ts';
import type { InsideDesks } from '../../control/inside/inside-desks.ts';
import { OperationDesk } from '../../control/operations.ts';
import type { QuotaDesks } from '../../control/quotas/quota-desks.ts';
import { StoredSettings } from '../../control/settings.ts';
import { WebhookDesk } from '../../control/webhooks.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { Random } from '../../domain/random.ts';
import { InternetSender } from '../../system/hook-sender.ts';
import { KeyedSecrecy } from '../../system/secrecy.ts';
import type { DataDirectory } from '../data-directory.ts';
import { type BillingParts, openBilling } from './billing-parts.ts';
import type { Watching } from './observability-parts.ts';

export type DeskParts = {
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly catalog: PgCatalog;
  readonly archiveWork: ArchiveWork;
  readonly directory: Pick<DataDirectory, 'secret'>;
  readonly options: Pick<ServerOptions, 'webhooksToPrivate'> & BillingParts['options'];
  readonly version: string;
  readonly watching: Pick<Watching, 'sender'>;
};

export type OpenDesks = {
  readonly desks: Omit<
    Desks,
    | keyof AccessDesks
    | keyof InsideDesks
    | keyof EconomicsDesks
    | keyof QuotaDesks
    | 'awake'
    | 'health'
    | 'usage'
  >;
  close(): Promise<void>;
};

/** Those that need nothing but the catalog; see `access-parts.ts` for the others. Throws `CATALOG_DOWN`. */
export async function openDesks(parts: DeskParts): Promise<OpenDesks> {
  const { events, catalog, directory, options, random, version } = parts;
  const settings = await StoredSettings.open(catalog, () => catalog.stores.billing.settings());
  const operations = await OperationDesk.open({ ...parts, store: catalog.stores.operations });
  const hooks = {
    ...{ ...parts, settings, store: catalog.stores.webhooks },
    secrecy: new KeyedSecrecy(await directory.secret('webhooks'), random),
    sender: parts.watching.sender(
      new InternetSender({ toPrivate: options.webhooksToPrivate, version }),
    ),
  };
  const deliveries = await Deliveries.open(hooks);
  const billing = await openBilling(parts);
  return {
    desks: {
      ...{ events, settings, operations, doneRequests: catalog.stores.doneRequests },
      webhooks: new WebhookDesk({ ...hooks, deliveries }),
      ...billing.desks,
    },
    close: async () => {
      await billing.close();
      await deliveries.close();
      await operations.close();
    },
  };
}
