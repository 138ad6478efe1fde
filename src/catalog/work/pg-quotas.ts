/** Quotas, and what was used of them, as rows. */
import { type RawBuilder, sql } from 'kysely';
import { assert } from '../../domain/assert.ts';
import { dayText } from '../../domain/day.ts';
import { type CustomerId, isTenantName, type TenantId } from '../../domain/ids.ts';
import {
  type Account,
  type Consumption,
  HOLD_NAMES,
  type Mark,
  type MeterChange,
  type MeterSeen,
  NO_QUOTAS,
  NOTHING_USED,
  QUOTA_NAMES,
  type Quota,
  type QuotaBook,
  type QuotaOwner,
  type QuotaStore,
} from '../../domain/quota.ts';
import { PLANS, type Plan, TIERS } from '../../domain/tier.ts';
import type { Timestamp } from '../../domain/units.ts';
import type { AccessDb, Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { customerIn, oneOf, tenantIn, unreadable } from '../tenant-row.ts';

type UsedRow = {
  readonly active_ms: number | null;
  readonly compute_ms: number | null;
  readonly written_bytes: number | null;
  readonly transfer_bytes: number | null;
  readonly logical_bytes: number | null;
};

type AccountRow = UsedRow & {
  readonly id: string;
  readonly name: string;
  readonly tier: string;
  readonly plan: string;
  readonly customer_id: string | null;
  readonly quota: Partial<QuotaBook>;
  readonly customer_quota: Partial<QuotaBook> | null;
  readonly wal_position: number | null;
  readonly counted_until: number | null;
};

/** Whatever quotas there may be: the rows of both tables have them in a column of the same name. */
type Owners = 'tenants' | 'customers';

const PLAN_QUOTAS = 'quotas';

export class PgQuotas implements QuotaStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** As `addUsage`: in one statement, and a batch that was written before changes nothing. */
  async count(
    changes: readonly MeterChange[],
    seen: readonly MeterSeen[],
    batch: string,
  ): Promise<void> {
    if (changes.length === 0 && seen.length === 0) return;
    await this.#ask((db) =>
      sql`
      with batch as (
        insert into dynabase.usage_batches (id) values (${batch}) on conflict (id) do nothing returning id
      ), counted as (
        insert into dynabase.tenant_consumption as stored
          (tenant_id, month, active_ms, compute_ms, written_bytes)
        select tenant, month, sum(active), sum(compute), sum(written)
        from batch, jsonb_to_recordset(${changesJson(changes)}::jsonb)
          as change (tenant text, month date, active bigint, compute bigint, written bigint)
        where (select true from dynabase.tenants where tenants.id = change.tenant)
        group by 1, 2 order by 1, 2
        on conflict (tenant_id, month) do update set
          active_ms = stored.active_ms + excluded.active_ms,
          compute_ms = stored.compute_ms + excluded.compute_ms,
          written_bytes = stored.written_bytes + excluded.written_bytes
      )
      insert into dynabase.tenant_meters as stored (tenant_id, wal_position, logical_bytes, counted_until)
      select tenant, wal, coalesce(bytes, 0), until
      from batch, jsonb_to_recordset(${seenJson(seen)}::jsonb)
        as look (tenant text, wal bigint, bytes bigint, until timestamptz)
      where (select true from dynabase.tenants where tenants.id = look.tenant)
      order by 1
      on conflict (tenant_id) do update set
        wal_position = coalesce(excluded.wal_position, stored.wal_position),
        logical_bytes = coalesce(nullif(excluded.logical_bytes, 0), stored.logical_bytes),
        counted_until = excluded.counted_until`.execute(db),
    );
  }

  accounts(tenants: readonly TenantId[], month: Timestamp): Promise<readonly Account[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<AccountRow>`
        select t.id, t.name, t.tier, t.plan, t.customer_id, t.quota, c.quota as customer_quota,
          u.active_ms, u.compute_ms, u.written_bytes, u.transfer_bytes,
          m.logical_bytes, m.wal_position, m.counted_until
        from unnest(${[...tenants]}::text[]) as asked (id)
        join dynabase.tenants t on t.id = asked.id
        left join dynabase.customers c on c.id = t.customer_id
        left join dynabase.tenant_meters m on m.tenant_id = t.id
        left join dynabase.tenant_consumption u
          on u.tenant_id = t.id and u.month = ${dayText(month)}::date`.execute(db);
      return rows.map(accountOf);
    });
  }

  consumption(tenant: TenantId, month: Timestamp) {
    return this.#used(sql`t.id = ${tenant}`, month);
  }

  ofCustomer(customer: CustomerId, month: Timestamp) {
    return this.#used(sql`t.customer_id = ${customer}`, month);
  }

  tenantsOf(customer: CustomerId): Promise<readonly TenantId[]> {
    return this.#ask(async (db) => {
      const found = db.selectFrom('tenants').select('id').where('customer_id', '=', customer);
      return (await found.execute()).map(({ id }) => tenantIn(id));
    });
  }

  tenantQuota(tenant: TenantId): Promise<QuotaBook> {
    return this.#quota('tenants', tenant);
  }

  setTenantQuota(tenant: TenantId, quota: QuotaBook): Promise<void> {
    return this.#setQuota('tenants', tenant, quota);
  }

  customerQuota(customer: CustomerId): Promise<QuotaBook> {
    return this.#quota('customers', customer);
  }

  setCustomerQuota(customer: CustomerId, quota: QuotaBook): Promise<void> {
    return this.#setQuota('customers', customer, quota);
  }

  planQuotas(): Promise<Readonly<Partial<Record<Plan, Quota>>>> {
    return this.#ask(async (db) => {
      const found = db.selectFrom('fleet').select('value').where('key', '=', PLAN_QUOTAS);
      const row = await found.executeTakeFirst();
      if (row === undefined) return {};
      const stored = JSON.parse(new TextDecoder().decode(row.value)) as Record<string, unknown>;
      return Object.fromEntries(PLANS.map((plan) => [plan, quotaOf(stored[plan])]));
    });
  }

  async setPlanQuotas(quotas: Readonly<Partial<Record<Plan, Quota>>>): Promise<void> {
    const value = Buffer.from(JSON.stringify(quotas));
    await this.#ask((db) =>
      sql`
      insert into dynabase.fleet (key, value, changed_at) values (${PLAN_QUOTAS}, ${value}, now())
      on conflict (key) do update set value = excluded.value, changed_at = now()`.execute(db),
    );
  }

  customerAddresses() {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly id: string; readonly allowed: readonly string[] }>`
        select id, allowed_addresses as allowed from dynabase.customers
        where allowed_addresses <> '{}'`.execute(db);
      return rows.map(({ id, allowed }) => ({ id: customerIn(id), allowed }));
    });
  }

  async setCustomerAddresses(customer: CustomerId, allowed: readonly string[]): Promise<void> {
    await this.#ask((db) =>
      sql`
      update dynabase.customers set allowed_addresses = ${[...allowed]}, changed_at = now()
      where id = ${customer}`.execute(db),
    );
  }

  sessionLimits(): Promise<readonly { readonly owner: QuotaOwner; readonly quota: QuotaBook }[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<OwnedRow>`
        select id as tenant_id, null as customer_id, quota from dynabase.tenants
        where quota <> '{}' and (quota -> 'operator' ? 'sessions' or quota -> 'own' ? 'sessions')
        union all
        select null, id, quota from dynabase.customers
        where quota -> 'operator' ? 'sessions' or quota -> 'own' ? 'sessions'`.execute(db);
      return rows.map((row) => ({ owner: ownerOf(row), quota: bookOf(row.quota) }));
    });
  }

  marks(): Promise<readonly Mark[]> {
    return this.#ask(async (db) => {
      await sql`delete from dynabase.quota_marks where until < now() - interval '1 day'`.execute(
        db,
      );
      const { rows } = await sql<MarkRow>`select * from dynabase.quota_marks`.execute(db);
      return rows.map(markOf);
    });
  }

  /** No effect if the owner is gone. */
  async setMark({ owner, quota, grade, limit, until, stops }: Mark): Promise<void> {
    const [table, column] =
      owner.kind === 'tenant' ? ['tenants', 'tenant_id'] : ['customers', 'customer_id'];
    const owners = sql.table(`dynabase.${table}`);
    await this.#ask((db) =>
      sql`
      insert into dynabase.quota_marks (owner, ${sql.ref(column)}, quota, grade, limit_value, until, stops)
      select id, id, ${quota}, ${grade}, ${limit}::bigint, ${toWallTime(until)}, ${stops}::integer
      from ${owners} where id = ${owner.id}
      on conflict (owner, quota, grade) do update
        set limit_value = excluded.limit_value, until = excluded.until, stops = excluded.stops`.execute(
        db,
      ),
    );
  }

  async removeMark({
    owner,
    quota,
    grade,
  }: Pick<Mark, 'owner' | 'quota' | 'grade'>): Promise<void> {
    await this.#ask((db) =>
      sql`
      delete from dynabase.quota_marks
      where owner = ${owner.id} and quota = ${quota} and grade = ${grade}`.execute(db),
    );
  }

  #used(of: RawBuilder<unknown>, month: Timestamp) {
    return this.#ask(async (db) => {
      const { rows } = await sql<UsedRow>`
        select sum(u.active_ms)::bigint as active_ms, sum(u.compute_ms)::bigint as compute_ms,
          sum(u.written_bytes)::bigint as written_bytes, sum(u.transfer_bytes)::bigint as transfer_bytes,
          sum(m.logical_bytes)::bigint as logical_bytes
        from dynabase.tenants t
        left join dynabase.tenant_meters m on m.tenant_id = t.id
        left join dynabase.tenant_consumption u
          on u.tenant_id = t.id and u.month = ${dayText(month)}::date
        where ${of}`.execute(db);
      const [row] = rows;
      assert(row !== undefined, 'a sum has a row');
      return { ...usedOfRow(row), logicalBytes: row.logical_bytes ?? 0 };
    });
  }

  #quota(owners: Owners, id: string): Promise<QuotaBook> {
    return this.#ask(async (db) => {
      const table = sql.table(`dynabase.${owners}`);
      const { rows } = await sql<{ readonly quota: Partial<QuotaBook> }>`
        select quota from ${table} where id = ${id}`.execute(db);
      return bookOf(rows[0]?.quota);
    });
  }

  async #setQuota(owners: Owners, id: string, quota: QuotaBook): Promise<void> {
    const table = sql.table(`dynabase.${owners}`);
    await this.#ask((db: AccessDb) =>
      sql`
      update ${table} set quota = ${JSON.stringify(quota)}::jsonb where id = ${id}`.execute(db),
    );
  }
}

type OwnerRow = { readonly tenant_id: string | null; readonly customer_id: string | null };

type OwnedRow = OwnerRow & { readonly quota: Partial<QuotaBook> };

type MarkRow = OwnerRow & {
  readonly quota: string;
  readonly grade: string;
  readonly limit_value: number;
  readonly until: number;
  readonly stops: number;
};

const changesJson = (changes: readonly MeterChange[]): string =>
  JSON.stringify(
    changes.map(({ tenant, month, activeMs, computeMs, writtenBytes }) => ({
      ...{ tenant, month: dayText(month) },
      ...{ active: Math.round(activeMs), compute: Math.round(computeMs), written: writtenBytes },
    })),
  );

const seenJson = (seen: readonly MeterSeen[]): string =>
  JSON.stringify(
    seen.map(({ tenant, walPosition, logicalBytes, countedUntil }) => ({
      ...{ tenant, wal: walPosition ?? null, bytes: logicalBytes ?? null },
      until: countedUntil == null ? null : new Date(countedUntil).toISOString(),
    })),
  );

const usedOfRow = (row: UsedRow): Consumption => ({
  activeMs: row.active_ms ?? NOTHING_USED.activeMs,
  computeMs: row.compute_ms ?? NOTHING_USED.computeMs,
  writtenBytes: row.written_bytes ?? NOTHING_USED.writtenBytes,
  transferBytes: row.transfer_bytes ?? NOTHING_USED.transferBytes,
});

function accountOf(row: AccountRow): Account {
  if (!isTenantName(row.name)) throw unreadable('name', row.name);
  return {
    id: tenantIn(row.id),
    name: row.name,
    tier: oneOf(TIERS, row.tier),
    plan: oneOf(PLANS, row.plan),
    customer: row.customer_id === null ? null : customerIn(row.customer_id),
    quota: bookOf(row.quota),
    customerQuota: row.customer_quota === null ? null : bookOf(row.customer_quota),
    used: usedOfRow(row),
    logicalBytes: row.logical_bytes ?? 0,
    walPosition: row.wal_position,
    countedUntil: row.counted_until === null ? null : fromWallTime(row.counted_until),
  };
}

const ownerOf = ({ tenant_id: tenant, customer_id: customer }: OwnerRow): QuotaOwner =>
  tenant === null
    ? { kind: 'customer', id: customerIn(customer ?? '') }
    : { kind: 'tenant', id: tenantIn(tenant) };

function markOf(row: MarkRow): Mark {
  return {
    owner: ownerOf(row),
    quota: oneOf(HOLD_NAMES, row.quota),
    grade: oneOf(['soft', 'hard'], row.grade),
    limit: row.limit_value,
    until: fromWallTime(row.until),
    stops: row.stops,
  };
}

const bookOf = (stored: Partial<QuotaBook> | undefined): QuotaBook => ({
  operator: quotaOf(stored?.operator ?? NO_QUOTAS.operator),
  own: quotaOf(stored?.own ?? NO_QUOTAS.own),
});

/** What another version has written, and this one does not know, is left out. */
function quotaOf(stored: unknown): Quota {
  const found = Object(stored) as Readonly<Record<string, { soft?: unknown; hard?: unknown }>>;
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return Object.fromEntries(
    QUOTA_NAMES.flatMap((name) => {
      const limit = found[name];
      return limit === undefined
        ? []
        : [[name, { soft: number(limit.soft), hard: number(limit.hard) }]];
    }),
  );
}
