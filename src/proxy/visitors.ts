/**
 * Who the sessions of a proxy are: the rules in force, and the rhythms of those who come.
 *
 * A session is judged at its login and whenever something that matters has changed: its name, its rhythm,
 * the rules. Between that its relay reads two flags. Rhythms are kept for a role and `application_name` of a
 * tenant, beyond their sessions, since many a poller connects anew each time.
 *
 * Memory is bounded: of the rhythms that are longest unused, about 200 bytes each, the first goes.
 */
import type { TenantId } from '../domain/ids.ts';
import type { Instant } from '../domain/units.ts';
import type { VisitorRule } from '../domain/visitors.ts';
import { classify, DEFAULT_VISITOR_RULES, type Verdict } from '../policy/visitors.ts';
import { Rhythm } from '../policy/visitors-rhythm.ts';
import type { SessionCause } from './parking-options.ts';
import { Pulse } from './pulse.ts';
import type { Seeker } from './seeker-queue.ts';

const RHYTHMS_MAX = 20_000;

/** `NAMEDATALEN` less its zero byte: PostgreSQL cuts names there, and no rule needs more. */
const NAME_MAX = 63;

export type VisitorIdentity = {
  readonly tenant: TenantId;
  readonly role: string;
  readonly applicationName: string;
  /** As `addressKey` makes it. */
  readonly from: string;
};

export class Visitors {
  readonly #rhythms = new Map<string, Rhythm>();
  #rules: readonly VisitorRule[] = DEFAULT_VISITOR_RULES;
  #edition = 0;

  /** Holds for the sessions that are open too, from the next look at each. */
  setRules(rules: readonly VisitorRule[]): void {
    this.#rules = rules;
    this.#edition++;
  }

  /** Grows with every change of the rules. */
  get edition(): number {
    return this.#edition;
  }

  /** What holds for the login of such a one. Leaves nothing behind: it may be a stranger who claims it. */
  foresee(who: VisitorIdentity): Verdict {
    const rhythm = this.#rhythms.get(keyOf(who)) ?? new Rhythm();
    return this.judge(who, rhythm, rhythm.isOnlyPinging);
  }

  /** A session with a proven password. */
  come(who: VisitorIdentity, now: Instant): Visitor {
    const visitor = new Visitor(who, this);
    visitor.comes(now);
    return visitor;
  }

  /** What the rules say of a request that is a ping or is none. */
  judge(who: VisitorIdentity, rhythm: Rhythm, isPing: boolean): Verdict {
    const { role, applicationName, from: address } = who;
    const rhythms = rhythm.kinds(isPing);
    return classify({ role, applicationName, address, rhythms }, this.#rules);
  }

  /** The rhythm that such a one shares with its like. */
  rhythmOf(who: VisitorIdentity): Rhythm {
    const key = keyOf(who);
    const rhythm = this.#rhythms.get(key) ?? new Rhythm();
    this.#rhythms.delete(key);
    this.#rhythms.set(key, rhythm);
    if (this.#rhythms.size > RHYTHMS_MAX) {
      const [oldest] = this.#rhythms.keys();
      if (oldest !== undefined) this.#rhythms.delete(oldest);
    }
    return rhythm;
  }
}

const keyOf = ({ tenant, role, applicationName }: VisitorIdentity): string =>
  JSON.stringify([tenant, role, applicationName.slice(0, NAME_MAX)]);

/** What of a visitor decides how its seeker is served. */
export type Seeking = Pick<Seeker, 'cause' | 'mayWake' | 'isCounted'>;

/** Who a session is. */
export class Visitor {
  readonly pulse = new Pulse();
  /** Anything but a person. Read at every message, as is `isPinging`. */
  isRobot = false;
  /** Its pings are known for what they are. */
  isPinging = false;
  readonly #visitors: Visitors;
  #who: VisitorIdentity;
  #rhythm: Rhythm;
  /** Of what it asks, and of its pings. */
  #verdict: Verdict;
  #ofPings: Verdict;
  #edition: number;
  #wasSteady: boolean;

  constructor(who: VisitorIdentity, visitors: Visitors) {
    this.#visitors = visitors;
    this.#who = who;
    this.#rhythm = visitors.rhythmOf(who);
    this.#edition = visitors.edition;
    this.#wasSteady = this.#rhythm.isSteady;
    this.#verdict = visitors.judge(who, this.#rhythm, false);
    this.#ofPings = visitors.judge(who, this.#rhythm, true);
    this.#judge();
  }

  get verdict(): Verdict {
    if (this.#edition !== this.#visitors.edition) this.#judge();
    return this.#verdict;
  }

  /** What holds for its pings: the same as for all else, unless it is known to ping. */
  get verdictOfPings(): Verdict {
    if (this.#edition !== this.#visitors.edition) this.#judge();
    return this.#ofPings;
  }

  /** As its wakes are recorded. */
  get cause(): SessionCause {
    const { role, applicationName, from } = this.#who;
    return { kind: 'session', role, applicationName, from, visitor: this.verdict.class };
  }

  /** As what it stands in the queue for a backend. */
  get seeking(): Seeking {
    const { wakes: mayWake, keeps: isCounted } = this.verdict;
    return { cause: this.cause, mayWake, isCounted };
  }

  /** Likewise at its login: who comes to ping, time after time, needs no compute for that. */
  get arriving(): Seeking {
    const { isOnlyPinging } = this.#rhythm;
    const { wakes: mayWake, keeps: isCounted } = isOnlyPinging ? this.verdictOfPings : this.verdict;
    return { cause: this.cause, mayWake, isCounted };
  }

  /** It logs in; until it says something, that is a ping. */
  comes(now: Instant): void {
    this.#rhythm.heard(now, true);
    this.#judge();
  }

  /** It has said something since the last look. Whether idleness counts from that; null if that changes nothing. */
  heard(now: Instant): boolean | null {
    const { hasWorked, hasPinged } = this.pulse;
    // A part of a message, data of a COPY, a goodbye.
    if (!hasWorked && !hasPinged) return null;
    const isPing = !hasWorked;
    this.pulse.begin();
    this.#rhythm.heard(now, isPing);
    if (this.#wasSteady !== this.#rhythm.isSteady || this.isPinging !== this.#rhythm.isPinging) {
      this.#judge();
    }
    return (isPing ? this.verdictOfPings : this.verdict).keeps;
  }

  /** It calls itself otherwise. */
  named(applicationName: string): void {
    if (applicationName === this.#who.applicationName) return;
    this.#who = { ...this.#who, applicationName };
    this.#rhythm = this.#visitors.rhythmOf(this.#who);
    this.#judge();
  }

  #judge(): void {
    this.#edition = this.#visitors.edition;
    this.#wasSteady = this.#rhythm.isSteady;
    this.isPinging = this.#rhythm.isPinging;
    this.#verdict = this.#visitors.judge(this.#who, this.#rhythm, false);
    this.#ofPings = this.#visitors.judge(this.#who, this.#rhythm, true);
    this.isRobot = this.#verdict.class !== 'person';
  }
}
