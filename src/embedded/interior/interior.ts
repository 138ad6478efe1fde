/** What is inside a running compute, behind the `Interior` port. */
import pg from 'pg';
import { fault } from '../../domain/faults.ts';
import type { TenantId } from '../../domain/ids.ts';
import type {
  EffectiveSetting,
  Extension,
  ExtensionWish,
  Interior,
  Place,
  RoleChange,
  SettingChange,
  StatementCounts,
  TenantDatabase,
  TenantRole,
} from '../../domain/interior.ts';
import { Serial } from '../../domain/serial.ts';
import { asOwner, asSuperuser, OPERATOR, READER, SUPERUSER } from '../admin.ts';
import type { Engine } from '../resolver.ts';
import type { Secrets } from '../secrets.ts';
import { grantGroups, hasGroups, makeGroups } from './interior-access.ts';
import { makeDatabase, readDatabases, removeDatabase } from './interior-databases.ts';
import {
  ForeignSchema,
  installExtension,
  readExtensions,
  removeExtension,
  updateExtension,
} from './interior-extensions.ts';
import { makeReader, openToReaders } from './interior-reader.ts';
import {
  alterRole,
  databaseNames,
  disown,
  makeRole,
  readRoles,
  removeRole,
} from './interior-roles.ts';
import { readSettings, writeSettings } from './interior-settings.ts';
import { forgetStatements, readStatements } from './interior-statements.ts';

type Work<T> = (client: pg.Client) => Promise<T>;

export class EmbeddedInterior implements Interior {
  readonly #secrets: Secrets;
  readonly #countsStatements: boolean;
  readonly #readers = new Serial<TenantId>();
  readonly #counts = new Serial<TenantId>();

  constructor(secrets: Secrets, { countsStatements }: Pick<Engine, 'countsStatements'>) {
    this.#secrets = secrets;
    this.#countsStatements = countsStatements;
  }

  roles(place: Place): Promise<readonly TenantRole[]> {
    return this.#ours(place, (client) => readRoles(client, place.name));
  }

  async createRole(place: Place, name: string, role: RoleChange): Promise<void> {
    await this.#ours(place, async (client) => {
      if (needsGroup(role)) await makeGroups(client);
      await makeRole(client, place.name, { name, ...role });
    });
    await this.#grant(place);
  }

  async changeRole(place: Place, name: string, change: RoleChange): Promise<void> {
    await this.#ours(place, async (client) => {
      if (needsGroup(change)) await makeGroups(client);
      await alterRole(client, place.name, { name, ...change });
    });
    if (needsGroup(change)) await this.#grant(place);
  }

  async dropRole(place: Place, name: string): Promise<void> {
    const inside = (client: pg.Client) => disown(client, place.name, name);
    for (const database of await this.#ours(place, databaseNames)) {
      await this.#ours(place, inside, database);
    }
    await this.#ours(place, async (client) => {
      await disown(client, place.name, name);
      await removeRole(client, name);
    });
  }

  /** One after the other: PostgreSQL refuses the second of two who grant at once. */
  prepareReader(place: Place, database: string): Promise<void> {
    return this.#readers.run(place.tenant, async () => {
      const verifier = this.#secrets.verifier(place.tenant, READER);
      const names = await this.#ours(place, async (client) => {
        await makeReader(client, verifier);
        return await databaseNames(client);
      });
      if (names.includes(database)) await this.#ours(place, openToReaders, database);
    });
  }

  databases(place: Place): Promise<readonly TenantDatabase[]> {
    return this.#ours(place, (client) => readDatabases(client, place.name));
  }

  async createDatabase(place: Place, name: string): Promise<void> {
    const isShared = await this.#ours(place, async (client) => {
      await makeDatabase(client, place.name, name);
      return await hasGroups(client);
    });
    if (isShared) await this.#ours(place, grantGroups, name);
  }

  dropDatabase(place: Place, name: string): Promise<void> {
    return this.#ours(place, (client) => removeDatabase(client, name));
  }

  extensions(place: Place, database: string): Promise<readonly Extension[]> {
    return this.#ours(place, (client) => readExtensions(client, place.name), database);
  }

  createExtension(place: Place, wish: ExtensionWish): Promise<void> {
    return this.#by(place, wish, (client) => installExtension(client, wish));
  }

  updateExtension(place: Place, wish: Omit<ExtensionWish, 'schema'>): Promise<void> {
    return this.#by(place, wish, (client) => updateExtension(client, wish));
  }

  dropExtension(
    place: Place,
    which: Pick<ExtensionWish, 'database' | 'name' | 'asOwner'> & { readonly cascade: boolean },
  ): Promise<void> {
    return this.#by(place, which, (client) => removeExtension(client, which));
  }

  settings(
    place: Place,
    database: string,
    names: readonly string[],
  ): Promise<readonly EffectiveSetting[]> {
    return this.#owners(place, (client) => readSettings(client, names), { database });
  }

  changeSettings(place: Place, database: string, changes: readonly SettingChange[]): Promise<void> {
    return this.#ours(place, (client) => writeSettings(client, database, changes));
  }

  async statements(
    place: Place,
    wish: Parameters<Interior['statements']>[1],
  ): Promise<StatementCounts> {
    if (!this.#countsStatements) return { kind: 'uncounted', because: 'engine' };
    return await this.#counted(place, (client) => readStatements(client, wish));
  }

  async forgetStatements(place: Place): Promise<void> {
    if (this.#countsStatements) await this.#counted(place, forgetStatements);
  }

  /** One after the other: the first makes what all others look at. */
  #counted<T>(place: Place, work: Work<T>): Promise<T> {
    return this.#counts.run(place.tenant, () => this.#ours(place, work));
  }

  /** Has the two groups, if they are there, reach all that there is in every database. */
  async #grant(place: Place): Promise<void> {
    const names = await this.#ours(place, async (client) =>
      (await hasGroups(client)) ? await databaseNames(client) : [],
    );
    for (const database of names) await this.#ours(place, grantGroups, database);
  }

  #by<T>(
    place: Place,
    { database, asOwner: isOwners }: Pick<ExtensionWish, 'database' | 'asOwner'>,
    work: Work<T>,
  ): Promise<T> {
    if (!isOwners) return this.#ours(place, work, database);
    return this.#owners(place, work, { database, options: ['search_path=pg_catalog'] });
  }

  /** By our superuser. */
  async #ours<T>({ tenant, address }: Place, work: Work<T>, database?: string): Promise<T> {
    const password = this.#secrets.password(tenant, SUPERUSER);
    return await telling(() => asSuperuser({ address, password }, work, database));
  }

  async #owners<T>(
    { tenant, address }: Place,
    work: Work<T>,
    where: Parameters<typeof asOwner>[2],
  ): Promise<T> {
    const password = this.#secrets.password(tenant, OPERATOR);
    return await telling(() => asOwner({ address, password }, work, where));
  }
}

const needsGroup = ({ access }: RoleChange): boolean =>
  access === 'read-only' || access === 'read-write';

/** Does `work`; what PostgreSQL refuses is told in its own words. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ForeignSchema) {
      const { schema } = error;
      const why = `schema "${schema}" was made by the tenant; choose one that does not exist`;
      throw fault('BAD_REQUEST', { why });
    }
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw fault('QUERY_FAILED', { why: error.message }, { cause: error, database: wordsOf(error) });
  }
}

function wordsOf(error: pg.DatabaseError) {
  const { code = 'XX000', detail, hint, position, constraint } = error;
  return { sqlstate: code, detail, hint, position, constraint };
}
