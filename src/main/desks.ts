/** The desks of a server: each area's own, made by the area's own function. */
import type { AccessDesks } from '../control/access-desks.ts';
import type { Desks } from '../control/desks.ts';
import type { EventBus } from '../control/event-bus.ts';
import type { InsideDesks } from '../control/inside-desks.ts';
import { StoredSettings } from '../control/settings.ts';
import type { PolicyStore } from '../domain/policy-store.ts';

export type DeskParts = {
  readonly events: EventBus;
  readonly catalog: PolicyStore;
};

/** Those that need nothing but the catalog; see `access-parts.ts` for the others. Throws `CATALOG_DOWN`. */
export async function openDesks({
  events,
  catalog,
}: DeskParts): Promise<Omit<Desks, keyof AccessDesks | keyof InsideDesks>> {
  return {
    events,
    settings: await StoredSettings.open(catalog),
  };
}
