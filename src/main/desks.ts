/** The desks of a server: each area's own, made by the area's own function. */
import type { PgCatalog } from '../catalog/pg-catalog.ts';
import type { AccessDesks } from '../control/access-desks.ts';
import type { ArchiveWork } from '../control/archive-work.ts';
import type { Desks } from '../control/desks.ts';
import type { EventBus } from '../control/event-bus.ts';
import type { InsideDesks } from '../control/inside-desks.ts';
import { OperationDesk } from '../control/operations.ts';
import { StoredSettings } from '../control/settings.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';

export type DeskParts = {
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly catalog: PgCatalog;
  readonly archiveWork: ArchiveWork;
};

/** Those that need nothing but the catalog; see `access-parts.ts` for the others. Throws `CATALOG_DOWN`. */
export async function openDesks(
  parts: DeskParts,
): Promise<Omit<Desks, keyof AccessDesks | keyof InsideDesks>> {
  const { events, catalog } = parts;
  return {
    events,
    settings: await StoredSettings.open(catalog),
    operations: await OperationDesk.open({ ...parts, store: catalog.stores.operations }),
  };
}
