import type { Archive, Snapshot } from '../domain/archive.ts';
import type { Catalog } from '../domain/catalog.ts';
import type { Clock } from '../domain/clock.ts';
import type { Decision } from '../domain/decision.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import type { Sessions, SessionView } from '../domain/gate.ts';
import { parseTenantName } from '../domain/ids.ts';
import type { Lifecycle, RestartRequest } from '../domain/lifecycle.ts';
import type { Passwords } from '../domain/passwords.ts';
import type { PolicyDesk } from '../domain/policy-desk.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import type { Random } from '../domain/random.ts';
import type { Tenant } from '../domain/tenant.ts';
import { later, minutes } from '../domain/units.ts';
import type { Rules } from '../policy/rules.ts';
import type {
  Control,
  DecisionListing,
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
} from './control.ts';
import { type DecisionQuery, decisionPage } from './decisions.ts';
import { findTenant } from './find-tenant.ts';
import { Newcomers } from './newcomers.ts';
import { type Recovered, recoverTenants } from './recovery.ts';
import { replayOf } from './replay.ts';
import { countFleet, type Fleet, gatherMetrics } from './service/metrics.ts';
import { Snapshots } from './snapshots.ts';
import { tenantLevels } from './tenant-levels.ts';
import { TICKET_LIFE, type TicketBook } from './tickets.ts';
import { decidedByPerson, settingsBy } from './tier-choice.ts';

export type ControlWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly failpoints: Failpoints;
  readonly catalog: Catalog;
  readonly policyStore: PolicyStore;
  readonly policyDesk: PolicyDesk;
  readonly lifecycle: Lifecycle;
  readonly archive: Archive;
  readonly passwords: Passwords;
  readonly tickets: TicketBook;
  readonly sessions: () => Sessions;
  /** What does not change while the server runs. */
  readonly server: Omit<ServerStatus, keyof Fleet | 'sessions' | 'policy'>;
  /** In force now. */
  readonly rules: () => Rules;
};

/** How long a snapshot that is due may take, before somebody should look. */
const SAVED_WITHIN = minutes(5);

/** `Control` on this server's catalog and orchestrator. */
export class ServerControl implements Control {
  readonly #world: ControlWorld;
  readonly #newcomers: Newcomers;
  readonly #snapshots: Snapshots;

  constructor(world: ControlWorld) {
    this.#world = world;
    this.#newcomers = new Newcomers(world);
    this.#snapshots = new Snapshots(world);
  }

  async status(): Promise<ServerStatus> {
    const { server, catalog, sessions } = this.#world;
    const fleet = await countFleet(catalog);
    const warnings = [...server.warnings, ...this.#unsavedWarning(fleet)];
    const policy = this.policy();
    return { ...server, ...fleet, policy, warnings, sessions: sessions().count() };
  }

  async createTenant(request: NewTenant): Promise<TenantSecret> {
    const { tenant, password } = await this.#newcomers.create(request);
    return this.#secret(tenant, password);
  }

  findTenant(ref: TenantRef): Promise<Tenant> {
    return this.#find(ref);
  }

  async showTenant(ref: TenantRef): Promise<TenantView> {
    return this.#view(await this.#find(ref));
  }

  async listTenants(query: TenantListQuery): Promise<TenantListing> {
    const after = query.after === null ? null : parseTenantName(query.after);
    const page = await this.#world.catalog.listTenants({ ...query, after });
    return { ...page, tenants: page.tenants.map((tenant) => this.#view(tenant)) };
  }

  async configureTenant(ref: TenantRef, change: TenantChange): Promise<TenantView> {
    const { catalog, clock, lifecycle, policyStore } = this.#world;
    const now = clock.wall();
    const before = await this.#find(ref);
    const settings = settingsBy(before, change, now);
    await catalog.configure(before.id, settings);
    const decisions = decidedByPerson(before, settings, now);
    const tenant = before.id;
    await policyStore.recordDecisions(decisions.map((decision) => ({ tenant, decision })));
    return this.#view(await lifecycle.changed(before.id, before.plan));
  }

  async deleteTenant(ref: TenantRef): Promise<void> {
    const { id } = await this.#find(ref);
    await this.#world.lifecycle.remove(id);
  }

  async rotatePassword(ref: TenantRef): Promise<TenantSecret> {
    const { catalog, failpoints, lifecycle, passwords } = this.#world;
    const { id } = await this.#find(ref);
    const password = passwords.generate();
    await catalog.rotateOwner(id, await passwords.verifierOf(password));
    await failpoints.reach('rotate.recorded');
    const tenant = await lifecycle.changed(id);
    await failpoints.reach('rotate.done');
    return this.#secret(tenant, password);
  }

  async wakeTenant(ref: TenantRef): Promise<TenantView> {
    const { id } = await this.#find(ref);
    return this.#view(await this.#world.lifecycle.wakeTenant(id));
  }

  async suspendTenant(ref: TenantRef): Promise<TenantView> {
    const { id } = await this.#find(ref);
    return this.#view(await this.#world.lifecycle.suspend(id));
  }

  async restartTenant(ref: TenantRef, request: RestartRequest): Promise<TenantView> {
    const { id } = await this.#find(ref);
    return this.#view(await this.#world.lifecycle.restart(id, request));
  }

  async archiveTenant(ref: TenantRef): Promise<TenantView> {
    const { id } = await this.#find(ref);
    return this.#view(await this.#world.lifecycle.archive(id));
  }

  async listSnapshots(ref: TenantRef): Promise<readonly Snapshot[]> {
    return await this.#snapshots.list(await this.#find(ref));
  }

  async createSnapshot(ref: TenantRef, name: string | null): Promise<Snapshot> {
    return await this.#snapshots.create(await this.#find(ref), name);
  }

  async deleteSnapshot(ref: TenantRef, snapshot: string): Promise<void> {
    await this.#snapshots.delete(await this.#find(ref), snapshot);
  }

  async restoreSnapshot(ref: TenantRef, snapshot: string): Promise<TenantView> {
    return this.#view(await this.#snapshots.restore(await this.#find(ref), snapshot));
  }

  async forkTenant(ref: TenantRef, request: NewFork): Promise<TenantSecret> {
    const { tenant, password } = await this.#newcomers.fork(await this.#find(ref), request);
    return this.#secret(tenant, password);
  }

  async exportTenant(ref: TenantRef): Promise<TenantExport> {
    const tenant = await this.#find(ref);
    return { tenant, content: await this.#snapshots.export(tenant) };
  }

  async importTenant(request: NewImport): Promise<TenantSecret> {
    const { tenant, password } = await this.#newcomers.import(request);
    return this.#secret(tenant, password);
  }

  async levels(ref: TenantRef): Promise<TenantLevels> {
    const view = this.#view(await this.#find(ref));
    return { view, ...(await tenantLevels(this.#world, view.tenant.id)) };
  }

  async explainTenant(ref: TenantRef): Promise<TenantExplained> {
    const { id } = await this.#find(ref);
    const policy = await this.#world.lifecycle.policyView(id);
    // Found again: to be looked at may have been what changed it.
    return { view: this.#view(await this.#find(id)), policy };
  }

  async listDecisions(ref: TenantRef, query: DecisionQuery): Promise<DecisionListing> {
    const { lifecycle, policyStore, rules } = this.#world;
    const tenant = await this.#find(ref);
    await lifecycle.recorded();
    const { decisions, next } = await decisionPage(policyStore, tenant.id, query);
    const replay = (decision: Decision) =>
      query.replay ? replayOf(decision, rules(), tenant) : null;
    return {
      decisions: decisions.map((decision) => ({ decision, replay: replay(decision) })),
      next,
    };
  }

  policy(): PolicyInForce {
    return { ...this.#world.policyDesk.current(), ...this.#world.lifecycle.fleetPolicy() };
  }

  async setPolicy({ text, dryRun }: NewPolicy): Promise<PolicyInForce> {
    const { policyDesk } = this.#world;
    if (dryRun) policyDesk.check(text);
    else await policyDesk.set(text);
    return this.policy();
  }

  recoverTenants(): Promise<Recovered> {
    return recoverTenants(this.#world);
  }

  async listSessions(ref: TenantRef): Promise<readonly SessionView[]> {
    const { id } = await this.#find(ref);
    const found = await this.#world.sessions().list(id);
    return found.toSorted((a, b) => b.openFor - a.openFor);
  }

  metrics(): Promise<Metrics> {
    return gatherMetrics(this.#world);
  }

  async issueTicket(ref: TenantRef): Promise<Ticket> {
    const { clock, tickets } = this.#world;
    const tenant = await this.#find(ref);
    const { user, password } = await tickets.issue(tenant.id, 'owner');
    const connectionUri = this.#uri({ user, password, database: tenant.name });
    return { connectionUri, expiresAt: later(clock.wall(), TICKET_LIFE) };
  }

  #find(ref: TenantRef): Promise<Tenant> {
    return findTenant(this.#world.catalog, ref);
  }

  #view(tenant: Tenant): TenantView {
    const connectionUri = this.#uri({ user: tenant.name, database: tenant.name });
    return { tenant, live: this.#world.lifecycle.live(tenant.id), connectionUri };
  }

  #secret(tenant: Tenant, password: string): TenantSecret {
    const connectionUri = this.#uri({ user: tenant.name, password, database: tenant.name });
    return { ...this.#view(tenant), connectionUri, password };
  }

  /** The archivist looks once a minute, and a large tenant takes its time. */
  #unsavedWarning({ unsavedSince }: Fleet): readonly string[] {
    const { rules, clock } = this.#world;
    const { snapshotEvery } = rules();
    if (snapshotEvery === null || unsavedSince === null) return [];
    const age = clock.wall() - unsavedSince;
    if (age < 2 * snapshotEvery + SAVED_WITHIN) return [];
    const old = Math.round(age / minutes(1));
    return [
      `changes of the last ${old} min are in no snapshot: the archive may be full or away, the log says which tenants could not be saved`,
    ];
  }

  #uri(login: { user: string; password?: string; database: string }): string {
    const { host, port } = this.#world.server.proxy;
    const address = host.includes(':') ? `[${host}]` : host;
    const secret = login.password === undefined ? '' : `:${login.password}`;
    return `postgresql://${login.user}${secret}@${address}:${port}/${login.database}`;
  }
}
