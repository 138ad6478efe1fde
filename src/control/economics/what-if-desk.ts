/**
 * What it would cost, and how long people would wait, if tenants were kept otherwise.
 *
 * The minutes in which computes ran are what tenants did; where somebody was at work in them is replayed by a simulator, once
 * as tenants are kept now and once as asked. Both come out of the same replay, so that what the simulator has wrong it has
 * wrong twice. What was measured gives what an awake second takes and a tenant's files cost.
 */
import type { Clock } from '../../domain/clock.ts';
import type { CostShare } from '../../domain/economics.ts';
import { fault } from '../../domain/faults.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { UseLedger, UseMinute } from '../../domain/metering.ts';
import type { Plan, Tier } from '../../domain/tier.ts';
import { hours, minutes, type Timestamp, timestamp } from '../../domain/units.ts';
import { addedUse, NO_USE, type Use, type UseRow } from '../../domain/use.ts';
import { type Amount, minus } from '../../economics/money.ts';
import { HOUR_MS, monthOf } from '../../economics/month.ts';
import { accruedOf, chargedIn } from '../../economics/plans.ts';
import type { FleetHour } from '../../economics/usage-cost.ts';
import { comparedWays, type Outcome, type Way } from '../../economics/what-if.ts';
import { fewAtOnce } from '../few-at-once.ts';
import type { CostDesk } from './cost-desk.ts';
import type { MonthShare } from './cost-sums.ts';
import type { PriceDesk } from './price-desk.ts';

export type WhatIfWish = {
  /** Null for a sample of the fleet. */
  readonly tenant: TenantId | null;
  readonly sample?: number | undefined;
  readonly days?: number | undefined;
  readonly idleMs?: number | undefined;
  readonly tier?: Tier | undefined;
  readonly plan?: Plan | undefined;
  /** A preset. */
  readonly policy?: string | undefined;
  /** The text of a policy file, instead of a preset. */
  readonly policyFile?: string | undefined;
};

/** Under what a tenant is kept: what is undefined is as it is now. */
export type ReplayRule = Pick<WhatIfWish, 'idleMs' | 'tier' | 'policy' | 'policyFile'>;

/** When one tenant was at work, in seconds from the begin of the replay. */
export type Recorded = {
  readonly id: TenantId;
  readonly tier: Tier;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
};

export type ReplayJob = {
  readonly from: Timestamp;
  readonly seconds: number;
  readonly tenants: readonly Recorded[];
  readonly rules: readonly [now: ReplayRule, then: ReplayRule];
};

/** Of one tenant, under one rule. */
export type Replayed = {
  readonly awakeSeconds: number;
  readonly coldStarts: number;
  readonly waitedMs: number;
};

export interface Replayer {
  /** By rule and tenant. Rejects when `signal` aborts. Throws `BAD_REQUEST` for a preset that there is not, `BAD_POLICY`. */
  replay(job: ReplayJob, signal: AbortSignal): Promise<readonly (readonly Replayed[])[]>;
}

export type WhatIfAnswer = {
  readonly tenants: number;
  readonly days: number;
  readonly currency: string;
  readonly outcome: Outcome;
  readonly charged: Outcome['cost'] | null;
};

export type WhatIfWorld = {
  readonly clock: Clock;
  readonly ledger: Pick<UseLedger, 'minutes'>;
  readonly costs: Pick<CostDesk, 'month'>;
  readonly prices: Pick<PriceDesk, 'book' | 'tariffs'>;
  readonly replayer: Replayer;
};

type Run = { readonly signal: AbortSignal; progress(done: number, all: number | null): void };

/** One takes a processor. */
const AT_ONCE = 1;

const DAYS_DEFAULT = 14;
const SAMPLE_DEFAULT = 50;

/** What one replay may take. */
const REPLAYED_WITHIN = minutes(2);

/** Of a tenant whose minutes say nothing: the smallest compute at rest. */
const LEAST_MEMORY = 6_500_000n;

export class WhatIfDesk {
  readonly #world: WhatIfWorld;
  #running = 0;

  constructor(world: WhatIfWorld) {
    this.#world = world;
  }

  /** Throws `WHAT_IF_BUSY`, `WHAT_IF_NOTHING`, `BAD_POLICY`, `BAD_REQUEST`, `CATALOG_DOWN`. */
  async ask(wish: WhatIfWish, run?: Run): Promise<WhatIfAnswer> {
    if (this.#running >= AT_ONCE) throw fault('WHAT_IF_BUSY', { max: AT_ONCE });
    this.#running += 1;
    try {
      return await this.#answer(wish, run);
    } finally {
      this.#running -= 1;
    }
  }

  async #answer(wish: WhatIfWish, run: Run | undefined): Promise<WhatIfAnswer> {
    const { clock, costs, prices } = this.#world;
    const days = wish.days ?? DAYS_DEFAULT;
    const to = timestamp(Math.floor(clock.wall() / HOUR_MS) * HOUR_MS);
    const from = timestamp(to - days * hours(24));
    const { shares } = await costs.month();
    const known = await this.#recorded(wish, shares, { from, to }, run);
    if (known.length === 0) throw fault('WHAT_IF_NOTHING', { days });
    const { idleMs, tier, policy, policyFile } = wish;
    const job: ReplayJob = {
      ...{ from, seconds: (to - from) / 1_000, tenants: known.map(({ recorded }) => recorded) },
      rules: [{}, { idleMs, tier, policy, policyFile }],
    };
    const [now = [], then = []] = await this.#replayed(job, run);
    const way = (results: readonly Replayed[], toTier?: Tier): Way => ({
      ...{ from, to, hours: hoursOf(known, results, { from, to, tier: toTier }) },
      coldStarts: results.reduce((sum, { coldStarts }) => sum + coldStarts, 0),
      waitedMs: results.reduce((sum, { waitedMs }) => sum + waitedMs, 0),
    });
    return {
      ...{ tenants: known.length, days, currency: prices.book.currency },
      outcome: comparedWays(prices.book, way(now), way(then, tier)),
      charged: wish.plan === undefined ? null : this.#charged(known, wish.plan),
    };
  }

  async #replayed(job: ReplayJob, run: Run | undefined) {
    const stop = new AbortController();
    const cancel = this.#world.clock.timer(REPLAYED_WITHIN, () => stop.abort());
    const signals = run === undefined ? [stop.signal] : [stop.signal, run.signal];
    try {
      return await this.#world.replayer.replay(job, AbortSignal.any(signals));
    } finally {
      cancel();
    }
  }

  /** Those with something to replay, of those that are asked for. */
  async #recorded(
    wish: WhatIfWish,
    shares: readonly MonthShare[],
    span: { readonly from: Timestamp; readonly to: Timestamp },
    run: Run | undefined,
  ): Promise<readonly Known[]> {
    const last = new Map(shares.map((share) => [share.tenant, share]));
    const all = [...last.values()].filter(
      ({ tenant, use }) => wish.tenant === tenant || (wish.tenant === null && use.awake > 0n),
    );
    const some = everySo(all, wish.sample ?? SAMPLE_DEFAULT);
    const found: Known[] = [];
    let done = 0;
    await fewAtOnce(some, 4, async (share) => {
      const taken = await this.#world.ledger.minutes(share.tenant, span);
      const recorded = busyTimes(taken, share, span.from);
      if (recorded.starts.length > 0) found.push({ share, recorded, minutes: taken });
      done += 1;
      run?.progress(done, some.length);
    });
    return found.toSorted((one, other) => (one.share.tenant < other.share.tenant ? -1 : 1));
  }

  #charged(known: readonly Known[], plan: Plan): Outcome['cost'] {
    const { prices, clock } = this.#world;
    const month = monthOf(clock.wall());
    const own = known.map(({ share }) => share).filter((share) => share.month === month.from);
    const charged = (of: readonly MonthShare[]): Amount =>
      chargedIn(accruedOf(prices.tariffs, month, of));
    const before = charged(own);
    const after = charged(own.map((share) => ({ ...share, plan })));
    return { before, after, difference: minus(after, before) };
  }
}

type Known = {
  readonly share: MonthShare;
  readonly recorded: Recorded;
  readonly minutes: readonly UseMinute[];
};

/** So many of them at most, evenly over the whole. */
const everySo = <T>(all: readonly T[], max: number): readonly T[] =>
  all.filter(
    (_, at) => Math.floor((at * max) / all.length) !== Math.floor(((at - 1) * max) / all.length),
  );

/** A minute in which something was sent or written, or a processor was at work: an idle compute takes next to nothing. */
const isBusy = ({ use, length }: UseMinute): boolean =>
  use.egress > 0n || use.cpu * 50n > BigInt(Math.max(1, Math.round(length))) * 1_000n;

function busyTimes(taken: readonly UseMinute[], share: CostShare, from: Timestamp): Recorded {
  const starts: number[] = [];
  const ends: number[] = [];
  for (const one of taken) {
    if (!isBusy(one)) continue;
    const start = Math.max(0, (one.minute - from) / 1_000);
    const end = start + one.length / 1_000;
    if (ends.length > 0 && (ends.at(-1) ?? 0) >= start) ends[ends.length - 1] = end;
    else {
      starts.push(start);
      ends.push(end);
    }
  }
  return { id: share.tenant, tier: share.tier, starts, ends };
}

/**
 * What each way uses, as one hour for each that there is: what an awake second takes is as measured, and files cost what they
 * cost whether a compute runs or not.
 */
function hoursOf(
  known: readonly Known[],
  results: readonly Replayed[],
  span: { readonly from: Timestamp; readonly to: Timestamp; readonly tier: Tier | undefined },
): readonly FleetHour[] {
  const count = (span.to - span.from) / HOUR_MS;
  const uses = known.map(({ share, minutes: taken }, at) => ({
    share,
    use: useOf(share, taken, results[at], BigInt(count * 3_600)),
  }));
  return Array.from({ length: count }, (_, at) => {
    const hour = timestamp(span.from + at * HOUR_MS);
    const rows = uses.map(({ share, use }): UseRow => {
      const { tenant, customer, plan, tier } = share;
      const part = partOf(use, BigInt(at), BigInt(count));
      return { tenant, customer, plan, tier: span.tier ?? tier, hour, seconds: 3_600n, use: part };
    });
    return { hour, rows, overhead: NO_USE };
  });
}

/** Telescoped: all parts together are the use. */
const partOf = (use: Use, at: bigint, of: bigint): Use =>
  Object.fromEntries(
    Object.entries(use).map(([meter, all]) => [meter, (all * (at + 1n)) / of - (all * at) / of]),
  ) as Use;

function useOf(
  share: CostShare,
  taken: readonly UseMinute[],
  result: Replayed | undefined,
  seconds: bigint,
): Use {
  const sum = taken.reduce((all, { use }) => addedUse(all, use), NO_USE);
  const awake = BigInt(Math.round(result?.awakeSeconds ?? 0));
  const ran = sum.awake > 0n ? sum.awake : 1n;
  const memory = sum.memory > 0n ? sum.memory / ran : LEAST_MEMORY;
  const held = share.seconds > 0n ? share.seconds : 1n;
  const perSecond = (value: bigint): bigint => (value * seconds) / held;
  return {
    ...sum,
    memory: memory * awake,
    awake,
    l2: (sum.l2 * awake) / ran,
    l3: perSecond(share.use.l3),
    l4: perSecond(share.use.l4),
    stored: perSecond(share.use.stored),
    wakes: BigInt(result?.coldStarts ?? 0),
  };
}
