/**
 * Random months of a small fleet: sessions come and go, computes die, the catalog fails, the server
 * crashes and starts anew, tenants are put to sleep and removed. Then the world is left in peace,
 * and must come to rest: nothing held, nothing half done, nothing running.
 */
import { expect, test } from 'vitest';
import { Fault, fault } from '../domain/faults.ts';
import type { ProxyId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, ms } from '../domain/units.ts';
import { Orchestrated, UNUSED } from '../testing/orchestrated.ts';
import { SeededRandom } from '../testing/seeded-random.ts';

const SEEDS = 60;
const STEPS = 150;
const TENANTS = 5;

type Open = { readonly tenant: Tenant; readonly id: ProxyId };

class Fleet {
  readonly world = new Orchestrated({ atOnce: 2, waitingMax: 50 });
  readonly #random: SeededRandom;
  readonly #tenants: Tenant[] = [];
  readonly #strange: unknown[] = [];
  #open: Open[] = [];
  #waiting = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  async run(): Promise<void> {
    for (let i = 0; i < TENANTS; i++) this.#tenants.push(await this.world.tenant(`t${i}`));
    for (let step = 0; step < STEPS; step++) {
      await this.#step();
      await this.world.clock.advance(ms(Math.floor(this.#random.next() ** 4 * 1_000_000)));
    }
    await this.#leaveInPeace();
  }

  async check(): Promise<void> {
    expect(this.#waiting).toBe(0);
    expect(this.#strange).toEqual([]);
    expect(this.world.host.running).toEqual([]);
    for (const tenant of this.#tenants) {
      expect(['suspended', 'failed', undefined]).toContain(await this.world.stateOf(tenant));
    }
    expect(this.world.clock.pending).toBe(0);
  }

  async #step(): Promise<void> {
    const { orchestrator, host, catalog } = this.world;
    const tenant = this.#pick(this.#tenants);
    switch (Math.floor(this.#random.next() * 17)) {
      case 0:
        if (host.running.includes(tenant.id)) host.crash(tenant.id);
        return;
      case 1:
        host.failNext('start', new Error('no memory'));
        return;
      case 2:
        catalog.failNext('move', fault('CATALOG_DOWN', {}));
        return;
      case 3:
        catalog.failNext('tenantById', fault('CATALOG_DOWN', {}));
        return;
      case 4:
        return this.#expectFault(orchestrator.suspend(tenant.id));
      case 5:
        return await this.#crashServer();
      case 6:
        orchestrator.rolesChanged(tenant.id);
        return;
      case 7:
        if (this.#random.next() < 0.1) this.#expectFault(orchestrator.remove(tenant.id));
        return;
      case 8:
        orchestrator.unanswered(tenant.id);
        return;
      case 9:
        catalog.loseNextAnswer();
        return;
      case 10:
        host.failNext(this.#pick(['upkeep', 'autovacuum']), new Error('no'));
        return;
      case 11:
        host.upkeepTakes = ms(this.#random.next() * 60_000);
        return;
      case 12:
      case 13:
        return this.#close();
      default:
        return this.#connect(tenant);
    }
  }

  #connect(tenant: Tenant): void {
    const session = this.world.session(tenant);
    this.#open.push({ tenant, id: session.id });
    this.#waiting += 1;
    const { orchestrator } = this.world;
    session.address
      .then((outcome) => {
        // A server that has crashed since answers nobody.
        if (orchestrator === this.world.orchestrator) this.#waiting -= 1;
        if (outcome instanceof Error && !(outcome instanceof Fault)) this.#strange.push(outcome);
      })
      .catch((error: unknown) => this.#strange.push(error));
  }

  #close(): void {
    const session = this.#pick(this.#open);
    if (session === undefined) return;
    this.#open = this.#open.filter((s) => s !== session);
    this.world.orchestrator.use(session.tenant.id, session.id, UNUSED);
  }

  async #crashServer(): Promise<void> {
    this.#open = [];
    this.#waiting = 0;
    this.world.restart({ atOnce: 2, waitingMax: 50 });
    await this.world.orchestrator.recover().catch(() => {});
  }

  async #leaveInPeace(): Promise<void> {
    const { catalog } = this.world;
    catalog.forgive();
    this.world.host.forgive();
    while (this.#open.length > 0) this.#close();
    // Whatever runs has been idle by then, and what was lost has been forgotten.
    await this.world.clock.advance(hours(1));
  }

  #expectFault(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!(error instanceof Fault)) this.#strange.push(error);
    });
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.next() * from.length)] as T;
  }
}

test.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
  'a fleet left in peace comes to rest, seed %i',
  async (seed) => {
    const fleet = new Fleet(seed);
    await fleet.run();
    await fleet.check();
  },
);
