/** Budgets, what was told of them, and letters on their way, as rows. */
import { sql } from 'kysely';
import type { Json } from '../../domain/decision.ts';
import {
  type AlertMemory,
  BUDGET_MEASURES,
  type Budget,
  type BudgetMeasure,
  type BudgetOwner,
  type BudgetStore,
  type Mail,
  type NewAlert,
  ownerKey,
  type StoredAlert,
  type StoredMail,
} from '../../domain/economics.ts';
import { type CustomerId, isId, isTenantId } from '../../domain/ids.ts';
import type { Timestamp } from '../../domain/units.ts';
import type { AccessDb, Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { customerIn, oneOf, unreadable } from '../tenant-row.ts';
import { whole } from './economics-rows.ts';

type BudgetRow = {
  readonly owner: string;
  readonly measure: string;
  readonly amount: string;
  readonly is_capped: boolean;
  readonly emails: readonly string[];
};

type AlertRow = {
  readonly id: number;
  readonly at: number;
  readonly owner: string;
  readonly customer_id: string | null;
  readonly measure: string;
  readonly kind: string;
  readonly data: { readonly [key: string]: Json };
};

export class PgBudgets implements BudgetStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  all(): Promise<readonly Budget[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<BudgetRow>`
        select owner, measure, amount::text, is_capped, emails from dynabase.budgets
        order by owner, measure`.execute(db);
      return rows.map(({ owner, measure, amount, is_capped: isCapped, emails }) => ({
        ...{ owner: ownerOf(owner), measure: oneOf(BUDGET_MEASURES, measure) },
        ...{ amount: whole(amount), isCapped, emails },
      }));
    });
  }

  /** No effect if the owner is gone. */
  async set({ owner, measure, amount, isCapped, emails }: Budget): Promise<void> {
    const key = ownerKey(owner);
    await this.#ask((db) =>
      sql`
      insert into dynabase.budgets (owner, measure, tenant_id, customer_id, amount, is_capped, emails)
      select ${key}, ${measure}, (select id from dynabase.tenants where id = ${key}),
        (select id from dynabase.customers where id = ${key}),
        ${`${amount}`}::numeric, ${isCapped}, ${[...emails]}
      where ${key} = 'fleet' or exists (select from dynabase.tenants where id = ${key})
        or exists (select from dynabase.customers where id = ${key})
      on conflict (owner, measure) do update set amount = excluded.amount,
        is_capped = excluded.is_capped, emails = excluded.emails, set_at = now()`.execute(db),
    );
  }

  async remove(owner: BudgetOwner, measure: BudgetMeasure): Promise<void> {
    await this.#ask((db) =>
      sql`
      delete from dynabase.budgets where owner = ${ownerKey(owner)} and measure = ${measure}`.execute(
        db,
      ),
    );
  }

  memories(): Promise<readonly AlertMemory[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<Pick<AlertRow, 'owner' | 'measure'> & Pick<AlertMemory, 'state'>>`
        select owner, measure, state from dynabase.alert_states`.execute(db);
      return rows.map(({ owner, measure, state }) => ({
        ...{ owner: ownerOf(owner), measure: oneOf(BUDGET_MEASURES, measure), state },
      }));
    });
  }

  tell(
    { owner, measure, state }: AlertMemory,
    alerts: readonly NewAlert[],
    mails: readonly Mail[],
  ): Promise<readonly StoredAlert[]> {
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        await sql`
          insert into dynabase.alert_states (owner, measure, state)
          values (${ownerKey(owner)}, ${measure}, ${JSON.stringify(state)}::jsonb)
          on conflict (owner, measure) do update set state = excluded.state, changed_at = now()`.execute(
          tx,
        );
        for (const { to, subject, text } of mails) {
          await sql`insert into dynabase.mails (recipient, subject, body)
            values (${to}, ${subject}, ${text})`.execute(tx);
        }
        const stored: StoredAlert[] = [];
        for (const alert of alerts) stored.push(await insertAlert(tx, alert));
        return stored;
      }),
    );
  }

  alerts({
    customer,
    limit,
  }: {
    readonly customer?: CustomerId | undefined;
    readonly limit: number;
  }) {
    return this.#ask(async (db) => {
      const { rows } = await sql<AlertRow>`
        select id, at, owner, customer_id, measure, kind, data from dynabase.cost_alerts
        ${customer === undefined ? sql`` : sql`where customer_id = ${customer} and measure = 'charges'`}
        order by id desc limit ${limit}`.execute(db);
      return rows.map(alertOf);
    });
  }

  takeMails(max: number, again: Timestamp): Promise<readonly StoredMail[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{
        readonly id: number;
        readonly recipient: string;
        readonly subject: string;
        readonly body: string;
        readonly attempts: number;
      }>`
        update dynabase.mails set attempts = attempts + 1, due_at = ${toWallTime(again)}
        where id in (select id from dynabase.mails where due_at <= now() order by id limit ${max}
          for update skip locked)
        returning id, recipient, subject, body, attempts`.execute(db);
      return rows
        .map(({ id, recipient, subject, body, attempts }) => ({
          ...{ id, to: recipient, subject, text: body, attempts },
        }))
        .toSorted((one, other) => one.id - other.id);
    });
  }

  async postponeMail(id: number, until: Timestamp): Promise<void> {
    await this.#ask((db) =>
      sql`update dynabase.mails set due_at = ${toWallTime(until)} where id = ${id}`.execute(db),
    );
  }

  async removeMail(id: number): Promise<void> {
    await this.#ask((db) => sql`delete from dynabase.mails where id = ${id}`.execute(db));
  }
}

async function insertAlert(tx: AccessDb, alert: NewAlert): Promise<StoredAlert> {
  const { owner, customer, measure, kind, data } = alert;
  const tenant = owner.kind === 'tenant' ? owner.id : null;
  const { rows } = await sql<AlertRow>`
    insert into dynabase.cost_alerts (owner, tenant_id, customer_id, measure, kind, data)
    values (${ownerKey(owner)}, ${tenant}, ${customer}, ${measure}, ${kind}, ${JSON.stringify(data)}::jsonb)
    returning id, at, owner, customer_id, measure, kind, data`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw unreadable('alert', kind);
  return alertOf(row);
}

function ownerOf(key: string): BudgetOwner {
  if (key === 'fleet') return { kind: 'fleet' };
  if (isTenantId(key)) return { kind: 'tenant', id: key };
  if (isId('cu', key)) return { kind: 'customer', id: key };
  throw unreadable('owner', key);
}

function alertOf(row: AlertRow): StoredAlert {
  const { id, at, owner, customer_id: customer, measure, kind, data } = row;
  return {
    ...{ id, at: fromWallTime(at), owner: ownerOf(owner), kind, data },
    customer: customer === null ? null : customerIn(customer),
    measure: oneOf(BUDGET_MEASURES, measure),
  };
}
