/** What a payment provider is told, and has said, as rows. */
import { sql } from 'kysely';
import type { PaymentState } from '../../domain/billing.ts';
import type { CustomerId } from '../../domain/ids.ts';
import type {
  MeterTold,
  MeterUsed,
  NewOutboxItem,
  News,
  OutboxItem,
  PaymentMessage,
  PaymentStore,
} from '../../domain/payment.ts';
import { type Timestamp, timestamp } from '../../domain/units.ts';
import { METERS } from '../../domain/use.ts';
import type { AccessDb, Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { customerIn, oneOf } from '../tenant-row.ts';

type OutboxRow = {
  readonly id: number;
  readonly key: string;
  readonly customer_id: string;
  readonly body: News;
  readonly attempts: number;
  readonly begun_at: number | null;
};

type ToldRow = {
  readonly customer_id: string;
  readonly meter: string;
  readonly event: string;
  readonly value: string;
  readonly waiting: number;
  readonly fresh: string;
};

export class PgPayments implements PaymentStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  account(customer: CustomerId): Promise<string | undefined> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly provider_id: string }>`
        select provider_id from dynabase.payment_accounts where customer_id = ${customer}`.execute(
        db,
      );
      return rows[0]?.provider_id;
    });
  }

  customerOf(providerId: string): Promise<CustomerId | undefined> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly customer_id: string }>`
        select customer_id from dynabase.payment_accounts where provider_id = ${providerId}`.execute(
        db,
      );
      return rows[0] && customerIn(rows[0].customer_id);
    });
  }

  async saveAccount(customer: CustomerId, providerId: string): Promise<void> {
    await this.#ask((db) =>
      sql`
        insert into dynabase.payment_accounts (customer_id, provider_id) values (${customer}, ${providerId})
        on conflict do nothing`.execute(db),
    );
  }

  toldUntil(start: Timestamp): Promise<Timestamp> {
    return this.#ask(async (db) => {
      await sql`
        insert into dynabase.payment_progress (told_until) values (${toWallTime(start)})
        on conflict do nothing`.execute(db);
      const { rows } = await sql<{ readonly told_until: number }>`
        select told_until from dynabase.payment_progress`.execute(db);
      return rows[0] === undefined ? start : fromWallTime(rows[0].told_until);
    });
  }

  used(month: string): Promise<readonly MeterUsed[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ customer_id: string; meter: string; used: string }>`
        select customer_id, meter, used::text from dynabase.payment_meters where month = ${month}`.execute(
        db,
      );
      return rows.map(({ customer_id, meter, used }) => ({
        ...{ customer: customerIn(customer_id), month, meter: oneOf(METERS, meter) },
        used: BigInt(used),
      }));
    });
  }

  tell({ from, to, used, items }: Parameters<PaymentStore['tell']>[0]): Promise<boolean> {
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        const moved = await sql`
          update dynabase.payment_progress set told_until = ${toWallTime(to)}
          where told_until = ${toWallTime(from)}`.execute(tx);
        if (Number(moved.numAffectedRows ?? 0) === 0) return false;
        await saveUsed(tx, used);
        await addItems(tx, items, to);
        return true;
      }),
    );
  }

  tellInvoices(since: Timestamp, now: Timestamp): Promise<number> {
    return this.#ask(async (db) => {
      const { numAffectedRows } = await sql`
        insert into dynabase.payment_outbox (key, kind, customer_id, body, next_at)
        select 'invoice ' || number, 'invoice', customer_id,
          jsonb_build_object('kind', 'invoice', 'number', number), ${toWallTime(now)}
        from dynabase.invoices
        where closed_at >= ${toWallTime(since)} and total > 0
          and not exists (select from dynabase.payment_outbox where key = 'invoice ' || number)
        order by ordinal
        on conflict (key) do nothing`.execute(db);
      return Number(numAffectedRows ?? 0);
    });
  }

  due(now: Timestamp, limit: number): Promise<readonly OutboxItem[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<OutboxRow>`
        select id, key, customer_id, body, attempts, begun_at from dynabase.payment_outbox
        where next_at <= ${toWallTime(now)} order by next_at, id limit ${limit}`.execute(db);
      return rows.map(({ id, key, customer_id, body, attempts, begun_at }) => ({
        ...{ id, key, customer: customerIn(customer_id), news: newsOf(body), attempts },
        begunAt: begun_at === null ? null : fromWallTime(begun_at),
      }));
    });
  }

  async begin(id: number, at: Timestamp): Promise<void> {
    await this.#ask((db) =>
      sql`
        update dynabase.payment_outbox
        set attempts = attempts + 1, begun_at = coalesce(begun_at, ${toWallTime(at)}) where id = ${id}`.execute(
        db,
      ),
    );
  }

  async done(id: number, at: Timestamp): Promise<void> {
    await this.#ask((db) =>
      sql`
        update dynabase.payment_outbox
        set next_at = null, done_at = ${toWallTime(at)}, last_error = null where id = ${id}`.execute(
        db,
      ),
    );
  }

  async failed(id: number, why: string, nextAt: Timestamp | null): Promise<void> {
    await this.#ask((db) =>
      sql`
        update dynabase.payment_outbox
        set next_at = ${nextAt === null ? null : toWallTime(nextAt)}, last_error = ${why} where id = ${id}`.execute(
        db,
      ),
    );
  }

  async again(keys: readonly string[], now: Timestamp): Promise<void> {
    await this.#ask((db) =>
      sql`
        update dynabase.payment_outbox set next_at = ${toWallTime(now)}, done_at = null
        where key = any(${[...keys]}) or (done_at is null and next_at is distinct from ${toWallTime(now)})`.execute(
        db,
      ),
    );
  }

  metersTold(
    { from, to }: { readonly from: Timestamp; readonly to: Timestamp },
    freshFrom: Timestamp,
  ): Promise<readonly MeterTold[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<ToldRow>`
        select customer_id, body->>'meter' as meter, body->>'event' as event,
          sum((body->>'value')::numeric)::text as value, count(*) filter (where done_at is null) as waiting,
          coalesce(sum((body->>'value')::numeric) filter (where done_at >= ${toWallTime(freshFrom)}), 0)::text as fresh
        from dynabase.payment_outbox
        where kind = 'meter' and (body->>'hour')::bigint >= ${from} and (body->>'hour')::bigint < ${to}
        group by 1, 2, 3 order by 1, 2, 3`.execute(db);
      return rows.map(({ customer_id, meter, event, value, waiting, fresh }) => ({
        ...{ customer: customerIn(customer_id), meter: oneOf(METERS, meter), event, waiting },
        ...{ value: BigInt(value), fresh: BigInt(fresh) },
      }));
    });
  }

  waiting(): Promise<{ readonly items: number; readonly lastError: string | null }> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ items: number; last_error: string | null }>`
        select count(*) as items, max(last_error) as last_error
        from dynabase.payment_outbox where done_at is null`.execute(db);
      return { items: rows[0]?.items ?? 0, lastError: rows[0]?.last_error ?? null };
    });
  }

  async notePayment(
    number: string,
    state: PaymentState,
    providerId: string,
    at: Timestamp,
  ): Promise<void> {
    await this.#ask((db) => notePayment(db, { number, state, providerId }, at));
  }

  take(message: PaymentMessage): Promise<boolean> {
    const { id, at, number, state, providerId, customer } = message;
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        const { numAffectedRows } = await sql`
          insert into dynabase.payment_messages (id, at) values (${id}, ${toWallTime(at)})
          on conflict do nothing`.execute(tx);
        if (Number(numAffectedRows ?? 0) === 0) return false;
        if (!(await isNews(tx, message))) return false;
        if (number !== null) await notePayment(tx, { number, state, providerId }, at);
        if (customer !== null) await noteFailure(tx, customer);
        return true;
      }),
    );
  }

  async forgetMessages(before: Timestamp): Promise<void> {
    await this.#ask((db) =>
      sql`delete from dynabase.payment_messages where at < ${toWallTime(before)}`.execute(db),
    );
  }
}

/** JSON has numbers where times are. */
const newsOf = (body: News): News =>
  body.kind === 'meter' ? { ...body, hour: timestamp(Number(body.hour)) } : body;

async function saveUsed(tx: AccessDb, used: readonly MeterUsed[]): Promise<void> {
  const each = <T>(part: (of: MeterUsed) => T): T[] => used.map(part);
  await sql`
    insert into dynabase.payment_meters (customer_id, month, meter, used)
    select * from unnest(
      ${each(({ customer }) => customer)}::text[], ${each(({ month }) => month)}::text[],
      ${each(({ meter }) => meter)}::text[], ${each((one) => one.used.toString())}::numeric[]
    )
    on conflict (customer_id, month, meter) do update set used = excluded.used`.execute(tx);
}

async function addItems(
  tx: AccessDb,
  items: readonly NewOutboxItem[],
  dueAt: Timestamp,
): Promise<void> {
  const each = <T>(part: (of: NewOutboxItem) => T): T[] => items.map(part);
  await sql`
    insert into dynabase.payment_outbox (key, kind, customer_id, body, next_at)
    select key, kind, customer, body, ${toWallTime(dueAt)} from unnest(
      ${each(({ key }) => key)}::text[], ${each(({ news }) => news.kind)}::text[],
      ${each(({ customer }) => customer)}::text[], ${each(({ news }) => JSON.stringify(news))}::jsonb[]
    ) as given (key, kind, customer, body)
    on conflict (key) do nothing`.execute(tx);
}

/** Two things that happened in one second come in either order: the one that ends it counts. */
async function isNews(
  tx: AccessDb,
  { providerId, customer, state, saidAt, note }: PaymentMessage,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into dynabase.payment_standings as known (provider_id, customer_id, state, said_at, note)
    values (${providerId}, ${customer}, ${state}, ${toWallTime(saidAt)}, ${note})
    on conflict (provider_id) do update
    set customer_id = excluded.customer_id, state = excluded.state, said_at = excluded.said_at, note = excluded.note
    where known.state not in ('paid', 'void')
      and (known.said_at <= excluded.said_at or excluded.state in ('paid', 'void'))`.execute(tx);
  return Number(numAffectedRows ?? 0) > 0;
}

/** With a customer stands the oldest of its invoices whose payment has failed. */
async function noteFailure(tx: AccessDb, customer: CustomerId): Promise<void> {
  await sql`
    update dynabase.billing_profiles as profile set failed_at = failed.said_at, failed_note = failed.note
    from (select 1) as one left join (
      select said_at, note from dynabase.payment_standings
      where customer_id = ${customer} and state = 'failed' order by said_at limit 1
    ) as failed on true
    where profile.customer_id = ${customer}`.execute(tx);
}

type Noted = {
  readonly number: string;
  readonly state: PaymentState;
  readonly providerId: string;
};

/** What is paid stays paid, however late an older message comes. A number of nobody's is left alone. */
async function notePayment(
  db: AccessDb,
  { number, state, providerId }: Noted,
  at: Timestamp,
): Promise<void> {
  await sql`
    insert into dynabase.invoice_payments (number, state, provider_id, changed_at)
    select number, ${state}, ${providerId}, ${toWallTime(at)} from dynabase.invoices where number = ${number}
    on conflict (number) do update
    set state = excluded.state, provider_id = excluded.provider_id, changed_at = excluded.changed_at
    where invoice_payments.state not in ('paid', 'void')`.execute(db);
}
