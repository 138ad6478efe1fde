/** How the server has served, as rows. */
import { sql } from 'kysely';
import { dayIn, dayText } from '../../domain/day.ts';
import { TIERS } from '../../domain/tier.ts';
import type { Timestamp } from '../../domain/units.ts';
import type { Gap, ServiceDay, ServiceLife, TierFlow, UptimeStore } from '../../domain/uptime.ts';
import type { Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';

/** Days and gaps that are kept, in days: what the longest window of a figure needs, and a year to look back. */
const KEPT_DAYS = 400;

/** None for one that a newer program has written. */
const tierOf = (text: string | null) => TIERS.filter((tier) => tier === text);

export class PgUptime implements UptimeStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async life(): Promise<ServiceLife | null> {
    const { rows } = await this.#ask((db) =>
      sql<{ born_at: number; beat_at: number; is_closed: boolean }>`
        select born_at, beat_at, is_closed from dynabase.service_life`.execute(db),
    );
    const [row] = rows;
    if (row === undefined) return null;
    const { born_at, beat_at, is_closed } = row;
    return { bornAt: fromWallTime(born_at), beatAt: fromWallTime(beat_at), isClosed: is_closed };
  }

  async beat(at: Timestamp, { day, figures }: ServiceDay, isClosed: boolean): Promise<void> {
    const now = toWallTime(at);
    await this.#ask((db) =>
      sql`
        with beaten as (
          insert into dynabase.service_life (born_at, beat_at, is_closed)
          values (${now}, ${now}, ${isClosed})
          on conflict (is_one) do update set
            beat_at = greatest(service_life.beat_at, excluded.beat_at), is_closed = excluded.is_closed
        ), forgotten as (
          delete from dynabase.service_days where day < ${dayText(day)}::date - ${KEPT_DAYS}::integer
        ), forgotten_gaps as (
          delete from dynabase.service_gaps
          where to_at < ${dayText(day)}::date - ${KEPT_DAYS}::integer
        )
        insert into dynabase.service_days (day, figures)
        values (${dayText(day)}, ${JSON.stringify(figures)}::jsonb)
        on conflict (day) do update set figures = excluded.figures`.execute(db),
    );
  }

  async addGap({ from, to, planned }: Gap): Promise<void> {
    await this.#ask((db) =>
      sql`
        insert into dynabase.service_gaps (from_at, to_at, planned)
        values (${toWallTime(from)}, ${toWallTime(to)}, ${planned})
        on conflict (from_at) do nothing`.execute(db),
    );
  }

  async gaps(since: Timestamp): Promise<readonly Gap[]> {
    const { rows } = await this.#ask((db) =>
      sql<{ from_at: number; to_at: number; planned: boolean }>`
        select from_at, to_at, planned from dynabase.service_gaps
        where to_at > ${toWallTime(since)} order by from_at`.execute(db),
    );
    return rows.map(({ from_at, to_at, planned }) => ({
      ...{ from: fromWallTime(from_at), to: fromWallTime(to_at), planned },
    }));
  }

  async days(since: Timestamp): Promise<readonly ServiceDay[]> {
    const { rows } = await this.#ask((db) =>
      sql<{ day: string; figures: ServiceDay['figures'] }>`
        select day::text as day, figures from dynabase.service_days
        where day >= ${dayText(since)}::date order by day`.execute(db),
    );
    return rows.map(({ day, figures }) => ({ day: dayIn(day), figures }));
  }

  async risen(since: Timestamp): Promise<number> {
    const { rows } = await this.#ask((db) =>
      sql<{ tenants: number }>`
        select count(distinct tenant_id)::int as tenants from dynabase.decisions
        where kind = 'tier' and at >= ${toWallTime(since)}
          and array_position(${[...TIERS]}::text[], becomes)
            > array_position(${[...TIERS]}::text[], was)`.execute(db),
    );
    return rows[0]?.tenants ?? 0;
  }

  async tierFlows(from: Timestamp, to: Timestamp): Promise<readonly TierFlow[]> {
    const { rows } = await this.#ask((db) =>
      sql<{ day: string; was: string | null; becomes: string | null; times: number }>`
        select (at at time zone 'UTC')::date::text as day, was, becomes, count(*)::int as times
        from dynabase.decisions
        where kind = 'tier' and at >= ${toWallTime(from)} and at < ${toWallTime(to)}
          and was <> becomes
        group by 1, 2, 3 order by 1, 2, 3`.execute(db),
    );
    return rows.flatMap(({ day, was, becomes, times }) =>
      tierOf(was).flatMap((from) =>
        tierOf(becomes).map((to) => ({ day: dayIn(day), from, to, times })),
      ),
    );
  }

  async customers(): Promise<number> {
    const { rows } = await this.#ask((db) =>
      sql<{ customers: number }>`
        select count(*)::int as customers from dynabase.customers`.execute(db),
    );
    return rows[0]?.customers ?? 0;
  }
}
