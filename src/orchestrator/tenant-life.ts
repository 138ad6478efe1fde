/**
 * One tenant while anything is going on with it.
 *
 * Holds what a catalog row cannot: where its compute listens, which sessions hold it awake, and the
 * one transition that is under way. A tenant at rest has no life here and costs no memory.
 *
 *   no transition, no address   asleep; the row says `suspended` or `failed`
 *   transition `wake`           a start is under way; every session that comes shares its outcome
 *   no transition, an address   awake; held by its sessions, else a timer counts to the suspend
 *   transition `suspend`        first the intent is written, in which time a session may still turn
 *                               it round; then the address is gone and sessions wait for the end,
 *                               to begin a wake of their own
 *   transition `heal`           the row says more than is known (a crash, a lost compute, a write
 *                               that failed): what is true is looked up, and the row made to agree
 *   transition `settle`         a new owner password is brought to the running compute
 *   transition `create`         a new tenant is given its place
 *   transition `roles`          the roles of the compute are read into the catalog; who comes passes by
 *   transition `upkeep`         tables are vacuumed before a suspend; who comes passes by, and ends it
 *   transition `remove`         ends in `gone`
 *
 * There is at most one transition, and the promise of its end is the state: it is cleared by success
 * and by failure alike. Nobody cancels another's transition, but a wake that still waits for its
 * place in the queue is dropped with its last waiter.
 */
import { Fault, fault, isFault } from '../domain/faults.ts';
import type { Address } from '../domain/host.ts';
import type { ProxyId } from '../domain/ids.ts';
import type { TenantLive } from '../domain/lifecycle.ts';
import type { Tenant } from '../domain/tenant.ts';
import { ms, seconds } from '../domain/units.ts';
import { LOSS_WINDOW_MS } from '../policy/backoff.ts';
import { type IdleTerms, IdleWatch } from './idle-watch.ts';
import { LossRecord } from './loss-record.ts';
import {
  finishWake,
  heal,
  placeTenant,
  removeTenant,
  saveRoles,
  settle,
  startCompute,
  suspendCompute,
  wakeFailed,
} from './moves.ts';
import { PendingWake } from './pending-wake.ts';
import { RolesRefresh } from './roles-refresh.ts';
import type { TenantRecord } from './tenant-record.ts';
import { EXPECTED, isQuiet, type PlainTransition, type Transition } from './transition.ts';
import { UpkeepWatch } from './upkeep-watch.ts';
import { WakePatience } from './wake-patience.ts';
import type { World } from './world.ts';

/** Transitions that a wake may have to sit out before its own; more is a fault of ours. */
const TURNS_MAX = 100;

/** How soon it is looked again what is true of a tenant, when that could not be found out. */
const HEAL_AGAIN_AFTER = seconds(5);

export class TenantLife {
  readonly #world: World;
  readonly #record: TenantRecord;
  readonly #idle: IdleWatch;
  readonly #upkeep: UpkeepWatch;
  readonly #losses = new LossRecord();
  readonly roles: RolesRefresh;
  readonly #onRest: () => void;
  #address: Address | null = null;
  #transition: Transition | null = null;
  #gone = false;
  #users = 0;

  constructor(world: World, record: TenantRecord, onRest: () => void) {
    this.#world = world;
    this.#record = record;
    this.#onRest = onRest;
    // A transition, so that what is read before a new password is not written after it.
    this.roles = new RolesRefresh(() =>
      this.#exclusively('roles', async () => {
        if (this.awake) await saveRoles(world, record);
      }),
    );
    this.#upkeep = new UpkeepWatch(world, record, () => this.#keepUp());
    this.#idle = new IdleWatch(world.clock, (because) => this.#idledOut(because));
  }

  get tenant(): Tenant {
    return this.#record.tenant;
  }

  get awake(): boolean {
    return this.#address !== null;
  }

  live(): TenantLive {
    return this.#idle.live(this.awake, this.#idleTerms());
  }

  /** Somebody works with this life; it is not dropped until as many have left. */
  enter(): void {
    this.#users += 1;
  }

  leave(): void {
    this.#users -= 1;
    this.#restIfDone();
  }

  hold(proxy: ProxyId): void {
    this.#idle.hold(proxy);
    this.#upkeep.came();
  }

  release(proxy: ProxyId): void {
    if (!this.#idle.release(proxy)) return;
    this.#upkeep.left();
    this.#decide();
    this.#restIfDone();
  }

  /** Resolves with the address of the running compute. Throws as `Gate.wake` does. */
  async wake(): Promise<Address> {
    const patience = new WakePatience(this.#world, this.tenant.name);
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const transition = this.#transition;
      if (this.#gone || (transition === null && this.#record.isUnborn)) {
        throw fault('TENANT_UNKNOWN', { tenant: this.tenant.name });
      }
      const ready = isQuiet(transition) && this.tenant.settled;
      if (ready && this.#address !== null) return this.#address;
      if (transition?.kind === 'wake' && !transition.wake.abandoned) {
        return await transition.wake.join(patience.joining);
      }
      if (transition !== null) await this.#sitOut(transition, patience);
      else this.#beginTowardsAwake();
    }
    throw patience.over('its state keeps changing');
  }

  /** Resolves when what is under way has been written, however it ends. */
  async written(): Promise<void> {
    await this.#transition?.done.catch(() => {});
  }

  /** Gives a new tenant its place on the host. A tenant that cannot be placed is removed again. */
  place(): Promise<void> {
    return this.#exclusively('create', async () => {
      try {
        await placeTenant(this.#world, this.#record);
      } catch (error) {
        await this.#remove();
        throw error;
      }
    });
  }

  /** Puts an idle tenant to sleep. Throws `TENANT_BUSY` while sessions are open. */
  suspend(because: string): Promise<void> {
    return this.#exclusively('suspend', async () => {
      await this.#suspend(because, () => this.#idle.sessions === 0);
      if (this.#address !== null) throw this.#busy();
    });
  }

  /** Stops the compute whoever uses it: the server is going down, and has told the sessions. */
  stop(because: string): Promise<void> {
    return this.#exclusively('suspend', () => this.#suspend(because, () => true));
  }

  remove(): Promise<void> {
    return this.#exclusively('remove', () => this.#remove());
  }

  /** Takes in a changed row; brings a new owner password to a running compute. */
  changed(): Promise<void> {
    return this.#exclusively('settle', async () => {
      if (this.#gone || !(await this.#record.reload())) return;
      if (this.#address !== null) await settle(this.#world, this.#record);
    });
  }

  /** Makes row and world agree after a start of ours, or finishes what was being removed. */
  heal(): Promise<void> {
    return this.#exclusively('heal', async () => {
      if (this.#record.isUnborn) await this.#remove();
      else await this.#heal();
    });
  }

  /** The compute ended, and nobody had asked for it. */
  lost(reason: string): void {
    const { log, clock } = this.#world;
    log.warn('a compute ended unexpectedly', {
      tenant: this.tenant.id,
      name: this.tenant.name,
      reason,
    });
    this.#losses.note(clock.now());
    clock.timer(ms(LOSS_WINDOW_MS), () => this.#restIfDone());
    this.unanswered();
  }

  /** A session could not reach the compute: if it is dead, its end just has not been told yet. */
  unanswered(): void {
    if (!isQuiet(this.#transition) || this.#address === null) return;
    this.#address = null;
    this.heal().catch((error) => this.#complain('heal', error));
  }

  #idleTerms(): IdleTerms {
    const suspendAfter = this.tenant.suspendAfter ?? this.#world.settings.suspendAfter;
    return { tier: this.tenant.tier, suspendAfter };
  }

  #busy(): Fault {
    return fault('TENANT_BUSY', {
      tenant: this.tenant.name,
      why: `has ${this.#idle.sessions} open sessions; close them first`,
    });
  }

  /** The row says more than is known: something was cut short. */
  #unclear(): boolean {
    return !this.#gone && this.#address === null && this.#record.isUnclear;
  }

  /** Begins the transition that is the next one on the way to an awake, settled compute. */
  #beginTowardsAwake(): void {
    if (this.#address !== null) void this.#run('settle', () => settle(this.#world, this.#record));
    else if (this.#record.isAtRest) this.#beginWake();
    else void this.#run('heal', () => this.#heal());
  }

  /** Something was cut short: a transition failed, or its last write has no known outcome. */
  #unfinished(): boolean {
    if (this.#gone) return false;
    return this.#unclear() || this.#record.isUnborn || !this.#record.certain;
  }

  async #heal(): Promise<void> {
    if (!this.#unclear()) return;
    const lossWait = this.#losses.wait(this.#world.clock.now());
    this.#address = await heal(this.#world, this.#record, lossWait);
    if (this.awake) this.#upkeep.awake('found');
    this.#idle.restart();
  }

  async #remove(): Promise<void> {
    if (this.#gone) return;
    this.#address = null;
    await removeTenant(this.#world, this.#record);
    this.#gone = true;
  }

  #beginWake(): void {
    const { state } = this.tenant;
    if (state.kind === 'failed') {
      const wait = ms(state.retryAt - this.#world.clock.wall());
      if (wait > 0) throw wakeFailed(this.#record, state.reason, wait);
    }
    const wake = new PendingWake(this.#world.clock, (signal, begun) =>
      this.#startInTurn(signal, begun),
    );
    const done = this.#retold(wake.ready.then(() => finishWake(this.#world, this.#record)));
    const transition = { kind: 'wake', wake, done: done.finally(() => this.#ended()) } as const;
    this.#transition = transition;
    transition.done.catch((error) => this.#complain('wake', error));
  }

  async #startInTurn(signal: AbortSignal, begun: () => void): Promise<Address> {
    const leave = await this.#world.queue.enter(signal);
    begun();
    try {
      this.#address = await startCompute(this.#world, this.#record);
      this.#idle.restart();
      this.#upkeep.awake('started');
      return this.#address;
    } finally {
      leave();
    }
  }

  async #sitOut(transition: Transition, patience: WakePatience): Promise<void> {
    this.#upkeep.giveWay();
    await patience.sitOut(transition.done, transition.kind);
    // A failure on the way to an awake compute is told to who asked, not tried again for ever.
    if (transition.kind === 'heal' || transition.kind === 'settle') await transition.done;
  }

  /** The idle rule says suspend. Upkeep comes first, and then the rule is asked again. */
  #idledOut(because: string): void {
    if (this.#upkeep.isDue) this.#keepUp();
    else this.suspend(because).catch((error) => this.#complain('suspend', error));
  }

  #keepUp(): void {
    if (this.#transition !== null) return;
    void this.#run('upkeep', async () => {
      if (this.awake) await this.#upkeep.run();
    });
  }

  async #suspend(because: string, mayStop: () => boolean): Promise<void> {
    await this.#heal();
    if (this.#address === null) return;
    if (!mayStop()) throw this.#busy();
    const closeTheWay = (): boolean => {
      if (!mayStop()) return false;
      this.#address = null;
      return true;
    };
    try {
      await suspendCompute(this.#world, this.#record, { because, mayStop: closeTheWay });
    } catch (error) {
      // Whatever is wrong, it is not tried again before another idle time has passed.
      this.#idle.restart();
      if (this.#record.kind === 'suspending') this.#address = null;
      throw error;
    }
  }

  /** Runs `work` as the one transition, after those that are under way, however they end. */
  async #exclusively(kind: PlainTransition, work: () => Promise<void>): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      if (this.#transition === null) return await this.#run(kind, work);
      this.#upkeep.giveWay();
      await this.#transition.done.catch(() => {});
    }
    throw fault('TENANT_BUSY', { tenant: this.tenant.name, why: 'keeps changing; try again' });
  }

  /** Runs `work` as the one transition. The caller has just seen that there is none. */
  #run(kind: PlainTransition, work: () => Promise<void>): Promise<void> {
    this.#idle.stop();
    const done = this.#retold(this.#surely(work)).finally(() => this.#ended());
    done.catch(() => {});
    this.#transition = { kind, done };
    return done;
  }

  /** Runs `work` on a row that is known. A row that turns out otherwise needs a look at the host. */
  async #surely(work: () => Promise<void>): Promise<void> {
    if (!this.#record.certain) {
      // While the catalog is away, what idleness asks for is not tried again and again.
      this.#idle.restart();
      this.#gone = !(await this.#record.reload());
      if (this.#gone || this.#record.kind !== 'running') this.#address = null;
    }
    await work();
  }

  /** After a write refused because another came first, nothing that was known is taken as true. */
  async #retold(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (isFault(error, 'STALE_GENERATION')) {
        this.#address = null;
        await this.#record.reload();
      }
      throw error;
    }
  }

  #ended(): void {
    this.#transition = null;
    if (!this.awake) this.#upkeep.asleep();
    if (this.#unfinished()) this.#healLater();
    this.#decide();
    this.#restIfDone();
  }

  /** Asks the policy what is next, if there is a compute and nothing is under way. */
  #decide(): void {
    this.#idle.stop();
    if (this.awake && this.#transition === null) this.#idle.ask(this.#idleTerms());
  }

  /** A compute may be running that nobody watches: look again, until it is known. */
  #healLater(): void {
    this.#world.clock.timer(HEAL_AGAIN_AFTER, () => {
      if (this.#transition === null && this.#unfinished()) {
        this.heal().catch((error) => this.#complain('heal', error));
      }
    });
  }

  #restIfDone(): void {
    if (this.#unfinished()) return;
    if (this.#users > 0 || this.#idle.sessions > 0) return;
    if (this.#transition !== null || this.#address !== null) return;
    // Losses are remembered here: a tenant that lost its compute rests when they are forgotten.
    if (!this.#losses.recent(this.#world.clock.now())) this.#onRest();
  }

  #complain(what: string, error: unknown): void {
    // Told already, or an ordinary turn of events.
    if (error instanceof Fault && EXPECTED.has(error.code)) return;
    this.#world.log.warn(`a tenant could not ${what}`, { tenant: this.tenant.id, error });
  }
}
