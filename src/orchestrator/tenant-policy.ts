/**
 * What the policy says of one tenant: how long it stays awake when nobody uses it, which tier it has
 * earned, and when it wants to be asked again while the tenant sleeps. Asks the pure policy with what is
 * known here, and keeps a record of what came of it.
 */
import type { CancelTimer } from '../domain/clock.ts';
import type { Decision } from '../domain/decision.ts';
import type { Tenant, TierHeld } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import {
  type DurationMs,
  elapsed,
  hours,
  type Instant,
  later,
  minutes,
  ms,
  seconds,
  type Timestamp,
  timestamp,
} from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import { type Anomaly, anomaliesOfDay, anomaliesOfMinute } from '../policy/anomalies.ts';
import { foresee } from '../policy/foresight.ts';
import { minuteOfUse } from '../policy/learned.ts';
import type { Outlook } from '../policy/outlook.ts';
import { rankOf } from '../policy/plan-terms.ts';
import type { ResidencyTerms } from '../policy/residency.ts';
import {
  decideTier,
  recordOf,
  residencyBounds,
  type TierDecision,
  type TierFacts,
} from '../policy/tier-decision.ts';
import type { TierEvent } from '../policy/tier-judge.ts';
import { CacheGrowth } from './cache-growth.ts';
import type { TenantLearning } from './tenant-learning.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { TenantUses } from './tenant-uses.ts';
import type { Turns } from './transition.ts';
import type { LifeWorld } from './world.ts';

export type PolicyParts = {
  readonly world: LifeWorld;
  readonly record: TenantRecord;
  readonly uses: TenantUses;
  readonly turns: Turns;
  /** So it is with the tier that it is about to have. */
  readonly onTier: (tenant: Tenant) => void;
};

/** Whoever sleeps is looked at after a day, then after as long again as it has slept. */
const LOOK_WITHIN = hours(24);

/** How far ahead, at least, is looked for the end of the time awake; further, the longer it is idle. */
const AWAKE_AHEAD = minutes(15);

/** How soon one that must not sleep is looked at that does. */
const SOON = ms(1);

/** How soon after that it is looked whether it is awake. */
const LOOK_AGAIN = seconds(30);

/** One that would be let go before this is over is not woken ahead: appointments may be as much too early. */
const WORTH_WAKING = LOOK_AGAIN;

/** How soon, at least, the tier is looked at again by itself. */
const REVIEW_APART = seconds(1);

/** To which tiers it may move now, and who has asked something, in a few words. */
type TierQuestion = {
  readonly mayBe?: (tier: Tier) => boolean;
  readonly asker?: string | null;
};

/** Awake for somebody who has not come yet. */
type Ahead = { readonly since: Timestamp; readonly until: Timestamp; readonly because: string };

export class TenantPolicy {
  readonly #parts: PolicyParts;
  readonly #learning: TenantLearning;
  readonly growth: CacheGrowth;
  #ahead: Ahead | null = null;
  #dayLookedAt = 0;
  #cancelReview: CancelTimer = () => {};
  /** Why it stays awake though nobody asks, as it was said last. */
  #awakeBecause = '';
  /** When the tier wants to be looked at again. */
  #tierAskAt: Timestamp | null = null;

  constructor(parts: PolicyParts) {
    this.#parts = parts;
    this.#learning = parts.world.learner.of(parts.record.tenant.id);
    this.growth = new CacheGrowth({ ...parts, learning: this.#learning });
    this.#learning.bornAt = parts.record.tenant.createdAt;
    void this.#learning.loaded.then(() => {
      if (parts.turns.isAwake()) this.review();
    });
  }

  /** Why `sleepsAfter` is what it was when it was last asked for. */
  get awakeBecause(): string {
    return this.#awakeBecause;
  }

  /** What is learned of it. */
  get learning(): TenantLearning {
    return this.#learning;
  }

  /** It must not sleep: its tier says so. */
  get isAlwaysAwake(): boolean {
    const { world, record } = this.#parts;
    const { tenant } = record;
    return residencyBounds(tenant.tier, world.rulesOf(tenant)).awakeAtLeast === null;
  }

  /** A proxy has said how the tenant is used. */
  used(): void {
    const { usedAt } = this.#parts.uses;
    if (usedAt === null) return;
    const at = this.#wallTime(usedAt);
    this.#learning.used(at);
    if (this.#ahead === null || at <= this.#ahead.since) return;
    this.#prewarmed(true, ms(0));
  }

  /** What it has used in a minute. */
  minute(record: UsageMinute): void {
    const use = minuteOfUse(record);
    const { pattern } = this.#learning.learned;
    if (!this.#learning.isLoading) this.#found(anomaliesOfMinute(pattern, use));
    this.#learning.minute(use);
    this.#lookAtDay();
    this.review();
  }

  /** Writes the tier that it has earned or lost, and asks the idle rule anew. */
  review(): void {
    const { record, turns } = this.#parts;
    if (!turns.isFree() || this.#learning.isLoading) return;
    const held = this.tierAt('timer', { mayBe: (to) => this.#mayBeNow(to) });
    if (held.tier !== record.tenant.tier) {
      turns
        .exclusively('review', () => record.note(held))
        .catch((error) => turns.complain('be given its tier', error));
    } else if (this.#parts.turns.isAwake()) this.#reviewLater();
    turns.decide();
  }

  /** A transition has ended, and it is awake, at rest, or on its way. */
  settled(): void {
    this.#cancelReview();
    if (this.#parts.turns.isAwake()) {
      this.#reviewLater();
      return;
    }
    this.growth.ended();
    if (this.#parts.record.isAtRest) this.#rests();
  }

  /** Awake it looks itself when its tier may be another one by the passing of time. */
  #reviewLater(): void {
    const { clock } = this.#parts.world;
    this.#cancelReview();
    const moments = [this.#tierAskAt ?? this.#firstAsk(), this.growth.askAt()];
    const askAt = Math.min(...moments.map((at) => at ?? Number.POSITIVE_INFINITY));
    if (askAt === Number.POSITIVE_INFINITY) return;
    const wait = Math.max(REVIEW_APART, askAt - clock.wall());
    this.#cancelReview = clock.timer(ms(Math.min(wait, LOOK_WITHIN)), () => this.review());
  }

  /** Of a compute that was found running. */
  #firstAsk(): Timestamp | null {
    const { world, record } = this.#parts;
    if (this.#learning.isLoading) return null;
    const { tier, askAt } = this.decision('timer');
    const isDue = tier !== record.tenant.tier && this.#mayBeNow(tier);
    return isDue ? world.clock.wall() : askAt;
  }

  /** Idle time after which it is to sleep; null where the rules' own time counts. */
  sleepsAfter(idleSince: Instant): DurationMs | null {
    const { world, uses } = this.#parts;
    if (uses.heldBy !== null || this.#learning.isLoading) return null;
    const terms = this.#terms();
    if (terms === null) return null;
    const now = world.clock.wall();
    const since = this.#wallTime(idleSince);
    const ahead = ms(Math.max(AWAKE_AHEAD, now - since));
    const { level, until, isOpen, because } = this.outlook(terms, now, ahead);
    this.#awakeBecause = this.#ahead?.because ?? because;
    // Without an end in sight the way down begins behind the next look.
    const awakeUntil = isOpen ? later(until, ahead) : until;
    const end = Math.max(level === 'L1' ? awakeUntil : now, this.#ahead?.until ?? 0);
    return ms(Math.max(terms.floorAwake, end - since));
  }

  /** The tier that it has from this event on. */
  tierAt(
    event: TierEvent,
    { mayBe = () => true, asker = null }: TierQuestion = {},
  ): Required<TierHeld> {
    const { world, record, onTier } = this.#parts;
    const { tenant } = record;
    const decision = this.decision(event, asker);
    const { tier, tierBefore } = decision;
    this.#tierAskAt = decision.askAt;
    if (tier === tenant.tier || !mayBe(tier)) {
      return { tier: tenant.tier, tierBefore: tenant.tierBefore };
    }
    world.learner.decided(tenant.id, recordOf(decision));
    onTier({ ...tenant, tier });
    return { tier, tierBefore };
  }

  /** What the rules say of its tier at this event. */
  decision(event: TierEvent, asker: string | null = null): TierDecision {
    const { world, record, uses } = this.#parts;
    const { tier, tierSince, tierBefore, plan, override, consent, state, createdAt } =
      record.tenant;
    const { learned, isLoading } = this.#learning;
    const now = world.clock.wall();
    const rules = world.rulesOf(record.tenant);
    learned.window.keepPace({ window: rules.tierRules.window, day: rules.tierRules.day });
    const facts: TierFacts = {
      ...{ tier, tierSince, tierBefore, plan, override, event, asker },
      window: learned.window,
      idleSince: uses.isAtWork ? null : (learned.usedAt ?? (isLoading ? now : createdAt)),
      awake: event !== 'suspend' && (state.kind === 'running' || state.kind === 'waking'),
      consents: consent !== null,
      fastTrack: this.#learning.fastTrack(now),
    };
    return decideTier(facts, rules, now);
  }

  /** It sleeps now: when to ask about it again. */
  #rests(): void {
    const { world, record } = this.#parts;
    const now = world.clock.wall();
    world.price.asleep(record.tenant.id);
    if (this.#ahead !== null) this.#prewarmed(false, ms(now - this.#ahead.since));
    void this.#learning.loaded.then(() => this.#arrange(null));
  }

  /** Its appointment has come, and it may still sleep. */
  async appointment(): Promise<void> {
    const { world, record, turns } = this.#parts;
    await this.#learning.loaded;
    const now = world.clock.wall();
    if (!turns.isFree() || !record.isAtRest) {
      // Whoever is due is asked about before others: those awake must not be in their way.
      this.#learning.askAt = later(now, LOOK_WITHIN);
      return;
    }
    // Of whom nothing can be known now, nothing is foreseen.
    if (this.#learning.isLoading) return;
    this.#learning.stillIdle(now);
    this.#lookAtDay();
    const terms = this.#terms();
    const seen = terms && this.outlook(terms, now, this.#lookAhead(now));
    if (this.keepAwake()) {
      this.#learning.askAt = later(now, LOOK_AGAIN);
      return;
    }
    const isWorth = seen?.level === 'L1' && seen.until > later(now, WORTH_WAKING);
    // Who has never come is expected by nobody.
    if (isWorth && this.#learning.learned.usedAt !== null) {
      this.#wakeAhead(seen, now);
      return;
    }
    const held = this.tierAt('timer');
    this.#arrange(seen);
    if (held.tier === record.tenant.tier) return;
    await turns.exclusively('review', () => record.note(held));
  }

  /** Wakes the sleeping tenant if its tier is always awake. Returns whether that is so. */
  keepAwake(): boolean {
    if (this.isAlwaysAwake) this.#parts.turns.expect({ kind: 'tier' });
    return this.isAlwaysAwake;
  }

  /** Where an idle tenant is worth being, from now on. */
  outlook(terms: ResidencyTerms, now: Timestamp, ahead: DurationMs): Outlook {
    const { world, record } = this.#parts;
    const { tenant } = record;
    const { coldStarts } = world.rulesOf(tenant).plans[tenant.plan].sla;
    return foresee(
      {
        outlook: this.#learning.outlook(terms, now, ahead),
        pattern: this.#learning.learned.pattern,
        keepsHours: coldStarts === 'outside-business-hours',
      },
      now,
    );
  }

  #wakeAhead(seen: Outlook, now: Timestamp): void {
    const { turns } = this.#parts;
    // If it could not be woken now, it is not tried again before it would have been let go.
    this.#learning.askAt = later(seen.until, ms(1));
    if (!turns.expect({ kind: 'prewarm', because: seen.because })) return;
    this.#ahead = { since: now, until: seen.until, because: seen.because };
    this.#decided({
      at: now,
      kind: 'prewarm',
      from: null,
      to: 'L1',
      because: seen.because,
      inputs: { idleSince: seen.idleSince, until: seen.until },
    });
  }

  /** It sleeps, and more is known of it. */
  arrange(): void {
    if (this.#parts.turns.isFree() && this.#parts.record.isAtRest) this.#arrange(null);
  }

  /** When to ask next about the sleeping tenant. */
  #arrange(known: Outlook | null): void {
    const terms = this.#terms();
    const now = this.#parts.world.clock.wall();
    const look = later(now, this.#lookAhead(now));
    // Stopped with the server, or by a person: it is not to stay so.
    const soon = this.isAlwaysAwake ? later(now, SOON) : null;
    const times = [look, soon, this.#tierAskAt, this.#parts.record.tenant.override?.until ?? null];
    if (terms !== null) {
      const seen = known ?? this.outlook(terms, now, this.#lookAhead(now));
      // Asleep though it is worth being awake: a person wanted that, or there was no room.
      times.push(seen.level === 'L1' ? later(seen.until, ms(1)) : (seen.awakeAt ?? seen.until));
    }
    const next = Math.min(...times.filter((at) => at !== null && at > now).map(Number));
    this.#learning.askAt = timestamp(next);
  }

  /** Once a day: what the last days make unusual. */
  #lookAtDay(): void {
    const { clock } = this.#parts.world;
    const now = clock.wall();
    const day = Math.floor(now / hours(24));
    if (this.#learning.isLoading || day === this.#dayLookedAt) return;
    this.#dayLookedAt = day;
    this.#found(anomaliesOfDay(this.#learning.learned.pattern, now));
  }

  /**
   * A tier that is lost by idleness alone is lost at rest: until then its compute goes down the way of the
   * tier that it had, step by step.
   */
  #mayBeNow(tier: Tier): boolean {
    const { tenant } = this.#parts.record;
    return tenant.tier === 'PERSISTENT' || rankOf(tier) > rankOf(tenant.tier);
  }

  /** Whoever sleeps is looked at again after this, and so far is looked ahead. */
  #lookAhead(now: Timestamp): DurationMs {
    const idle = now - (this.#learning.learned.usedAt ?? now);
    return ms(Math.max(LOOK_WITHIN, idle));
  }

  #prewarmed(came: boolean, idle: DurationMs): void {
    this.#learning.prewarmed(came, idle);
    this.#parts.world.learner.prewarmed(came, idle);
    this.#ahead = null;
  }

  #found(anomalies: readonly Anomaly[]): void {
    for (const { at, kind, severity, numbers, says, effect } of anomalies) {
      const inputs = { what: kind, severity, effect, ...numbers };
      this.#decided({ at, kind: 'anomaly', from: null, to: null, because: says, inputs });
      if (effect === 'fast track to HOT') this.#learning.hurry(says);
    }
  }

  #decided(decision: Decision): void {
    const { world, record } = this.#parts;
    world.learner.decided(record.tenant.id, decision);
  }

  /** Null where the rules have fixed idle times. */
  #terms(): ResidencyTerms | null {
    const { world, record } = this.#parts;
    return world.price.termsOf(record.tenant);
  }

  #wallTime(at: Instant): Timestamp {
    const { clock } = this.#parts.world;
    return later(clock.wall(), elapsed(clock.now(), at));
  }
}
