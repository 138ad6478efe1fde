/**
 * Watches one awake compute for idleness: since when nobody has used it, how far down its way it has
 * gone, what was refused, and the one timer after which the policy is asked again.
 */
import type { KeptAwake } from '../domain/awake.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { SuspendRefusal, TenantLive } from '../domain/lifecycle.ts';
import type { Tier } from '../domain/tier.ts';
import { after, elapsed, type Instant, timestamp } from '../domain/units.ts';
import {
  decideIdle,
  heldAwakeBy,
  type IdleAction,
  type IdleFacts,
  refusedWait,
  suspendDue,
} from '../policy/idle.ts';
import type { DownStep } from '../policy/way-down.ts';
import type { TenantUses } from './tenant-uses.ts';

/** What of the tenant the policy looks at. */
export type IdleTerms = {
  readonly way: readonly DownStep[];
  readonly tier: Tier;
  /** The tier in whose size the compute runs. */
  readonly rung: Tier;
  /** Why another size is due in its tier; null if none is. */
  readonly wants: string | null;
  /** What keeps it awake while nobody asks. */
  readonly kept: KeptAwake;
};

type Asked = {
  /** Something is to be done to the compute. */
  readonly onDue: (action: DueAction) => void;
  /** It is time to `ask` again: by now its terms may be others. */
  readonly onAsk: () => void;
  /** What keeps it awake from now on, as often as it is looked at. */
  readonly onKept?: (kept: KeptAwake) => void;
};

/** What the watch asks for. */
export type DueAction = Extract<IdleAction, { kind: 'step' | 'climb' }>;

export class IdleWatch {
  readonly #clock: Clock;
  readonly #uses: TenantUses;
  readonly #onDue: (action: DueAction) => void;
  readonly #onAsk: () => void;
  readonly #onKept: (kept: KeptAwake) => void;
  /** Idleness counts from here at the earliest. */
  #from: Instant;
  #isExpecting = false;
  /** Steps of the way that are done since somebody last came. */
  #done = 0;
  #round = 0;
  /** Somebody has come since it was last made smaller. */
  #isUsedAgain = false;
  #refusals = 0;
  #notBefore: Instant | null = null;
  #lastRefusal: SuspendRefusal | null = null;
  #cancelTimer: CancelTimer | null = null;

  constructor(clock: Clock, uses: TenantUses, { onDue, onAsk, onKept = () => {} }: Asked) {
    this.#clock = clock;
    this.#uses = uses;
    this.#onDue = onDue;
    this.#onAsk = onAsk;
    this.#onKept = onKept;
    this.#from = clock.now();
  }

  /** A compute runs: for somebody who is only expected if `isExpecting`. Idleness counts from now. */
  began(isExpecting: boolean): void {
    this.came();
    this.restart();
    this.#isExpecting = isExpecting;
    this.#lastRefusal = null;
  }

  /** Idleness counts from now on, and the way begins anew. */
  restart(): void {
    this.#from = this.#clock.now();
    this.#done = 0;
    this.#round += 1;
  }

  /** Grows whenever the way begins anew. */
  get round(): number {
    return this.#round;
  }

  /**
   * A step of the way is done that was begun in `round`, unless the way was begun anew meanwhile. The same way may
   * have been made again since, with other times: by what is done in it a step is known, or it would be due for ever.
   */
  went({ way }: IdleTerms, what: DownStep['what'], round: number): void {
    const step = way[this.#done];
    if (round === this.#round && step && isSame(step.what, what)) this.#done += 1;
  }

  /**
   * The compute was restarted in a lower size, and is as idle as it was before: the way goes on behind
   * that step.
   */
  lowered({ way }: IdleTerms, rung: Tier, idleSince: Instant): void {
    const step = way.findIndex(({ what }) => what.kind === 'resize' && what.to === rung);
    this.#done = step + 1;
    this.#from = idleSince;
    this.#isUsedAgain = false;
  }

  /** Another compute is as idle as the one before. */
  goesOn(idleSince: Instant): void {
    this.#from = idleSince;
  }

  /** Since when it is idle. */
  get idleSince(): Instant {
    return Math.max(this.#uses.usedAt ?? this.#from, this.#from) as Instant;
  }

  /** Somebody came. */
  came(): void {
    this.#done = 0;
    this.#round += 1;
    this.#isUsedAgain = true;
    this.#isExpecting = false;
    this.#refusals = 0;
    this.#notBefore = null;
  }

  /** It could not be stopped. Idleness begins anew, and is looked at more and more seldom. */
  refused(why: string): void {
    this.restart();
    this.#isExpecting = false;
    this.#refusals += 1;
    this.#notBefore = after(this.#from, refusedWait(this.#refusals));
    this.#lastRefusal = { why, at: this.#clock.wall() };
  }

  /** Asks the policy about the running compute; of one that is held nobody needs to know the terms. */
  ask(terms: () => IdleTerms): void {
    this.stop();
    if (this.#uses.heldBy !== null) {
      this.#onKept(this.#uses.kept);
      return;
    }
    const now = this.#clock.now();
    const facts = this.#facts(terms());
    const action = decideIdle(facts, now);
    this.#onKept(this.#keptBy(facts, terms().kept));
    switch (action.kind) {
      case 'stay':
        return;
      case 'askAt':
        this.#cancelTimer = this.#clock.timer(elapsed(now, action.at), this.#onAsk);
        return;
      case 'step':
      case 'climb':
        this.#onDue(action);
        return;
      default:
        action satisfies never;
    }
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** What to say of it; `awake` tells whether there is a compute to be idle. */
  live(awake: boolean, terms: IdleTerms): TenantLive {
    const { sessions, bound, heldBy } = this.#uses;
    const known = { sessions, bound, lastSuspendRefusal: this.#lastRefusal };
    if (!awake) return { ...known, heldBy: null, idleSince: null, suspendAt: null, descent: null };
    const facts = this.#facts(terms);
    const held = heldAwakeBy(facts);
    return {
      ...known,
      heldBy: held,
      descent: this.#descent(terms),
      idleSince: heldBy === null ? this.#wallTime(facts.idleSince) : null,
      suspendAt: held === null ? this.#wallTime(suspendDue(facts)) : null,
    };
  }

  /** Why it is awake though nobody asks. */
  #keptBy(facts: IdleFacts, otherwise: KeptAwake): KeptAwake {
    if (heldAwakeBy(facts) !== null) return { kind: 'floor' };
    if (facts.isExpecting) return { kind: 'expected' };
    const { notBefore } = facts;
    const isPutOff = notBefore !== null && suspendDue({ ...facts, notBefore: null }) < notBefore;
    if (!isPutOff || this.#lastRefusal === null) return otherwise;
    return { kind: 'refused', because: this.#lastRefusal.why };
  }

  #facts(terms: IdleTerms): IdleFacts {
    return {
      way: terms.way,
      done: this.#done,
      mustClimb: terms.rung !== terms.tier && this.#isUsedAgain,
      wants: terms.wants,
      heldBy: this.#uses.heldBy,
      idleSince: this.idleSince,
      isExpecting: this.#isExpecting,
      notBefore: this.#notBefore,
    };
  }

  /** How far down it has gone, in a few words. */
  #descent({ way, tier, rung }: IdleTerms): string | null {
    const size = rung === tier ? [] : [`has the size of ${rung}`];
    const sheds = this.#done === 0 ? [] : [`step ${this.#done} of ${way.length} on its way down`];
    return [...size, ...sheds].join(', ') || null;
  }

  #wallTime(at: Instant): ReturnType<Clock['wall']> {
    return timestamp(this.#clock.wall() + elapsed(this.#clock.now(), at));
  }
}

const isSame = (one: DownStep['what'], other: DownStep['what']): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
