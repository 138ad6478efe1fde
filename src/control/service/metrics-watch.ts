/**
 * Looks on at what passes through the ports, and counts it: for a monitoring system since the server started, for the
 * figures of the product by the day.
 *
 * It asks nobody anything. What it knows of a tenant it has seen in the catalog's answers, so a tenant at rest costs it
 * nothing, and one that was awake about 150 bytes until 20,000 others have been.
 */
import type { Clock } from '../../domain/clock.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { LadderStep, LevelTotals } from '../../domain/levels.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { PLANS, type Plan, TIERS, type Tier } from '../../domain/tier.ts';
import type { DurationMs } from '../../domain/units.ts';
import type { UsageMinute } from '../../domain/usage.ts';
import { Area } from './metrics-area.ts';
import type { Family } from './metrics-family.ts';
import { type RecentHour, RecentWatch } from './metrics-recent.ts';
import { bucketOf, Distribution, Tally } from './metrics-tally.ts';
import { LATENCY_BOUNDS_S, TopTenants } from './metrics-top.ts';
import {
  addedDays,
  type Day,
  isBusinessHour,
  NO_DAY,
  oneMore,
  WAKE_BOUNDS_S,
  type WakeSource,
} from './slo-day.ts';

/** Who a tenant is woken for, as far as that is known. */
export type WakeFor =
  | 'person'
  | 'probe'
  | 'poller'
  | 'monitor'
  | 'backup'
  | 'operator'
  | 'schedule'
  | 'restart';

/** Wakes that nobody waits for. */
const UNWAITED: ReadonlySet<WakeFor> = new Set(['schedule', 'restart']);

const LEVELS_OF_WAKES = ['L2', 'L3', 'L4'] as const;

const KNOWN_MAX = 20_000;

const MS_OF_SECOND = 1_000;
const US_OF_SECOND = 1_000_000;
const TIME_BOUNDS_S = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800] as const;

type Known = {
  readonly name: string;
  readonly tier: Tier;
  readonly plan: Plan;
  readonly state: Tenant['state']['kind'];
  /** Of the wake that is under way, or was last. */
  readonly waking: { readonly by: WakeFor; readonly isFirst: boolean };
  readonly usedMinute: number;
};

export class FleetWatch {
  readonly #known = new Map<TenantId, Known>();
  /** Who has asked for a tenant that sleeps, until it wakes. */
  readonly #asked = new Map<TenantId, WakeFor>();
  readonly #awake: Readonly<Record<Plan, Area>>;
  readonly #failed: Readonly<Record<Plan, Area>>;
  readonly top: TopTenants;
  readonly #recent: RecentWatch;
  #day: Day = NO_DAY;

  readonly #wakes = new Distribution(
    {
      name: 'dynabase_wake_seconds',
      help: 'Wakes, by where the data was, for whom, and the tier.',
    },
    WAKE_BOUNDS_S,
    ['from', 'cause', 'tier'],
  );
  readonly #waits = new Distribution(
    { name: 'dynabase_wake_wait_seconds', help: 'How long clients waited for a tenant to wake.' },
    WAKE_BOUNDS_S,
    ['visitor'],
  );
  readonly #wakesFailed = new Tally(
    { name: 'dynabase_wakes_failed', help: 'Wakes at whose end no compute ran.' },
    [],
  );
  readonly #moves = new Tally(
    { name: 'dynabase_tenant_moves', help: 'Moves of tenants from state to state.' },
    ['from', 'to'],
  );
  readonly #tiers = new Tally({ name: 'dynabase_tier_changes', help: 'Changes of tier.' }, [
    'from',
    'to',
  ]);
  readonly #steps = new Distribution(
    { name: 'dynabase_step_seconds', help: 'Steps on the ladder other than wakes, by kind.' },
    TIME_BOUNDS_S,
    ['kind'],
  );
  readonly #stepBytes = new Tally(
    { name: 'dynabase_step_bytes', help: 'Bytes moved, dropped or read by steps on the ladder.' },
    ['kind'],
  );
  readonly #reads = new Tally(
    { name: 'dynabase_page_reads', help: 'Reads of 8 kB pages by the level that served them.' },
    ['level'],
  );
  readonly #queries = new Distribution(
    { name: 'dynabase_query_seconds', help: 'Requests as clients saw them, by tier.' },
    LATENCY_BOUNDS_S,
    ['tier'],
  );
  readonly #errors = new Tally(
    { name: 'dynabase_query_errors', help: 'Errors told to clients, by class of SQLSTATE.' },
    ['class'],
  );
  readonly #traffic = new Tally(
    { name: 'dynabase_client_bytes', help: 'Bytes from clients and to them.' },
    ['direction'],
  );

  constructor({ clock, tenantsMax }: { readonly clock: Clock; readonly tenantsMax: number }) {
    this.#awake = byPlan(() => new Area(clock));
    this.#failed = byPlan(() => new Area(clock));
    this.top = new TopTenants(tenantsMax);
    this.#recent = new RecentWatch(clock);
    for (const level of ['L1', 'L2', 'L3']) this.#reads.add({ level }, 0);
    this.#wakesFailed.add({}, 0);
    // A rate needs a sample from before the first of its kind; of a tier that is not to sleep the first counts.
    for (const tier of TIERS) {
      const levels = tier === 'HOT' || tier === 'PERSISTENT' ? LEVELS_OF_WAKES : (['L3'] as const);
      for (const from of levels) this.#wakes.addAll({ from, cause: 'person', tier }, [], 0);
      this.#queries.addAll({ tier }, [], 0);
      for (const to of TIERS) if (to !== tier) this.#tiers.add({ from: tier, to }, 0);
    }
  }

  /** What the catalog said of a tenant, whyever it was asked. */
  saw(tenant: Tenant): void {
    const before = this.#known.get(tenant.id);
    this.#keep(tenant, before);
    if (before?.state !== tenant.state.kind || before.plan !== tenant.plan)
      this.#count(before, tenant);
  }

  /** A tenant has moved, or has another tier. */
  moved(before: Tenant, after: Tenant): void {
    const known = this.#known.get(after.id);
    const [from, to] = [before.state.kind, after.state.kind];
    if (before.tier !== after.tier) this.#tiers.add({ from: before.tier, to: after.tier });
    if (from === to) {
      this.saw(after);
      return;
    }
    this.#moves.add({ from, to });
    this.#keep(after, known);
    this.#count(known, after);
    if (to === 'waking') this.#begun(before, after);
    if (to === 'failed') {
      this.#wakesFailed.add({});
      this.#day = { ...this.#day, wakesFailed: this.#day.wakesFailed + 1 };
    }
  }

  removed(id: TenantId): void {
    const known = this.#known.get(id);
    if (known !== undefined) this.#count(known, undefined);
    this.#known.delete(id);
    this.#asked.delete(id);
    this.top.forget(id);
  }

  /** Whether it must be woken for who comes, as far as is known. */
  isAsleep(id: TenantId): boolean {
    return this.#known.get(id)?.state !== 'running';
  }

  /** Somebody asks for a tenant. Answers whether it must be woken for that, as far as is known. */
  asked(id: TenantId, by: WakeFor): boolean {
    if (!this.isAsleep(id)) return false;
    if (this.#asked.size < KNOWN_MAX && !this.#asked.has(id)) this.#asked.set(id, by);
    return true;
  }

  /** A client has waited so long for a wake. */
  waited(visitor: WakeFor, wait: DurationMs): void {
    this.#waits.note({ visitor }, wait / MS_OF_SECOND);
  }

  step(id: TenantId, step: LadderStep): void {
    const seconds = step.ms / MS_OF_SECOND;
    if (step.bytes > 0) this.#stepBytes.add({ kind: step.kind }, step.bytes);
    if (step.kind === 'wake') this.#woke(id, step, seconds);
    else this.#steps.note({ kind: step.kind }, seconds);
  }

  /** What is added to the totals of a tenant's levels. */
  levels({ hitsL1 = 0, hitsL2 = 0, hitsL3 = 0 }: Partial<LevelTotals>): void {
    this.#reads.add({ level: 'L1' }, hitsL1);
    this.#reads.add({ level: 'L2' }, hitsL2);
    this.#reads.add({ level: 'L3' }, hitsL3);
    const { L1, L2, L3 } = this.#day.reads;
    this.#day = { ...this.#day, reads: { L1: L1 + hitsL1, L2: L2 + hitsL2, L3: L3 + hitsL3 } };
  }

  used(records: readonly UsageMinute[]): void {
    for (const record of records) this.#used(record);
  }

  customer(change: 'new' | 'gone'): void {
    const { customersNew, customersGone } = this.#day;
    if (change === 'new') this.#day = { ...this.#day, customersNew: customersNew + 1 };
    else this.#day = { ...this.#day, customersGone: customersGone + 1 };
  }

  /** What has come together since it was last taken. */
  takeDay(): Day {
    const awakeMs = byPlan((plan) => this.#awake[plan].take());
    const failedMs = byPlan((plan) => this.#failed[plan].take());
    const day = addedDays(this.#day, { ...NO_DAY, awakeMs, failedMs });
    this.#day = NO_DAY;
    return day;
  }

  /** To be called once a minute. */
  settle(): void {
    this.top.settle((id) => this.#known.get(id)?.name);
  }

  /** Of the last hour; less if the server is younger. */
  recent(): RecentHour {
    return this.#recent.hour();
  }

  families(): readonly Family[] {
    return [
      ...[this.#wakes, this.#waits, this.#wakesFailed, this.#moves, this.#tiers, this.#steps],
      ...[this.#stepBytes, this.#reads, this.#queries, this.#errors, this.#traffic],
    ]
      .map((counted): Family => counted.family())
      .concat(this.top.families());
  }

  #begun(before: Tenant, after: Tenant): void {
    const known = this.#known.get(after.id);
    if (known === undefined) return;
    const isRestart = before.state.kind === 'suspending';
    const by = isRestart ? 'restart' : (this.#asked.get(after.id) ?? 'schedule');
    this.#asked.delete(after.id);
    const waking = { by, isFirst: before.home.kind === 'none' };
    this.#known.set(after.id, { ...known, waking });
  }

  #woke(id: TenantId, step: LadderStep, seconds: number): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    const { tier, waking } = known;
    const level = step.from === 'L2' || step.from === 'L4' ? step.from : 'L3';
    const from: WakeSource = waking.isFirst ? 'husk' : level;
    this.#wakes.note({ from, cause: waking.by, tier }, seconds);
    if (waking.by !== 'restart') this.#recent.woke(from, seconds, !UNWAITED.has(waking.by));
    if (UNWAITED.has(waking.by)) return;
    const { wakes, wakesByTier, wakesInBusinessHours } = this.#day;
    const bucket = bucketOf(WAKE_BOUNDS_S, seconds);
    this.#day = { ...this.#day, wakes: { ...wakes, [from]: oneMore(wakes[from], bucket) } };
    // What tiers promise is about sleep: who was never awake has not been put to sleep.
    if (waking.isFirst) return;
    const isPromised = tier === 'HOT' && isBusinessHour(step.at);
    this.#day = {
      ...this.#day,
      wakesByTier: { ...wakesByTier, [tier]: oneMore(wakesByTier[tier], bucket) },
      wakesInBusinessHours: wakesInBusinessHours + (isPromised ? 1 : 0),
    };
  }

  #used(record: UsageMinute): void {
    const { tenant, minute, latency, latencySumUs, queries, byRobots } = record;
    const known = this.#known.get(tenant);
    const tier = known?.tier ?? 'COLD';
    this.#queries.addAll({ tier }, latency, latencySumUs / US_OF_SECOND);
    for (const [name, count] of Object.entries(record.errors))
      this.#errors.add({ class: name }, count);
    this.#traffic.add({ direction: 'in' }, record.bytesIn);
    this.#traffic.add({ direction: 'out' }, record.bytesOut);
    if (known !== undefined) this.top.used(record, known.name);
    // Several proxies may tell of one minute.
    const isNew = queries > byRobots && known !== undefined && known.usedMinute < minute;
    if (isNew) this.#known.set(tenant, { ...known, usedMinute: minute });
    const sum = this.#day.latency[tier].map((count, place) => count + (latency[place] ?? 0));
    this.#day = {
      ...this.#day,
      latency: { ...this.#day.latency, [tier]: sum },
      usedMinutes: this.#day.usedMinutes + (isNew ? 1 : 0),
    };
  }

  #keep(tenant: Tenant, before: Known | undefined): void {
    const { id, name, tier, plan, state } = tenant;
    const { waking = { by: 'schedule', isFirst: false } as const, usedMinute = 0 } = before ?? {};
    this.#known.delete(id);
    this.#known.set(id, { name, tier, plan, state: state.kind, waking, usedMinute });
    if (this.#known.size <= KNOWN_MAX) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.removed(oldest);
  }

  /** Counts of what is so now follow from state to state. */
  #count(before: Pick<Known, 'state' | 'plan'> | undefined, after: Tenant | undefined): void {
    if (before !== undefined && isAwake(before.state)) this.#awake[before.plan].height -= 1;
    if (after !== undefined && isAwake(after.state.kind)) this.#awake[after.plan].height += 1;
    if (before?.state === 'failed') this.#failed[before.plan].height -= 1;
    if (after?.state.kind === 'failed') this.#failed[after.plan].height += 1;
  }
}

/** Its compute runs, or is about to end. */
const isAwake = (state: Tenant['state']['kind']): boolean =>
  state === 'running' || state === 'suspending';

const byPlan = <T>(make: (plan: Plan) => T): Readonly<Record<Plan, T>> =>
  Object.fromEntries(PLANS.map((plan) => [plan, make(plan)])) as Record<Plan, T>;
