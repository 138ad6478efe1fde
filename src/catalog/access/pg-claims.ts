/** Tenants that nobody has claimed, and tenants that end by themselves, as rows. */
import { type Kysely, sql } from 'kysely';
import type { Claim, ClaimStore, Ending, EndingStore } from '../../domain/claim.ts';
import {
  type CustomerId,
  isId,
  isTenantId,
  isTenantName,
  type TenantId,
} from '../../domain/ids.ts';
import type { QuotaBook } from '../../domain/quota.ts';
import type { Plan } from '../../domain/tier.ts';
import type { Timestamp } from '../../domain/units.ts';
import { requireRoom } from '../customer-room.ts';
import { fromWallTime, type Tables, toWallTime } from '../schema.ts';
import { unreadable } from '../tenant-row.ts';
import type { Ask } from './access-schema.ts';

type ClaimRow = { readonly id: string; readonly name: string; readonly expires_at: number };

type EndingRow = ClaimRow & { readonly customer_id: string | null };

export class PgClaims implements ClaimStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  count(): Promise<number> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly claims: number }>`
        select count(*) as claims from dynabase.claims c
        join dynabase.tenants t on t.id = c.tenant_id and t.expires_at > now()`.execute(db);
      return rows[0]?.claims ?? 0;
    });
  }

  async insert(tenant: TenantId, hash: Uint8Array, quota: QuotaBook): Promise<void> {
    await this.#ask((db) =>
      sql`
      with bounded as (
        update dynabase.tenants set quota = ${JSON.stringify(quota)}::jsonb where id = ${tenant} returning id
      )
      insert into dynabase.claims (tenant_id, token_hash) select id, ${Buffer.from(hash)} from bounded`.execute(
        db,
      ),
    );
  }

  find(hash: Uint8Array): Promise<Claim | undefined> {
    return this.#ask(async (db) => {
      const { rows } = await sql<ClaimRow>`
        select t.id, t.name, t.expires_at from dynabase.claims c
        join dynabase.tenants t on t.id = c.tenant_id and t.state <> 'deleting'
        where c.token_hash = ${Buffer.from(hash)} and t.expires_at > now()`.execute(db);
      return rows[0] && claimOf(rows[0]);
    });
  }

  /** The row of the claim goes first: of two who claim at once, one finds none. */
  claim(
    hash: Uint8Array,
    { customer, plan }: { readonly customer: CustomerId; readonly plan: Plan },
  ): Promise<Claim | undefined> {
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        const { rows } = await sql<ClaimRow>`
          delete from dynabase.claims c using dynabase.tenants t
          where c.token_hash = ${Buffer.from(hash)} and t.id = c.tenant_id
            and t.expires_at > now() and t.state <> 'deleting'
          returning t.id, t.name, t.expires_at`.execute(tx);
        const claim = rows[0] && claimOf(rows[0]);
        if (claim === undefined) return undefined;
        await requireRoom(tx as unknown as Kysely<Tables>, customer);
        await sql`
          update dynabase.tenants set customer_id = ${customer}, plan = ${plan}, expires_at = null,
            sessions_max = null, quota = '{}'
          where id = ${claim.id}`.execute(tx);
        return claim;
      }),
    );
  }
}

export class PgEndings implements EndingStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  over(now: Timestamp, limit: number): Promise<readonly Ending[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<EndingRow>`
        select id, name, expires_at, customer_id from dynabase.tenants
        where expires_at <= ${toWallTime(now)} order by expires_at limit ${limit}`.execute(db);
      return rows.map(endingOf);
    });
  }

  warn(
    { now, before }: { readonly now: Timestamp; readonly before: Timestamp },
    warnings: number,
    limit: number,
  ): Promise<readonly Ending[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<EndingRow>`
        with due as (
          select id from dynabase.tenants
          where expires_at > ${toWallTime(now)} and expires_at <= ${toWallTime(before)}
            and (expiry_told_of is distinct from expires_at or expiry_told < ${warnings})
          order by expires_at limit ${limit} for no key update skip locked
        )
        update dynabase.tenants t set expiry_told_of = expires_at, expiry_told = ${warnings}
        from due where t.id = due.id
        returning t.id, t.name, t.expires_at, t.customer_id`.execute(db);
      return rows.map(endingOf);
    });
  }
}

function claimOf(row: ClaimRow): Claim {
  const { id, name } = row;
  if (!isTenantId(id)) throw unreadable('id', id);
  if (!isTenantName(name)) throw unreadable('name', name);
  return { id, name, expiresAt: fromWallTime(row.expires_at) };
}

function endingOf(row: EndingRow): Ending {
  const { customer_id: customer } = row;
  if (customer !== null && !isId('cu', customer)) throw unreadable('customer', customer);
  return { ...claimOf(row), customer };
}
