/**
 * When somebody has to be told about money: a budget is used up to a part, a margin is negative, an hour costs
 * what no hour should, a tenant's day what none of its days has cost.
 *
 * A decision over what was told before. Each is told once for its reason: a part of a budget once a month; a negative margin
 * once a month, and again only after it was clearly positive; an hour's cost once, until six hours in a row
 * were calm; a tenant's day once, and not again within the week. What is told first is the most: who passes 50 and 90 percent at once hears of 90.
 */
import { hours, type Timestamp } from '../domain/units.ts';
import { type Amount, amount, fromRough, roughly, scaled } from './money.ts';

/** Percents of a budget at which somebody is told. At the last a hard cap ends the use, where there is one. */
export const BUDGET_PARTS = [50, 75, 90, 100] as const;
export type BudgetPart = (typeof BUDGET_PARTS)[number];

export type AlertState = {
  /** The month, `2026-11`. */
  readonly month: string;
  /** The highest part that was told, 0 for none, and of which budget. */
  readonly part: BudgetPart | 0;
  readonly budget: Amount | null;
  /** Whether a negative margin was told and has not recovered since. */
  readonly negative: boolean;
  readonly unusual: boolean;
  readonly calmHours: number;
  /** The day of a tenant that was told of last; null for none. */
  readonly dearDay: Timestamp | null;
};

/** What a day of one tenant costs at most, and how far its days scatter. */
export type UsualDay = { readonly dearest: Amount; readonly deviation: Amount };

export type AlertFacts = {
  readonly month: string;
  readonly spent: Amount;
  /** Null for no budget. */
  readonly budget: Amount | null;
  /** Of the month, best as projected to its end; null where nothing is to be earned. */
  readonly margin: { readonly ratio: number | null; readonly profit: Amount } | null;
  /** The hour that has just ended, and what such an hour costs otherwise; null if it was judged already. */
  readonly hour: {
    readonly cost: Amount;
    readonly expected: Amount;
    readonly deviation: Amount;
  } | null;
  /** Of one tenant, as far as the day has gone; null where nothing is known of its days. */
  readonly day?: (UsualDay & { readonly day: Timestamp; readonly cost: Amount }) | null;
};

export type Alert =
  | {
      readonly kind: 'budget';
      readonly part: BudgetPart;
      readonly spent: Amount;
      readonly budget: Amount;
    }
  | { readonly kind: 'negative margin'; readonly profit: Amount }
  | { readonly kind: 'unusual cost'; readonly cost: Amount; readonly expected: Amount }
  | { readonly kind: 'unusual day'; readonly cost: Amount; readonly dearest: Amount };

export type AlertDecision = { readonly alerts: readonly Alert[]; readonly state: AlertState };

export const NO_ALERTS: AlertState = {
  ...{ month: '', part: 0, budget: null },
  ...{ negative: false, unusual: false, calmHours: 0, dearDay: null },
};

/** A margin has recovered from here on. */
const RECOVERED = 0.05;

/** An hour is unusual from so many deviations, and so many times what is usual; calm below the second number. */
const UNUSUAL_DEVIATIONS = 4;
const CALM_DEVIATIONS = 2;
const UNUSUAL_TIMES = 2;
const CALM_HOURS = 6;

/** Below this an hour is not worth a word: a cent. */
const WORTH_A_WORD = 0.01;

export function judged(before: AlertState, facts: AlertFacts): AlertDecision {
  const known: AlertState =
    before.month === facts.month
      ? before
      : { ...before, month: facts.month, part: 0, negative: false };
  const budget = judgedBudget(known, facts);
  const margin = judgedMargin(budget.state, facts);
  const hour = judgedHour(margin.state, facts);
  const day = judgedDay(hour.state, facts);
  const alerts = [budget, margin, hour, day].flatMap((decision) => decision.alerts);
  return { alerts, state: day.state };
}

/** With fewer days nothing is known of a tenant. */
const DAYS_MIN = 7;

/** Null for one that is too young. Its days in their order, the last ones. */
export function usualDay(days: readonly Amount[]): UsualDay | null {
  if (days.length < DAYS_MIN) return null;
  const costs = days.map(roughly);
  const mean = costs.reduce((sum, one) => sum + one, 0) / costs.length;
  const squares = costs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / costs.length;
  return { dearest: fromRough(Math.max(...costs)), deviation: fromRough(Math.sqrt(squares)) };
}

/** A day of one tenant below this is not worth a word, whatever its other days cost. */
export const DEAR_DAY: Amount = amount('0.05');

const TOLD_AGAIN = hours(24 * 7);

/** Against the dearest day and not the mean: many have days of the week or month that are dearer than others. */
function judgedDay(state: AlertState, { day }: AlertFacts): AlertDecision {
  if (day == null || day.cost < DEAR_DAY) return { alerts: [], state };
  const { dearest, deviation, cost } = day;
  const over = roughly(cost) - roughly(dearest);
  const isDear =
    over > UNUSUAL_DEVIATIONS * roughly(deviation) &&
    roughly(cost) > UNUSUAL_TIMES * roughly(dearest);
  const isTold = state.dearDay !== null && day.day < state.dearDay + TOLD_AGAIN;
  if (!isDear || isTold) return { alerts: [], state };
  return {
    alerts: [{ kind: 'unusual day', cost, dearest }],
    state: { ...state, dearDay: day.day },
  };
}

function judgedBudget(state: AlertState, { spent, budget }: AlertFacts): AlertDecision {
  if (budget === null) return { alerts: [], state: { ...state, part: 0, budget } };
  const reached: BudgetPart | 0 =
    BUDGET_PARTS.findLast((part) => spent > 0n && spent >= scaled(budget, BigInt(part), 100n)) ?? 0;
  // Another budget is another promise: parts that it has not reached can be told of again.
  const told = state.budget === budget ? state.part : lower(state.part, reached);
  const part = reached > told ? reached : told;
  const alerts =
    reached !== 0 && reached > told
      ? [{ kind: 'budget' as const, part: reached, spent, budget }]
      : [];
  return { alerts, state: { ...state, part, budget } };
}

const lower = (one: BudgetPart | 0, other: BudgetPart | 0): BudgetPart | 0 =>
  one < other ? one : other;

function judgedMargin(state: AlertState, { margin }: AlertFacts): AlertDecision {
  if (margin === null) return { alerts: [], state };
  if (margin.profit < 0n && !state.negative) {
    const alert = { kind: 'negative margin' as const, profit: margin.profit };
    return { alerts: [alert], state: { ...state, negative: true } };
  }
  const isWell = margin.ratio !== null && margin.ratio >= RECOVERED;
  const negative = state.negative && !isWell;
  return { alerts: [], state: { ...state, negative } };
}

function judgedHour(state: AlertState, { hour }: AlertFacts): AlertDecision {
  if (hour === null) return { alerts: [], state };
  const cost = roughly(hour.cost);
  const over = cost - roughly(hour.expected);
  const deviation = roughly(hour.deviation);
  const isUnusual =
    over > UNUSUAL_DEVIATIONS * deviation &&
    cost > UNUSUAL_TIMES * roughly(hour.expected) &&
    cost >= WORTH_A_WORD;
  if (isUnusual) {
    const { expected } = hour;
    const alert = { kind: 'unusual cost' as const, cost: hour.cost, expected };
    return {
      alerts: state.unusual ? [] : [alert],
      state: { ...state, unusual: true, calmHours: 0 },
    };
  }
  const calmHours = over <= CALM_DEVIATIONS * deviation ? state.calmHours + 1 : 0;
  if (!state.unusual || calmHours >= CALM_HOURS) {
    return { alerts: [], state: { ...state, unusual: false, calmHours: 0 } };
  }
  return { alerts: [], state: { ...state, calmHours } };
}
