/** What is inside tenants: SQL, roles, databases, extensions, settings; and where they run. */

import type {
  ConnectionStrings,
  Extension,
  ExtensionWish,
  TenantSetting,
  TenantSettingsChange,
} from '../contract/inside/inside.ts';
import type { Query, QueryResult } from '../contract/inside/query.ts';
import type { Database, NewRole, Role, RoleChange, RoleSecret } from '../contract/inside/role.ts';
import type { StatementList } from '../contract/inside/statements.ts';
import type { QueryOf } from '../contract/routes.ts';
import type {
  Compute,
  ComputeEntry,
  ComputePage,
  PlanList,
  TierList,
} from '../contract/tenants/compute.ts';
import { onPages, PAGE_SIZE } from './pages.ts';
import type { CallOptions, Transport } from './transport.ts';

/** What is in one tenant's compute. A `ref` is the id or the name of a tenant; all but `connectionStrings` wake it. */
export class Inside {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Runs SQL as the owner. Never repeated by itself. */
  query(ref: string, query: Query, options?: CallOptions): Promise<QueryResult> {
    return this.#transport.call('query', { params: { ref }, body: query }, options);
  }

  /** Sorted by name. */
  async roles(ref: string, options?: CallOptions): Promise<readonly Role[]> {
    return (await this.#transport.call('listRoles', { params: { ref } }, options)).roles;
  }

  role(ref: string, role: string, options?: CallOptions): Promise<Role> {
    return this.#transport.call('getRole', { params: { ref, role } }, options);
  }

  /** The answer holds the password that was made, which is shown only here. */
  createRole(ref: string, role: NewRole, options?: CallOptions): Promise<RoleSecret> {
    return this.#transport.call('createRole', { params: { ref }, body: role }, options);
  }

  changeRole(ref: string, role: string, change: RoleChange, options?: CallOptions): Promise<Role> {
    return this.#transport.call('changeRole', { params: { ref, role }, body: change }, options);
  }

  /** What it owns becomes the owner's. */
  async deleteRole(ref: string, role: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('deleteRole', { params: { ref, role } }, options);
  }

  /** Makes a password, or takes yours. */
  rotateRolePassword(
    ref: string,
    role: string,
    password?: string,
    options?: CallOptions,
  ): Promise<RoleSecret> {
    const body = password === undefined ? {} : { password };
    return this.#transport.call('rotateRolePassword', { params: { ref, role }, body }, options);
  }

  /** Sorted by name. */
  async databases(ref: string, options?: CallOptions): Promise<readonly Database[]> {
    return (await this.#transport.call('listDatabases', { params: { ref } }, options)).databases;
  }

  createDatabase(ref: string, name: string, options?: CallOptions): Promise<Database> {
    return this.#transport.call('createDatabase', { params: { ref }, body: { name } }, options);
  }

  /** With all that is in it. */
  async deleteDatabase(ref: string, database: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('deleteDatabase', { params: { ref, database } }, options);
  }

  /** Installed or not, sorted by name. */
  async extensions(
    ref: string,
    query: QueryOf<'listExtensions'> = {},
    options?: CallOptions,
  ): Promise<readonly Extension[]> {
    const call = { params: { ref }, query };
    return (await this.#transport.call('listExtensions', call, options)).extensions;
  }

  /** Installs it, or brings it to the default version or the one given. */
  putExtension(
    ref: string,
    extension: string,
    wish: ExtensionWish & QueryOf<'putExtension'> = {},
    options?: CallOptions,
  ): Promise<Extension> {
    const { database, ...body } = wish;
    const query = database === undefined ? {} : { database };
    const call = { params: { ref, extension }, query, body };
    return this.#transport.call('putExtension', call, options);
  }

  async deleteExtension(
    ref: string,
    extension: string,
    query: QueryOf<'deleteExtension'> = {},
    options?: CallOptions,
  ): Promise<void> {
    await this.#transport.call('deleteExtension', { params: { ref, extension }, query }, options);
  }

  /** Those that a tenant may have of its own, as a new session has them. */
  async settings(
    ref: string,
    query: QueryOf<'listTenantSettings'> = {},
    options?: CallOptions,
  ): Promise<readonly TenantSetting[]> {
    const call = { params: { ref }, query };
    return (await this.#transport.call('listTenantSettings', call, options)).settings;
  }

  /** All of them or none; null takes one back. */
  async changeSettings(
    ref: string,
    settings: TenantSettingsChange['settings'],
    query: QueryOf<'changeTenantSettings'> = {},
    options?: CallOptions,
  ): Promise<readonly TenantSetting[]> {
    const call = { params: { ref }, query, body: { settings } };
    return (await this.#transport.call('changeTenantSettings', call, options)).settings;
  }

  /** Which statements take the time: in all its databases, without the values in them. */
  statements(
    ref: string,
    query: QueryOf<'listStatements'> = {},
    options?: CallOptions,
  ): Promise<StatementList> {
    return this.#transport.call('listStatements', { params: { ref }, query }, options);
  }

  /** Has them be counted from zero. */
  async forgetStatements(ref: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('forgetStatements', { params: { ref } }, options);
  }

  /** How clients of many kinds connect. */
  connectionStrings(
    ref: string,
    query: QueryOf<'listConnectionStrings'> = {},
    options?: CallOptions,
  ): Promise<ConnectionStrings> {
    return this.#transport.call('listConnectionStrings', { params: { ref }, query }, options);
  }
}

/** What is awake, and the rules by which tenants are kept. */
export class Computes {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Wakes nobody. */
  get(ref: string, options?: CallOptions): Promise<Compute> {
    return this.#transport.call('getCompute', { params: { ref } }, options);
  }

  /** Those that are awake, fetched page by page as the loop asks for them. */
  list(
    query: Omit<QueryOf<'listComputes'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<ComputeEntry, void, void> {
    return onPages(
      (place) => {
        const asked = { limit: PAGE_SIZE, ...query, ...place };
        return this.#transport.call('listComputes', { query: asked }, options);
      },
      ({ computes }: ComputePage) => computes,
    );
  }

  /** What each plan promises and bounds. */
  async plans(options?: CallOptions): Promise<PlanList['plans']> {
    return (await this.#transport.call('listPlans', {}, options)).plans;
  }

  tiers(options?: CallOptions): Promise<TierList> {
    return this.#transport.call('listTiers', {}, options);
  }
}
