/**
 * SQL over the API: as the tenant's owner, or, to read only, as a role that can do nothing else, so that
 * who may only look ends no session of the owner and sees no statement of its.
 */

import { type Caller, mayDo } from '../../domain/caller.ts';
import type { Catalog } from '../../domain/catalog.ts';
import { fault } from '../../domain/faults.ts';
import type { TicketRights } from '../../domain/gate.ts';
import type { Interior } from '../../domain/interior.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { QueryLogin, QueryOutcome, QueryRequest, QueryRunner } from '../../domain/query.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { type DurationMs, ms } from '../../domain/units.ts';
import type { TenantRef } from '../control.ts';
import { findTenant } from '../find-tenant.ts';
import type { TicketBook } from '../tickets.ts';
import { mustReadData } from './inside.ts';

/** Queries under way at once; each may hold as much as its answer may have. */
export const QUERIES_MAX = 64;

export type QueryAsked = Omit<
  QueryRequest,
  'tenant' | 'database' | 'readOnly' | 'rights' | 'caller'
> & {
  /** The tenant's own if null. */
  readonly database: string | null;
  /** As the caller may do if null. */
  readonly readOnly: boolean | null;
};

export type QueryAnswer = Pick<QueryOutcome, 'results' | 'noticesLeftOut' | 'took'> & {
  /** How long the tenant took to wake; 0 if it was awake. */
  readonly wake: DurationMs;
};

export type QueryWorld = {
  readonly catalog: Pick<Catalog, 'tenantById' | 'tenantByName'>;
  readonly lifecycle: Pick<Lifecycle, 'inside'>;
  readonly interior: Pick<Interior, 'prepareReader'>;
  readonly tickets: Pick<TicketBook, 'issue'>;
  readonly queries: QueryRunner;
};

export class QueryDesk {
  readonly #world: QueryWorld;
  #underWay = 0;

  constructor(world: QueryWorld) {
    this.#world = world;
  }

  /** Throws `FORBIDDEN`, `TENANT_UNKNOWN`, `SESSIONS_FULL`, and what `QueryRunner.run` throws. */
  async run(
    ref: TenantRef,
    asked: QueryAsked,
    { caller, signal }: { readonly caller: Caller; readonly signal: AbortSignal },
  ): Promise<QueryAnswer> {
    const readOnly = readOnlyFor(caller, asked.readOnly);
    const rights = rightsFor(caller, asked.role, readOnly);
    const { catalog, queries } = this.#world;
    const tenant = await findTenant(catalog, ref);
    if (this.#underWay >= QUERIES_MAX) {
      throw fault('SESSIONS_FULL', { of: 'the API', max: QUERIES_MAX });
    }
    this.#underWay += 1;
    try {
      const database = asked.database ?? tenant.name;
      const place = { database, readOnly, rights };
      const { connecting, ...told } = await queries.run(
        { ...asked, tenant: tenant.id, caller: `${caller.kind} ${caller.id}`, ...place },
        async () => {
          const login = await this.#login(tenant, database, rights);
          return userIn(login, { database, tenant: tenant.name });
        },
        signal,
      );
      const wake = tenant.state.kind === 'running' ? ms(0) : connecting;
      return { ...told, wake };
    } finally {
      this.#underWay -= 1;
    }
  }

  async #login({ id, name }: Tenant, database: string, rights: TicketRights): Promise<QueryLogin> {
    const { lifecycle, interior, tickets } = this.#world;
    if (rights === 'reader') {
      await lifecycle.inside(id, (address) =>
        interior.prepareReader({ tenant: id, name, address }, database),
      );
    }
    return await tickets.issue(id, rights);
  }
}

/** Who may change nothing reads; who is only for money does not even that. */
function readOnlyFor(caller: Caller, asked: boolean | null): boolean {
  mustReadData(caller);
  if (mayDo(caller, 'change')) return asked ?? false;
  if (asked === false) throw fault('FORBIDDEN', { why: 'it may only read' });
  return true;
}

/** As another role only those read who could do more: that role may be able to. Throws `FORBIDDEN`. */
function rightsFor(caller: Caller, role: string | null, readOnly: boolean): TicketRights {
  if (!readOnly) return 'owner';
  if (role === null) return 'reader';
  if (mayDo(caller, 'change')) return 'owner';
  throw fault('FORBIDDEN', { why: 'it may only read, and as no role in particular' });
}

/** The user names the tenant where the database does not. */
const userIn = (
  { user, password }: { readonly user: string; readonly password: string },
  { database, tenant }: { readonly database: string; readonly tenant: string },
) => ({ user: database === tenant ? user : `${user}.${tenant}`, password });
