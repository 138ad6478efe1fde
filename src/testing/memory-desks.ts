import type { Desks } from '../control/desks.ts';
import { EventBus } from '../control/event-bus.ts';
import { StoredSettings } from '../control/settings.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';

/** The desks of a server that keeps everything in memory. */
export async function memoryDesks(world: {
  readonly clock: Clock;
  readonly log: Log;
}): Promise<Desks> {
  const events = new EventBus(world);
  return { events, settings: await StoredSettings.open(new MemoryPolicyStore()) };
}
