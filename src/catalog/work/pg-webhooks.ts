/** Webhooks and their deliveries as rows. */
import { sql } from 'kysely';
import { fault } from '../../domain/faults.ts';
import { type DeliveryId, isId, type WebhookId } from '../../domain/ids.ts';
import type { Timestamp } from '../../domain/units.ts';
import type {
  Delivery,
  DeliveryPlace,
  StoredWebhook,
  WebhookChange,
  WebhookStore,
} from '../../domain/webhook.ts';
import type { Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { unreadable } from '../tenant-row.ts';

type WebhookRow = {
  readonly id: string;
  readonly customer_id: string | null;
  readonly url: string;
  readonly events: string[];
  readonly secret: Uint8Array;
  readonly is_active: boolean;
  readonly failing_since: number | null;
  readonly created_at: number;
};

type DeliveryRow = {
  readonly id: string;
  readonly webhook_id: string;
  readonly event: string;
  readonly payload: string;
  readonly created_at: number;
  readonly attempts: number;
  readonly next_at: number | null;
  readonly delivered_at: number | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
};

export class PgWebhooks implements WebhookStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  insert(webhook: StoredWebhook, max: number): Promise<void> {
    const { id, customer, url, events, secret, isActive, createdAt } = webhook;
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        // Two who ask at once count one after the other.
        await sql`select pg_advisory_xact_lock(hashtext(${`webhooks of ${customer}`}))`.execute(tx);
        const { rows } = await sql<{ count: number }>`
          select count(*) as count from dynabase.webhooks
          where customer_id is not distinct from ${customer}`.execute(tx);
        if ((rows[0]?.count ?? 0) >= max) throw fault('WEBHOOKS_FULL', { max });
        await sql`
          insert into dynabase.webhooks (id, customer_id, url, events, secret, is_active, created_at)
          values (${id}, ${customer}, ${url}, ${[...events]}, ${Buffer.from(secret)}, ${isActive},
            ${toWallTime(createdAt)})`.execute(tx);
      }),
    );
  }

  all(): Promise<readonly StoredWebhook[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<WebhookRow>`select * from dynabase.webhooks`.execute(db);
      return rows.map(webhookOf);
    });
  }

  async change(id: WebhookId, change: WebhookChange): Promise<void> {
    const { url, events, isActive, failingSince, secret } = change;
    const parts = [
      url === undefined ? null : sql`url = ${url}`,
      events === undefined ? null : sql`events = ${[...events]}`,
      isActive === undefined ? null : sql`is_active = ${isActive}`,
      failingSince === undefined ? null : sql`failing_since = ${momentOrNull(failingSince)}`,
      secret === undefined ? null : sql`secret = ${Buffer.from(secret)}`,
    ].filter((part) => part !== null);
    if (parts.length === 0) return;
    await this.#ask((db) =>
      sql`update dynabase.webhooks set ${sql.join(parts)} where id = ${id}`.execute(db),
    );
  }

  async remove(id: WebhookId): Promise<void> {
    await this.#ask((db) => sql`delete from dynabase.webhooks where id = ${id}`.execute(db));
  }

  async addDeliveries(all: readonly Delivery[]): Promise<void> {
    const each = <T>(part: (of: Delivery) => T): T[] => all.map(part);
    await this.#ask((db) =>
      sql`
        insert into dynabase.webhook_deliveries
          (id, webhook_id, event, payload, created_at, next_at)
        select given.id, webhooks.id, event, payload, to_timestamp(made / 1000), to_timestamp(next / 1000)
        from unnest(
          ${each(({ id }) => id)}::text[],
          ${each(({ webhook }) => webhook)}::text[],
          ${each(({ event }) => event)}::text[],
          ${each(({ payload }) => payload)}::text[],
          ${each(({ createdAt }) => createdAt)}::double precision[],
          ${each(({ nextAt }) => nextAt)}::double precision[]
        ) as given (id, webhook, event, payload, made, next)
        join dynabase.webhooks on webhooks.id = given.webhook`.execute(db),
    );
  }

  due(now: Timestamp, perWebhook: number): Promise<readonly Delivery[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<DeliveryRow>`
        select due.* from dynabase.webhooks
        cross join lateral (
          select * from dynabase.webhook_deliveries
          where webhook_id = webhooks.id and next_at <= ${toWallTime(now)}
          order by next_at limit ${perWebhook}
        ) as due
        where webhooks.is_active
        order by due.next_at`.execute(db);
      return rows.map(deliveryOf);
    });
  }

  async record(delivery: Delivery): Promise<void> {
    const { id, attempts, nextAt, deliveredAt, lastStatus, lastError } = delivery;
    await this.#ask((db) =>
      sql`
        update dynabase.webhook_deliveries set attempts = ${attempts},
          next_at = ${momentOrNull(nextAt)}, delivered_at = ${momentOrNull(deliveredAt)},
          last_status = ${lastStatus}, last_error = ${lastError}
        where id = ${id}`.execute(db),
    );
  }

  delivery(id: DeliveryId): Promise<Delivery | undefined> {
    return this.#ask(async (db) => {
      const found = sql<DeliveryRow>`select * from dynabase.webhook_deliveries where id = ${id}`;
      const [row] = (await found.execute(db)).rows;
      return row && deliveryOf(row);
    });
  }

  deliveries(
    webhook: WebhookId,
    { after, limit }: { readonly after?: DeliveryPlace | undefined; readonly limit: number },
  ): Promise<readonly Delivery[]> {
    const behind =
      after === undefined
        ? sql`true`
        : sql`(created_at, id) < (${toWallTime(after.createdAt)}, ${after.id}::text collate "C")`;
    return this.#ask(async (db) => {
      const { rows } = await sql<DeliveryRow>`
        select * from dynabase.webhook_deliveries where webhook_id = ${webhook} and ${behind}
        order by created_at desc, id desc limit ${limit}`.execute(db);
      return rows.map(deliveryOf);
    });
  }

  forget(before: Timestamp, limit: number): Promise<number> {
    return this.#ask(async (db) => {
      const { numAffectedRows } = await sql`
        delete from dynabase.webhook_deliveries where id in (
          select id from dynabase.webhook_deliveries
          where created_at < ${toWallTime(before)} and next_at is null
          order by created_at limit ${limit})`.execute(db);
      return Number(numAffectedRows ?? 0);
    });
  }
}

function webhookOf(row: WebhookRow): StoredWebhook {
  const { id, customer_id: customer, url, events, is_active, failing_since, created_at } = row;
  if (!isId('wh', id)) throw unreadable('webhook', id);
  if (customer !== null && !isId('cu', customer)) throw unreadable('customer', customer);
  return {
    ...{ id, customer, url, events, isActive: is_active },
    secret: Buffer.from(row.secret).toString(),
    failingSince: failing_since === null ? null : fromWallTime(failing_since),
    createdAt: fromWallTime(created_at),
  };
}

function deliveryOf(row: DeliveryRow): Delivery {
  const { id, webhook_id: webhook, event, payload, attempts, next_at, delivered_at } = row;
  if (!isId('dl', id) || !isId('wh', webhook)) throw unreadable('delivery', id);
  return {
    ...{ id, webhook, event, payload, attempts },
    createdAt: fromWallTime(row.created_at),
    nextAt: next_at === null ? null : fromWallTime(next_at),
    deliveredAt: delivered_at === null ? null : fromWallTime(delivered_at),
    lastStatus: row.last_status,
    lastError: row.last_error,
  };
}

const momentOrNull = (at: Timestamp | null) => (at === null ? null : toWallTime(at));
