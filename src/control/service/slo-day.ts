/**
 * What is kept of a day for the figures that the product is measured by: sums only, so that days add up to any window.
 *
 * A day is 1 to 2 kB as JSON, however many tenants there are. What a later version counts besides is 0 in days that an
 * earlier one has written, and counts by other bounds than now are left out.
 */
import type { Json } from '../../domain/decision.ts';
import { PLANS, type Plan, TIERS, type Tier } from '../../domain/tier.ts';
import { LATENCY_BOUNDS_US } from '../../domain/usage.ts';

/** Where a wake found the tenant's data; a husk is an empty database made ahead. */
export const WAKE_SOURCES = ['L2', 'L3', 'L4', 'husk'] as const;

export type WakeSource = (typeof WAKE_SOURCES)[number];

/** Upper bounds of the buckets for wakes, in seconds. */
export const WAKE_BOUNDS_S = [
  0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30,
] as const;

type Counts = readonly number[];

export type Day = {
  /** Wakes that somebody waited for, by where the data was, and by the tier. */
  readonly wakes: Readonly<Record<WakeSource, Counts>>;
  readonly wakesByTier: Readonly<Record<Tier, Counts>>;
  /** Of those in tier HOT, how many were in business hours: Monday to Friday, 9 to 17 of UTC. */
  readonly wakesInBusinessHours: number;
  readonly wakesFailed: number;
  /** Requests by the buckets of `LATENCY_BOUNDS_US`. */
  readonly latency: Readonly<Record<Tier, Counts>>;
  /** Reads of pages by the level that served them. */
  readonly reads: Readonly<Record<'L1' | 'L2' | 'L3', number>>;
  /** Minutes in which a person asked a tenant something. */
  readonly usedMinutes: number;
  /** Milliseconds in which tenants were awake, and in which they could not be started, by plan. */
  readonly awakeMs: Readonly<Record<Plan, number>>;
  readonly failedMs: Readonly<Record<Plan, number>>;
  readonly prewarmHits: number;
  readonly prewarmMisses: number;
  readonly customersNew: number;
  readonly customersGone: number;
};

const zeros = (length: number): Counts => new Array<number>(length).fill(0);

const each = <K extends string, V>(keys: readonly K[], value: V): Readonly<Record<K, V>> =>
  Object.fromEntries(keys.map((key) => [key, value])) as Record<K, V>;

export const NO_DAY: Day = {
  wakes: each(WAKE_SOURCES, zeros(WAKE_BOUNDS_S.length + 1)),
  wakesByTier: each(TIERS, zeros(WAKE_BOUNDS_S.length + 1)),
  ...{ wakesInBusinessHours: 0, wakesFailed: 0 },
  latency: each(TIERS, zeros(LATENCY_BOUNDS_US.length + 1)),
  reads: { L1: 0, L2: 0, L3: 0 },
  ...{ usedMinutes: 0, awakeMs: each(PLANS, 0), failedMs: each(PLANS, 0) },
  ...{ prewarmHits: 0, prewarmMisses: 0, customersNew: 0, customersGone: 0 },
};

type Tree = number | readonly number[] | { readonly [key: string]: Tree };

/** The sum of two days, number by number. */
export const addedDays = (one: Day, other: Day): Day => added(NO_DAY, one, other) as Day;

/** What is stored of a day, by whatever version: what is not known here is left out, what is not there is 0. */
export const readDay = (stored: { readonly [key: string]: Json }): Day =>
  added(NO_DAY, NO_DAY, stored) as Day;

/** Of the shape of `base`: both added up, and what is of another shape counts as nothing. */
function added(base: Tree, one: unknown, other: unknown): Tree {
  if (typeof base === 'number') return numberOf(one) + numberOf(other);
  if (isCounts(base)) {
    const counts = (tree: unknown): unknown =>
      Array.isArray(tree) && tree.length === base.length ? tree : base;
    return base.map((_, i) => numberOf(at(counts(one), i)) + numberOf(at(counts(other), i)));
  }
  const entries = Object.entries(base).map(
    ([key, part]) => [key, added(part, at(one, key), at(other, key))] as const,
  );
  return Object.fromEntries(entries);
}

const isCounts = (tree: Tree): tree is readonly number[] => Array.isArray(tree);

const numberOf = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : 0;

const at = (value: unknown, key: string | number): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

/** `counts` with one more in `bucket`. */
export const oneMore = (counts: Counts, bucket: number): Counts =>
  counts.map((count, place) => (place === bucket ? count + 1 : count));

const BUSINESS_FROM = 9;
const BUSINESS_TO = 17;
const DAYS_OF_BUSINESS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5]);

/** Monday to Friday, 9 to 17 of UTC. */
export function isBusinessHour(at: number): boolean {
  const date = new Date(at);
  const hour = date.getUTCHours();
  return DAYS_OF_BUSINESS.has(date.getUTCDay()) && hour >= BUSINESS_FROM && hour < BUSINESS_TO;
}
