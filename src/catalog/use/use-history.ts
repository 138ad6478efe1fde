/** What was used and asked, summed up by minute, hour or day. */
import { type RawBuilder, sql } from 'kysely';
import {
  SERVED_FROM,
  type ServedStep,
  type StepQuery,
  type TrafficStep,
  type UsedStep,
  type UseHistory,
  type UseStep,
  WAKERS,
} from '../../domain/metering.ts';
import type { Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { atRestTogether, ofWhom, SUMS, type Sums, useOf } from './use-sums.ts';

const USE_TABLES: Readonly<Record<UseStep, string>> = {
  minute: 'dynabase.use_minutes',
  hour: 'dynabase.use_hours',
  day: 'dynabase.use_days',
};

type TrafficRow = {
  readonly at: number;
  readonly sessions: number;
  readonly queries: number;
  readonly by_robots: number;
  readonly transactions: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly latency_sum_us: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly latency: readonly number[];
  readonly classes: readonly number[];
};

export class PgUseHistory implements UseHistory {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  used(query: StepQuery): Promise<readonly UsedStep[]> {
    const { step } = query;
    const kept = sql`select * from ${sql.raw(USE_TABLES[step])} where ${within(query)}`;
    const all = step === 'minute' ? kept : sql`${kept} union all ${atRestTogether(query)}`;
    return this.#ask(async (db) => {
      const { rows } = await sql<Sums & { readonly at: number; readonly seconds: string }>`
        select date_trunc(${step}, at, 'UTC') as at, sum(seconds)::text as seconds, ${SUMS}
        from (${all}) as parts group by 1 order by 1`.execute(db);
      return rows.map((row) => ({
        at: fromWallTime(row.at),
        seconds: BigInt(row.seconds),
        use: useOf(row),
      }));
    });
  }

  traffic(query: StepQuery): Promise<readonly TrafficStep[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<TrafficRow>`
        select date_trunc(${query.step}, at, 'UTC') as at, sum(sessions)::bigint as sessions, sum(queries)::bigint as queries,
          sum(by_robots)::bigint as by_robots, sum(transactions)::bigint as transactions,
          sum(bytes_in)::bigint as bytes_in, sum(bytes_out)::bigint as bytes_out,
          sum(latency_sum_us)::bigint as latency_sum_us, dynabase.sum_counts(errors) as errors,
          dynabase.sum_elements(latency) as latency, dynabase.sum_elements(classes) as classes
        from (${counted(query)}) as parts group by 1 order by 1`.execute(db);
      return rows.map(trafficOf);
    });
  }

  /** What a newer program has counted, and this one has no word for, is left out. */
  served(query: StepQuery): Promise<readonly ServedStep[]> {
    const kept = sql`select * from dynabase.served_hours where ${within(query)}`;
    const all =
      query.step === 'day'
        ? sql`${kept} union all select * from dynabase.served_days where ${within(query)}`
        : kept;
    return this.#ask(async (db) => {
      const { rows } = await sql<ServedRow>`
        select date_trunc(${query.step}, at, 'UTC') as at, level, what, sum(times)::bigint as times
        from (${all}) as parts group by 1, 2, 3 having sum(times) > 0 order by 1, 2, 3`.execute(db);
      return rows.flatMap(servedOf);
    });
  }
}

type ServedRow = {
  readonly at: number;
  readonly level: string;
  readonly what: string;
  readonly times: number;
};

function servedOf({ at, level, what: kind, times }: ServedRow): readonly ServedStep[] {
  const from = SERVED_FROM.find((known) => known === level);
  const what = (['page', ...WAKERS] as const).find((known) => known === kind);
  return from === undefined || what === undefined
    ? []
    : [{ at: fromWallTime(at), from, what, times }];
}

const within = ({ from, to, ...whose }: StepQuery): RawBuilder<unknown> =>
  sql`at >= ${toWallTime(from)} and at < ${toWallTime(to)} and ${ofWhom(whose)}`;

/** Of minutes it is not written down whose tenant it was: they count for whose it is. */
function counted(query: StepQuery): RawBuilder<unknown> {
  const byHour = sql`select * from dynabase.traffic_hours where ${within(query)}`;
  if (query.step === 'hour') return byHour;
  if (query.step === 'day')
    return sql`${byHour} union all select * from dynabase.traffic_days where ${within(query)}`;
  const { from, to, ...whose } = query;
  const tenants =
    query.customer === undefined
      ? ofWhom(whose)
      : sql`tenant_id in (select tenant_id from dynabase.use_spans where ${ofWhom(whose)})`;
  return sql`select minute as at, * from dynabase.usage_minutes
    where minute >= ${toWallTime(from)} and minute < ${toWallTime(to)} and ${tenants}`;
}

const trafficOf = (row: TrafficRow): TrafficStep => ({
  at: fromWallTime(row.at),
  sessions: row.sessions,
  queries: row.queries,
  byRobots: row.by_robots,
  transactions: row.transactions,
  errors: row.errors,
  bytesIn: row.bytes_in,
  bytesOut: row.bytes_out,
  classes: row.classes,
  latency: row.latency,
  latencySumUs: row.latency_sum_us,
});
