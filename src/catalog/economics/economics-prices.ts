/** Price books and tariffs as rows. */
import { sql } from 'kysely';
import type { BookInForce, BookText, PriceStore } from '../../domain/economics.ts';
import type { Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';

export class PgPrices implements PriceStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  books(): Promise<readonly BookText[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<BookText>`
        select distinct on (name) name, revision, document from dynabase.price_books
        order by name, revision desc`.execute(db);
      return rows;
    });
  }

  putBook(name: string, document: string): Promise<number> {
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        await sql`select pg_advisory_xact_lock(hashtext('price books'))`.execute(tx);
        const { rows } = await sql<{ readonly revision: number }>`
          insert into dynabase.price_books (name, revision, document)
          select ${name}, coalesce(max(revision), 0) + 1, ${document}
          from dynabase.price_books where name = ${name} returning revision`.execute(tx);
        return rows[0]?.revision ?? 1;
      }),
    );
  }

  inForce(): Promise<readonly BookInForce[]> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly since: number; readonly name: string }>`
        select since, name from dynabase.price_books_in_force order by since`.execute(db);
      return rows.map(({ since, name }) => ({ since: fromWallTime(since), name }));
    });
  }

  async use({ since, name }: BookInForce): Promise<void> {
    await this.#ask((db) =>
      sql`
      with gone as (
        delete from dynabase.price_books_in_force where since > ${toWallTime(since)}
      )
      insert into dynabase.price_books_in_force (since, name) values (${toWallTime(since)}, ${name})
      on conflict (since) do update set name = excluded.name`.execute(db),
    );
  }

  tariffs(): Promise<{ readonly revision: number; readonly document: string } | null> {
    return this.#ask(async (db) => {
      const { rows } = await sql<{ readonly revision: number; readonly document: string }>`
        select revision, document from dynabase.tariffs order by revision desc limit 1`.execute(db);
      return rows[0] ?? null;
    });
  }

  putTariffs(document: string): Promise<number> {
    return this.#ask((db) =>
      db.transaction().execute(async (tx) => {
        await sql`select pg_advisory_xact_lock(hashtext('tariffs'))`.execute(tx);
        const { rows } = await sql<{ readonly revision: number }>`
          insert into dynabase.tariffs (revision, document)
          select coalesce(max(revision), 0) + 1, ${document} from dynabase.tariffs
          returning revision`.execute(tx);
        return rows[0]?.revision ?? 1;
      }),
    );
  }
}
