/**
 * Brings tenants to where they should be: awake while somebody uses them, at rest otherwise.
 *
 * Answers the proxy (`Gate`) and `control` (`Lifecycle`). Keeps one `TenantLife` for each tenant
 * with which something is going on, none for the others: its memory grows with what is awake, not
 * with what exists.
 */

import type { Snapshot } from '../domain/archive.ts';
import type { AwakeCause } from '../domain/awake.ts';
import { fault } from '../domain/faults.ts';
import type { Credential, Door, Gate, TenantUse, WakeCause, WakeRequest } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import type { ProxyId, SnapshotId, TenantId, TenantName } from '../domain/ids.ts';
import type { LevelReading } from '../domain/levels.ts';
import type {
  FleetPolicy,
  FleetUse,
  Lifecycle,
  RestartRequest,
  TenantLive,
} from '../domain/lifecycle.ts';
import type { PolicyView } from '../domain/policy-view.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Plan } from '../domain/tier.ts';
import { ms } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import type { Rules } from '../policy/rules.ts';
import { Appointments } from './appointments.ts';
import { Archivist } from './archivist.ts';
import { Directory } from './directory.ts';
import { eachAtOnce } from './each-at-once.ts';
import type { FleetPrice } from './fleet-price.ts';
import { LateMinutes } from './late-minutes.ts';
import { livingWorld } from './living-world.ts';
import { Roundup } from './roundup.ts';
import { TenantLife } from './tenant-life.ts';
import { TenantRecord } from './tenant-record.ts';
import { policyViewOf } from './tenant-view.ts';
import { UseBook } from './use-book.ts';
import { expectedOf } from './wake-cause.ts';
import type { LifeWorld, WorldParts } from './world.ts';

/** Tenants looked up at once for somebody who is only expected; more than that are let be. */
const EXPECTED_AT_ONCE = 16;

export class Orchestrator implements Gate, Lifecycle {
  readonly #world: LifeWorld;
  readonly #directory: Directory;
  readonly #archivist: Archivist;
  readonly #appointments: Appointments;
  readonly #minutes: LateMinutes;
  readonly #roundup: Roundup;
  readonly #lives = new Map<TenantId, TenantLife>();
  readonly #uses: UseBook;
  readonly #expected = new Set<TenantId>();
  #closing = false;

  constructor(parts: WorldParts) {
    const world = livingWorld(parts);
    this.#world = world;
    const ask = (id: TenantId) => this.#with(id, (one) => one.policy.appointment());
    this.#appointments = new Appointments({
      world,
      ask,
      kept: () => world.learner.written(),
    });
    this.#archivist = new Archivist({
      world,
      archive: ({ id, generation }, because) =>
        this.#with(id, (life) => life.archive.archive(because, generation)),
      snapshot: async ({ id }, because) => {
        const wish = { name: null, because, isOnlyDue: true };
        await this.#with(id, (life) => life.archive.snapshot(wish));
      },
    });
    const life = (id: TenantId): TenantLife | undefined => this.#lives.get(id);
    this.#minutes = new LateMinutes({ world, life, using: (id, work) => this.#with(id, work) });
    this.#roundup = new Roundup({ world, ask });
    this.#directory = new Directory(world);
    this.#uses = new UseBook(world.clock);
    world.host.onLost((tenant, reason) => this.#lives.get(tenant)?.lost(reason));
  }

  /**
   * Finishes or takes back what a crash left half done. Resolves when each such tenant is known, not
   * when it is healed: a client that comes meanwhile waits for its own tenant only.
   */
  async recover(): Promise<{ readonly healed: Promise<void>; readonly count: number }> {
    const tenants = await this.#world.catalog.unrestedTenants();
    const lives = tenants.map((tenant) => this.#lifeOf(tenant));
    for (const life of lives) life.enter();
    const healed = eachAtOnce(lives, async (life) => {
      try {
        await life.heal();
      } catch (error) {
        this.#world.log.error('a tenant could not be healed', { tenant: life.tenant.id, error });
      } finally {
        life.leave();
      }
    });
    await this.#world.learner.open();
    await this.#world.price.open();
    await this.#world.husks.open();
    this.#archivist.start();
    this.#appointments.start(ms(0));
    return { healed, count: lives.length };
  }

  door(name: TenantName): Promise<Door | undefined> {
    return this.#directory.door(name);
  }

  async credential(tenant: TenantId, role: string): Promise<Credential | undefined> {
    await this.#lives
      .get(tenant)
      ?.roles.known()
      .catch(() => {});
    return await this.#directory.credential(tenant, role);
  }

  async wake(request: WakeRequest): Promise<Address> {
    this.#refuseWhenClosing();
    if (request.onlyIfAwake === true) return this.#addressOf(request.tenant);
    return await this.#with(request.tenant, (life) => life.wakeFor(request));
  }

  /** For who wakes nobody: asks the proxies nothing, and holds nothing. */
  #addressOf(tenant: TenantId): Address {
    const address = this.#lives.get(tenant)?.address ?? null;
    if (address === null) throw fault('TENANT_ASLEEP', { tenant, why: 'it is not woken for this' });
    return address;
  }

  expect(tenant: TenantId, cause: WakeCause): void {
    if (this.#closing || this.#expected.has(tenant)) return;
    if (this.#expected.size >= EXPECTED_AT_ONCE || !this.#world.queue.hasSpare) return;
    this.#expected.add(tenant);
    this.#with(tenant, async (life) => life.expect(expectedOf(cause, this.#world.tickets)))
      .catch((error) => this.#world.log.debug('nobody is expected after all', { tenant, error }))
      .finally(() => this.#expected.delete(tenant));
  }

  use(tenant: TenantId, proxy: ProxyId, use: TenantUse): void {
    const life = this.#lives.get(tenant);
    if (life !== undefined) {
      life.report(proxy, use);
      return;
    }
    this.#uses.of(tenant).report(proxy, use);
    this.#uses.tidy(tenant);
  }

  unanswered(tenant: TenantId): void {
    this.#lives.get(tenant)?.unanswered();
  }

  rolesChanged(tenant: TenantId): void {
    const life = this.#lives.get(tenant);
    if (life === undefined) return;
    life.enter();
    life.roles
      .start()
      .finally(() => {
        this.#directory.forget(tenant);
        life.leave();
      })
      .catch((error) => {
        this.#world.log.warn('the roles of a tenant could not be saved', { tenant, error });
      });
  }

  async create(tenant: Tenant): Promise<Tenant> {
    const life = this.#lifeOf(tenant);
    return await this.#using(life, async () => {
      await life.place();
      return life.tenant;
    });
  }

  async wakeTenant(id: TenantId): Promise<Tenant> {
    this.#refuseWhenClosing();
    const cause = this.#asked();
    return await this.#with(id, async (life) => {
      await life.wake(cause);
      await life.written();
      return life.tenant;
    });
  }

  async suspend(id: TenantId): Promise<Tenant> {
    return await this.#with(id, async (life) => {
      await life.suspend('an operator asked', 'operator');
      return life.tenant;
    });
  }

  async restart(id: TenantId, request: RestartRequest): Promise<Tenant> {
    this.#refuseWhenClosing();
    const cause = this.#asked();
    return await this.#with(id, async (life) => {
      await life.restart(request, 'an operator asked for a restart', cause);
      return life.tenant;
    });
  }

  async halt(id: TenantId, request: RestartRequest, because: string): Promise<void> {
    await this.#with(id, (life) => life.inside.halt(request, because));
  }

  async archive(id: TenantId): Promise<Tenant> {
    return await this.#with(id, async (life) => {
      await life.archive.archive('an operator asked', null);
      return life.tenant;
    });
  }

  async snapshot(id: TenantId, name: string | null): Promise<Snapshot> {
    const wish = { name, because: 'an operator asked', isOnlyDue: false, cause: this.#asked() };
    return await this.#with(id, (life) => life.archive.snapshot(wish));
  }

  async restore(id: TenantId, snapshot: SnapshotId): Promise<Tenant> {
    this.#refuseWhenClosing();
    return await this.#with(id, async (life) => {
      await life.archive.restore(snapshot);
      this.#directory.forget(id);
      return life.tenant;
    });
  }

  async inside<T>(id: TenantId, work: (address: Address) => Promise<T>): Promise<T> {
    this.#refuseWhenClosing();
    const cause = this.#asked();
    return await this.#with(id, (life) => life.inside.run(work, cause)).finally(() =>
      this.#directory.forget(id),
    );
  }

  /** By its end the catalog has all that was told of the tenant's levels before. */
  async measure(id: TenantId): Promise<LevelReading> {
    const reading = await this.#with(id, (life) => life.measure());
    await this.#world.ladder.written();
    return reading;
  }

  async remove(id: TenantId): Promise<void> {
    this.#directory.forget(id);
    await this.#with(id, (life) => life.remove()).finally(() => this.#directory.forget(id));
    this.#world.learner.forget(id);
  }

  async changed(id: TenantId, planBefore?: Plan): Promise<Tenant> {
    this.#directory.forget(id);
    return await this.#with(id, async (life) => {
      await life.changed(planBefore);
      this.#directory.forget(id);
      return life.tenant;
    });
  }

  /** What tenants have used. Never throws. */
  used(records: readonly UsageMinute[]): void {
    this.#minutes.took(records);
  }

  /** Other rules from now on. Computes of other sizes get them when they are started next. */
  setRules(rules: Rules): void {
    this.#world.setRules(rules);
    for (const life of this.#lives.values()) {
      this.#directory.forget(life.tenant.id);
      life.policy.review();
    }
    this.#roundup.start();
  }

  /** What it decides and advises by. Where others are in force, lives are reviewed as by other rules. */
  get price(): FleetPrice {
    return this.#world.price;
  }

  /** Other rules than those of the last server: sleeping tenants are to hear of them, too. */
  rulesAreNew(): void {
    this.#roundup.start();
  }

  async policyView(id: TenantId): Promise<PolicyView> {
    const world = this.#world;
    return await this.#with(id, (life) => policyViewOf(world, life));
  }

  recorded(): Promise<void> {
    return this.#world.learner.written();
  }

  fleetPolicy(): FleetPolicy {
    const { price, learner, rules, husks } = this.#world;
    return {
      residency: rules.residency.mode,
      valueOfSecond: price.valueOfSecond,
      costShare: price.share,
      husks: husks.view,
      ...learner.counts,
    };
  }

  live(id: TenantId): TenantLive {
    const life = this.#lives.get(id);
    if (life !== undefined) return life.live();
    const nothing = {
      ...{ heldBy: null, idleSince: null, suspendAt: null, lastSuspendRefusal: null },
      descent: null,
    };
    return { ...this.#uses.counts(id), ...nothing };
  }

  fleetUse(): FleetUse {
    return this.#uses.fleet();
  }

  /** Takes no more wakes; stops every awake compute unless `detach` leaves them to the next start. */
  async close(options: { readonly detach: boolean }): Promise<void> {
    this.#closing = true;
    const lives = [...this.#lives.values()];
    for (const life of lives) life.archive.giveUp();
    await this.#archivist.close();
    await Promise.all([this.#appointments.close(), this.#roundup.close(), this.#minutes.close()]);
    this.#world.price.close();
    await this.#world.husks.close();
    if (!options.detach) {
      await eachAtOnce(lives, async (life) => {
        await life
          .stop('the server is stopping')
          .catch((error) => this.#stopUnwritten(life, error));
      });
    }
    await this.#world.ladder.written();
    await this.#world.learner.written();
  }

  /** The catalog is away: its row goes on to say that the compute runs, which the next start heals. */
  async #stopUnwritten(life: TenantLife, because: unknown): Promise<void> {
    const { host, log } = this.#world;
    const { id } = life.tenant;
    log.warn('a compute is stopped without a record of it', { tenant: id, error: because });
    try {
      await host.stop(id);
    } catch (error) {
      log.error('a compute could not be stopped', { tenant: id, error });
    }
  }

  #asked(): AwakeCause {
    return { kind: 'operator', asking: this.#world.asked.asking };
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw fault('SERVER_STOPPING', {});
  }

  /** Runs `work` with the tenant's life. Throws `TENANT_UNKNOWN` if there is no such tenant. */
  async #with<T>(id: TenantId, work: (life: TenantLife) => Promise<T>): Promise<T> {
    let life = this.#lives.get(id);
    if (life === undefined) {
      const tenant = await this.#world.catalog.tenantById(id);
      if (tenant === undefined) throw fault('TENANT_UNKNOWN', { tenant: id });
      life = this.#lifeOf(tenant);
    }
    return await this.#using(life, () => work(life));
  }

  /** Keeps `life` from resting while `work` runs. Enters in the same breath in which it is called. */
  async #using<T>(life: TenantLife, work: () => Promise<T>): Promise<T> {
    life.enter();
    try {
      return await work();
    } finally {
      life.leave();
    }
  }

  #lifeOf(tenant: Tenant): TenantLife {
    const known = this.#lives.get(tenant.id);
    if (known !== undefined) return known;
    const record = new TenantRecord(this.#world, tenant);
    const onRest = (): void => {
      if (this.#lives.get(tenant.id) !== life) return;
      this.#lives.delete(tenant.id);
      this.#uses.tidy(tenant.id);
      this.#world.learner.rested(tenant.id);
    };
    const uses = this.#uses.of(tenant.id);
    const onTier = (retiered: Tenant): void => this.#directory.retiered(retiered);
    const life: TenantLife = new TenantLife(this.#world, { record, uses, onRest, onTier });
    this.#lives.set(tenant.id, life);
    return life;
  }
}
