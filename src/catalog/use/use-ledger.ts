/** What tenants have used, as rows: see `sql/0009-metering.sql`, which counts. */
import { sql } from 'kysely';
import type { TenantId } from '../../domain/ids.ts';
import type {
  PageReading,
  SamplePoint,
  UseBatch,
  UseLedger,
  UseMinute,
  UseParted,
  UseQuery,
  UseRetention,
  UseStore,
} from '../../domain/metering.ts';
import { PLANS, TIERS } from '../../domain/tier.ts';
import { hours, later, seconds, type Timestamp, timestamp } from '../../domain/units.ts';
import { NO_USE, type UseRow } from '../../domain/use.ts';
import type { Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { customerIn, oneOf, tenantIn } from '../tenant-row.ts';
import { atRest, ofWhom, parted, SUMS, type Sums, useOf, type Whose } from './use-sums.ts';

/** Rows that are read at once, about: an hour of so many tenants, or the month of a few. */
const PAGE = 10_000;

/** Tenants whose rests are read at once: some milliseconds until somebody else has his turn. */
const PARTED_AT_ONCE = 5_000;

const HOUR = hours(1);

/** Time that one statement looks at: many tenants have few hours each, one has many. */
const WINDOW = { ofAll: HOUR, ofSome: hours(744) } as const;

const MINUTES_MAX = 10_000;

/** Rows that are forgotten with one statement. */
const FORGOTTEN_AT_ONCE = 5_000;

/** How long a deleted tenant's last span is kept, for what is still on its way. */
const GONE_KEPT = hours(24 * 8);

type HourRow = Sums & {
  readonly tenant_id: string;
  readonly at: number;
  readonly customer_id: string;
  readonly plan: string;
  readonly tier: string;
  readonly seconds: string;
};

export class PgUseLedger implements UseLedger, UseStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * A page of tenants at a time, each with all its hours of a window. What moves from an open span to a rest or to the
   * hours between two pages stays in the same hours of the same tenant, so that it is told once. A page costs what its
   * tenants have, however many there are besides.
   */
  async *rows(query: UseQuery): AsyncGenerator<UseRow> {
    const { from, to, tenant, customer, tenants: given } = query;
    if (given !== undefined) {
      yield* this.#rowsOf(query, given);
      return;
    }
    const window = tenant == null && customer == null ? WINDOW.ofAll : WINDOW.ofSome;
    const tenants = Math.ceil((PAGE * HOUR) / window);
    for (let at = from; at < to; at = hourOf(later(at, window))) {
      const end = timestamp(Math.min(to, hourOf(later(at, window))));
      let after = '';
      for (let isMore = true; isMore; ) {
        const until = tenant == null ? await this.#tenantAt(query, after, tenants) : null;
        yield* await this.#page({ ...query, from: at, to: end, among: { after, until } });
        isMore = until !== null;
        after = until ?? after;
      }
    }
  }

  /** As many hours at a time as a page of these tenants has; of very many, a page of tenants at a time. */
  async *#rowsOf(query: UseQuery, given: readonly TenantId[]): AsyncGenerator<UseRow> {
    if (given.length === 0) return;
    const window = hours(Math.max(1, Math.floor(PAGE / given.length)));
    for (let at = query.from; at < query.to; at = hourOf(later(at, window))) {
      const to = timestamp(Math.min(query.to, hourOf(later(at, window))));
      for (let first = 0; first < given.length; first += PAGE) {
        const tenants = given.slice(first, first + PAGE);
        const rows = await this.#page({ ...query, from: at, to, tenants });
        yield* rows.toSorted((one, other) => one.hour - other.hour);
      }
    }
  }

  /** A page of tenants at a time; whoever moves between two of them is told in one. */
  async parted(span: Pick<UseQuery, 'from' | 'to'>): Promise<UseParted> {
    const resting: UseRow[] = [];
    const others = new Set<TenantId>();
    let after = '';
    for (let isMore = true; isMore; ) {
      const until = await this.#tenantAt(span, after, PARTED_AT_ONCE);
      const rows = await this.#ask(async (db) => {
        const found = await sql<RestRow>`${parted({ ...span, among: { after, until } })}`.execute(
          db,
        );
        return found.rows;
      });
      for (const row of rows) {
        if (row.is_steady) resting.push(restingRow(row, span));
        else others.add(tenantIn(row.tenant_id));
      }
      isMore = until !== null;
      after = until ?? after;
    }
    return { resting, others: [...others] };
  }

  keptFrom(): Promise<Timestamp> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly hours_from: number }>`
        select hours_from from dynabase.use_kept`.execute(db);
      return rows[0] === undefined ? timestamp(0) : fromWallTime(rows[0].hours_from);
    });
  }

  minutes(
    tenant: TenantId,
    { from, to }: { readonly from: Timestamp; readonly to: Timestamp },
  ): Promise<readonly UseMinute[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<Sums & { readonly at: number; readonly seconds: string }>`
        select at, sum(seconds)::text as seconds, ${SUMS}
        from dynabase.use_minutes
        where tenant_id = ${tenant} and at >= ${toWallTime(from)} and at < ${toWallTime(to)}
        group by at order by at limit ${MINUTES_MAX}`.execute(db);
      return rows.map((row) => ({
        minute: fromWallTime(row.at),
        length: seconds(Number(row.seconds)),
        use: useOf(row),
      }));
    });
  }

  async count({ name, until, seen, used }: UseBatch): Promise<void> {
    if (seen.length === 0 && used.length === 0) return;
    await this.#ask((db) =>
      sql`select dynabase.count_use(${name}, ${toWallTime(until)}, ${seenJson(seen)}::jsonb,
        ${usedJson(used)}::jsonb)`.execute(db),
    );
  }

  async countPages(readings: ReadonlyMap<TenantId, readonly PageReading[]>): Promise<void> {
    if (readings.size === 0) return;
    const rows = [...readings].flatMap(([tenant, all]) => all.map((one) => pageRow(tenant, one)));
    await this.#ask((db) =>
      sql`select dynabase.count_pages(${JSON.stringify(rows)}::jsonb)`.execute(db),
    );
  }

  points(): Promise<readonly SamplePoint[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<PointRow>`
        select tenant_id, run, sampled_at, memory_bytes, cpu_us, disk_bytes from dynabase.use_spans
        where is_awake and run is not null`.execute(db);
      return rows.map(pointOf);
    });
  }

  forget({ minutes, hours: kept }: UseRetention): Promise<boolean> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly more: boolean }>`
        with kept as (
          insert into dynabase.use_kept (hours_from) values (now() - ${`${kept} ms`}::interval)
          on conflict (is_only) do update set hours_from = excluded.hours_from
          where use_kept.hours_from < excluded.hours_from
        )
        select dynabase.forget_use(now() - ${`${minutes} ms`}::interval, now() - ${`${kept} ms`}::interval,
            now() - ${`${GONE_KEPT} ms`}::interval, ${FORGOTTEN_AT_ONCE}::integer)
          or dynabase.forget_served(now() - ${`${kept} ms`}::interval, ${FORGOTTEN_AT_ONCE}::integer) as more`.execute(
        db,
      );
      return rows[0]?.more === true;
    });
  }

  /** The id of the `count`th tenant from `after` on; null if there are fewer. */
  #tenantAt(query: UseQuery, after: string, count: number): Promise<string | null> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly tenant_id: string }>`
        select tenant_id from dynabase.use_spans
        where ${ofWhom({ ...query, among: { after, until: null } })}
        order by tenant_id offset ${count - 1} limit 1`.execute(db);
      return rows[0]?.tenant_id ?? null;
    });
  }

  #page(query: UseQuery & Whose): Promise<readonly UseRow[]> {
    const [begin, end] = [toWallTime(query.from), toWallTime(query.to)];
    return this.#ask(async (db) => {
      const { rows } = await sql<HourRow>`
        select tenant_id, date_trunc('hour', at, 'UTC') as at, customer_id, plan, tier,
          sum(seconds)::text as seconds, ${SUMS}
        from (
          select * from dynabase.use_hours where at >= ${begin} and at < ${end} and ${ofWhom(query)}
          union all
          ${atRest(query)}
        ) as parts
        where seconds > 0 or awake > 0 or memory > 0 or cpu > 0 or written > 0 or egress > 0 or wakes > 0
        group by 1, 2, 3, 4, 5
        order by 1, 2, 3, 4, 5`.execute(db);
      return rows.map(useRow);
    });
  }
}

const hourOf = (at: Timestamp): Timestamp => timestamp(Math.floor(at / HOUR) * HOUR);

const useRow = (row: HourRow): UseRow => ({
  tenant: tenantIn(row.tenant_id),
  customer: row.customer_id === '' ? null : customerIn(row.customer_id),
  plan: oneOf(PLANS, row.plan),
  tier: oneOf(TIERS, row.tier),
  hour: fromWallTime(row.at),
  seconds: BigInt(row.seconds),
  use: useOf(row),
});

type RestRow = {
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly plan: string;
  readonly tier: string;
  readonly seconds: number;
  readonly is_steady: boolean;
} & Readonly<Record<'l2' | 'l3' | 'l4' | 'stored', string>>;

function restingRow(row: RestRow, { from, to }: Pick<UseQuery, 'from' | 'to'>): UseRow {
  const seconds = BigInt(row.seconds) / BigInt(Math.max(1, Math.round((to - from) / HOUR)));
  const held = (bytes: string): bigint => BigInt(bytes) * seconds;
  return {
    tenant: tenantIn(row.tenant_id),
    customer: row.customer_id === '' ? null : customerIn(row.customer_id),
    plan: oneOf(PLANS, row.plan),
    tier: oneOf(TIERS, row.tier),
    hour: from,
    seconds,
    use: {
      ...NO_USE,
      ...{ l2: held(row.l2), l3: held(row.l3), l4: held(row.l4), stored: held(row.stored) },
    },
  };
}

type PointRow = {
  readonly tenant_id: string;
  readonly run: string;
  readonly sampled_at: number;
  readonly memory_bytes: number;
  readonly cpu_us: number;
  readonly disk_bytes: number | null;
};

const pointOf = (row: PointRow): SamplePoint => ({
  tenant: tenantIn(row.tenant_id),
  run: row.run,
  at: fromWallTime(row.sampled_at),
  memoryBytes: row.memory_bytes,
  cpuUs: row.cpu_us,
  diskWrittenBytes: row.disk_bytes,
});

const seenJson = (seen: readonly SamplePoint[]): string =>
  JSON.stringify(
    seen.map(({ tenant, run, at, memoryBytes, cpuUs, diskWrittenBytes }) => ({
      ...{ tenant, run, at: new Date(at).toISOString() },
      ...{ memory: memoryBytes, cpu: cpuUs, disk: diskWrittenBytes },
    })),
  );

const pageRow = (tenant: TenantId, { run, at, l1, l2, l3, cachedBytes }: PageReading): object => ({
  ...{ tenant, run, at: new Date(at).toISOString(), l1, l2, l3 },
  cached: cachedBytes,
});

const usedJson = (used: UseBatch['used']): string =>
  JSON.stringify(
    used.map(({ tenant, at, use: { memory, cpu, written } }) => ({
      ...{ tenant, at: new Date(at).toISOString() },
      ...{ memory: `${memory}`, cpu: `${cpu}`, written: `${written}` },
    })),
  );
