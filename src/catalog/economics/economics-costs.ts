/** What settled days have cost, as rows that never change. */
import { type RawBuilder, sql } from 'kysely';
import { dayIn, dayText } from '../../domain/day.ts';
import type { CostQuery, CostShare, CostStore, FleetDay } from '../../domain/economics.ts';
import { PLANS, TIERS } from '../../domain/tier.ts';
import type { Timestamp } from '../../domain/units.ts';
import { METERS, type Use } from '../../domain/use.ts';
import type { AccessDb, Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { customerIn, oneOf, tenantIn } from '../tenant-row.ts';
import { useNumbers, useOf, whole } from './economics-rows.ts';

/** Rows of one statement: a fleet's day is written in some, each well within the time of a statement. */
const ROWS_AT_ONCE = 2_000;

/** Read at once: some milliseconds of the server until somebody else has his turn. */
const TENANTS_AT_ONCE = 2_000;

const TOTALS = [
  'overhead',
  'idle',
  'minimum',
  'unborne',
  'machines',
  'total',
  'always_on',
] as const;

type SumsRow = {
  readonly plan: string;
  readonly tier: string;
  readonly seconds: string;
  readonly attributed: string;
  readonly shared: string;
  readonly always_on: string;
};

type ShareRow = SumsRow & {
  readonly month: string;
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly use: readonly string[];
};

type FleetRow = {
  readonly day: string;
  readonly book: string;
  readonly revision: number;
  readonly currency: string;
  readonly tenants: number;
  readonly hours: readonly string[];
  readonly overhead_use: readonly string[];
} & Readonly<Record<(typeof TOTALS)[number], string>>;

/** Sums of all meters, in the order of the program. */
const SUMMED_USE: RawBuilder<unknown> = sql.raw(
  `array[${METERS.map((_, at) => `coalesce(sum(use[${at + 1}]), 0)`).join(', ')}]::text[]`,
);

const SUMS: RawBuilder<unknown> = sql.raw(
  ['seconds', 'attributed', 'shared', 'always_on']
    .map((column) => `sum(${column})::text as ${column}`)
    .join(', '),
);

type MonthCost = CostShare & { readonly month: Timestamp };

export class PgCosts implements CostStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  settledUntil(): Promise<Timestamp | null> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly until: string | null }>`
        select (max(day) + 1)::text as until from dynabase.settled_days`.execute(db);
      const until = rows[0]?.until ?? null;
      return until === null ? null : dayIn(until);
    });
  }

  settle(day: FleetDay, shares: readonly CostShare[]): Promise<boolean> {
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        const { rows } = await insertDay(tx, day);
        if (rows.length === 0) return false;
        for (let at = 0; at < shares.length; at += ROWS_AT_ONCE) {
          await insertShares(tx, day.day, shares.slice(at, at + ROWS_AT_ONCE));
        }
        await sql`select dynabase.sum_cost_day(${dayText(day.day)}::date)`.execute(tx);
        return true;
      }),
    );
  }

  days({ from, to }: Pick<CostQuery, 'from' | 'to'>): Promise<readonly FleetDay[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<FleetRow>`
        select day::text, book, revision, currency, tenants, hours::text[] as hours,
          overhead_use::text[] as overhead_use,
          ${sql.raw(TOTALS.map((column) => `${column}::text`).join(', '))}
        from dynabase.settled_days
        where day >= ${dayText(from)}::date and day < ${dayText(to)}::date order by day`.execute(
        db,
      );
      return rows.map(fleetDayOf);
    });
  }

  /** Of a tenant or a customer as its days have it; of all as far as sums of months are kept, some tenants at a time. */
  byMonth(query: CostQuery): Promise<readonly MonthCost[]> {
    const { from, to, tenant, customer } = query;
    if (tenant !== undefined || customer !== undefined) {
      return this.#ask(async (db) => (await daysByMonth(db, within(query))).map(shareOf));
    }
    // What is settled meanwhile is in none of it, or a month would have a day that was not asked for.
    return this.#ask((db) =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (tx) => {
          const found: MonthCost[] = [];
          for (const { month, isWhole } of await monthsWithin(tx, { from, to })) {
            let after = '';
            for (let until: string | null = ''; until !== null; after = until ?? after) {
              until = await tenantAt(tx, month, after);
              const among = sql`tenant_id > ${after} and ${until === null ? sql`true` : sql`tenant_id <= ${until}`}`;
              const rows = isWhole
                ? await sumsOfMonth(tx, month, among)
                : await daysByMonth(tx, sql`${within(query)} and ${inMonth(month)} and ${among}`);
              for (const row of rows) found.push(shareOf(row));
            }
          }
          return found;
        }),
    );
  }

  byDay(query: CostQuery) {
    const isAll = query.tenant === undefined && query.customer === undefined;
    return this.#ask(async (db) => {
      const { rows } = await sql<SumsRow & { readonly day: string }>`
        select day::text, plan, tier, ${SUMS}
        from ${sql.raw(isAll ? 'dynabase.cost_day_sums' : 'dynabase.cost_days')} as days where ${within(query)}
        group by day, plan, tier order by days.day, plan, tier`.execute(db);
      return rows.map((row) => ({ day: dayIn(row.day), ...sumsOf(row) }));
    });
  }

  async addOverhead(hour: Timestamp, use: Use): Promise<void> {
    const sums = METERS.map((_, at) => `stored.use[${at + 1}] + excluded.use[${at + 1}]`);
    await this.#ask((db) =>
      sql`
      insert into dynabase.overhead_hours as stored (hour, use)
      values (${toWallTime(hour)}, ${useNumbers(use)}::numeric[])
      on conflict (hour) do update set use = array[${sql.raw(sums.join(', '))}]`.execute(db),
    );
  }

  overhead({ from, to }: Pick<CostQuery, 'from' | 'to'>) {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly hour: number; readonly use: readonly string[] }>`
        select hour, use::text[] as use from dynabase.overhead_hours
        where hour >= ${toWallTime(from)} and hour < ${toWallTime(to)} order by hour`.execute(db);
      return rows.map(({ hour, use }) => ({ hour: fromWallTime(hour), use: useOf(use) }));
    });
  }
}

const within = ({ from, to, tenant, customer }: CostQuery): RawBuilder<unknown> => sql`
  day >= ${dayText(from)}::date and day < ${dayText(to)}::date
  ${tenant === undefined ? sql`` : sql`and tenant_id = ${tenant}`}
  ${customer === undefined ? sql`` : sql`and customer_id = ${customer}`}`;

async function daysByMonth(db: AccessDb, which: RawBuilder<unknown>): Promise<readonly ShareRow[]> {
  const { rows } = await sql<ShareRow>`
    select date_trunc('month', day)::date::text as month, tenant_id, customer_id, plan, tier,
      ${SUMMED_USE} as use, ${SUMS}
    from dynabase.cost_days where ${which}
    group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`.execute(db);
  return rows;
}

async function sumsOfMonth(db: AccessDb, month: string, among: RawBuilder<unknown>) {
  const { rows } = await sql<ShareRow>`
    select month::text, tenant_id, customer_id, plan, tier, use::text[] as use, seconds::text as seconds,
      attributed::text as attributed, shared::text as shared, always_on::text as always_on
    from dynabase.cost_months where month = ${month}::date and ${among}
    order by tenant_id, customer_id, plan, tier`.execute(db);
  return rows;
}

/** Months with settled days in [from, to), and whether all settled days of each are. */
async function monthsWithin(
  db: AccessDb,
  { from, to }: Pick<CostQuery, 'from' | 'to'>,
): Promise<readonly { readonly month: string; readonly isWhole: boolean }[]> {
  const { rows } = await sql<{ readonly month: string; readonly isWhole: boolean }>`
    select date_trunc('month', day)::date::text as month,
      bool_and(day >= ${dayText(from)}::date and day < ${dayText(to)}::date) as "isWhole"
    from dynabase.settled_days group by 1
    having bool_or(day >= ${dayText(from)}::date and day < ${dayText(to)}::date) order by 1`.execute(
    db,
  );
  return rows;
}

/** The last tenant of the next page; null if it is the last page. */
async function tenantAt(db: AccessDb, month: string, after: string): Promise<string | null> {
  const { rows } = await sql<{ readonly tenant_id: string }>`
    select tenant_id from dynabase.cost_months where month = ${month}::date and tenant_id > ${after}
    order by tenant_id offset ${TENANTS_AT_ONCE - 1} limit 1`.execute(db);
  return rows[0]?.tenant_id ?? null;
}

const inMonth = (month: string): RawBuilder<unknown> =>
  sql`day >= ${month}::date and day < ${month}::date + interval '1 month'`;

const insertDay = (tx: AccessDb, day: FleetDay) =>
  sql`
  insert into dynabase.settled_days (day, book, revision, currency, tenants, hours, overhead_use,
    overhead, idle, minimum, unborne, machines, total, always_on)
  values (${dayText(day.day)}::date, ${day.book.name}, ${day.book.revision}, ${day.currency},
    ${day.tenants}, ${day.hours.map(String)}::numeric[], ${useNumbers(day.overheadUse)}::numeric[],
    ${`${day.overhead}`}::numeric, ${`${day.idle}`}::numeric, ${`${day.minimum}`}::numeric,
    ${`${day.unborne}`}::numeric, ${`${day.machines}`}::numeric, ${`${day.total}`}::numeric,
    ${`${day.alwaysOn}`}::numeric)
  on conflict (day) do nothing returning day`.execute(tx);

const insertShares = (tx: AccessDb, day: Timestamp, shares: readonly CostShare[]) =>
  sql`
  insert into dynabase.cost_days
    (day, tenant_id, customer_id, plan, tier, seconds, use, attributed, shared, always_on)
  select ${dayText(day)}::date, tenant, customer, plan, tier, seconds, use, attributed, shared, always_on
  from jsonb_to_recordset(${JSON.stringify(shares.map(shareJson))}::jsonb)
    as share (tenant text, customer text, plan text, tier text, seconds bigint, use numeric[],
      attributed numeric, shared numeric, always_on numeric)`.execute(tx);

const shareJson = (share: CostShare) => ({
  ...{ tenant: share.tenant, customer: share.customer ?? '', plan: share.plan, tier: share.tier },
  ...{ seconds: `${share.seconds}`, use: useNumbers(share.use) },
  ...{ attributed: `${share.attributed}`, shared: `${share.shared}` },
  always_on: `${share.alwaysOn}`,
});

function shareOf(row: ShareRow): MonthCost {
  const { month, tenant_id: tenant, customer_id: customer } = row;
  return {
    ...{ month: dayIn(month), tenant: tenantIn(tenant), use: useOf(row.use) },
    ...{ customer: customer === '' ? null : customerIn(customer) },
    ...sumsOf(row),
  };
}

const sumsOf = (row: SumsRow) => ({
  plan: oneOf(PLANS, row.plan),
  tier: oneOf(TIERS, row.tier),
  seconds: whole(row.seconds),
  attributed: whole(row.attributed),
  shared: whole(row.shared),
  alwaysOn: whole(row.always_on),
});

const fleetDayOf = (row: FleetRow): FleetDay => ({
  day: dayIn(row.day),
  book: { name: row.book, revision: row.revision },
  currency: row.currency,
  tenants: row.tenants,
  hours: row.hours.map(whole),
  overheadUse: useOf(row.overhead_use),
  overhead: whole(row.overhead),
  idle: whole(row.idle),
  minimum: whole(row.minimum),
  unborne: whole(row.unborne),
  machines: whole(row.machines),
  total: whole(row.total),
  alwaysOn: whole(row.always_on),
});
