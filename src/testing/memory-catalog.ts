import { assert } from '../domain/assert.ts';
import type {
  Catalog,
  TenantDraft,
  TenantPage,
  TenantQuery,
  TenantSettings,
} from '../domain/catalog.ts';
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import { moved, type Tenant, type TenantState, type TenantStateKind } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import type { RoleRecord, Verifier } from '../domain/verifier.ts';

const PAGE_MAX = 1_000;

type Method = Exclude<keyof Catalog, 'close'>;

/** A catalog in memory that keeps the port's promises, works unless told to fail, and survives a "restart". */
export class MemoryCatalog implements Catalog {
  readonly moves: string[] = [];
  readonly #clock: Clock;
  readonly #rows = new Map<TenantId, Tenant>();
  readonly #roles = new Map<TenantId, Map<string, RoleRecord>>();
  readonly #usage: UsageMinute[] = [];
  readonly #batches = new Set<string>();
  readonly #failures = new Map<Method, Error[]>();
  #answersToLose = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The next call of `method` throws `error`, and does nothing. */
  failNext(method: Method, error: Error): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
  }

  /** The next move is written, and its writer is told that the catalog is down. */
  loseNextAnswer(): void {
    this.#answersToLose += 1;
  }

  /** Nothing fails any more that has not failed yet. */
  forgive(): void {
    this.#failures.clear();
    this.#answersToLose = 0;
  }

  async insertTenant(draft: TenantDraft): Promise<Tenant> {
    this.#enter('insertTenant');
    const taken = [...this.#rows.values()].some((row) => row.name === draft.name);
    if (taken) throw fault('TENANT_EXISTS', { name: draft.name });
    const { verifier, ...columns } = draft;
    const now = this.#clock.wall();
    const tenant: Tenant = {
      ...columns,
      state: { kind: 'creating' },
      stateSince: now,
      generation: 1,
      settled: false,
      createdAt: now,
    };
    this.#rows.set(draft.id, tenant);
    const owner = { role: draft.name, verifier, mayLogIn: true };
    this.#roles.set(draft.id, new Map([[draft.name, owner]]));
    return tenant;
  }

  async tenantByName(name: TenantName): Promise<Tenant | undefined> {
    this.#enter('tenantByName');
    return [...this.#rows.values()].find((row) => row.name === name);
  }

  async tenantById(id: TenantId): Promise<Tenant | undefined> {
    this.#enter('tenantById');
    return this.#rows.get(id);
  }

  async listTenants(query: TenantQuery): Promise<TenantPage> {
    this.#enter('listTenants');
    if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > PAGE_MAX) {
      throw fault('BAD_REQUEST', { why: `limit must be 1 to ${PAGE_MAX}` });
    }
    const all = [...this.#rows.values()]
      .filter((row) => query.state === null || row.state.kind === query.state)
      .filter((row) => query.after === null || row.name > query.after)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const tenants = all.slice(0, query.limit);
    return { tenants, next: all.length > query.limit ? (tenants.at(-1)?.name ?? null) : null };
  }

  async countTenants(): Promise<Readonly<Record<TenantStateKind, number>>> {
    this.#enter('countTenants');
    const counts = {
      creating: 0,
      suspended: 0,
      waking: 0,
      running: 0,
      suspending: 0,
      failed: 0,
      deleting: 0,
    };
    for (const row of this.#rows.values()) counts[row.state.kind] += 1;
    return counts;
  }

  async unrestedTenants(): Promise<readonly Tenant[]> {
    this.#enter('unrestedTenants');
    return [...this.#rows.values()]
      .filter((row) => row.state.kind !== 'suspended')
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async move(tenant: Tenant, to: TenantState): Promise<Tenant> {
    this.#enter('move');
    const stored = this.#row(tenant.id);
    if (stored.generation !== tenant.generation) {
      throw fault('STALE_GENERATION', { tenant: tenant.name });
    }
    const after = moved(stored, to, this.#clock.wall());
    this.#rows.set(tenant.id, after);
    this.moves.push(`${stored.name}: ${stored.state.kind} -> ${to.kind}`);
    if (this.#answersToLose > 0) {
      this.#answersToLose -= 1;
      throw fault('CATALOG_DOWN', {});
    }
    return after;
  }

  async configure(id: TenantId, change: TenantSettings): Promise<Tenant> {
    this.#enter('configure');
    return this.#replace({ ...this.#row(id), ...change });
  }

  /** As if a person or the policy had. */
  setTier(id: TenantId, tier: Tier): void {
    this.#replace({ ...this.#row(id), tier });
  }

  async markSettled(id: TenantId, verifier: Verifier): Promise<Tenant> {
    this.#enter('markSettled');
    const row = this.#row(id);
    const current = this.#roles.get(id)?.get(row.name)?.verifier;
    return current === verifier ? this.#replace({ ...row, settled: true }) : row;
  }

  async removeTenant(id: TenantId): Promise<void> {
    this.#enter('removeTenant');
    const state = this.#rows.get(id)?.state.kind ?? 'deleting';
    assert(state === 'deleting', `tenant ${id} is removed while ${state}`);
    this.#rows.delete(id);
    this.#roles.delete(id);
  }

  async verifier(tenant: TenantId, role: string): Promise<Verifier | undefined> {
    this.#enter('verifier');
    const found = this.#roles.get(tenant)?.get(role);
    return found?.mayLogIn === true ? (found.verifier ?? undefined) : undefined;
  }

  async rotateOwner(tenant: TenantId, verifier: Verifier): Promise<Tenant> {
    this.#enter('rotateOwner');
    const row = this.#row(tenant);
    this.#roles.get(tenant)?.set(row.name, { role: row.name, verifier, mayLogIn: true });
    return this.#replace({ ...row, settled: false });
  }

  async saveRoles(tenant: TenantId, roles: readonly RoleRecord[]): Promise<void> {
    this.#enter('saveRoles');
    const row = this.#row(tenant);
    const owner = this.#roles.get(tenant)?.get(row.name);
    const saved = new Map(roles.map((role) => [role.role, role]));
    if (!row.settled && owner !== undefined) saved.set(row.name, owner);
    this.#roles.set(tenant, saved);
  }

  async add(records: readonly UsageMinute[], batch: string): Promise<void> {
    this.#enter('add');
    if (this.#batches.has(batch)) return;
    this.#batches.add(batch);
    this.#usage.push(...records);
  }

  async usage(tenant: TenantId, from: Timestamp, to: Timestamp): Promise<readonly UsageMinute[]> {
    this.#enter('usage');
    return this.#usage.filter((u) => u.tenant === tenant && u.minute >= from && u.minute < to);
  }

  async close(): Promise<void> {}

  #enter(method: Method): void {
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
  }

  #row(id: TenantId): Tenant {
    const row = this.#rows.get(id);
    if (row === undefined) throw fault('TENANT_UNKNOWN', { tenant: id });
    return row;
  }

  #replace(row: Tenant): Tenant {
    this.#rows.set(row.id, row);
    return row;
  }
}
