/** Keys of the API as rows. */
import { sql } from 'kysely';
import {
  type ApiKey,
  type KeyDraft,
  type KeyQuery,
  type KeyStore,
  type KeyUse,
  openerOf,
  type Rotation,
  type StoredKey,
} from '../../domain/api-key.ts';
import { ROLES, type Scope } from '../../domain/caller.ts';
import { type FaultCode, fault } from '../../domain/faults.ts';
import { type CustomerId, isId, isTenantId, type KeyId } from '../../domain/ids.ts';
import type { Timestamp } from '../../domain/units.ts';
import { isReferenced } from '../pg-failure.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { oneOf, unreadable } from '../tenant-row.ts';
import type { AccessDb, Ask, KeyRow } from './access-schema.ts';

export class PgKeys implements KeyStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  insert(draft: KeyDraft): Promise<ApiKey> {
    const { scope } = draft;
    const customer = scope.kind === 'customer' ? scope.customer : null;
    const tenant = scope.kind === 'tenant' ? scope.tenant : null;
    const values = {
      ...{ id: draft.id, name: draft.name, hash: bytes(draft.hash), role: draft.role },
      ...{ customer_id: customer, tenant_id: tenant, read_only: draft.isReadOnly },
      ...{ person: draft.person, is_session: draft.kind === 'session' },
      ...{ created_by: draft.createdBy, expires_at: momentOrNull(draft.expiresAt) },
    };
    return this.#ask(async (db) => {
      try {
        const insert = db.insertInto('api_keys').values(values).returningAll();
        return keyOf(await insert.executeTakeFirstOrThrow());
      } catch (error) {
        if (!isReferenced(error)) throw error;
        const [code, gone]: [FaultCode, object] =
          tenant === null ? ['CUSTOMER_UNKNOWN', { customer }] : ['TENANT_UNKNOWN', { tenant }];
        throw fault(code, gone as never, { cause: error });
      }
    });
  }

  byId(id: KeyId): Promise<StoredKey | undefined> {
    return this.#ask(async (db) => {
      const found = db.selectFrom('api_keys').selectAll().where('id', '=', id);
      const row = await found.executeTakeFirst();
      return row && { key: keyOf(row), hash: row.hash, oldHash: row.old_hash };
    });
  }

  list({ customer, tenant, person, after, limit }: KeyQuery): Promise<readonly ApiKey[]> {
    return this.#ask(async (db) => {
      let page = db.selectFrom('api_keys').selectAll().orderBy('id').limit(limit);
      if (after !== undefined) page = page.where('id', '>', after);
      if (person !== undefined) page = page.where('person', '=', person);
      if (tenant !== undefined) page = page.where('tenant_id', '=', tenant);
      if (customer !== undefined) {
        const own = db.selectFrom('tenants').select('id').where('customer_id', '=', customer);
        page = page.where((on) =>
          on.or([on('customer_id', '=', customer), on('tenant_id', 'in', own)]),
        );
      }
      return (await page.execute()).map(keyOf);
    });
  }

  rotate(id: KeyId, { hash, oldUntil }: Rotation): Promise<ApiKey> {
    return this.#ask(async (db) => {
      const row = await db
        .updateTable('api_keys')
        .set({
          hash: bytes(hash),
          old_hash: oldUntil === null ? null : sql<Uint8Array>`hash`,
          old_until: momentOrNull(oldUntil),
        })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw fault('KEY_UNKNOWN', { key: id });
      return keyOf(row);
    });
  }

  async remove(id: KeyId): Promise<void> {
    const gone = await this.#ask((db) =>
      db.deleteFrom('api_keys').where('id', '=', id).executeTakeFirst(),
    );
    if (gone.numDeletedRows === 0n) throw fault('KEY_UNKNOWN', { key: id });
  }

  async removeOpenedBy(id: KeyId): Promise<void> {
    await this.#ask((db) =>
      db
        .deleteFrom('api_keys')
        .where('is_session', '=', true)
        .where('created_by', '=', openerOf(id))
        .execute(),
    );
  }

  async removeOfPerson(person: string, customer: CustomerId | null): Promise<void> {
    await this.#ask((db) =>
      db
        .deleteFrom('api_keys')
        .where('person', '=', person)
        .where('customer_id', 'is not distinct from', customer)
        .execute(),
    );
  }

  async removeOfStrangers(admins: readonly string[]): Promise<void> {
    await this.#ask((db) =>
      sql`
        delete from dynabase.api_keys as stored
        where person is not null and customer_id is null and tenant_id is null
          and person <> all(${[...admins]}::text[])
          and not exists (
            select from dynabase.people
            where people.email = stored.person and people.customer_id is null
          )`.execute(db),
    );
  }

  async noteUses(uses: readonly KeyUse[]): Promise<void> {
    if (uses.length === 0) return;
    const ids = uses.map(({ id }) => id);
    const times = uses.map(({ at }) => at);
    const places = uses.map(({ from }) => from);
    await this.#ask((db) =>
      sql`
        update dynabase.api_keys as stored
        set last_used_at = to_timestamp(used.at / 1000), last_used_from = used.place
        from unnest(${ids}::text[], ${times}::double precision[], ${places}::text[])
          as used (id, at, place)
        where stored.id = used.id`.execute(db),
    );
  }

  forgetExpired(before: Timestamp, limit: number): Promise<number> {
    return this.#ask(async (db: AccessDb) => {
      const old = db
        .selectFrom('api_keys')
        .select('id')
        .where((on) => on.or([on('person', 'is not', null), on('is_session', '=', true)]))
        .where('expires_at', '<', toWallTime(before))
        .limit(limit);
      const gone = await db.deleteFrom('api_keys').where('id', 'in', old).executeTakeFirst();
      return Number(gone.numDeletedRows);
    });
  }
}

const momentOrNull = (at: Timestamp | null) => (at === null ? null : toWallTime(at));

/** As `pg` wants it: of another kind of array it would write the numbers. */
const bytes = (hash: Uint8Array): Buffer => Buffer.from(hash);

function keyOf(row: KeyRow): ApiKey {
  if (!isId('key', row.id)) throw unreadable('key', row.id);
  return {
    id: row.id,
    kind: row.is_session ? 'session' : row.person === null ? 'key' : 'personal',
    name: row.name,
    scope: scopeOf(row),
    role: oneOf(ROLES, row.role),
    isReadOnly: row.read_only,
    person: row.person,
    createdAt: fromWallTime(row.created_at),
    createdBy: row.created_by,
    expiresAt: row.expires_at === null ? null : fromWallTime(row.expires_at),
    lastUsedAt: row.last_used_at === null ? null : fromWallTime(row.last_used_at),
    lastUsedFrom: row.last_used_from,
    oldUntil: row.old_until === null ? null : fromWallTime(row.old_until),
  };
}

function scopeOf({ customer_id: customer, tenant_id: tenant }: KeyRow): ApiKey['scope'] {
  if (tenant !== null) {
    if (!isTenantId(tenant)) throw unreadable('tenant', tenant);
    return { kind: 'tenant', tenant };
  }
  if (customer === null) return { kind: 'operator' } satisfies Scope;
  if (!isId('cu', customer)) throw unreadable('customer', customer);
  return { kind: 'customer', customer };
}
