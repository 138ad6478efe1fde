/**
 * What is learned of one tenant, while something is going on with it. It is told of each use and each
 * minute's counts, and says what follows: how long the idle tenant is worth keeping awake, and when it is
 * worth waking again.
 */
import type { Clock } from '../domain/clock.ts';
import {
  type DurationMs,
  hours,
  later,
  minutes,
  ms,
  seconds,
  type Timestamp,
} from '../domain/units.ts';
import { prewarmWasRight, prewarmWasWrong } from '../policy/forecast-window.ts';
import { Learned } from '../policy/learned.ts';
import { type Outlook, outlook } from '../policy/outlook.ts';
import type { MinuteOfUse } from '../policy/pattern.ts';
import type { ResidencyTerms } from '../policy/residency.ts';
import { type Habit, watchIdle } from '../policy/returns.ts';
import type { Population, Watched } from '../policy/returns-population.ts';

/** How long what is unusual keeps a tenant HOT; then its use must have earned it. */
const HURRY_FOR = hours(4);

/** Who has no appointment is asked about so late. */
const ASKED_WITHIN = hours(24);

/** An appointment as near as this is written sooner. */
const ASKED_SOON = minutes(3);

/** Uses told so much ahead of the clock were told by one that has been put right since. */
const AHEAD_MAX = minutes(10);

/** What happens while it is not known what was learned before is kept up to so many events. */
const BEFORE_MAX = 1_000;

/** Requests closer to one another are one use. */
const SAME_USE_WITHIN = seconds(10);

export type LearningParts = {
  readonly clock: Clock;
  readonly population: () => Population;
  /** The population has learned something. */
  readonly onTaught: () => void;
  readonly onChange: () => void;
  /** It is to be asked about before the next write. */
  readonly onSoon: () => void;
};

/** Halfway to where was looked, who looks twice as far as it is idle looks so much further. */
const FURTHER = 1.5;

/** What was seen of the time ahead, and for how long that counts. */
type Seen = {
  readonly terms: ResidencyTerms;
  readonly usedAt: Timestamp | null;
  readonly ahead: DurationMs;
  readonly until: Timestamp;
  readonly outlook: Outlook;
};

export class TenantLearning {
  /** Nothing is going on with the tenant any more. */
  isResting = false;
  /** Since when it is idle if nobody has ever used it. */
  bornAt: Timestamp | null = null;
  /** When the policy wants to be asked about it while it sleeps. */
  #askAt: Timestamp | null = null;
  readonly #parts: LearningParts;
  /** Null while nothing is known and nobody has asked. */
  #learned: Learned | null = null;
  /** What happened before it was known what had been learned. */
  #before: ((learned: Learned) => boolean)[] | null = [];
  #loaded: Promise<void> = Promise.resolve();
  #isUnread = false;
  #isChanged = false;
  #hurry: { readonly why: string; readonly until: Timestamp } | null = null;
  #seen: Seen | null = null;

  constructor(parts: LearningParts) {
    this.#parts = parts;
  }

  get isLoading(): boolean {
    return this.#before !== null;
  }

  get isChanged(): boolean {
    return this.#isChanged && !this.isLoading;
  }

  get learned(): Learned {
    this.#learned ??= new Learned();
    return this.#learned;
  }

  /** Resolves when it is known what has been learned, or that this cannot be known now. */
  get loaded(): Promise<void> {
    return this.#loaded;
  }

  /**
   * Takes in what the store has; undefined if that is nothing. What cannot be read is not overwritten either:
   * until it can be, the tenant is still being loaded. Never rejects.
   */
  load(stored: Promise<Uint8Array | undefined>): void {
    this.#isUnread = false;
    this.#loaded = stored.then(
      (bytes) => this.#known(bytes),
      () => {
        this.#isUnread = true;
        this.#parts.onChange();
      },
    );
  }

  /** What the store has could not be read: it is to be loaded again. */
  get isUnread(): boolean {
    return this.#isUnread;
  }

  #known(bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) this.#learned = Learned.decode(bytes);
    const before = this.#before ?? [];
    this.#before = null;
    for (const event of before) event(this.learned);
    this.#seen = null;
    if (before.length > 0 || this.#isChanged) this.changed();
  }

  changed(): void {
    this.#isChanged = true;
    this.#parts.onChange();
  }

  /** A person asked something. Moments may be told more than once, and a little late. */
  used(at: Timestamp): void {
    this.#happened((learned) => {
      const { habit } = learned;
      const isAhead = (learned.usedAt ?? 0) - this.#parts.clock.wall() > AHEAD_MAX;
      const usedAt = isAhead ? null : learned.usedAt;
      if (usedAt !== null && at <= usedAt) return false;
      learned.usedAt = at;
      if (usedAt !== null && at - usedAt < SAME_USE_WITHIN) return false;
      if (usedAt !== null) {
        const idle = { since: usedAt, from: learned.watchedTo, to: ms(at - usedAt) };
        this.#teach(habit, { ...idle, returned: true });
        habit.returned(usedAt, at);
      }
      learned.watchedTo = ms(0);
      habit.began(at);
      return true;
    });
  }

  /** It is still idle: the fleet learns of those who do not come back, too. */
  stillIdle(now: Timestamp): void {
    this.#happened((learned) => {
      const { usedAt, habit, watchedTo } = learned;
      if (usedAt === null || now - usedAt <= watchedTo) return false;
      const to = ms(now - usedAt);
      this.#teach(habit, { since: usedAt, from: watchedTo, to, returned: false });
      learned.watchedTo = to;
      return true;
    });
  }

  minute(minute: MinuteOfUse): void {
    this.#happened((learned) => {
      learned.window.add(minute);
      learned.pattern.add(minute);
      return true;
    });
  }

  /** So large are its data now, in bytes. */
  measured(bytes: number): void {
    const at = this.#parts.clock.wall();
    this.#happened(({ pattern }) => {
      pattern.size(at, bytes);
      return true;
    });
  }

  /** It was awake ahead of somebody, who came or did not. */
  prewarmed(came: boolean, idle: DurationMs): void {
    this.#happened(({ pattern }) => {
      if (came) prewarmWasRight(pattern);
      else prewarmWasWrong(pattern, idle);
      return true;
    });
  }

  /** Why it is to be HOT at once; null without such a reason. */
  fastTrack(now: Timestamp): { readonly why: string } | null {
    const hurry = this.#hurry;
    return hurry !== null && now < hurry.until ? { why: hurry.why } : null;
  }

  /** It is to be HOT at once, for a while. */
  hurry(why: string): void {
    this.#hurry = { why, until: later(this.#parts.clock.wall(), HURRY_FOR) };
  }

  set askAt(at: Timestamp | null) {
    if (at === this.#askAt) return;
    this.#askAt = at;
    this.changed();
    if (at !== null && at - this.#parts.clock.wall() < ASKED_SOON) this.#parts.onSoon();
  }

  get askAt(): Timestamp | null {
    return this.#askAt;
  }

  /** How long to keep it awake from `now` on, and when to wake it again. Remembered until that changes. */
  outlook(terms: ResidencyTerms, now: Timestamp, ahead: DurationMs): Outlook {
    const { usedAt, habit } = this.learned;
    const known = this.#seen;
    const isSame = known?.terms === terms && known.usedAt === usedAt && now < known.until;
    // An end that is in sight is the same for whoever looks further.
    if (isSame && !(known.outlook.isOpen && ahead > FURTHER * known.ahead)) return known.outlook;
    const population = this.#parts.population();
    // Nobody who has never come comes back.
    const facts = { habit, population, idleSince: usedAt ?? this.bornAt ?? now, terms };
    const found = outlook(facts, now, ahead);
    // What is not seen to end is looked at again halfway there.
    const until = found.isOpen ? later(now, ms((found.until - now) / 2)) : found.until;
    this.#seen = { terms, usedAt, ahead, until, outlook: found };
    return found;
  }

  /** What is to be written; from now on it counts as written. */
  taken(): { readonly bytes: Uint8Array; readonly askAt: Timestamp } {
    this.#isChanged = false;
    // Nobody is forgotten, should the server end before it says when.
    const askAt = this.#askAt ?? later(this.#parts.clock.wall(), ASKED_WITHIN);
    return { bytes: this.learned.encode(), askAt };
  }

  #teach(habit: Habit, watched: Watched): void {
    watchIdle(habit, this.#parts.population(), watched);
    this.#parts.onTaught();
  }

  #happened(event: (learned: Learned) => boolean): void {
    if (this.#before !== null) {
      if (this.#before.length < BEFORE_MAX) this.#before.push(event);
      return;
    }
    if (event(this.learned)) this.changed();
  }
}
