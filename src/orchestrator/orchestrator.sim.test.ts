/**
 * Random months of a small fleet: sessions of several proxies come, ask, idle, are pinned and go;
 * computes and proxies die, the catalog fails, the server crashes and starts anew, tenants are
 * expected, put to sleep, restarted and removed. Then the world is left in peace, and must come to
 * rest: nobody waits, nothing is held, half done or running, though sessions are still open. At no
 * time is a compute stopped while a proxy may touch it.
 */
import { expect, test } from 'vitest';
import { Fault, fault } from '../domain/faults.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, ms } from '../domain/units.ts';
import { Orchestrated } from '../testing/orchestrated.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import type { SimulatedSession } from '../testing/simulated-proxies.ts';

const SEEDS = 60;
const STEPS = 200;
const TENANTS = 5;
const PROXIES = 3;

class Fleet {
  readonly world = new Orchestrated({ atOnce: 2, waitingMax: 50 });
  readonly #random: SeededRandom;
  readonly #tenants: Tenant[] = [];
  readonly #strange: unknown[] = [];
  #sessions: SimulatedSession[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    for (let i = 0; i < PROXIES; i++) this.world.proxies.make(`proxy-${i}`);
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
    const { proxies, host, clock } = this.world;
    expect(proxies.violations).toEqual([]);
    expect(proxies.all.map(({ waiting }) => waiting)).toEqual(proxies.all.map(() => 0));
    expect(this.#strange).toEqual([]);
    expect(host.running).toEqual([]);
    for (const tenant of this.#tenants) {
      expect(['suspended', 'failed', undefined]).toContain(await this.world.stateOf(tenant));
    }
    expect(clock.pending).toBe(0);
  }

  /** Sessions that were still open when all had come to rest. */
  get openAtRest(): number {
    return this.#sessions.filter(({ state }) => state !== 'gone').length;
  }

  async #step(): Promise<void> {
    const tenant = this.#pick(this.#tenants);
    const dice = this.#random.next();
    if (dice < 0.3) return this.#mishap(tenant);
    if (dice < 0.45) return this.#operate(tenant);
    if (dice < 0.47) return await this.#crashServer();
    if (dice < 0.48) return this.#pick(this.world.proxies.all).crash();
    return this.#use(tenant);
  }

  #mishap(tenant: Tenant): void {
    const { orchestrator, host, catalog, proxies } = this.world;
    const mishaps = [
      () => host.running.includes(tenant.id) && host.crash(tenant.id),
      () => host.failNext('start', new Error('no memory')),
      () => host.failNext('settle', new Error('no answer')),
      () => host.failNext(this.#pick(['upkeep', 'autovacuum']), new Error('no')),
      () => catalog.failNext('move', fault('CATALOG_DOWN', {})),
      () => catalog.failNext('tenantById', fault('CATALOG_DOWN', {})),
      () => catalog.loseNextAnswer(),
      () => orchestrator.unanswered(tenant.id),
      () => {
        host.upkeepTakes = ms(this.#random.next() * 60_000);
      },
      () => {
        const proxy = this.#pick(proxies.all);
        proxy.interrogationTakes = ms(this.#random.next() ** 4 * 10_000);
      },
    ];
    this.#pick(mishaps)();
  }

  #operate(tenant: Tenant): void {
    const { orchestrator } = this.world;
    const { id } = tenant;
    const within = ms(this.#random.next() * 20_000);
    const force = this.#random.next() < 0.3;
    const cause = { kind: 'session', role: 'r', applicationName: '', from: '::1' } as const;
    const operations = [
      () => this.#expectFault(orchestrator.suspend(id)),
      () => this.#expectFault(orchestrator.restart(id, { within, force })),
      () => this.#expectFault(orchestrator.wakeTenant(id)),
      () => this.#expectFault(orchestrator.changed(id)),
      () => orchestrator.expect(id, cause),
      () => orchestrator.rolesChanged(id),
      () => {
        if (this.#random.next() < 0.1) this.#expectFault(orchestrator.remove(id));
      },
    ];
    this.#pick(operations)();
  }

  #use(tenant: Tenant): void {
    this.#sessions = this.#sessions.filter(({ state }) => state !== 'gone');
    const session = this.#pick(this.#sessions);
    const dice = this.#random.next();
    if (session === undefined || dice < 0.25) {
      this.#sessions.push(this.#pick(this.world.proxies.all).open(tenant.id));
    } else if (dice < 0.5) session.proxy.ask(session);
    else if (dice < 0.8) session.proxy.answered(session, 'idle');
    else if (dice < 0.85) session.proxy.answered(session, 'pinned');
    else session.proxy.close(session);
  }

  async #crashServer(): Promise<void> {
    this.world.restart({ atOnce: 2, waitingMax: 50 });
    await this.world.orchestrator.recover().catch(() => {});
  }

  async #leaveInPeace(): Promise<void> {
    const { catalog, host, clock } = this.world;
    catalog.forgive();
    host.forgive();
    // Whoever waits is answered within this, and then has nothing more to ask.
    await clock.advance(hours(1));
    for (const session of this.#sessions) session.proxy.answered(session, 'idle');
    // Whatever runs has been idle by then, and what was lost has been forgotten.
    await clock.advance(hours(1));
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

const seeds = Array.from({ length: SEEDS }, (_, seed) => seed);
let openAtRest = 0;

test.each(seeds)('a fleet left in peace comes to rest, seed %i', async (seed) => {
  const fleet = new Fleet(seed);
  await fleet.run();
  await fleet.check();
  openAtRest += fleet.openAtRest;
});

test('sessions were still open when the fleets had come to rest', () => {
  expect(openAtRest).toBeGreaterThan(SEEDS);
});
