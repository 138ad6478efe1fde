import type {
  Control,
  DecisionListing,
  DecisionView,
  Metrics,
  NewFork,
  NewImport,
  NewPolicy,
  NewTenant,
  PolicyInForce,
  ServerStatus,
  TenantChange,
  TenantExplained,
  TenantExport,
  TenantLevels,
  TenantListing,
  TenantListQuery,
  TenantRef,
  TenantSecret,
  TenantView,
  Ticket,
} from '../control/control.ts';
import type { DecisionQuery } from '../control/decisions.ts';
import type { Recovered } from '../control/recovery.ts';
import { settingsBy } from '../control/tier-choice.ts';
import type { Snapshot } from '../domain/archive.ts';
import type { Clock } from '../domain/clock.ts';
import { type FaultCode, type FaultParams, fault } from '../domain/faults.ts';
import type { SessionView } from '../domain/gate.ts';
import { parseTenantName, snapshotIdOf, type TenantId } from '../domain/ids.ts';
import {
  type LadderStep,
  type LevelReading,
  type LevelTotals,
  NO_TOTALS,
} from '../domain/levels.ts';
import type { FleetPolicy, RestartRequest } from '../domain/lifecycle.ts';
import type { RulesInForce } from '../domain/policy-desk.ts';
import type { PolicyView } from '../domain/policy-view.ts';
import { type Home, retiered, type Tenant, type TenantState } from '../domain/tenant.ts';
import { later, minutes, seconds, type Timestamp } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import { pageOfTenants } from '../sim/tenant-pages.ts';
import { countsOf, memoryTenant, sessionCounts } from './memory-tenants.ts';
import { QUIET_FLEET, QUIET_VIEW } from './quiet-policy.ts';

/** A control without databases: tenants in memory, states changed at once. Fails when told to. */
export class MemoryControl implements Control {
  /** The methods called, in order, each with its first argument where that is a name. */
  readonly calls: string[] = [];
  readonly usageMinutes: UsageMinute[] = [];
  /** Sessions that every tenant is said to have. */
  sessions = 0;
  /** The sessions that are listed of every tenant. */
  sessionViews: readonly SessionView[] = [];
  /** The snapshots of every tenant, the latest first. */
  snapshots: readonly Snapshot[] = [];
  /** What is measured of every tenant, and kept of it. */
  reading: LevelReading = { bytes: { l1: 0, l2: 0, l3: 0 }, hits: null, relations: [] };
  totals: LevelTotals = NO_TOTALS;
  steps: readonly LadderStep[] = [];
  descent: string | null = null;
  /** What the policy says of every tenant, has decided of it (the latest first), and says of all. */
  policyView: PolicyView = QUIET_VIEW;
  decisions: readonly DecisionView[] = [];
  fleetPolicy: FleetPolicy = QUIET_FLEET;
  rules: RulesInForce = { text: null, preset: 'adaptive' };
  /** What an export gives, part by part, whatever the tenant. */
  exported: () => AsyncIterable<Uint8Array> = async function* () {
    yield Buffer.from('exported');
  };
  /** What the imports have been given. */
  unsavedSince: Timestamp | null = null;
  /** What a recovery has found. */
  recovered: Recovered = { entered: [], skipped: [], known: 0 };
  readonly imported: string[] = [];
  /** What a ticket logs in to; the tenant's own address unless a test has a real database. */
  ticketUri: string | undefined;
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Tenant>();
  #failure: Error | undefined;
  #made = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All tenants there are. */
  tenants(): readonly Tenant[] {
    return [...this.#tenants.values()];
  }

  /** Changes what a tenant is, as if the world had. */
  alter(id: TenantId, change: Partial<Tenant>): void {
    const tenant = this.tenants().find((one) => one.id === id);
    if (tenant !== undefined) this.#tenants.set(tenant.name, { ...tenant, ...change });
  }

  /** The next call throws this fault. */
  failNext<C extends FaultCode>(code: C, params: FaultParams<C>): void {
    this.#failure = fault(code, params);
  }

  /** The next call throws `error` as it is. */
  breakNext(error: Error): void {
    this.#failure = error;
  }

  /** Puts a tenant into a state, and its data somewhere, as if the world had. */
  put(name: string, state: TenantState, home?: Home): void {
    this.#tenants.set(name, { ...this.#find(name), state, ...(home && { home }) });
  }

  async status(): Promise<ServerStatus> {
    this.#begin('status');
    const counts = countsOf(this.tenants());
    return {
      ...{ version: '0.1.0', startedAt: this.#clock.wall(), isolation: 'uid per tenant' },
      engine: { kind: 'embedded', version: '18.1' },
      ...{ ...counts, warnings: [], policy: this.policy(), levels: this.totals },
      ...{ unsavedSince: this.unsavedSince, sessions: this.sessions },
      proxy: { host: 'localhost', port: 6432 },
    };
  }

  async createTenant(request: NewTenant): Promise<TenantSecret> {
    this.#begin(`create ${request.name}`);
    const name = parseTenantName(request.name);
    if (this.#tenants.has(name)) throw fault('TENANT_EXISTS', { name });
    const id = `tn_${String(++this.#made).padStart(12, '0')}` as TenantId;
    const tenant = memoryTenant({ ...request, id, name }, this.#clock.wall());
    this.#tenants.set(name, tenant);
    return this.#secret(tenant);
  }

  async findTenant(ref: TenantRef): Promise<Tenant> {
    return this.#find(ref);
  }

  async showTenant(ref: TenantRef): Promise<TenantView> {
    this.#begin(`show ${ref}`);
    return this.#view(this.#find(ref));
  }

  async listTenants(query: TenantListQuery): Promise<TenantListing> {
    this.#begin('list');
    const after = query.after === null ? null : parseTenantName(query.after);
    const page = pageOfTenants(this.tenants(), { ...query, after });
    return { ...page, tenants: page.tenants.map((tenant) => this.#view(tenant)) };
  }

  async configureTenant(ref: TenantRef, change: TenantChange): Promise<TenantView> {
    this.#begin(`configure ${ref}`);
    const now = this.#clock.wall();
    const before = this.#find(ref);
    const tenant = retiered(before, settingsBy(before, change, now), now);
    this.#tenants.set(tenant.name, tenant);
    return this.#view(tenant);
  }

  async deleteTenant(ref: TenantRef): Promise<void> {
    this.#begin(`delete ${ref}`);
    this.#tenants.delete(this.#find(ref).name);
  }

  async rotatePassword(ref: TenantRef): Promise<TenantSecret> {
    this.#begin(`rotate ${ref}`);
    this.#made++;
    return this.#secret(this.#find(ref));
  }

  async wakeTenant(ref: TenantRef): Promise<TenantView> {
    this.#begin(`wake ${ref}`);
    const { name } = this.#find(ref);
    this.put(name, { kind: 'running' }, { kind: 'local' });
    return this.#view(this.#find(name));
  }

  async suspendTenant(ref: TenantRef): Promise<TenantView> {
    this.#begin(`suspend ${ref}`);
    const { name } = this.#find(ref);
    if (this.sessions > 0) throw fault('TENANT_BUSY', { tenant: name, why: 'has open sessions' });
    this.put(name, { kind: 'suspended' });
    return this.#view(this.#find(name));
  }

  async restartTenant(ref: TenantRef, request: RestartRequest): Promise<TenantView> {
    this.#begin(`restart ${ref} within ${request.within}${request.force ? ' by force' : ''}`);
    return this.#view(this.#find(ref));
  }

  async archiveTenant(ref: TenantRef): Promise<TenantView> {
    this.#begin(`archive ${ref}`);
    const { name } = this.#find(ref);
    this.put(name, { kind: 'suspended' }, { kind: 'archive', snapshot: snapshotIdOf(1) });
    return this.#view(this.#find(name));
  }

  async listSnapshots(ref: TenantRef): Promise<readonly Snapshot[]> {
    this.#begin(`snapshots ${ref}`);
    this.#find(ref);
    return this.snapshots;
  }

  async createSnapshot(ref: TenantRef, name: string | null): Promise<Snapshot> {
    this.#begin(`snapshot ${ref}${name === null ? '' : ` called ${name}`}`);
    this.#find(ref);
    const snapshot: Snapshot = {
      ...{ id: snapshotIdOf(this.snapshots.length + 1), name, taken: 'stopped', damage: null },
      takenAt: this.#clock.wall(),
      ...{ logicalBytes: 30_000_000, storedBytes: 9_000, addedBytes: 9_000 },
    };
    this.snapshots = [snapshot, ...this.snapshots];
    return snapshot;
  }

  async deleteSnapshot(ref: TenantRef, snapshot: string): Promise<void> {
    this.#begin(`delete snapshot ${snapshot} of ${ref}`);
    this.#find(ref);
    this.#requireSnapshot(snapshot);
    this.snapshots = this.snapshots.filter(({ id }) => id !== snapshot);
  }

  async restoreSnapshot(ref: TenantRef, snapshot: string): Promise<TenantView> {
    this.#begin(`restore snapshot ${snapshot} of ${ref}`);
    this.#requireSnapshot(snapshot);
    return this.#view(this.#find(ref));
  }

  async forkTenant(ref: TenantRef, { name, plan }: NewFork): Promise<TenantSecret> {
    this.#begin(`fork ${ref}`);
    const origin = this.#find(ref);
    return await this.createTenant({ name, plan: plan ?? origin.plan });
  }

  async exportTenant(ref: TenantRef): Promise<TenantExport> {
    this.#begin(`export ${ref}`);
    return { tenant: this.#find(ref), content: this.exported() };
  }

  async importTenant({ name, plan = 'free', file, signal }: NewImport): Promise<TenantSecret> {
    this.#begin(`import ${name}`);
    let text = '';
    for await (const part of file) {
      signal.throwIfAborted();
      text += Buffer.from(part).toString('latin1');
    }
    this.imported.push(text);
    return await this.createTenant({ name, plan });
  }

  async levels(ref: TenantRef): Promise<TenantLevels> {
    this.#begin(`levels ${ref}`);
    const view = this.#view(this.#find(ref));
    return { view, reading: this.reading, totals: this.totals, steps: this.steps };
  }

  async explainTenant(ref: TenantRef): Promise<TenantExplained> {
    this.#begin(`explain ${ref}`);
    return { view: this.#view(this.#find(ref)), policy: this.policyView };
  }

  async listDecisions(
    ref: TenantRef,
    { before, limit, replay }: DecisionQuery,
  ): Promise<DecisionListing> {
    this.#begin(`decisions ${ref}${replay ? ' again' : ''}`);
    this.#find(ref);
    const found = this.decisions.filter(({ decision: { at } }) => before === null || at < before);
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return { decisions: shown, next: last?.decision.at ?? null };
  }

  policy(): PolicyInForce {
    return { ...this.rules, ...this.fleetPolicy };
  }

  async setPolicy({ text, dryRun }: NewPolicy): Promise<PolicyInForce> {
    this.#begin(`${dryRun ? 'check' : 'set'} policy ${text}`);
    if (!dryRun) this.rules = { text, preset: this.rules.preset };
    return this.policy();
  }

  async recoverTenants(): Promise<Recovered> {
    this.#begin('recover');
    return this.recovered;
  }

  async listSessions(ref: TenantRef): Promise<readonly SessionView[]> {
    this.#begin(`sessions ${ref}`);
    this.#find(ref);
    return this.sessionViews;
  }

  async metrics(): Promise<Metrics> {
    this.#begin('metrics');
    const { policy, ...status } = await this.status();
    const { tenants, homes, tiers, levels, unsavedSince } = status;
    const { prewarms, decisions, husks } = policy;
    const { sessions, pinned } = sessionCounts(this.sessionViews);
    const counted = { tenants, homes, tiers, prewarms, decisions, levels, unsavedSince, sessions };
    return { ...counted, husks, pinned };
  }

  async issueTicket(ref: TenantRef): Promise<Ticket> {
    this.#begin(`ticket ${ref}`);
    const { name } = this.#find(ref);
    const own = `postgresql://ticket:once@localhost:6432/${name}`;
    return {
      connectionUri: this.ticketUri ?? own,
      expiresAt: later(this.#clock.wall(), seconds(60)),
    };
  }

  #begin(call: string): void {
    this.calls.push(call);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
  }

  #requireSnapshot(snapshot: string): void {
    if (this.snapshots.some(({ id }) => id === snapshot)) return;
    throw fault('SNAPSHOT_UNKNOWN', { snapshot });
  }

  #find(ref: TenantRef): Tenant {
    const found = [...this.#tenants.values()].find((t) => t.id === ref || t.name === ref);
    if (!found) throw fault('TENANT_UNKNOWN', { tenant: ref });
    return found;
  }

  #view(tenant: Tenant): TenantView {
    const running = tenant.state.kind === 'running';
    const now = this.#clock.wall();
    return {
      tenant,
      live: {
        sessions: this.sessions,
        bound: this.sessionViews.filter((s) => s.state === 'bound' || s.state === 'pinned').length,
        heldBy: null,
        lastSuspendRefusal: null,
        descent: this.descent,
        idleSince: running ? now : null,
        suspendAt: running ? later(now, minutes(15)) : null,
      },
      connectionUri: `postgresql://${tenant.name}@localhost:6432/${tenant.name}`,
    };
  }

  #secret(tenant: Tenant): TenantSecret {
    const password = `secret-${this.#made}`;
    const connectionUri = `postgresql://${tenant.name}:${password}@localhost:6432/${tenant.name}`;
    return { ...this.#view(tenant), connectionUri, password };
  }
}
