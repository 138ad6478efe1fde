/** The answer to "why is it awake, and what does it cost me?", sentence by sentence. */
import type { AwakeInterval, AwakeReason } from '../../domain/awake.ts';
import type { Timestamp } from '../../domain/units.ts';
import { type Amount, type Currency, NOTHING, plus } from '../../economics/money.ts';
import type { ReasonSum } from './awake-costs.ts';
import {
  causeSays,
  endSays,
  keptSays,
  lengthWords,
  moneyWords,
  timeWords,
  type Viewer,
  wakeSays,
} from './awake-words.ts';

export type AwakeFacts = {
  readonly now: Timestamp;
  readonly since: Timestamp;
  readonly last: {
    readonly interval: AwakeInterval;
    readonly viewer: Viewer;
    readonly cost: Amount;
    readonly currency: Currency;
    readonly minutes: number;
  } | null;
  readonly sleepsAt: Timestamp | null;
  readonly isOperator: boolean;
  readonly total: {
    readonly wakes: number;
    readonly ms: number;
    readonly cost: Amount;
    readonly currency: Currency;
  };
};

/** Reasons for which somebody asked something. */
const IN_USE: ReadonlySet<AwakeReason> = new Set(['work', 'pin', 'inside']);

export function whySays(
  facts: AwakeFacts,
  reasons: ReadonlyMap<AwakeReason, ReasonSum>,
): readonly string[] {
  const { last } = facts;
  if (last === null) return ['Asleep, and as far as is kept it has never been awake.'];
  const isAwake = last.interval.ended === null;
  return [
    ...(isAwake ? awakeSays(facts, last) : asleepSays(facts, last)),
    ...costSays(facts, last, isAwake),
    ...totalSays(facts, reasons),
  ];
}

type Last = NonNullable<AwakeFacts['last']>;

function awakeSays({ now, sleepsAt }: AwakeFacts, { interval, viewer }: Last): readonly string[] {
  const { from, cause, segments } = interval;
  const because = `because ${causeSays(cause, viewer)}`;
  const kept = segments.at(-1);
  const since =
    kept === undefined || kept.from === from ? '' : ` since ${timeWords(kept.from, now)}`;
  return [
    `Awake since ${timeWords(from, now)} (${lengthWords(now - from)}), ${because}.`,
    ...wakeSays(interval),
    ...(kept === undefined ? [] : [`Kept awake${since} by ${keptSays(kept.kept, viewer)}.`]),
    sleepsAt === null
      ? 'It does not sleep as long as that lasts.'
      : `It will sleep at about ${timeWords(sleepsAt, now)} if nobody asks anything.`,
  ];
}

function asleepSays({ now }: AwakeFacts, { interval, viewer }: Last): readonly string[] {
  const { from, to, cause, ended } = interval;
  const end = ended === null ? '' : `: ${endSays(ended, viewer)}`;
  return [
    `Asleep since ${timeWords(to, now)} (${lengthWords(now - to)})${end}.`,
    `Before, it was awake for ${lengthWords(to - from)} from ${timeWords(from, now)} on, because ${causeSays(cause, viewer)}.`,
  ];
}

function costSays(
  { isOperator }: AwakeFacts,
  { cost, currency, minutes }: Last,
  isAwake: boolean,
): readonly string[] {
  const that = isAwake ? 'So far that' : 'That';
  // What began in this minute is not counted yet.
  if (minutes === 0 || cost === NOTHING) return [];
  if (isOperator) return [`${that} cost ${moneyWords(cost, currency)}.`];
  return [
    `${that} comes to ${moneyWords(cost, currency)}, where it is beyond what the plan includes.`,
  ];
}

function totalSays(
  { now, since, total, isOperator }: AwakeFacts,
  reasons: ReadonlyMap<AwakeReason, ReasonSum>,
): readonly string[] {
  if (total.wakes === 0) return [];
  let unused: ReasonSum = { ms: 0, cost: NOTHING };
  for (const [reason, { ms, cost }] of reasons) {
    if (!IN_USE.has(reason)) unused = { ms: unused.ms + ms, cost: plus(unused.cost, cost) };
  }
  const times = total.wakes === 1 ? 'once' : `${total.wakes} times`;
  const money = (amount: Amount): string =>
    isOperator && amount !== NOTHING ? `, for ${moneyWords(amount, total.currency)}` : '';
  const idle =
    unused.ms < 1_000
      ? ''
      : `; ${lengthWords(unused.ms)} of that with nobody at work${money(unused.cost)}`;
  return [
    `Since ${timeWords(since, now)} it was awake ${times}, ${lengthWords(total.ms)} in all${money(total.cost)}${idle}.`,
  ];
}
