/** Invoices, credits and who is billed, as rows. */
import { sql } from 'kysely';
import {
  BILLING_DEFAULT,
  type BillingItem,
  type BillingProfile,
  type BillingProfileChange,
  type BillingSettings,
  type BillingStore,
  type Closing,
  type ClosingGiven,
  type InvoiceHead,
  type InvoiceQuery,
  type PlanChange,
  type StoredInvoice,
} from '../../domain/billing.ts';
import { fault } from '../../domain/faults.ts';
import type { CustomerId } from '../../domain/ids.ts';
import type { Timestamp } from '../../domain/units.ts';
import type { AccessDb, Ask } from '../access/access-schema.ts';
import { toWallTime } from '../schema.ts';
import { customerIn } from '../tenant-row.ts';
import {
  decimalText,
  type HeadRow,
  headOf,
  type InvoiceRow,
  type ItemRow,
  invoiceOf,
  itemOf,
  type PlanChangeRow,
  type ProfileRow,
  planChangeOf,
  profileOf,
} from './billing-rows.ts';

const ITEM = sql`id, customer_id, kind, says, currency, amount::text, remaining::text, created_at`;

const HEAD = sql`invoices.ordinal, invoices.number, invoices.customer_id, invoices.month, invoices.currency,
  invoices.total::text as total, invoices.closed_at, paid.state as payment`;

const INVOICES = sql`dynabase.invoices left join dynabase.invoice_payments as paid on paid.number = invoices.number`;

const WHOLE = sql`${HEAD}, invoices.text, invoices.digest, invoices.basis`;

export class PgBilling implements BillingStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  settings(): Promise<BillingSettings> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly settings: Partial<BillingSettings> }>`
        select settings from dynabase.billing_settings`.execute(db);
      return { ...BILLING_DEFAULT, ...rows[0]?.settings };
    });
  }

  /** Who is told something else from now on is told nothing of the time before: it was billed in the other way, or in none. */
  async saveSettings(settings: BillingSettings): Promise<void> {
    await this.#ask((db) =>
      sql`
        with before as (select settings ->> 'tells' as tells from dynabase.billing_settings), begins as (
          delete from dynabase.payment_progress
          where (select tells from before) is distinct from ${settings.tells}
        )
        insert into dynabase.billing_settings (settings) values (${JSON.stringify(settings)}::jsonb)
        on conflict (is_only) do update set settings = excluded.settings`.execute(db),
    );
  }

  planChanges(
    { tenant, customer }: Parameters<BillingStore['planChanges']>[0],
    { from, to }: { readonly from: Timestamp; readonly to: Timestamp },
  ): Promise<readonly PlanChange[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<PlanChangeRow>`
        select tenant_id, tenant_name, customer_id, plan, at from dynabase.plan_changes
        where ${tenant === undefined ? sql`true` : sql`tenant_id = ${tenant}`}
          and ${customer === undefined ? sql`true` : sql`tenant_id in (select tenant_id from dynabase.plan_changes where customer_id = ${customer})`}
          and not exists (
            select from dynabase.plan_changes as gone
            where gone.tenant_id = plan_changes.tenant_id and gone.plan is null and gone.at < ${toWallTime(from)}
          )
          and at < ${toWallTime(to)}
        order by tenant_id, id`.execute(db);
      return rows.map(planChangeOf);
    });
  }

  payers(to: Timestamp): Promise<readonly CustomerId[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly customer_id: string }>`
        select customer_id from dynabase.plan_changes where customer_id is not null and at < ${toWallTime(to)}
        union
        select customer_id from dynabase.billing_items where remaining > 0
        order by customer_id`.execute(db);
      return rows.map(({ customer_id }) => customerIn(customer_id));
    });
  }

  profile(customer: CustomerId): Promise<BillingProfile | undefined> {
    return this.#ask(async (db) => {
      const { rows } = await sql<ProfileRow>`
        select * from dynabase.billing_profiles where customer_id = ${customer}`.execute(db);
      return rows[0] && profileOf(rows[0]);
    });
  }

  changeProfile(customer: CustomerId, change: BillingProfileChange): Promise<BillingProfile> {
    const { legalName, address, taxId, taxes } = change;
    const parts = [
      // Takes the row, and changes nothing where nothing is to be changed.
      sql`customer_id = ${customer}`,
      ...(legalName === undefined ? [] : [sql`legal_name = ${legalName}`]),
      ...(address === undefined ? [] : [sql`address = ${[...address]}`]),
      ...(taxId === undefined ? [] : [sql`tax_id = ${taxId}`]),
      ...(taxes === undefined ? [] : [sql`taxes = ${JSON.stringify(taxes)}::jsonb`]),
    ];
    return this.#ask(async (db) => {
      const { rows } = await sql<ProfileRow>`
        update dynabase.billing_profiles set ${sql.join(parts)} where customer_id = ${customer} returning *`.execute(
        db,
      );
      const [row] = rows;
      if (row === undefined) throw fault('CUSTOMER_UNKNOWN', { customer });
      return profileOf(row);
    });
  }

  async addItem(item: BillingItem): Promise<void> {
    const { id, customer, kind, says, currency, amount, remaining, createdAt } = item;
    await this.#ask((db) =>
      sql`
        insert into dynabase.billing_items (id, customer_id, kind, says, currency, amount, remaining, created_at)
        values (${id}, ${customer}, ${kind}, ${says}, ${currency}, ${decimalText(amount)}::numeric,
          ${decimalText(remaining)}::numeric, ${toWallTime(createdAt)})
        on conflict (id) do nothing`.execute(db),
    );
  }

  items(customer: CustomerId): Promise<readonly BillingItem[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<ItemRow>`
        select ${ITEM} from dynabase.billing_items where customer_id = ${customer} order by place`.execute(
        db,
      );
      return rows.map(itemOf);
    });
  }

  close(
    customer: CustomerId,
    month: string,
    make: (given: ClosingGiven) => Closing | null,
  ): Promise<StoredInvoice | null> {
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        const given = await closingGiven(tx, customer, month);
        const closing = make(given);
        if (closing === null) return null;
        await writeClosing(tx, { ...closing, customer, month, ordinal: given.ordinal });
        const { remaining: _, ...stored } = closing;
        return { ...stored, customer, month, payment: null };
      }),
    );
  }

  list({ customer, month, after, limit }: InvoiceQuery): Promise<readonly InvoiceHead[]> {
    const behind =
      after === undefined
        ? sql`true`
        : sql`invoices.ordinal < (select ordinal from dynabase.invoices where number = ${after})`;
    const of = customer === undefined ? sql`true` : sql`invoices.customer_id = ${customer}`;
    const when = month === undefined ? sql`true` : sql`invoices.month = ${month}`;
    return this.#ask(async (db) => {
      const { rows } = await sql<HeadRow>`
        select ${HEAD} from ${INVOICES} where ${behind} and ${of} and ${when}
        order by invoices.ordinal desc limit ${limit}`.execute(db);
      return rows.map(headOf);
    });
  }

  byNumber(number: string): Promise<StoredInvoice | undefined> {
    return this.#ask(async (db) => {
      const { rows } = await sql<InvoiceRow>`
        select ${WHOLE} from ${INVOICES} where invoices.number = ${number}`.execute(db);
      return rows[0] && invoiceOf(rows[0]);
    });
  }

  ofMonth(customer: CustomerId, month: string): Promise<StoredInvoice | undefined> {
    return this.#ask(async (db) => {
      const { rows } = await sql<InvoiceRow>`
        select ${WHOLE} from ${INVOICES}
        where invoices.customer_id = ${customer} and invoices.month = ${month}`.execute(db);
      return rows[0] && invoiceOf(rows[0]);
    });
  }

  walk(after: number, limit: number): Promise<readonly (StoredInvoice & { ordinal: number })[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<InvoiceRow>`
        select ${WHOLE} from ${INVOICES} where invoices.ordinal > ${after}
        order by invoices.ordinal limit ${limit}`.execute(db);
      return rows.map((row) => ({ ...invoiceOf(row), ordinal: row.ordinal }));
    });
  }

  async markMonth(month: string, at: Timestamp): Promise<void> {
    await this.#ask((db) =>
      sql`
        insert into dynabase.closed_months (month, closed_at) values (${month}, ${toWallTime(at)})
        on conflict (month) do nothing`.execute(db),
    );
  }

  isMarked(month: string): Promise<boolean> {
    return this.#ask(async (db) => {
      const { rows } = await sql`select from dynabase.closed_months where month = ${month}`.execute(
        db,
      );
      return rows.length > 0;
    });
  }
}

/** The row of numbers is the turn: who closes another invoice waits for it, and finds its number taken. */
async function closingGiven(
  tx: AccessDb,
  customer: CustomerId,
  month: string,
): Promise<ClosingGiven> {
  const { rows: numbers } = await sql<{ readonly last: number }>`
    select last from dynabase.invoice_numbers for update`.execute(tx);
  const { rows: stands } = await sql<{ readonly number: string }>`
    select number from dynabase.invoices where customer_id = ${customer} and month = ${month}`.execute(
    tx,
  );
  if (stands[0] !== undefined) {
    throw fault('PERIOD_CLOSED', { customer, month, number: stands[0].number });
  }
  const { rows: items } = await sql<ItemRow>`
    select ${ITEM} from dynabase.billing_items
    where customer_id = ${customer} and remaining > 0 order by place for update`.execute(tx);
  return { ordinal: (numbers[0]?.last ?? 0) + 1, items: items.map(itemOf) };
}

async function writeClosing(
  tx: AccessDb,
  closing: Closing & { readonly customer: CustomerId; readonly month: string; ordinal: number },
): Promise<void> {
  const { ordinal, number, customer, month, currency, total, text, digest, basis } = closing;
  await sql`
    insert into dynabase.invoices
      (ordinal, number, customer_id, month, currency, total, text, digest, basis, closed_at)
    values (${ordinal}, ${number}, ${customer}, ${month}, ${currency}, ${decimalText(total)}::numeric,
      ${text}, ${digest}, ${basis}, ${toWallTime(closing.closedAt)})`.execute(tx);
  for (const [id, left] of closing.remaining) {
    await sql`
      update dynabase.billing_items set remaining = ${decimalText(left)}::numeric where id = ${id}`.execute(
      tx,
    );
  }
  await sql`update dynabase.invoice_numbers set last = ${ordinal}`.execute(tx);
}
