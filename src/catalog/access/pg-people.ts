/** People as rows. */
import { type Selectable, sql } from 'kysely';
import { fault } from '../../domain/faults.ts';
import { type CustomerId, isId } from '../../domain/ids.ts';
import {
  PERSON_ROLES,
  type Person,
  type PersonQuery,
  type PersonStore,
} from '../../domain/person.ts';
import { isReferenced } from '../pg-failure.ts';
import { DATABASE_NOW, fromWallTime } from '../schema.ts';
import { oneOf, unreadable } from '../tenant-row.ts';
import type { Ask, PersonTable } from './access-schema.ts';

export class PgPeople implements PersonStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  put({ email, customer, role }: Pick<Person, 'email' | 'customer' | 'role'>): Promise<Person> {
    return this.#ask(async (db) => {
      try {
        const { rows } = await sql<Selectable<PersonTable>>`
          insert into dynabase.people (email, customer_id, role)
          values (${email}, ${customer}, ${role})
          on conflict (email, coalesce(customer_id, '')) do update set role = excluded.role
          returning *`.execute(db);
        const [row] = rows;
        if (row === undefined) throw new Error('catalog: an insert gave no row');
        return personOf(row);
      } catch (error) {
        if (!isReferenced(error)) throw error;
        throw fault('CUSTOMER_UNKNOWN', { customer: customer ?? '' }, { cause: error });
      }
    });
  }

  byEmail(email: string): Promise<readonly Person[]> {
    return this.#ask(async (db) => {
      const found = db.selectFrom('people').selectAll().where('email', '=', email);
      const rows = await found.orderBy(sql`customer_id nulls first`).execute();
      return rows.map(personOf);
    });
  }

  list({ customer, after, limit }: PersonQuery): Promise<readonly Person[]> {
    return this.#ask(async (db) => {
      let page = db.selectFrom('people').selectAll().orderBy('email').limit(limit);
      page = page.where('customer_id', 'is not distinct from', customer);
      if (after !== undefined) page = page.where('email', '>', after);
      return (await page.execute()).map(personOf);
    });
  }

  async remove(email: string, customer: CustomerId | null): Promise<void> {
    const gone = await this.#ask((db) =>
      db
        .deleteFrom('people')
        .where('email', '=', email)
        .where('customer_id', 'is not distinct from', customer)
        .executeTakeFirst(),
    );
    if (gone.numDeletedRows === 0n) throw fault('PERSON_UNKNOWN', { email });
  }

  async noteSeen(email: string, customer: CustomerId | null): Promise<void> {
    await this.#ask((db) =>
      db
        .updateTable('people')
        .set({ last_seen_at: DATABASE_NOW })
        .where('email', '=', email)
        .where('customer_id', 'is not distinct from', customer)
        .execute(),
    );
  }
}

function personOf(row: Selectable<PersonTable>): Person {
  const customer = row.customer_id;
  if (customer !== null && !isId('cu', customer)) throw unreadable('customer', customer);
  return {
    email: row.email,
    customer,
    role: oneOf(PERSON_ROLES, row.role),
    createdAt: fromWallTime(row.created_at),
    lastSeenAt: row.last_seen_at === null ? null : fromWallTime(row.last_seen_at),
  };
}
