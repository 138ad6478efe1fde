/** Roles and databases of tenants. */
import { fault, isFault } from '../../domain/faults.ts';
import type { RoleAccess, RoleChange, TenantDatabase, TenantRole } from '../../domain/interior.ts';
import type { Passwords } from '../../domain/passwords.ts';
import type { TenantRef } from '../control.ts';
import { type ProxyAddress, uriOf, userOf } from './connection-uri.ts';
import { mustBeDatabaseName, mustBeRoleName, mustNotBeOwn } from './inner-names.ts';
import { goInside, type Inside, type InsideWorld } from './inside.ts';

export type RoleSettings = {
  readonly access?: RoleAccess;
  readonly mayLogIn?: boolean;
  readonly connectionsMax?: number | null;
  readonly validUntil?: string | null;
};

export type NewRole = RoleSettings & {
  readonly name: string;
  /** One is made if not given. */
  readonly password?: string;
};

export type RoleSecret = {
  readonly role: TenantRole;
  /** Null where it was given. */
  readonly password: string | null;
  readonly connectionUri: string;
};

export type DatabaseView = { readonly database: TenantDatabase; readonly connectionUri: string };

export type RoleWorld = InsideWorld & {
  readonly passwords: Passwords;
  readonly proxy: ProxyAddress;
};

/** Databases that one tenant may have; each takes some 7 MB. */
const DATABASES_MAX = 100;

export class RoleDesk {
  readonly #world: RoleWorld;

  constructor(world: RoleWorld) {
    this.#world = world;
  }

  roles(ref: TenantRef): Promise<readonly TenantRole[]> {
    return goInside(this.#world, ref, ({ interior, place }) => interior.roles(place));
  }

  /** Throws `NOT_FOUND`. */
  role(ref: TenantRef, name: string): Promise<TenantRole> {
    return goInside(this.#world, ref, (inside) => roleOf(inside, name));
  }

  /** It can log in when this resolves. Throws `BAD_NAME`, `ALREADY_EXISTS`. */
  async createRole(ref: TenantRef, { name, password, ...settings }: NewRole): Promise<RoleSecret> {
    mustBeRoleName(name);
    const { verifier, made } = await this.#secretOf(password);
    return await goInside(this.#world, ref, async (inside) => {
      const { interior, place } = inside;
      await refusing(`role "${name}"`, '42710', () =>
        interior.createRole(place, name, { ...settings, verifier }),
      );
      return this.#secret(inside, await roleOf(inside, name), made);
    });
  }

  /** Throws `NOT_FOUND`, and `BAD_REQUEST` for the owner. */
  changeRole(ref: TenantRef, name: string, change: RoleChange): Promise<TenantRole> {
    return goInside(this.#world, ref, async (inside) => {
      mustNotBeOwn('role', name, inside.tenant.name);
      await roleOf(inside, name);
      await inside.interior.changeRole(inside.place, name, change);
      return await roleOf(inside, name);
    });
  }

  /** Throws as `changeRole` does. */
  async rotatePassword(ref: TenantRef, name: string, given?: string): Promise<RoleSecret> {
    const { verifier, made } = await this.#secretOf(given);
    return await goInside(this.#world, ref, async (inside) => {
      mustNotBeOwn('role', name, inside.tenant.name);
      await roleOf(inside, name);
      await inside.interior.changeRole(inside.place, name, { verifier });
      return this.#secret(inside, await roleOf(inside, name), made);
    });
  }

  /** Throws as `changeRole` does. */
  deleteRole(ref: TenantRef, name: string): Promise<void> {
    return goInside(this.#world, ref, async (inside) => {
      mustNotBeOwn('role', name, inside.tenant.name);
      await roleOf(inside, name);
      await inside.interior.dropRole(inside.place, name);
    });
  }

  databases(ref: TenantRef): Promise<readonly DatabaseView[]> {
    return goInside(this.#world, ref, async (inside) => {
      const found = await inside.interior.databases(inside.place);
      return found.map((database) => this.#databaseView(inside, database));
    });
  }

  /** Throws `BAD_NAME`, `ALREADY_EXISTS`, and `BAD_REQUEST` for one too many. */
  async createDatabase(ref: TenantRef, name: string): Promise<DatabaseView> {
    mustBeDatabaseName(name);
    return await goInside(this.#world, ref, async (inside) => {
      const { interior, place } = inside;
      if ((await interior.databases(place)).length >= DATABASES_MAX) {
        throw fault('BAD_REQUEST', { why: `a tenant may have ${DATABASES_MAX} databases` });
      }
      await refusing(`database "${name}"`, '42P04', () => interior.createDatabase(place, name));
      return this.#databaseView(inside, await databaseOf(inside, name));
    });
  }

  /** Throws `NOT_FOUND`, and `BAD_REQUEST` for the tenant's own. */
  deleteDatabase(ref: TenantRef, name: string): Promise<void> {
    return goInside(this.#world, ref, async (inside) => {
      mustNotBeOwn('database', name, inside.tenant.name);
      await databaseOf(inside, name);
      await inside.interior.dropDatabase(inside.place, name);
    });
  }

  async #secretOf(given: string | undefined) {
    const { passwords } = this.#world;
    const password = given ?? passwords.generate();
    const verifier = await passwords.verifierOf(password);
    return { verifier, made: given === undefined ? password : null };
  }

  #secret({ tenant }: Inside, role: TenantRole, password: string | null): RoleSecret {
    const login = { user: role.name, database: tenant.name, ...(password && { password }) };
    return { role, password, connectionUri: uriOf(this.#world.proxy, login) };
  }

  #databaseView({ tenant }: Inside, database: TenantDatabase): DatabaseView {
    const user = userOf({ role: tenant.name, database: database.name, tenant: tenant.name });
    const connectionUri = uriOf(this.#world.proxy, { user, database: database.name });
    return { database, connectionUri };
  }
}

async function roleOf({ interior, place }: Inside, name: string): Promise<TenantRole> {
  const found = (await interior.roles(place)).find((role) => role.name === name);
  if (found === undefined) throw fault('NOT_FOUND', { what: `role "${name}"` });
  return found;
}

async function databaseOf({ interior, place }: Inside, name: string): Promise<TenantDatabase> {
  const found = (await interior.databases(place)).find((database) => database.name === name);
  if (found === undefined) throw fault('NOT_FOUND', { what: `database "${name}"` });
  return found;
}

/** Does `work`; what PostgreSQL refuses with this SQLSTATE is there already. */
async function refusing(what: string, sqlstate: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isFault(error, 'QUERY_FAILED') || error.database?.sqlstate !== sqlstate) throw error;
    throw fault('ALREADY_EXISTS', { what }, { cause: error });
  }
}
