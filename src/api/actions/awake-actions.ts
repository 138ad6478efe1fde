/** Why tenants are awake: what is asked, and how it is told. */
import type { AwakeList, AwakeTime, Why } from '../../contract/awake/awake.ts';
import type { AwakeDesk, AwakeShown, AwakeWhy } from '../../control/awake/awake-desk.ts';
import { exactMoney } from '../../control/awake/awake-price.ts';
import {
  askerSeen,
  askerWords,
  causeSays,
  endSays,
  keptSays,
  roleOf,
  type Viewer,
} from '../../control/awake/awake-words.ts';
import type { AwakeCause, AwakeSegment } from '../../domain/awake.ts';
import { type Caller, customerOf } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import { fault } from '../../domain/faults.ts';
import type { SessionClient } from '../../domain/gate.ts';
import { hours, later, ms } from '../../domain/units.ts';
import { moment, momentOf, momentOrNull } from '../moment.ts';
import type { Actions } from './actions.ts';

const SPAN_DEFAULT = hours(24 * 7);
const LIMIT_DEFAULT = 50;

type AwakeAction = 'listAwakeTimes' | 'whyAwake' | 'listAwake';

export function awakeActions(awake: AwakeDesk, clock: Clock): Pick<Actions, AwakeAction> {
  return {
    listAwakeTimes: async ({ params, query, caller }) => {
      const to = query.to === undefined ? later(clock.wall(), ms(1)) : momentOf(query.to);
      const from = query.from === undefined ? later(to, ms(-SPAN_DEFAULT)) : momentOf(query.from);
      if (from >= to) throw fault('BAD_REQUEST', { why: 'the span ends before it begins' });
      const before = query.before === undefined ? null : momentOf(query.before);
      const { limit = LIMIT_DEFAULT } = query;
      const found = await awake.list(params.ref, { from, to, before, limit }, isOperator(caller));
      return { times: found.shown.map(printTime), next: momentOrNull(found.next) };
    },
    whyAwake: async ({ params, query, caller }) => {
      const { since } = query;
      const from = since === undefined ? later(clock.wall(), ms(-SPAN_DEFAULT)) : momentOf(since);
      return printWhy(await awake.why(params.ref, from, isOperator(caller)));
    },
    listAwake: async ({ query, caller }) => {
      const found = await awake.fleet(customerOf(caller), query.limit ?? LIMIT_DEFAULT);
      return { awake: found.awake, tenants: found.tenants.map(printEntry) };
    },
  };
}

const isOperator = ({ scope }: Caller): boolean => scope.kind === 'operator';

type Money = NonNullable<AwakeTime['cost']>;

function printWhy(why: AwakeWhy): Why {
  const { tenant, says, last, sleepsAt, since, total, causes, reasons, isCut } = why;
  const money = (amount: bigint): Money => exactMoney(amount, total.currency);
  return {
    ...{ tenant: tenant.id, name: tenant.name, isCut },
    isAwake: last !== null && last.interval.ended === null,
    says: [...says],
    last: last && printTime(last),
    sleepsAt: momentOrNull(sleepsAt),
    since: moment(since),
    total: { wakes: total.wakes, lengthMs: total.ms, cost: money(total.cost) },
    causes: causes.map(({ ms, cost, ...sum }) => ({ ...sum, lengthMs: ms, cost: money(cost) })),
    reasons: [...reasons]
      .map(([kind, { ms, cost }]) => ({ kind, lengthMs: ms, cost: money(cost) }))
      .sort((one, other) => other.lengthMs - one.lengthMs),
  };
}

function printEntry({
  tenant,
  shown,
}: Awaited<ReturnType<AwakeDesk['fleet']>>['tenants'][number]): AwakeList['tenants'][number] {
  const { cause, kept, from, lengthMs, cost } = printTime(shown);
  const { id, name } = tenant;
  return { tenant: id, name, from, lengthMs, cause, kept: kept.at(-1) ?? null, cost };
}

function printTime(shown: AwakeShown): AwakeTime {
  const { interval, viewer, currency, use } = shown;
  const { from, to, ended, level, wakeMs, waited, cause, segments } = interval;
  const money = (amount: bigint | undefined): Money | null =>
    shown.minutes === 0 ? null : exactMoney(amount ?? 0n, currency);
  return {
    from: moment(from),
    to: ended === null ? null : moment(to),
    ...{ lengthMs: to - from, level, wakeMs, waited },
    cause: printCause(cause, viewer),
    kept: segments.map((segment, at) => printKept(segment, viewer, money(shown.costs[at]))),
    ended: ended && { kind: ended.kind, says: endSays(ended, viewer) },
    used: {
      memoryByteSeconds: String(use.memory),
      cpuUs: String(use.cpu),
      writtenBytes: String(use.written),
      sentBytes: String(use.egress),
    },
    cost: money(shown.cost),
  };
}

function printCause(cause: AwakeCause, viewer: Viewer): AwakeTime['cause'] {
  const who = 'who' in cause && viewer.seesClients ? cause.who : null;
  const by = cause.kind === 'operator' ? askerSeen(cause.asking, viewer) : null;
  return {
    kind: cause.kind,
    says: causeSays(cause, viewer),
    ...printClient(who),
    statement: who?.statement ?? null,
    by: by && askerWords(by),
  };
}

function printKept(
  { from, to, kept }: AwakeSegment,
  viewer: Viewer,
  cost: Money | null,
): AwakeTime['kept'][number] {
  const who = 'who' in kept && viewer.seesClients ? kept.who : null;
  const says = keptSays(kept, viewer);
  return { from: moment(from), to: moment(to), kind: kept.kind, says, ...printClient(who), cost };
}

const printClient = (
  who: SessionClient | null,
): Pick<AwakeTime['cause'], 'role' | 'applicationName' | 'address'> => ({
  role: who && roleOf(who),
  applicationName: who?.applicationName ?? null,
  address: who?.from ?? null,
});
