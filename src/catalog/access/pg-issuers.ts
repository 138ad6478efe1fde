/** Issuers of customer tokens as rows. */
import type { Selectable, Updateable } from 'kysely';
import { fault } from '../../domain/faults.ts';
import { type IssuerId, isId } from '../../domain/ids.ts';
import { PERSON_ROLES } from '../../domain/person.ts';
import type {
  IssuerChange,
  IssuerDraft,
  IssuerKeys,
  IssuerStore,
  TokenIssuer,
} from '../../domain/token-issuer.ts';
import { violates } from '../pg-failure.ts';
import { fromWallTime } from '../schema.ts';
import { oneOf, unreadable } from '../tenant-row.ts';
import type { Ask, IssuerTable } from './access-schema.ts';

export class PgIssuers implements IssuerStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  insert(draft: IssuerDraft): Promise<TokenIssuer> {
    const { id, name, issuer, audience, customerClaim, role } = draft;
    const values = {
      ...{ id, name, issuer, audience, role, customer_claim: customerClaim },
      ...keyColumns(draft.keys),
    };
    return this.#unique(issuer, () =>
      this.#ask(async (db) => {
        const insert = db.insertInto('token_issuers').values(values).returningAll();
        return issuerOf(await insert.executeTakeFirstOrThrow());
      }),
    );
  }

  list(): Promise<readonly TokenIssuer[]> {
    return this.#ask(async (db) => {
      const rows = await db.selectFrom('token_issuers').selectAll().orderBy('id').execute();
      return rows.map(issuerOf);
    });
  }

  byIssuer(issuer: string): Promise<TokenIssuer | undefined> {
    return this.#ask(async (db) => {
      const found = db.selectFrom('token_issuers').selectAll().where('issuer', '=', issuer);
      const row = await found.executeTakeFirst();
      return row && issuerOf(row);
    });
  }

  change(id: IssuerId, change: IssuerChange): Promise<TokenIssuer> {
    const columns: Updateable<IssuerTable> = {
      ...(change.name !== undefined && { name: change.name }),
      ...(change.issuer !== undefined && { issuer: change.issuer }),
      ...(change.audience !== undefined && { audience: change.audience }),
      ...(change.customerClaim !== undefined && { customer_claim: change.customerClaim }),
      ...(change.role !== undefined && { role: change.role }),
      ...(change.keys !== undefined && keyColumns(change.keys)),
    };
    return this.#unique(change.issuer ?? '', () =>
      this.#ask(async (db) => {
        const update = db.updateTable('token_issuers').set(columns).where('id', '=', id);
        const row = await update.returningAll().executeTakeFirst();
        if (row === undefined) throw fault('ISSUER_UNKNOWN', { issuer: id });
        return issuerOf(row);
      }),
    );
  }

  async remove(id: IssuerId): Promise<void> {
    const gone = await this.#ask((db) =>
      db.deleteFrom('token_issuers').where('id', '=', id).executeTakeFirst(),
    );
    if (gone.numDeletedRows === 0n) throw fault('ISSUER_UNKNOWN', { issuer: id });
  }

  async #unique<T>(issuer: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (!violates(error, 'token_issuers_issuer_unique')) throw error;
      throw fault('ISSUER_EXISTS', { issuer }, { cause: error });
    }
  }
}

const keyColumns = (keys: IssuerKeys) =>
  keys.kind === 'inline'
    ? { keys: { ...keys.jwks }, keys_url: null }
    : { keys: null, keys_url: keys.url };

function issuerOf(row: Selectable<IssuerTable>): TokenIssuer {
  if (!isId('iss', row.id)) throw unreadable('issuer', row.id);
  const keys: IssuerKeys =
    row.keys === null
      ? { kind: 'url', url: row.keys_url ?? '' }
      : { kind: 'inline', jwks: row.keys };
  return {
    ...{ id: row.id, name: row.name, issuer: row.issuer, audience: row.audience, keys },
    customerClaim: row.customer_claim,
    role: oneOf(PERSON_ROLES, row.role),
    createdAt: fromWallTime(row.created_at),
  };
}
