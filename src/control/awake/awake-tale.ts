/**
 * One interval in which a tenant is awake, as it grows: what keeps it awake, from moment to moment.
 *
 * Only beginnings are kept, and each segment ends where the next begins: whatever is told, there is no gap and no overlap.
 * It stays few: what is told again goes on, a short rest between two times of work is part of the work, and beyond
 * `SEGMENTS_MAX` the oldest are summed by reason.
 */
import type {
  AwakeEnd,
  AwakeInterval,
  AwakeSegment,
  KeptAwake,
  KeptSum,
} from '../../domain/awake.ts';
import type { SessionClient } from '../../domain/gate.ts';
import { minutes, type Timestamp } from '../../domain/units.ts';

export const SEGMENTS_MAX = 50;

/** Summed at once, so that not each further segment sums anew. */
const SUMMED_AT_ONCE = 10;

/** A rest that is shorter, between two times of the same work, is no segment of its own. */
const BRIEF = minutes(1);

/** Time in which nobody asks anything, however it is reasoned. */
const RESTS: ReadonlySet<KeptAwake['kind']> = new Set(['idle', 'policy', 'expected', 'refused']);

type Begun = { readonly from: Timestamp; readonly kept: KeptAwake | KeptSum };

type Known = Omit<AwakeInterval, 'segments' | 'to' | 'ended'>;

export class AwakeTale {
  #known: Known;
  #begun: Begun[];
  #until: Timestamp;
  #ended: AwakeEnd | null = null;
  /** Something of it is not written. */
  isNew = true;

  constructor(known: Known, begun: readonly Begun[]) {
    this.#known = known;
    this.#begun = [...begun];
    this.#until = begun.at(-1)?.from ?? known.from;
  }

  /** Goes on with one that was kept. */
  static of({ segments, to, ended: _, ...known }: AwakeInterval): AwakeTale {
    const tale = new AwakeTale(known, segments);
    tale.#until = later(to, tale.#until);
    return tale;
  }

  get tenant(): AwakeInterval['tenant'] {
    return this.#known.tenant;
  }

  get from(): Timestamp {
    return this.#known.from;
  }

  get customer(): AwakeInterval['customer'] {
    return this.#known.customer;
  }

  /** Until when it is known; moves with what is told and looked at, and never back. */
  get until(): Timestamp {
    return this.#until;
  }

  kept(kept: KeptAwake, wall: Timestamp): void {
    const at = this.seen(wall);
    const last = this.#begun.at(-1);
    if (last !== undefined && isSame(last.kept, kept)) {
      this.#begun[this.#begun.length - 1] = { from: last.from, kept: richer(last.kept, kept) };
      return;
    }
    this.isNew = true;
    if (last !== undefined && last.from === at && this.#begun.length > 1) this.#begun.pop();
    else if (last?.from === at) {
      this.#begun = [{ from: at, kept }];
      return;
    }
    if (this.#joins(kept, at)) return;
    this.#begun.push({ from: at, kept });
    if (this.#begun.length > SEGMENTS_MAX) this.#sum();
  }

  /** Who was seen, and how many waited for the wake. */
  told(who: SessionClient | undefined, waited = 0): void {
    if (who !== undefined) this.#learnFirst(who);
    if (waited === 0) return;
    this.#known = { ...this.#known, waited: this.#known.waited + waited };
    this.isNew = true;
  }

  /** It is still awake. Returns `wall`, or what is known already if the clock was set back. */
  seen(wall: Timestamp): Timestamp {
    this.#until = later(wall, this.#until);
    return this.#until;
  }

  end(end: AwakeEnd): void {
    this.#ended = end;
    this.isNew = true;
  }

  /** As it is known until now. */
  get interval(): AwakeInterval {
    const segments = this.#begun.map(({ from, kept }, at): AwakeSegment => {
      return { from, to: this.#begun[at + 1]?.from ?? this.#until, kept };
    });
    return { ...this.#known, segments, to: this.#until, ended: this.#ended };
  }

  /** The same work goes on behind a brief rest, or what is left after one segment without length is gone. */
  #joins(kept: KeptAwake, at: Timestamp): boolean {
    const last = this.#begun.at(-1);
    if (last !== undefined && isSame(last.kept, kept)) return true;
    const before = this.#begun.at(-2);
    if (last === undefined || before === undefined || !RESTS.has(asKept(last.kept))) return false;
    if (at - last.from >= BRIEF || !isSame(before.kept, kept)) return false;
    this.#begun.pop();
    return true;
  }

  /** Whether who was expected comes, and what the first statement was, is known only later. */
  #learnFirst(seen: SessionClient): void {
    const { cause } = this.#known;
    if (cause.kind !== 'session' && cause.kind !== 'expected') return;
    const { statement = null } = seen;
    if (cause.who.statement != null || !isSameClient(cause.who, seen)) return;
    // Who was expected has come.
    if (statement === null && cause.kind === 'session') return;
    const known = { kind: 'session', who: { ...cause.who, statement } } as const;
    this.#known = { ...this.#known, cause: known };
    this.isNew = true;
  }

  #sum(): void {
    const ms: Record<string, number> = {};
    const gone = this.#begun.splice(0, SUMMED_AT_ONCE);
    const next = this.#begun[0]?.from ?? this.#until;
    gone.forEach(({ from, kept }, at) => {
      const parts =
        kept.kind === 'several' ? kept.ms : { [kept.kind]: (gone[at + 1]?.from ?? next) - from };
      for (const [reason, length] of Object.entries(parts)) ms[reason] = (ms[reason] ?? 0) + length;
    });
    this.#begun.unshift({ from: this.#known.from, kept: { kind: 'several', ms } });
  }
}

const asKept = (kept: KeptAwake | KeptSum): KeptAwake['kind'] =>
  kept.kind === 'several' ? 'work' : kept.kind;

const later = (one: Timestamp, other: Timestamp): Timestamp => (one > other ? one : other);

/** Work is work, whoever is at it: with many clients another one is seen at every look. */
function isSame(one: KeptAwake | KeptSum, other: KeptAwake): boolean {
  if (one.kind !== other.kind) return false;
  if (one.kind === 'pin' && other.kind === 'pin') {
    return one.pin === other.pin && isSameClient(one.who, other.who);
  }
  return true;
}

const isSameClient = (one: SessionClient | null, other: SessionClient | null): boolean =>
  one === null || other === null
    ? one === other
    : one.role === other.role &&
      one.applicationName === other.applicationName &&
      one.from === other.from;

/** What is first said of a reason stays, but for a client who was not known. */
const richer = (known: KeptAwake | KeptSum, told: KeptAwake): KeptAwake | KeptSum =>
  known.kind === 'work' && known.who === null ? told : known;
