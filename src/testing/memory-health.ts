import { HealthDesk, type HealthParts } from '../control/service/health-desk.ts';
import { EventWatch } from '../control/service/metrics-events.ts';
import { FleetWatch } from '../control/service/metrics-watch.ts';
import { ServiceKeeper } from '../control/service/slo-keeper.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { MemoryUptime } from './memory-uptime.ts';

/** A desk that sees what a test tells it. */
export async function memoryHealth(
  world: Pick<HealthParts, 'control'> &
    Partial<Pick<HealthParts, 'pages' | 'tracer' | 'money'>> & {
      readonly clock: Clock;
      readonly log: Log;
      readonly store?: MemoryUptime;
    },
): Promise<HealthDesk> {
  const { clock, log, control, store = new MemoryUptime() } = world;
  const watch = new FleetWatch({ clock, tenantsMax: 3 });
  const events = new EventWatch();
  const prewarms = () => ({ hits: 0, misses: 0 });
  const keeper = await ServiceKeeper.open({ clock, log, store, watch, prewarms });
  return new HealthDesk({
    ...{ clock, control, store, keeper, events, watch },
    sources: [() => watch.families(), () => events.families()],
    money: world.money ?? (async () => null),
    pages: world.pages ?? 'service',
    sign: (text) => `proof-of-${text}`,
    tracer: world.tracer ?? null,
  });
}
