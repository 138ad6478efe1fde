/**
 * One tenant while anything is going on with it.
 *
 * Keeps the one transition that is under way with its compute, and who waits for it. A tenant at
 * rest has no life here and costs no memory, but for what its parked sessions do (`use-book.ts`).
 *
 *   no transition, no address   asleep; the row says `suspended` or `failed`
 *   no transition, an address   awake; held by who is at work, else a timer counts to the suspend
 *   a transition                as `transition.ts` tells of each
 *
 * There is at most one transition, and the promise of its end is the state: success and failure clear it. A
 * wake that waits in the queue is dropped with its last waiter; nobody cancels any other.
 */

import type { AwakeCause, AwakeEndKind, KeptAwake } from '../domain/awake.ts';
import { Fault, fault, isFault } from '../domain/faults.ts';
import type { TenantUse, WakeRequest } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import type { ProxyId } from '../domain/ids.ts';
import type { LevelReading } from '../domain/levels.ts';
import type { RestartRequest, TenantLive } from '../domain/lifecycle.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Plan } from '../domain/tier.ts';
import { ms, seconds } from '../domain/units.ts';
import { LOSS_WINDOW_MS } from '../policy/backoff.ts';
import type { LifeParts, Start } from './compute-parts.ts';
import { type DueAction, IdleWatch } from './idle-watch.ts';
import { LadderWalk } from './ladder-walk.ts';
import { placeTenant } from './moves.ts';
import { PendingWake } from './pending-wake.ts';
import { RolesRefresh } from './roles-refresh.ts';
import { TenantArchive } from './tenant-archive.ts';
import { TenantCompute } from './tenant-compute.ts';
import { TenantInside } from './tenant-inside.ts';
import { TenantPolicy } from './tenant-policy.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { TenantUses } from './tenant-uses.ts';
import {
  EXPECTED,
  isQuiet,
  type PlainTransition,
  type Transition,
  type Turns,
} from './transition.ts';
import { UpkeepWatch } from './upkeep-watch.ts';
import { causeOf } from './wake-cause.ts';
import { WakePatience } from './wake-patience.ts';
import type { LifeWorld } from './world.ts';

/** Transitions that a wake may have to sit out before its own; more is a fault of ours. */
const TURNS_MAX = 100;
/** How soon it is looked again what is true of a tenant, when that could not be found out. */
const HEAL_AGAIN_AFTER = seconds(5);
/** How long who is at work may delay a restart that only brings a changed setting. */
const RESIZE_WITHIN = seconds(5);
/** Where its end was not told before. */
const LOST = { kind: 'crash', because: 'it was found stopped' } as const;

export class TenantLife {
  readonly #world: LifeWorld;
  readonly #record: TenantRecord;
  readonly #uses: TenantUses;
  readonly #compute: TenantCompute;
  readonly #idle: IdleWatch;
  readonly #upkeep: UpkeepWatch;
  readonly #walk: LadderWalk;
  readonly roles: RolesRefresh;
  readonly archive: TenantArchive;
  readonly inside: TenantInside;
  readonly policy: TenantPolicy;
  readonly #onRest: () => void;
  #transition: Transition | null = null;
  #users = 0;

  constructor(world: LifeWorld, { record, uses, onRest, onTier }: LifeParts) {
    this.#world = world;
    this.#record = record;
    this.#uses = uses;
    this.#onRest = onRest;
    // A transition, so that what is read before a new password is not written after it.
    const saveRoles = () => this.#compute.saveRoles();
    this.roles = new RolesRefresh(() => this.#exclusively('roles', saveRoles));
    const keepUp = { size: () => this.#compute.size, onDue: () => this.#keepUp() };
    this.#upkeep = new UpkeepWatch({ world, record, ...keepUp });
    const asked = {
      onDue: (due: DueAction) => this.#due(due),
      onAsk: () => this.#decide(),
      onKept: (kept: KeptAwake) => world.awake.kept(record.tenant.id, kept),
    };
    this.#idle = new IdleWatch(world.clock, uses, asked);
    const turns: Turns = {
      isFree: () => this.#transition === null,
      isAwake: () => this.awake,
      exclusively: (kind, work) => this.#exclusively(kind, work),
      ifFree: (kind, work) => {
        if (this.#transition === null && this.awake) void this.#run(kind, work);
      },
      wake: (cause) => this.wake(cause),
      expect: (cause) => this.expect(cause, 'prewarm'),
      decide: () => this.#decide(),
      complain: (what, error) => this.#complain(what, error),
    };
    this.policy = new TenantPolicy({ world, record, uses, turns, onTier });
    const watches = { idle: this.#idle, upkeep: this.#upkeep, policy: this.policy };
    this.#compute = new TenantCompute({ world, record, uses, ...watches });
    const parts = { world, record, compute: this.#compute, turns };
    this.archive = new TenantArchive(parts);
    this.inside = new TenantInside(parts);
    this.#walk = new LadderWalk({ ...parts, idle: this.#idle });
  }

  get tenant(): Tenant {
    return this.#record.tenant;
  }

  get awake(): boolean {
    return this.#compute.address !== null;
  }

  /** Where it listens that runs and is left alone; null if none does. */
  get address(): Address | null {
    return isQuiet(this.#transition) ? this.#compute.address : null;
  }

  live(): TenantLive {
    return this.#idle.live(this.awake, this.#compute.idleTerms);
  }

  /** Somebody works with this life; it is not dropped until as many have left. */
  enter(): void {
    this.#users += 1;
  }

  leave(): void {
    this.#users -= 1;
    this.#restIfDone();
  }

  /** Resolves with the address, which the proxy holds awake from now on. Throws as `Gate.wake` does. */
  async wakeFor({ proxy, cause }: WakeRequest): Promise<Address> {
    const isRobot = cause.kind === 'session' && cause.visitor !== 'person';
    const answered = this.#uses.woke(proxy, isRobot);
    this.#used(true);
    try {
      return await this.wake(causeOf(cause, this.#world.tickets));
    } finally {
      answered();
    }
  }

  report(proxy: ProxyId, use: TenantUse): void {
    const wasHeld = this.#uses.heldBy !== null;
    this.#uses.report(proxy, use);
    this.#world.awake.told(this.tenant.id, use);
    this.#used(wasHeld);
  }

  /** Begins a wake that holds nothing, if that takes nothing from anybody. Returns whether it has. */
  expect(cause: AwakeCause, event: Start['event'] = 'query'): boolean {
    if (this.#transition !== null || !this.#compute.mayStartFor(event)) return false;
    this.#compute.isExpecting = event === 'query';
    this.#beginWake(cause, event);
    return true;
  }

  /** Resolves with the address of the running compute. Throws as `Gate.wake` does. */
  async wake(cause: AwakeCause): Promise<Address> {
    this.#compute.isExpecting = false;
    this.#idle.came();
    const patience = new WakePatience(this.#world, this.tenant.name);
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const transition = this.#transition;
      if (this.#compute.isGone || (transition === null && this.#record.isUnborn)) {
        throw fault('TENANT_UNKNOWN', { tenant: this.tenant.name });
      }
      const { address } = this.#compute;
      if (isQuiet(transition) && this.tenant.settled && address !== null) return address;
      if (transition?.kind === 'wake' && !transition.wake.abandoned) {
        return await transition.wake.join(patience.joining);
      }
      if (transition !== null) await this.#sitOut(transition, patience);
      else this.#beginTowardsAwake(cause);
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
        await this.#compute.remove();
        throw error;
      }
    });
  }

  /** Puts the tenant to sleep, its sessions parked. Throws `TENANT_BUSY` while somebody is at work. */
  suspend(because: string, end: AwakeEndKind): Promise<void> {
    return this.#exclusively('suspend', () => this.#compute.suspend(because, end));
  }

  /** Stops the compute whoever uses it: the server is going down, and has told the sessions. */
  stop(because: string): Promise<void> {
    this.#giveUpAll(because);
    return this.#exclusively('suspend', () => this.#compute.stop(because));
  }

  /** As `Lifecycle.restart`. */
  restart(request: RestartRequest, because: string, cause: AwakeCause): Promise<void> {
    return this.#restarted(() => this.#compute.restart(request, because, { cause }));
  }

  async #restarted(restart: () => Promise<void>): Promise<void> {
    await this.#exclusively('restart', restart);
    await this.#exclusively('roles', () => this.#compute.arrived());
  }

  remove(): Promise<void> {
    this.#giveUpAll('it is being deleted');
    return this.#exclusively('remove', () => this.#compute.remove());
  }

  measure(): Promise<LevelReading> {
    return this.#world.host.measure(this.tenant.id);
  }

  /** Takes in a changed row; a compute of another size is restarted in place if that is possible. */
  async changed(planBefore?: Plan): Promise<void> {
    await this.#exclusively('settle', () => this.#compute.takeIn(planBefore));
    if (!this.awake) this.policy.keepAwake();
    if (!this.#compute.isOfOtherSize) return;
    try {
      await this.#restarted(() => this.#compute.resize(RESIZE_WITHIN));
    } catch (error) {
      if (!isFault(error, 'TENANT_BUSY')) throw error;
      const why = error.message;
      this.#world.log.info('a new size waits for the next start', { tenant: this.tenant.id, why });
    }
  }

  /** Makes row and world agree after a start of ours, or finishes what was being removed. */
  heal(): Promise<void> {
    return this.#exclusively('heal', () =>
      this.#record.isUnborn ? this.#compute.remove() : this.#compute.heal(),
    );
  }

  /** The compute ended, and nobody had asked for it. */
  lost(reason: string): void {
    const { log, clock } = this.#world;
    log.warn('a compute ended unexpectedly', { tenant: this.tenant.id, reason });
    this.#world.awake.ended(this.tenant.id, { kind: 'crash', because: reason });
    this.#compute.losses.note(clock.now());
    clock.timer(ms(LOSS_WINDOW_MS), () => this.#restIfDone());
    this.unanswered();
  }

  /** A session could not reach the compute: if it is dead, its end just has not been told yet. */
  unanswered(): void {
    if (!isQuiet(this.#transition) || !this.awake) return;
    this.#compute.doubt();
    this.heal().catch((error) => this.#complain('heal', error));
  }

  /** A proxy has said how it uses the tenant. */
  #used(wasHeld: boolean): void {
    this.policy.used();
    if (this.#uses.isAtWork) {
      this.#compute.isExpecting = false;
      this.#idle.came();
      this.#walk.turn();
      this.#upkeep.came();
    } else if (wasHeld) this.#upkeep.left();
    this.#decide();
    this.#restIfDone();
  }

  /** Begins the transition that is the next one on the way to an awake, settled compute. */
  #beginTowardsAwake(cause: AwakeCause): void {
    if (this.awake) void this.#run('settle', () => this.#compute.settle());
    else if (this.#record.isAtRest) this.#beginWake(cause);
    else void this.#run('heal', () => this.#compute.heal());
  }

  #beginWake(cause: AwakeCause, event: Start['event'] = 'query'): void {
    this.#compute.refuseIfPaused();
    const wake = new PendingWake(this.#world.clock, (signal, begun) =>
      this.#compute.start({ cause, event, signal, begun }),
    );
    this.#walk.turn();
    const done = this.#retold(wake.ready.then(() => this.#compute.finishWake()));
    done.then(() => this.#walk.prewarmLater()).catch(() => {});
    this.#transition = { kind: 'wake', wake, done: done.finally(() => this.#ended()) };
    this.#transition.done.catch((error) => this.#complain('wake', error));
  }

  async #sitOut(transition: Transition, patience: WakePatience): Promise<void> {
    this.#giveWay();
    this.archive.giveWay();
    await patience.sitOut(transition.done, transition.kind);
    // A failure on the way to an awake compute is told to who asked, not tried again for ever.
    if (transition.kind === 'heal' || transition.kind === 'settle') await transition.done;
  }

  /** The idle rule says what is due. Before a suspend comes upkeep, and then the rule is asked again. */
  #due(action: DueAction): void {
    if (action.kind !== 'step' || action.what.kind !== 'suspend') this.#walk.go(action);
    else if (this.#upkeep.isDue) this.#keepUp();
    else this.suspend(action.because, 'idle').catch((error) => this.#complain('suspend', error));
  }

  #keepUp(): void {
    if (this.#transition !== null) return;
    void this.#run('upkeep', async () => {
      if (!this.awake) return;
      this.#world.awake.kept(this.tenant.id, { kind: 'upkeep' });
      await this.#upkeep.run();
    });
  }

  /** Runs `work` as the one transition, after those that are under way, however they end. */
  async #exclusively(kind: PlainTransition, work: () => Promise<void>): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      if (this.#transition === null) return await this.#run(kind, work);
      this.#giveWay();
      await this.#transition.done.catch(() => {});
    }
    throw fault('TENANT_BUSY', { tenant: this.tenant.name, why: 'keeps changing; try again' });
  }

  #giveWay(): void {
    this.#upkeep.giveWay();
    this.#walk.giveWay();
  }

  /** Runs `work` as the one transition. The caller has just seen that there is none. */
  #run(kind: PlainTransition, work: () => Promise<void>): Promise<void> {
    this.#idle.stop();
    const known = this.#compute.ascertain().then(work);
    const done = this.#retold(known).finally(() => this.#ended());
    done.catch(() => {});
    this.#transition = { kind, done };
    return done;
  }

  #retold(work: Promise<void>): Promise<void> {
    return this.#record.retold(work, () => this.#compute.doubt());
  }

  #ended(): void {
    this.#transition = null;
    if (!this.awake) this.#upkeep.asleep();
    if (!this.awake && !this.#compute.isUnfinished) this.#world.awake.ended(this.tenant.id, LOST);
    this.policy.settled();
    if (this.#compute.isUnfinished) this.#healLater();
    this.#decide();
    this.#restIfDone();
  }

  /** Asks the policy what is next, if there is a compute and nothing is under way. */
  #decide(): void {
    this.#idle.stop();
    if (this.awake && !this.#transition) this.#idle.ask(() => this.#compute.idleTerms);
  }

  /** A compute may be running that nobody watches: look again, until it is known. */
  #healLater(): void {
    this.#world.clock.timer(HEAL_AGAIN_AFTER, () => {
      const isDue = this.#transition === null && this.#compute.isUnfinished;
      if (isDue) this.heal().catch((error) => this.#complain('heal', error));
    });
  }

  #giveUpAll(why: string): void {
    this.#compute.giveUp(why);
    this.archive.giveUp();
  }

  #restIfDone(): void {
    if (this.#compute.isUnfinished || this.#users > 0) return;
    if (this.#transition !== null || this.awake) return;
    // A tenant that lost its compute rests when that is forgotten.
    if (!this.#compute.losses.recent(this.#world.clock.now())) this.#onRest();
  }

  /** Unless it is told already, or an ordinary turn of events. */
  #complain(what: string, error: unknown): void {
    if (error instanceof Fault && EXPECTED.has(error.code)) return;
    this.#world.log.warn(`a tenant could not ${what}`, { tenant: this.tenant.id, error });
  }
}
