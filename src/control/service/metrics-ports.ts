/** The ports with somebody who looks on: each does what it did, and what passes is counted behind the caller's back. */
import type { Catalog } from '../../domain/catalog.ts';
import type { Clock } from '../../domain/clock.ts';
import { toFault } from '../../domain/faults.ts';
import type { Gate, Sessions, WakeCause } from '../../domain/gate.ts';
import type { Host } from '../../domain/host.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import { elapsed } from '../../domain/units.ts';
import { type Method, type Oversight, overseen } from '../overseen.ts';
import type { Family } from './metrics-family.ts';
import { Distribution, Tally } from './metrics-tally.ts';
import type { FleetWatch, WakeFor } from './metrics-watch.ts';

/** Who is told what the catalog says of tenants. */
type Told = Pick<FleetWatch, 'saw' | 'moved' | 'removed' | 'step' | 'levels'>;

const MS_OF_SECOND = 1_000;
const CALL_BOUNDS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] as const;

/** How the ports have answered. */
export class PortWatch {
  readonly #clock: Clock;
  readonly #catalog = new Distribution(
    { name: 'dynabase_catalog_seconds', help: 'Answers of the catalog.' },
    CALL_BOUNDS_S,
    [],
  );
  readonly #catalogFaults = new Tally(
    { name: 'dynabase_catalog_faults', help: 'Questions to the catalog that failed, by fault.' },
    ['code'],
  );
  readonly #parks = new Distribution(
    { name: 'dynabase_park_seconds', help: 'Requests to park the sessions of a tenant.' },
    CALL_BOUNDS_S,
    ['request', 'outcome'],
  );

  readonly #hostFaults = new Tally(
    { name: 'dynabase_host_faults', help: 'Work on data and computes that failed, by fault.' },
    ['call', 'code'],
  );
  readonly #lost = new Tally(
    { name: 'dynabase_computes_lost', help: 'Computes that ended and nobody had asked for it.' },
    [],
  );

  readonly #refusals = new Tally(
    {
      name: 'dynabase_session_refusals',
      help: 'Sessions and calls over HTTP that were refused, by fault.',
    },
    ['code'],
  );

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lost.add({}, 0);
    this.#refusals.add({ code: 'PASSWORD_WRONG' }, 0);
  }

  families(): readonly Family[] {
    return [
      this.#catalog,
      this.#catalogFaults,
      this.#parks,
      this.#hostFaults,
      this.#lost,
      this.#refusals,
    ].map((counted) => counted.family());
  }

  /** `catalog`, whose answers are timed, and which tells of tenants. */
  catalog<C extends Catalog>(catalog: C, watch: Told): C {
    const own = catalogMethods(catalog, watch);
    return overseen<Catalog>(catalog, { own, around: (_, method) => this.#timed(method) }) as C;
  }

  /** `host`, of which is counted what fails, and computes that end although nobody has asked for it. */
  host(host: Host): Host {
    const onLost: Host['onLost'] = (listener) =>
      host.onLost((tenant, reason) => {
        this.#lost.add({});
        listener(tenant, reason);
      });
    const around: Oversight<Host>['around'] =
      (name, method) =>
      (...args) => {
        const answer = method(...args);
        if (answer instanceof Promise) {
          answer.catch((error: unknown) => {
            this.#hostFaults.add({ call: String(name), code: toFault(error).code });
          });
        }
        return answer;
      };
    return overseen(host, { own: { onLost }, around });
  }

  sessions(sessions: Sessions): Sessions {
    const park: Sessions['park'] = async (tenant, request) => {
      const since = this.#clock.now();
      const parked = await sessions.park(tenant, request);
      const took = elapsed(since, this.#clock.now()) / MS_OF_SECOND;
      this.#parks.note({ request: request.kind, outcome: parked.kind }, took);
      return parked;
    };
    return overseen(sessions, { own: { park } });
  }

  /** `gate`, which also tells for whom a tenant is woken, and how long they waited. */
  gate(gate: Gate, watch: FleetWatch): Gate {
    const own: Partial<Gate> = {
      refused: (counts) => {
        for (const [code, count] of Object.entries(counts)) this.#refusals.add({ code }, count);
      },
      expect: (tenant, cause) => {
        watch.asked(tenant, causeOf(cause));
        gate.expect(tenant, cause);
      },
      wake: async (request) => {
        const by = causeOf(request.cause);
        if (request.onlyIfAwake === true || !watch.asked(request.tenant, by)) {
          return await gate.wake(request);
        }
        const since = this.#clock.now();
        const address = await gate.wake(request);
        watch.waited(by, elapsed(since, this.#clock.now()));
        return address;
      },
    };
    return overseen(gate, { own });
  }

  #timed(method: Method): Method {
    return (...args) => {
      const since = this.#clock.now();
      const answer = method(...args);
      if (answer instanceof Promise) {
        answer.then(
          () => this.#catalog.note({}, elapsed(since, this.#clock.now()) / MS_OF_SECOND),
          (error: unknown) => this.#catalogFaults.add({ code: toFault(error).code }),
        );
      }
      return answer;
    };
  }
}

const causeOf = (cause: WakeCause): WakeFor =>
  cause.kind === 'session' ? cause.visitor : 'operator';

/** Those that tell of tenants. */
function catalogMethods(catalog: Catalog, watch: Told): Partial<Catalog> {
  return {
    move: async (tenant, to, change) => {
      const moved = await catalog.move(tenant, to, change);
      watch.moved(tenant, moved);
      return moved;
    },
    note: async (tenant, change) => {
      const noted = await catalog.note(tenant, change);
      watch.moved(tenant, noted);
      return noted;
    },
    configure: async (id, change) => {
      const tenant = await catalog.configure(id, change);
      watch.saw(tenant);
      return tenant;
    },
    tenantById: async (id) => {
      const tenant = await catalog.tenantById(id);
      if (tenant !== undefined) watch.saw(tenant);
      return tenant;
    },
    unrestedTenants: async () => {
      const tenants = await catalog.unrestedTenants();
      for (const tenant of tenants) watch.saw(tenant);
      return tenants;
    },
    removeTenant: async (id) => {
      await catalog.removeTenant(id);
      watch.removed(id);
    },
    recordStep: async (id, step) => {
      await catalog.recordStep(id, step);
      watch.step(id, step);
    },
    noteLevels: async (id, change) => {
      await catalog.noteLevels(id, change);
      watch.levels(change);
    },
  };
}

/** `lifecycle`, which also tells that somebody without a session wakes a tenant. */
export function watchedLifecycle(lifecycle: Lifecycle, watch: FleetWatch): Lifecycle {
  const wakes = new Set<PropertyKey>(['wakeTenant', 'inside', 'snapshot', 'restore']);
  return overseen(lifecycle, {
    around: (name, method) =>
      wakes.has(name)
        ? (...args) => {
            watch.asked(args[0] as TenantId, 'operator');
            return method(...args);
          }
        : method,
  });
}
