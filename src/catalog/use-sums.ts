/** Parts of the questions about what was used. */
import { type RawBuilder, sql } from 'kysely';
import type { StepQuery, UseQuery } from '../domain/metering.ts';
import { METERS, type Meter, type Use } from '../domain/use.ts';
import { toWallTime } from './schema.ts';

/** Sums may be larger than what a number holds. */
export type Sums = Readonly<Record<Meter, string>>;

export const SUMS = sql.raw(METERS.map((meter) => `sum(${meter})::text as ${meter}`).join(', '));

export const useOf = (row: Sums): Use =>
  Object.fromEntries(METERS.map((meter) => [meter, BigInt(row[meter])])) as Use;

/** Which tenants, in any table that has the two columns. Only what is asked for is compared, so that an index serves. */
export function ofWhom({
  tenant,
  customer,
}: Pick<UseQuery, 'tenant' | 'customer'>): RawBuilder<unknown> {
  const one = tenant === undefined ? sql`true` : sql`tenant_id = ${tenant}`;
  return customer === undefined ? one : sql`${one} and customer_id = ${customer ?? ''}`;
}

/** What was kept at rest, in pieces within a step and with the columns of `use_hours`; open spans as far as now. */
export function atRest({ step, from, to, ...whose }: StepQuery): RawBuilder<unknown> {
  const [begin, end] = [toWallTime(from), toWallTime(to)];
  const cut = (table: string, until: string) => sql`
    select tenant_id, piece.at, customer_id, plan, tier, piece.seconds,
      0, 0, 0, l2_bytes * piece.seconds, l3_bytes * piece.seconds, l4_bytes * piece.seconds,
      stored_bytes * piece.seconds, 0, 0, 0
    from ${sql.raw(table)}
    cross join lateral dynabase.use_pieces(greatest(since, ${begin}),
      least(${sql.raw(until)}, ${end}), ${`1 ${step}`}::interval) as piece`;
  return sql`
    ${cut('dynabase.use_rests', 'until')}
    where tstzrange(since, until) && tstzrange(${begin}, ${end}) and ${ofWhom(whose)}
    union all
    ${cut('dynabase.use_spans', 'dynabase.use_clock()')}
    where not is_awake and not is_gone and since < ${end} and ${ofWhom(whose)}`;
}
