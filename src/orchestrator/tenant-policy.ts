/**
 * What the policy says of one tenant: how long it stays awake when nobody uses it, which tier it has
 * earned, and when it wants to be asked again while the tenant sleeps. Asks the pure policy with what is
 * known here, and keeps a record of what came of it.
 */
import type { Tier } from '../domain/tier.ts';
import {
  type DurationMs,
  elapsed,
  type Instant,
  later,
  ms,
  type Timestamp,
} from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import { minuteOfUse } from '../policy/learned.ts';
import type { Outlook } from '../policy/outlook.ts';
import type { ResidencyTerms } from '../policy/residency.ts';
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
  /** It has another tier. */
  readonly onTier: () => void;
};

export class TenantPolicy {
  readonly #parts: PolicyParts;
  readonly #learning: TenantLearning;
  /** Since when it is awake ahead of somebody who has not come yet. */
  #aheadSince: Timestamp | null = null;

  constructor(parts: PolicyParts) {
    this.#parts = parts;
    this.#learning = parts.world.learner.of(parts.record.tenant.id);
    void this.#learning.loaded.then(() => parts.turns.decide());
  }

  /** Resolves when it is known what has been learned. */
  get loaded(): Promise<void> {
    return this.#learning.loaded;
  }

  /** A proxy has said how the tenant is used. */
  used(): void {
    const { usedAt } = this.#parts.uses;
    if (usedAt === null) return;
    const at = this.#wallTime(usedAt);
    this.#learning.used(at);
    if (this.#aheadSince === null || at <= this.#aheadSince) return;
    this.#learning.prewarmed(true, ms(0));
    this.#aheadSince = null;
  }

  /** What it has used in a minute. */
  minute(record: UsageMinute): void {
    this.#learning.minute(minuteOfUse(record));
    this.review();
  }

  /** Writes the tier that it has earned or lost, and asks the idle rule anew. */
  review(): void {
    const { record, turns } = this.#parts;
    const tier = this.tierAt('timer');
    if (tier !== record.tenant.tier && turns.isFree()) {
      turns
        .exclusively('review', () => record.note({ tier }))
        .catch((error) => turns.complain('be given its tier', error));
    }
    turns.decide();
  }

  /** Idle time after which it is to sleep; null where the rules' own time counts. */
  sleepsAfter(idleSince: Instant): DurationMs | null {
    const { world, uses } = this.#parts;
    if (uses.heldBy !== null || this.#learning.isLoading) return null;
    const terms = this.#terms();
    if (terms === null) return null;
    const now = world.clock.wall();
    const { level, until } = this.#learning.outlook(terms, now);
    const end = level === 'L1' ? until : now;
    return ms(Math.max(terms.floorAwake, end - this.#wallTime(idleSince)));
  }

  /** The tier that it has from this event on. */
  tierAt(_event: string): Tier {
    return this.#parts.record.tenant.tier;
  }

  /** It sleeps now: when to ask about it again. */
  rests(): void {
    const now = this.#parts.world.clock.wall();
    if (this.#aheadSince !== null) {
      this.#learning.prewarmed(false, ms(now - this.#aheadSince));
      this.#aheadSince = null;
    }
    void this.#learning.loaded.then(() => this.#arrange(null));
  }

  /** Its appointment has come, and it may still sleep. */
  async appointment(): Promise<void> {
    const { record, turns } = this.#parts;
    await this.#learning.loaded;
    if (!turns.isFree() || !record.isAtRest) return;
    this.#learning.stillIdle(this.#parts.world.clock.wall());
    const because = this.#whyAwake();
    const tier = this.tierAt(because === null ? 'timer' : 'prewarm');
    if (because !== null) turns.expect(because);
    else if (tier !== record.tenant.tier) {
      await turns.exclusively('review', () => record.note({ tier }));
    }
  }

  /** Why the sleeping tenant is worth being awake now; null if it is not. */
  #whyAwake(): string | null {
    const { world, record } = this.#parts;
    const now = world.clock.wall();
    const terms = this.#terms();
    const seen = terms && this.#learning.outlook(terms, now);
    const isToWake = seen?.level === 'L1';
    this.#arrange(isToWake ? seen : null);
    if (seen === null || !isToWake) return null;
    this.#aheadSince = now;
    world.learner.decided(record.tenant.id, {
      at: now,
      kind: 'prewarm',
      from: null,
      to: 'L1',
      because: seen.because,
      inputs: { idleSince: seen.idleSince, until: seen.until },
    });
    return `ahead of its people: ${seen.because}`;
  }

  /** When to ask next about the sleeping tenant: when it is worth being awake, or worth another look. */
  #arrange(kept: Outlook | null): void {
    const terms = this.#terms();
    if (terms === null) return;
    const now = this.#parts.world.clock.wall();
    const seen = kept ?? this.#learning.outlook(terms, now);
    // One that is asleep though it is worth being awake was put to sleep by a person, or could not be woken.
    this.#learning.askAt =
      seen.level === 'L1' ? later(seen.until, ms(1)) : (seen.awakeAt ?? seen.until);
  }

  #terms(): ResidencyTerms | null {
    return null;
  }

  #wallTime(at: Instant): Timestamp {
    const { clock } = this.#parts.world;
    return later(clock.wall(), elapsed(clock.now(), at));
  }
}
