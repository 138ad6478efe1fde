/** The desks of a server: each area's own, made by the area's own function. */
import type { Desks } from '../control/desks.ts';
import { EventBus } from '../control/event-bus.ts';
import { StoredSettings } from '../control/settings.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { PolicyStore } from '../domain/policy-store.ts';

export type DeskParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalog: PolicyStore;
};

/** Throws `CATALOG_DOWN`. */
export async function openDesks({ clock, log, catalog }: DeskParts): Promise<Desks> {
  return {
    events: new EventBus({ clock, log }),
    settings: await StoredSettings.open(catalog),
  };
}
