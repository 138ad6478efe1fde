/**
 * Random months of a small fleet: sessions of several proxies come, ask, idle, are pinned and go;
 * computes and proxies die, the catalog and the archive fail, the server crashes and starts anew,
 * tenants are expected, put to sleep, restarted, saved, archived, restored and removed. Then the world
 * is left in peace, and must come to rest: nobody waits, nothing is held, half done or running, though
 * sessions are still open. At no time is a compute stopped while a proxy may touch it, and every write
 * that was acknowledged is in the tenant's data at the end, wherever that is.
 */
import { expect, test } from 'vitest';
import { Fault, fault } from '../domain/faults.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { PLANS } from '../domain/tier.ts';
import { hours, minutes, ms, type Timestamp } from '../domain/units.ts';
import { LATENCY_BOUNDS_US, type UsageMinute } from '../domain/usage.ts';
import { PRESETS, type Rules } from '../policy/rules.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import type { SimulatedSession } from '../sim/simulated-proxies.ts';
import { Orchestrated } from '../testing/orchestrated.ts';

const SEEDS = 36;
const STEPS = 200;
const TENANTS = 5;
const PROXIES = 3;

/** The rules with shorter times, so that everything happens often. */
const shortened = (rules: Rules): Rules => ({
  ...rules,
  archiveAfter: minutes(40),
  snapshotEvery: minutes(20),
});

const RULES = [PRESETS.machine, PRESETS.vision, PRESETS.adaptive].map(shortened);

const optionsFor = (seed: number) => ({
  ...{ atOnce: 2, waitingMax: 50 },
  rules: RULES[seed % RULES.length] ?? shortened(PRESETS.machine),
});

class Fleet {
  readonly world: Orchestrated;
  readonly #options: ReturnType<typeof optionsFor>;
  readonly #random: SeededRandom;
  readonly #tenants: Tenant[] = [];
  readonly #strange: unknown[] = [];
  #sessions: SimulatedSession[] = [];

  constructor(seed: number) {
    this.#options = optionsFor(seed);
    this.world = new Orchestrated(this.#options);
    this.#random = new SeededRandom(seed);
    for (let i = 0; i < PROXIES; i++) this.world.proxies.make(`proxy-${i}`);
  }

  async run(): Promise<void> {
    await this.world.orchestrator.recover();
    for (let i = 0; i < TENANTS; i++) {
      const tier = this.#pick(['COLD', 'WARM', 'HOT'] as const);
      this.#tenants.push(await this.world.tenant(`t${i}`, tier));
    }
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
    for (const tenant of this.#tenants) await this.#checkData(tenant);
    await this.world.orchestrator.close({ detach: true });
    expect(clock.pending).toBe(0);
  }

  async #checkData(tenant: Tenant): Promise<void> {
    const { catalog, host, archive } = this.world;
    const row = await catalog.tenantById(tenant.id);
    expect(['suspended', 'failed', undefined]).toContain(row?.state.kind);
    if (row === undefined) {
      expect(host.writesOf(tenant.id)).toBe(undefined);
      expect(archive.tenants).not.toContain(tenant.id);
      return;
    }
    const { home, vault } = row;
    const files = host.writesOf(tenant.id);
    if (home.kind !== 'archive') {
      expect([home.kind, files ?? 0]).toEqual([home.kind, host.acknowledged(tenant.id)]);
      return;
    }
    expect(files).toBe(undefined);
    const ref = { tenant: tenant.id, vault, snapshot: home.snapshot };
    // What was restored and has not been awake since was not acknowledged to anybody.
    if (host.isRestoring(ref)) return;
    expect(archive.notesOf(ref)).toMatchObject({ writes: `${host.acknowledged(tenant.id)}` });
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
    const { orchestrator, host, catalog, proxies, archive, policyStore } = this.world;
    const mishaps = [
      () => host.running.includes(tenant.id) && host.crash(tenant.id),
      () => host.failNext('start', new Error('no memory')),
      () => host.failNext('settle', new Error('no answer')),
      () => host.failNext(this.#pick(['upkeep', 'autovacuum']), new Error('no')),
      () => catalog.failNext('move', fault('CATALOG_DOWN', {})),
      () => catalog.failNext('tenantById', fault('CATALOG_DOWN', {})),
      () => catalog.loseNextAnswer(),
      () => catalog.failNext('note', fault('CATALOG_DOWN', {})),
      () => host.failNext(this.#pick(['archive', 'hydrate', 'shedL1', 'shedL2']), new Error('no')),
      () => host.failNext(this.#pick(['remove', 'measure', 'remember']), fault('INTERNAL', {})),
      () => {
        archive.down = archive.down === null ? fault('ARCHIVE_DOWN', { why: 'it is away' }) : null;
      },
      () => {
        archive.saveTakes = ms(this.#random.next() ** 2 * 60_000);
        archive.loadTakes = ms(this.#random.next() ** 2 * 10_000);
      },
      () => policyStore.failNext(fault('CATALOG_DOWN', {})),
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
    const { orchestrator, catalog, clock } = this.world;
    const { id } = tenant;
    const within = ms(this.#random.next() * 20_000);
    const force = this.#random.next() < 0.3;
    const cause = {
      kind: 'session',
      role: 'r',
      applicationName: '',
      from: '::1',
      visitor: 'person',
    } as const;
    const operations = [
      () => this.#expectFault(orchestrator.suspend(id)),
      () => this.#expectFault(orchestrator.restart(id, { within, force })),
      () => this.#expectFault(orchestrator.wakeTenant(id)),
      () => this.#expectFault(orchestrator.changed(id)),
      () => this.#expectFault(orchestrator.archive(id)),
      () => this.#expectFault(orchestrator.archive(id)),
      () => this.#expectFault(orchestrator.snapshot(id, this.#pick([null, 'mine']))),
      () => this.#expectFault(this.#restore(id)),
      () => this.#expectFault(orchestrator.measure(id)),
      () => {
        const tier = this.#pick(['COLD', 'WARM', 'HOT'] as const);
        this.#expectFault(catalog.configure(id, { tier }).then(() => orchestrator.changed(id)));
      },
      () => {
        const plan = this.#pick(PLANS);
        const before = tenant.plan;
        const changed = catalog.configure(id, { plan });
        this.#expectFault(changed.then(() => orchestrator.changed(id, before)));
      },
      () => orchestrator.setRules(this.#pick(RULES)),
      () => this.#expectFault(orchestrator.policyView(id)),
      () => orchestrator.used([usedIn(tenant.id, clock.wall(), this.#random.next())]),
      () => orchestrator.expect(id, cause),
      () => orchestrator.rolesChanged(id),
      () => {
        if (this.#random.next() < 0.1) this.#expectFault(orchestrator.remove(id));
      },
    ];
    this.#pick(operations)();
  }

  async #restore(id: TenantId): Promise<void> {
    const { orchestrator, archive, host, catalog } = this.world;
    const row = await catalog.tenantById(id);
    if (row === undefined) return;
    const holder = { tenant: id, vault: row.vault };
    const snapshot = this.#pick(await archive.list(holder));
    if (snapshot === undefined) return;
    host.mayRestore(id);
    await orchestrator.restore(id, snapshot.id);
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
    this.world.restart(this.#options);
    await this.world.orchestrator.recover().catch(() => {});
  }

  async #leaveInPeace(): Promise<void> {
    const { catalog, host, archive, clock } = this.world;
    catalog.forgive();
    host.forgive();
    archive.down = null;
    // Whoever waits is answered within this, and then has nothing more to ask.
    await clock.advance(hours(1));
    for (const session of this.#sessions) session.proxy.answered(session, 'idle');
    // Whatever runs has been idle by then, and what was lost has been forgotten.
    await clock.advance(hours(30));
    // But for who must never sleep, and who is expected again.
    this.world.orchestrator.setRules(shortened(PRESETS.machine));
    // Whom the other rules had raised is given its tier back first.
    await clock.advance(minutes(5));
    for (const id of host.running) {
      await catalog.configure(id, { tier: 'COLD' });
      this.#expectFault(this.world.orchestrator.changed(id));
    }
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

/** A minute in which people asked up to two thousand things. */
const usedIn = (tenant: TenantId, minute: Timestamp, dice: number): UsageMinute => ({
  ...{ tenant, minute, sessions: 1, queries: Math.floor(dice * 2_000), byRobots: 0 },
  ...{ transactions: 1, errors: {}, bytesIn: 1_000, bytesOut: 1_000 },
  ...{ latency: LATENCY_BOUNDS_US.map(() => 1), classes: [], latencySumUs: 1_000 },
});

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
