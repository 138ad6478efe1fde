/** Customers as rows. */
import { type ExpressionBuilder, type Selectable, sql, type Updateable } from 'kysely';
import type {
  Customer,
  CustomerChange,
  CustomerDraft,
  CustomerQuery,
  CustomerStore,
} from '../../domain/customer.ts';
import { fault } from '../../domain/faults.ts';
import { type CustomerId, isId } from '../../domain/ids.ts';
import { PLANS } from '../../domain/tier.ts';
import { isReferenced, violates } from '../pg-failure.ts';
import { DATABASE_NOW, fromWallTime } from '../schema.ts';
import { oneOf, unreadable } from '../tenant-row.ts';
import type { Ask, CustomerTable } from './access-schema.ts';

export class PgCustomers implements CustomerStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  insert(draft: CustomerDraft): Promise<Customer> {
    const { id, name, externalId, plan, tenantsMax } = draft;
    return this.#named(externalId, () =>
      this.#ask(async (db) => {
        const values = { id, name, external_id: externalId, plan, tenants_max: tenantsMax };
        const insert = db.insertInto('customers').values(values).returningAll();
        return customerOf(await insert.executeTakeFirstOrThrow());
      }),
    );
  }

  byId(id: CustomerId): Promise<Customer | undefined> {
    return this.#by('id', id);
  }

  byExternalId(externalId: string): Promise<Customer | undefined> {
    return this.#by('external_id', externalId);
  }

  list({ after, limit, plan, search, externalId }: CustomerQuery): Promise<readonly Customer[]> {
    return this.#ask(async (db) => {
      let page = db.selectFrom('customers').selectAll().orderBy('name').orderBy('id').limit(limit);
      if (after !== null) {
        page = page.where(sql<boolean>`(name, id) > (${after.name}, ${after.id})`);
      }
      if (plan !== undefined) page = page.where('plan', '=', plan);
      if (externalId !== undefined) page = page.where('external_id', '=', externalId);
      if (search !== undefined) page = page.where((on) => contains(on, search));
      return (await page.execute()).map(customerOf);
    });
  }

  countTenants(id: CustomerId): Promise<number> {
    return this.#ask(async (db) => {
      const { count } = db.fn;
      const tenants = db.selectFrom('tenants').select(count<number>('id').as('tenants'));
      return (await tenants.where('customer_id', '=', id).executeTakeFirstOrThrow()).tenants;
    });
  }

  change(id: CustomerId, change: CustomerChange): Promise<Customer> {
    const columns: Updateable<CustomerTable> = {
      ...(change.name !== undefined && { name: change.name }),
      ...(change.externalId !== undefined && { external_id: change.externalId }),
      ...(change.plan !== undefined && { plan: change.plan }),
      ...(change.tenantsMax !== undefined && { tenants_max: change.tenantsMax }),
      changed_at: DATABASE_NOW,
    };
    return this.#named(change.externalId ?? null, () =>
      this.#ask(async (db) => {
        const update = db.updateTable('customers').set(columns).where('id', '=', id);
        const row = await update.returningAll().executeTakeFirst();
        if (row === undefined) throw fault('CUSTOMER_UNKNOWN', { customer: id });
        return customerOf(row);
      }),
    );
  }

  async remove(id: CustomerId): Promise<void> {
    const gone = await this.#ask(async (db) => {
      try {
        return await db.deleteFrom('customers').where('id', '=', id).executeTakeFirst();
      } catch (error) {
        throw isReferenced(error) ? fault('CUSTOMER_BUSY', { customer: id }) : error;
      }
    });
    if (gone.numDeletedRows === 0n) throw fault('CUSTOMER_UNKNOWN', { customer: id });
  }

  #by(column: 'id' | 'external_id', value: string): Promise<Customer | undefined> {
    return this.#ask(async (db) => {
      const found = db.selectFrom('customers').selectAll().where(column, '=', value);
      const row = await found.executeTakeFirst();
      return row && customerOf(row);
    });
  }

  async #named<T>(externalId: string | null, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (!violates(error, 'customers_external_unique')) throw error;
      throw fault('CUSTOMER_EXISTS', { externalId: externalId ?? '' }, { cause: error });
    }
  }
}

const contains = (
  on: ExpressionBuilder<{ customers: CustomerTable }, 'customers'>,
  part: string,
) => {
  const like = `%${part.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return on.or([on('name', 'ilike', like), on('external_id', 'ilike', like)]);
};

function customerOf(row: Selectable<CustomerTable>): Customer {
  if (!isId('cu', row.id)) throw unreadable('customer', row.id);
  return {
    id: row.id,
    name: row.name,
    externalId: row.external_id,
    plan: oneOf(PLANS, row.plan),
    tenantsMax: row.tenants_max,
    createdAt: fromWallTime(row.created_at),
    changedAt: fromWallTime(row.changed_at),
  };
}
