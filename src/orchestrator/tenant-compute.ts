/**
 * The compute of one tenant: where it listens, as far as that is known, and how it is started,
 * stopped, looked for and removed. Whoever calls has the tenant's one transition.
 *
 * An address is given out only while the compute may be used. Before a stop every proxy is asked to
 * park the tenant, and in the same breath in which the last one has, the address is gone: whoever
 * comes then waits for the end of the transition, and gets the address of the next start.
 */

import type { AwakeCause, AwakeEndKind } from '../domain/awake.ts';
import { type Fault, fault } from '../domain/faults.ts';
import type { ParkRequest } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import type { Level } from '../domain/levels.ts';
import type { RestartRequest } from '../domain/lifecycle.ts';
import { quotaFault } from '../domain/quota.ts';
import type { TierHeld } from '../domain/tenant.ts';
import type { Plan, SizeClass, Tier } from '../domain/tier.ts';
import { type DurationMs, elapsed, type Instant, ms } from '../domain/units.ts';
import type { Rules } from '../policy/rules.ts';
import { planEvent } from '../policy/tier-decision.ts';
import { sizeAt, wayDown } from '../policy/way-down.ts';
import type { ComputeParts, Restarting, Standing, Start, Stopping } from './compute-parts.ts';
import type { IdleTerms } from './idle-watch.ts';
import { LossRecord } from './loss-record.ts';
import {
  beginWake,
  bringHome,
  finishWake,
  heal,
  park,
  removeTenant,
  saveRoles,
  settle,
  startCompute,
  suspendCompute,
  takeTurn,
  wakeFailed,
} from './moves.ts';
import { causeWords, keptIdle } from './wake-cause.ts';
import type { LifeWorld } from './world.ts';

export class TenantCompute {
  readonly #parts: ComputeParts;
  readonly losses = new LossRecord();
  #address: Address | null = null;
  #standing: Standing | null = null;
  #terms: { readonly key: string; readonly rules: Rules; readonly terms: IdleTerms } | null = null;
  #gone = false;
  /** Only there while the proxies are asked to park. */
  #parking: AbortController | null = null;
  /** Only there while its files are brought back. */
  #hydrating: AbortController | null = null;
  /** It is started for somebody who may or may not come. */
  isExpecting = false;

  constructor(parts: ComputeParts) {
    this.#parts = parts;
  }

  /** When somebody last asked something, as far as is known. */
  get usedAt(): Instant | null {
    const { uses, world } = this.#parts;
    return uses.heldBy === null ? uses.usedAt : world.clock.now();
  }

  /** Null while it must not be used. */
  get address(): Address | null {
    return this.#address;
  }

  /** The tenant is removed. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Its tier has been changed since it was started. */
  get isOfOtherSize(): boolean {
    if (this.#address === null || this.#standing === null) return false;
    return this.#standing.tier !== this.#parts.record.tenant.tier;
  }

  /** What it runs with, or would be started with. */
  get size(): SizeClass {
    const { tier } = this.#parts.record.tenant;
    const { world, record } = this.#parts;
    const size = sizeAt(tier, this.#standing?.rung ?? tier, world.rulesOf(record.tenant));
    return { ...size, sharedBuffersMb: size.sharedBuffersMb + (this.#standing?.moreMb ?? 0) };
  }

  /** Something was cut short: a transition failed, or its last write has no known outcome. */
  get isUnfinished(): boolean {
    if (this.#gone) return false;
    const { record } = this.#parts;
    return this.#isUnclear() || record.isUnborn || !record.certain;
  }

  /** Made once for every tier, setting and rung: it is asked for at every report of a proxy. */
  get idleTerms(): IdleTerms {
    const { world, record, idle: watch, policy } = this.#parts;
    const { tier, suspendAfter } = record.tenant;
    const rung = this.#standing?.rung ?? tier;
    const set = suspendAfter ?? world.settings.suspendAfter;
    const idle = set ?? policy.sleepsAfter(watch.idleSince);
    const wants = rung === tier ? policy.growth.wants : null;
    const kept = keptIdle({ suspendAfter, set, idle, because: policy.awakeBecause });
    const key = `${tier} ${rung} ${idle} ${wants} ${kept.kind}`;
    const rules = world.rulesOf(record.tenant);
    if (this.#terms?.key !== key || this.#terms.rules !== rules) {
      this.#terms = {
        key,
        rules,
        terms: { way: wayDown(tier, rules, idle), tier, rung, wants, kept },
      };
    }
    return this.#terms.terms;
  }

  /** Something else must be done now: nobody is waited for who is to be parked, and no files are brought back. */
  giveUp(why: string): void {
    this.#parking?.abort(why);
    this.#hydrating?.abort(why);
  }

  /** Nothing that was known of it is taken as true. */
  doubt(): void {
    this.#address = null;
  }

  /** Takes in what the catalog has, before work on a row that is not known. */
  async ascertain(): Promise<void> {
    const { record, idle } = this.#parts;
    if (record.certain) return;
    // While the catalog is away, what idleness asks for is not tried again and again.
    idle.restart();
    this.#gone = !(await record.reload());
    if (this.#gone || record.kind !== 'running') this.#address = null;
  }

  /** Starts it when it is its turn. Throws what `startCompute` and `bringHome` throw, and `WAKES_FULL`. */
  async start(start: Start, rung?: Tier): Promise<Address> {
    const { world, record, idle, upkeep, policy } = this.#parts;
    const since = world.clock.now();
    const served = await this.#comeHome(start);
    const leave = await takeTurn(world, record, start.signal);
    try {
      if (record.kind !== 'waking') {
        start.begun('PostgreSQL is starting');
        await beginWake(world, record, this.#waking(start));
      }
      if (record.tenant.home.kind === 'none') await bringHome(world, record, start.signal);
      const { tier, id } = record.tenant;
      const isWhole = rung === undefined || rung === tier;
      const standing = { tier, rung: rung ?? tier, moreMb: policy.growth.begin(isWhole) };
      this.#standing = standing;
      const what = { size: this.size, rung: standing.rung };
      const started = await startCompute(world, record, what);
      this.#address = started.address;
      idle.began(this.isExpecting);
      upkeep.awake('started');
      this.#woke(served ?? started.from, start.cause, since);
      world.shelf.take(id, world.clock.now());
      return this.#address;
    } finally {
      leave();
    }
  }

  #waking({ cause, event }: Start): { readonly because: string; readonly held: TierHeld } {
    const because = causeWords(cause);
    return { because, held: this.#parts.policy.tierAt(event, { asker: because }) };
  }

  /** Has the files brought here from the archive, if they are there: for a large tenant that takes minutes. */
  async #comeHome(start: Start): Promise<Level | null> {
    const { cause, signal, begun } = start;
    const { world, record } = this.#parts;
    if (record.tenant.home.kind !== 'archive') return null;
    const since = world.clock.now();
    const leave = await world.hydrations.enter(signal);
    begun('its data is being brought back from the archive');
    this.#hydrating = new AbortController();
    try {
      await beginWake(world, record, this.#waking(start));
      const bytes = await bringHome(world, record, this.#hydrating.signal);
      const { id } = record.tenant;
      if (bytes > 0)
        world.ladder.step(id, { kind: 'hydrate', bytes, since, because: causeWords(cause) });
      return 'L4';
    } finally {
      this.#hydrating = null;
      leave();
    }
  }

  #woke(from: Level, cause: AwakeCause, since: ReturnType<LifeWorld['clock']['now']>): void {
    const { world, record } = this.#parts;
    const { id, customer } = record.tenant;
    const wakeMs = elapsed(since, world.clock.now());
    world.awake.woke(id, { cause, customer, level: from, wakeMs });
    world.ladder.woke(id, from);
    world.price.woke(from, wakeMs);
    world.price.awake(record.tenant);
    world.ladder.step(id, { kind: 'wake', bytes: 0, since, from, because: causeWords(cause) });
  }

  /** Whether it sleeps, and may be started for somebody who has not asked. */
  mayStartFor(event: Start['event']): boolean {
    const { world, record } = this.#parts;
    const { state } = record.tenant;
    if (this.isUnfinished || !world.queue.hasSpare) return false;
    if (world.allowance.holdOf(record.tenant) !== null) return false;
    if (state.kind === 'failed') return event === 'prewarm' && state.retryAt <= world.clock.wall();
    return state.kind === 'suspended';
  }

  /** Throws `QUOTA_EXCEEDED`, and `WAKE_FAILED`, while no start may be tried. */
  refuseIfPaused(): void {
    const { world, record } = this.#parts;
    const hold = world.allowance.holdOf(record.tenant);
    if (hold !== null) throw quotaFault(record.tenant.name, hold);
    const { state } = record.tenant;
    if (state.kind !== 'failed') return;
    const wait = ms(state.retryAt - world.clock.wall());
    if (wait > 0) throw wakeFailed(record, state.reason, wait);
  }

  async finishWake(): Promise<void> {
    await finishWake(this.#parts.world, this.#parts.record);
  }

  /** Looks what is true, if the row says more than is known. */
  async heal(): Promise<void> {
    if (!this.#isUnclear()) return;
    const { world, record, idle, upkeep } = this.#parts;
    const lossWait = this.losses.wait(world.clock.now());
    this.#address = await heal(world, record, lossWait);
    // What a compute that was found was started with is not known; its tier is as good a guess as any.
    const { tier } = record.tenant;
    if (this.#address !== null) this.#standing ??= { tier, rung: tier, moreMb: 0 };
    if (this.#address !== null) upkeep.awake('found');
    if (this.#address !== null) world.price.awake(record.tenant);
    if (this.#address !== null) world.awake.found(record.tenant.id, record.tenant.customer);
    idle.began(false);
  }

  async settle(): Promise<void> {
    if (this.#address !== null) await settle(this.#parts.world, this.#parts.record);
  }

  async saveRoles(): Promise<void> {
    if (this.#address !== null) await saveRoles(this.#parts.world, this.#parts.record);
  }

  /** Takes in a changed row, which may bring another tier, and a new owner password to a running compute. */
  async takeIn(planBefore?: Plan): Promise<void> {
    const { record, policy } = this.#parts;
    if (this.#gone || !(await record.reload())) return;
    await policy.learning.loaded;
    const { plan } = record.tenant;
    const held = policy.tierAt(planBefore === undefined ? 'plan' : planEvent(planBefore, plan));
    if (held.tier !== record.tenant.tier) await record.note(held);
    await this.settle();
  }

  /** Stops it if nobody is at work. Throws `TENANT_BUSY`. */
  async suspend(because: string, end: AwakeEndKind): Promise<void> {
    const clearTheWay = () => this.#parked({ kind: 'ifIdle' });
    const refusal = await this.#suspend({ because, clearTheWay, restarts: false, end });
    if (refusal !== null) throw this.#held(refusal);
  }

  /** Stops it whoever uses it. */
  async stop(because: string): Promise<void> {
    const clearTheWay = () => {
      this.#closeTheWay();
      return Promise.resolve(null);
    };
    await this.#suspend({ because, clearTheWay, restarts: false, end: 'server' });
  }

  /**
   * Stops it and starts it anew, or starts it if it has failed. One that sleeps sleeps on. What is
   * left to be done about it, `arrived` does. Throws `TENANT_BUSY`, and what `start` throws.
   */
  async restart(
    request: RestartRequest,
    because: string,
    { rung, cause: asked }: Restarting = {},
  ): Promise<void> {
    const { record } = this.#parts;
    await this.heal();
    if (this.#address === null && record.kind !== 'failed') return;
    const end = asked === undefined ? null : 'restart';
    await this.#drained(request, { because, restarts: true, end });
    this.isExpecting = false;
    const signal = new AbortController().signal;
    const cause = asked ?? ({ kind: 'restart', because } as const);
    await this.start({ cause, event: 'query', signal, begun: () => {} }, rung);
  }

  /** What sessions need not wait for after a restart. */
  async arrived(): Promise<void> {
    await this.finishWake();
    await this.saveRoles();
  }

  /** Gives it the size of its tier, which the idle rule may have done before. As `restart`. */
  async resize(within: DurationMs): Promise<void> {
    const request = { within, force: false };
    if (this.isOfOtherSize) await this.restart(request, 'its size class has changed');
  }

  /** Stops it as `restart` does, and leaves it so. Throws `TENANT_BUSY`. */
  async drain(request: RestartRequest, because: string, end: AwakeEndKind): Promise<void> {
    await this.heal();
    await this.#drained(request, { because, restarts: false, end });
  }

  async remove(): Promise<void> {
    if (this.#gone) return;
    this.#address = null;
    const { world, record } = this.#parts;
    await removeTenant(world, record);
    world.price.asleep(record.tenant.id);
    world.awake.ended(record.tenant.id, { kind: 'deleted', because: 'it was deleted' });
    this.#gone = true;
  }

  async #drained(
    { within, force }: RestartRequest,
    stopping: Omit<Stopping, 'clearTheWay'>,
  ): Promise<void> {
    const clearTheWay = () => this.#parked({ kind: 'drain', within, force });
    const refusal = await this.#suspend({ ...stopping, clearTheWay });
    if (refusal !== null) throw this.#held(refusal);
  }

  /** Returns why it was not stopped, or null if it does not run any more. */
  async #suspend(how: Stopping): Promise<string | null> {
    const { world, record, idle, policy } = this.#parts;
    const suspension = { ...how, heldAtRest: () => policy.tierAt('suspend') };
    await this.heal();
    if (this.#address === null) return null;
    try {
      const refusal = await suspendCompute(world, record, suspension);
      if (refusal !== null) idle.refused(refusal);
      else this.#stopped(how);
      return refusal;
    } catch (error) {
      // Whatever is wrong, it is not tried again before another idle time has passed.
      idle.restart();
      if (record.kind === 'suspending') this.#address = null;
      throw error;
    }
  }

  #stopped({ because, end }: Stopping): void {
    const { world, record } = this.#parts;
    const { id } = record.tenant;
    this.#standing = null;
    if (end === null) world.awake.kept(id, { kind: 'restart', because });
    else world.awake.ended(id, { kind: end, because });
  }

  /** Has the proxies give the compute up. Who comes meanwhile turns a suspend round, and waits for a restart. */
  async #parked(request: ParkRequest): Promise<string | null> {
    const { world, record, uses } = this.#parts;
    const mustTurn = (): boolean => request.kind === 'ifIdle' && uses.isAwaited;
    if (mustTurn()) return CAME;
    this.#parking = new AbortController();
    const { signal } = this.#parking;
    const parked = await park(world, record, { request, signal }).finally(() => {
      this.#parking = null;
    });
    if (parked.kind === 'held') return parked.why;
    if (mustTurn()) return CAME;
    this.#closeTheWay();
    return null;
  }

  #closeTheWay(): void {
    this.#parts.uses.parked();
    this.#address = null;
  }

  #held(why: string): Fault {
    const { name } = this.#parts.record.tenant;
    return fault('TENANT_BUSY', { tenant: name, why: `is held awake: ${why}` });
  }

  /** The row says more than is known: something was cut short. */
  #isUnclear(): boolean {
    return !this.#gone && this.#address === null && this.#parts.record.isUnclear;
  }
}

const CAME = 'a session came before the stop';
