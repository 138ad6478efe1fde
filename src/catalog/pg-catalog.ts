/** The catalog in PostgreSQL. Every method asks through `#ask`, where failures become faults. */
import type { Kysely } from 'kysely';
import type { Catalog, DueQuery, TenantDraft, TenantPage, TenantQuery } from '../domain/catalog.ts';
import type { Decision } from '../domain/decision.ts';
import { fault } from '../domain/faults.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import type { LadderStep, LevelTotals } from '../domain/levels.ts';
import type {
  FleetKey,
  Learned,
  PolicyStore,
  TenantDecision,
  TenantDue,
} from '../domain/policy-store.ts';
import type {
  HomeKind,
  MoveChange,
  Tenant,
  TenantState,
  TenantStateKind,
} from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import type { RoleRecord, Verifier } from '../domain/verifier.ts';
import * as ladder from './ladder.ts';
import { catalogFailure } from './pg-failure.ts';
import * as policy from './policy-store.ts';
import * as roles from './roles.ts';
import type { Tables } from './schema.ts';
import { pgStores, type Stores } from './stores.ts';
import { listTenants } from './tenant-list.ts';
import * as tenants from './tenants.ts';
import { addUsage, usageOf } from './use/usage-minutes.ts';

export class PgCatalog implements Catalog, PolicyStore, AsyncDisposable {
  /** Who may call, and what they did. */
  readonly stores: Stores = pgStores((question) => this.#ask((db) => question(db.withTables())));
  readonly #db: Kysely<Tables>;
  #closed: Promise<void> | undefined;

  constructor(db: Kysely<Tables>) {
    this.#db = db.withSchema('dynabase');
  }

  insertTenant(draft: TenantDraft): Promise<Tenant> {
    return this.#ask((db) => tenants.insertTenant(db, draft));
  }

  tenantByName(name: TenantName): Promise<Tenant | undefined> {
    return this.#ask((db) => tenants.tenantBy(db, { name }));
  }

  tenantById(id: TenantId): Promise<Tenant | undefined> {
    return this.#ask((db) => tenants.tenantBy(db, { id }));
  }

  listTenants(query: TenantQuery): Promise<TenantPage> {
    return this.#ask((db) => listTenants(db, query));
  }

  countTenants(): Promise<Readonly<Record<TenantStateKind, number>>> {
    return this.#ask(tenants.countTenants);
  }

  countHomes(): Promise<Readonly<Record<HomeKind, number>>> {
    return this.#ask(tenants.countHomes);
  }

  countTiers(): Promise<Readonly<Record<Tier, number>>> {
    return this.#ask(tenants.countTiers);
  }

  unrestedTenants(): Promise<readonly Tenant[]> {
    return this.#ask(tenants.unrestedTenants);
  }

  move(tenant: Tenant, to: TenantState, change: MoveChange = {}): Promise<Tenant> {
    return this.#ask((db) => tenants.moveTenant(db, tenant, { to, change }));
  }

  note(tenant: Tenant, change: MoveChange): Promise<Tenant> {
    return this.#ask((db) => tenants.noteTenant(db, tenant, change));
  }

  dueForArchive(query: DueQuery): Promise<readonly Tenant[]> {
    return this.#ask((db) => ladder.dueForArchive(db, query));
  }

  dueForSnapshot(before: Timestamp, limit: number): Promise<readonly Tenant[]> {
    return this.#ask((db) => ladder.dueForSnapshot(db, before, limit));
  }

  unsavedSince(): Promise<Timestamp | null> {
    return this.#ask(ladder.unsavedSince);
  }

  noteLevels(id: TenantId, change: Partial<LevelTotals>): Promise<void> {
    return this.#ask((db) => ladder.noteLevels(db, id, change));
  }

  levels(id: TenantId): Promise<LevelTotals> {
    return this.#ask((db) => ladder.levelsOf(db, id));
  }

  fleetLevels(): Promise<LevelTotals> {
    return this.#ask(ladder.fleetLevels);
  }

  recordStep(id: TenantId, step: LadderStep): Promise<void> {
    return this.#ask((db) => ladder.recordStep(db, id, step));
  }

  steps(id: TenantId, limit: number): Promise<readonly LadderStep[]> {
    return this.#ask((db) => ladder.stepsOf(db, id, limit));
  }

  configure(...[id, change]: Parameters<Catalog['configure']>): Promise<Tenant> {
    return this.#ask((db) => tenants.configureTenant(db, id, change));
  }

  markSettled(id: TenantId, verifier: Verifier): Promise<Tenant> {
    return this.#ask((db) => roles.markSettled(db, id, verifier));
  }

  removeTenant(id: TenantId): Promise<void> {
    return this.#ask((db) => tenants.removeTenant(db, id));
  }

  verifier(tenant: TenantId, role: string): Promise<Verifier | undefined> {
    return this.#ask((db) => roles.verifierOf(db, tenant, role));
  }

  rotateOwner(tenant: TenantId, verifier: Verifier): Promise<Tenant> {
    return this.#ask((db) => roles.rotateOwner(db, tenant, verifier));
  }

  saveRoles(tenant: TenantId, records: readonly RoleRecord[]): Promise<void> {
    return this.#ask((db) => roles.saveRoles(db, tenant, records));
  }

  add(records: readonly UsageMinute[], batch: string): Promise<boolean> {
    return this.#ask((db) => addUsage(db, records, batch));
  }

  usage(tenant: TenantId, from: Timestamp, to: Timestamp): Promise<readonly UsageMinute[]> {
    return this.#ask((db) => usageOf(db, tenant, { from, to }));
  }

  learned(tenant: TenantId): Promise<Uint8Array | undefined> {
    return this.#ask((db) => policy.learnedOf(db, tenant));
  }

  saveLearned(all: readonly Learned[]): Promise<void> {
    return this.#ask((db) => policy.saveLearned(db, all));
  }

  dueToAsk(before: Timestamp, limit: number): Promise<readonly TenantDue[]> {
    return this.#ask((db) => policy.dueToAsk(db, before, limit));
  }

  fleet(key: FleetKey): Promise<Uint8Array | undefined> {
    return this.#ask((db) => policy.fleetValue(db, key));
  }

  saveFleet(key: FleetKey, value: Uint8Array | null): Promise<void> {
    return this.#ask((db) => policy.saveFleet(db, key, value));
  }

  recordDecisions(all: readonly TenantDecision[]): Promise<void> {
    return this.#ask((db) => policy.recordDecisions(db, all));
  }

  decisions(
    ...[tenant, query]: Parameters<PolicyStore['decisions']>
  ): Promise<readonly Decision[]> {
    return this.#ask((db) => policy.decisionsOf(db, tenant, query));
  }

  close(): Promise<void> {
    this.#closed ??= this.#db.destroy();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ask<T>(question: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    // Kysely closes only what was used, and would connect anew.
    if (this.#closed !== undefined) throw fault('CATALOG_DOWN', {});
    try {
      return await question(this.#db);
    } catch (error) {
      throw catalogFailure(error);
    }
  }
}
