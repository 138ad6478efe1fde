import { assert } from '../domain/assert.ts';
import type {
  Catalog,
  DueQuery,
  TenantDraft,
  TenantPage,
  TenantQuery,
  TenantSettings,
} from '../domain/catalog.ts';
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import { type LadderStep, type LevelTotals, NO_TOTALS } from '../domain/levels.ts';
import {
  type HomeKind,
  type MoveChange,
  moved,
  retiered,
  type Tenant,
  type TenantState,
  type TenantStateKind,
} from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import { hours, type Timestamp, timestamp } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import type { RoleRecord, Verifier } from '../domain/verifier.ts';
import { pageOfTenants } from './tenant-pages.ts';

const PAGE_MAX = 1_000;

const STEPS_KEPT_FOR = hours(30 * 24);

type Method = Exclude<keyof Catalog, 'close'>;

/** A catalog in memory that keeps the port's promises, works unless told to fail, and survives a "restart". */
export class MemoryCatalog implements Catalog {
  readonly moves: string[] = [];
  readonly #clock: Clock;
  readonly #rows = new Map<TenantId, Tenant>();
  readonly #roles = new Map<TenantId, Map<string, RoleRecord>>();
  readonly #usage: UsageMinute[] = [];
  readonly #levels = new Map<TenantId, LevelTotals>();
  /** What tenants that are gone have been served. */
  #left: LevelTotals = NO_TOTALS;
  readonly #steps = new Map<TenantId, LadderStep[]>();
  readonly #batches = new Set<string>();
  readonly #failures = new Map<Method, Error[]>();
  #answersToLose = 0;
  /** Kept as rows change: a fleet is counted every few minutes. */
  readonly #counts: Record<TenantStateKind, number> = {
    ...{ creating: 0, suspended: 0, waking: 0, running: 0 },
    ...{ suspending: 0, failed: 0, archiving: 0, deleting: 0 },
  };
  /** The rows that may be due one day, and the time of longer ago than which none is. */
  readonly #waiting = { rests: new Set<TenantId>(), dirty: new Set<TenantId>() };
  readonly #earliest = { rests: Number.POSITIVE_INFINITY, dirty: Number.POSITIVE_INFINITY };

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
    if (this.#rows.has(draft.id)) throw fault('TENANT_EXISTS', { name: draft.name });
    const { verifier, generation, ...columns } = draft;
    const now = this.#clock.wall();
    const tenant: Tenant = {
      ...columns,
      tierSince: now,
      override: null,
      consent: null,
      tierBefore: null,
      state: { kind: generation === undefined ? 'creating' : 'suspended' },
      stateSince: now,
      generation: generation ?? 1,
      dirtySince: null,
      settled: false,
      createdAt: now,
      customer: draft.customer ?? null,
      expiresAt: draft.expiresAt ?? null,
      allowedAddresses: draft.allowedAddresses ?? [],
    };
    this.#replace(tenant);
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
    return pageOfTenants(this.#rows.values(), query);
  }

  async countTenants(): Promise<Readonly<Record<TenantStateKind, number>>> {
    this.#enter('countTenants');
    return { ...this.#counts };
  }

  async unsavedSince(): Promise<Timestamp | null> {
    this.#enter('unsavedSince');
    const times = [...this.#rows.values()].flatMap(({ dirtySince }) => dirtySince ?? []);
    return times.length === 0 ? null : timestamp(Math.min(...times));
  }

  async countHomes(): Promise<Readonly<Record<HomeKind, number>>> {
    this.#enter('countHomes');
    const counts = { none: 0, local: 0, archive: 0 };
    for (const row of this.#rows.values()) counts[row.home.kind] += 1;
    return counts;
  }

  async countTiers(): Promise<Readonly<Record<Tier, number>>> {
    this.#enter('countTiers');
    const counts = { COLD: 0, WARM: 0, HOT: 0, PERSISTENT: 0 };
    for (const row of this.#rows.values()) counts[row.tier] += 1;
    return counts;
  }

  async unrestedTenants(): Promise<readonly Tenant[]> {
    this.#enter('unrestedTenants');
    return [...this.#rows.values()]
      .filter((row) => row.state.kind !== 'suspended')
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async move(tenant: Tenant, to: TenantState, change: MoveChange = {}): Promise<Tenant> {
    this.#enter('move');
    const stored = this.#ofGeneration(tenant);
    const now = this.#clock.wall();
    const after = moved(stored, { to, change }, now);
    const dirtySince = to.kind === 'waking' ? (after.dirtySince ?? now) : after.dirtySince;
    this.#replace({ ...after, dirtySince });
    this.moves.push(`${stored.name}: ${stored.state.kind} -> ${to.kind}`);
    this.#maybeLoseAnswer();
    return { ...after, dirtySince };
  }

  async note(tenant: Tenant, change: MoveChange): Promise<Tenant> {
    this.#enter('note');
    const stored = this.#ofGeneration(tenant);
    const changed = retiered(stored, change, this.#clock.wall());
    const after = this.#replace({ ...changed, generation: stored.generation + 1 });
    this.#maybeLoseAnswer();
    return after;
  }

  async dueForArchive({ limit, restedBefore, tiers }: DueQuery): Promise<readonly Tenant[]> {
    this.#enter('dueForArchive');
    const due = this.#due('rests', restedBefore).filter(({ tier }) => tiers.includes(tier));
    return due.slice(0, limit);
  }

  async dueForSnapshot(before: Timestamp, limit: number): Promise<readonly Tenant[]> {
    this.#enter('dueForSnapshot');
    return this.#due('dirty', before).slice(0, limit);
  }

  async noteLevels(id: TenantId, change: Partial<LevelTotals>): Promise<void> {
    this.#enter('noteLevels');
    if (!this.#rows.has(id)) return;
    const stored = this.#levels.get(id) ?? NO_TOTALS;
    const added = addedTotals(stored, { ...NO_TOTALS, ...change });
    const { l2 = stored.l2, l3 = stored.l3, l4 = stored.l4 } = change;
    this.#levels.set(id, { ...added, l2, l3, l4 });
  }

  async levels(id: TenantId): Promise<LevelTotals> {
    this.#enter('levels');
    return this.#levels.get(id) ?? NO_TOTALS;
  }

  async fleetLevels(): Promise<LevelTotals> {
    this.#enter('fleetLevels');
    return [...this.#levels.values()].reduce(addedTotals, this.#left);
  }

  async recordStep(id: TenantId, step: LadderStep): Promise<void> {
    this.#enter('recordStep');
    if (!this.#rows.has(id)) return;
    const steps = this.#steps.get(id) ?? [];
    const oldest = this.#clock.wall() - STEPS_KEPT_FOR;
    const kept = steps.findIndex(({ at }) => at >= oldest);
    steps.splice(0, kept === -1 ? steps.length : kept);
    steps.push(step);
    this.#steps.set(id, steps);
  }

  async steps(id: TenantId, limit: number): Promise<readonly LadderStep[]> {
    this.#enter('steps');
    const steps = this.#steps.get(id) ?? [];
    return steps
      .toReversed()
      .toSorted((a, b) => b.at - a.at)
      .slice(0, limit);
  }

  async configure(id: TenantId, change: TenantSettings): Promise<Tenant> {
    this.#enter('configure');
    return this.#replace(retiered(this.#row(id), change, this.#clock.wall()));
  }

  /** The row is lost, as with the machine that it was on. */
  removeFromMemory(id: TenantId): void {
    this.#takeAway(id);
    this.#roles.delete(id);
  }

  /** As if a person or the policy had. */
  setTier(id: TenantId, tier: Tier): void {
    this.#replace(retiered(this.#row(id), { tier }, this.#clock.wall()));
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
    this.#takeAway(id);
    this.#roles.delete(id);
    const gone = { ...(this.#levels.get(id) ?? NO_TOTALS), l2: null, l3: 0, l4: 0 };
    this.#left = addedTotals(this.#left, gone);
    this.#levels.delete(id);
    this.#steps.delete(id);
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

  async add(records: readonly UsageMinute[], batch: string): Promise<boolean> {
    this.#enter('add');
    if (this.#batches.has(batch)) return false;
    this.#batches.add(batch);
    this.#usage.push(...records);
    return true;
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

  #maybeLoseAnswer(): void {
    if (this.#answersToLose === 0) return;
    this.#answersToLose -= 1;
    throw fault('CATALOG_DOWN', {});
  }

  #ofGeneration(tenant: Tenant): Tenant {
    const stored = this.#row(tenant.id);
    if (stored.generation === tenant.generation) return stored;
    throw fault('STALE_GENERATION', { tenant: tenant.name });
  }

  #row(id: TenantId): Tenant {
    const row = this.#rows.get(id);
    if (row === undefined) throw fault('TENANT_UNKNOWN', { tenant: id });
    return row;
  }

  /** Rows are looked through only if one may be due: most questions have the answer nobody. */
  #due(what: keyof typeof SINCE, before: Timestamp): readonly Tenant[] {
    if (this.#earliest[what] >= before) return [];
    const since = SINCE[what];
    const due: Tenant[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (const id of this.#waiting[what]) {
      const row = this.#row(id);
      const at = since(row);
      earliest = Math.min(earliest, at);
      if (at < before) due.push(row);
    }
    this.#earliest[what] = earliest;
    return due.sort((a, b) => since(a) - since(b));
  }

  #takeAway(id: TenantId): void {
    const row = this.#rows.get(id);
    if (row !== undefined) this.#counts[row.state.kind] -= 1;
    this.#rows.delete(id);
    for (const waiting of Object.values(this.#waiting)) waiting.delete(id);
  }

  #put(row: Tenant): void {
    const before = this.#rows.get(row.id);
    if (before !== undefined) this.#counts[before.state.kind] -= 1;
    this.#counts[row.state.kind] += 1;
    this.#rows.set(row.id, row);
  }

  #replace(row: Tenant): Tenant {
    this.#put(row);
    for (const what of ['rests', 'dirty'] as const) {
      const since = SINCE[what](row);
      this.#earliest[what] = Math.min(this.#earliest[what], since);
      if (since < Number.POSITIVE_INFINITY) this.#waiting[what].add(row.id);
      else this.#waiting[what].delete(row.id);
    }
    return row;
  }
}

/** Since when a tenant rests here, or has changes that no snapshot has; infinity for one that does not. */
const SINCE = {
  rests: ({ state, home, stateSince }: Tenant): number =>
    state.kind === 'suspended' && home.kind === 'local' ? stateSince : Number.POSITIVE_INFINITY,
  dirty: ({ state, home, dirtySince }: Tenant): number =>
    (state.kind === 'suspended' || state.kind === 'running') && home.kind === 'local'
      ? (dirtySince ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY,
};

const addedTotals = (a: LevelTotals, b: LevelTotals): LevelTotals => ({
  l2: a.l2 === null && b.l2 === null ? null : (a.l2 ?? 0) + (b.l2 ?? 0),
  l3: a.l3 + b.l3,
  l4: a.l4 + b.l4,
  hitsL1: a.hitsL1 + b.hitsL1,
  hitsL2: a.hitsL2 + b.hitsL2,
  hitsL3: a.hitsL3 + b.hitsL3,
  wakesL2: a.wakesL2 + b.wakesL2,
  wakesL3: a.wakesL3 + b.wakesL3,
  wakesL4: a.wakesL4 + b.wakesL4,
});
