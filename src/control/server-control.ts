import type { Catalog, TenantSettings } from '../domain/catalog.ts';
import type { Clock } from '../domain/clock.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import { fault } from '../domain/faults.ts';
import type { Sessions, SessionView } from '../domain/gate.ts';
import { isTenantId, isTenantName, newTenantId, parseTenantName } from '../domain/ids.ts';
import type { Lifecycle, RestartRequest } from '../domain/lifecycle.ts';
import type { Passwords } from '../domain/passwords.ts';
import type { Random } from '../domain/random.ts';
import type { Tenant, TenantStateKind } from '../domain/tenant.ts';
import { FIRST_TIER } from '../domain/tier.ts';
import { later, type Timestamp } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import type {
  Control,
  Metrics,
  NewTenant,
  ServerStatus,
  TenantListing,
  TenantRef,
  TenantSecret,
  TenantView,
  Ticket,
} from './control.ts';
import { gatherMetrics } from './metrics.ts';
import { TICKET_LIFE, type TicketBook } from './tickets.ts';

export type ControlWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly failpoints: Failpoints;
  readonly catalog: Catalog;
  readonly lifecycle: Lifecycle;
  readonly passwords: Passwords;
  readonly tickets: TicketBook;
  readonly sessions: () => Sessions;
  /** What does not change while the server runs. */
  readonly server: Omit<ServerStatus, 'tenants' | 'sessions'>;
};

/** `Control` on this server's catalog and orchestrator. */
export class ServerControl implements Control {
  readonly #world: ControlWorld;

  constructor(world: ControlWorld) {
    this.#world = world;
  }

  async status(): Promise<ServerStatus> {
    const { server, catalog, sessions } = this.#world;
    const tenants = await catalog.countTenants();
    return { ...server, tenants, sessions: sessions().count() };
  }

  async createTenant(request: NewTenant): Promise<TenantSecret> {
    const { catalog, lifecycle, passwords, random } = this.#world;
    const name = parseTenantName(request.name);
    const plan = request.plan ?? 'free';
    const password = passwords.generate();
    const verifier = await passwords.verifierOf(password);
    const inserted = await catalog.insertTenant({
      id: newTenantId(random),
      name,
      plan,
      tier: FIRST_TIER[plan],
      suspendAfter: request.suspendAfter ?? null,
      sessionsMax: request.sessionsMax ?? null,
      maxPinIdle: request.maxPinIdle ?? null,
      verifier,
    });
    return this.#secret(await lifecycle.create(inserted), password);
  }

  async showTenant(ref: TenantRef): Promise<TenantView> {
    return this.#view(await this.#find(ref));
  }

  async listTenants(query: {
    readonly after: string | null;
    readonly limit: number;
    readonly state: TenantStateKind | null;
  }): Promise<TenantListing> {
    const after = query.after === null ? null : parseTenantName(query.after);
    const page = await this.#world.catalog.listTenants({ ...query, after });
    return { tenants: page.tenants.map((tenant) => this.#view(tenant)), next: page.next };
  }

  async configureTenant(ref: TenantRef, change: TenantSettings): Promise<TenantView> {
    const { id } = await this.#find(ref);
    await this.#world.catalog.configure(id, change);
    return this.#view(await this.#world.lifecycle.changed(id));
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
    const { user, password } = await tickets.issue(tenant.id);
    const connectionUri = this.#uri({ user, password, database: tenant.name });
    return { connectionUri, expiresAt: later(clock.wall(), TICKET_LIFE) };
  }

  async usage(ref: TenantRef, from: Timestamp, to: Timestamp): Promise<readonly UsageMinute[]> {
    const { id } = await this.#find(ref);
    return await this.#world.catalog.usage(id, from, to);
  }

  async #find(ref: TenantRef): Promise<Tenant> {
    const { catalog } = this.#world;
    const found = isTenantId(ref)
      ? await catalog.tenantById(ref)
      : isTenantName(ref)
        ? await catalog.tenantByName(ref)
        : undefined;
    if (found === undefined) throw fault('TENANT_UNKNOWN', { tenant: ref });
    return found;
  }

  #view(tenant: Tenant): TenantView {
    const connectionUri = this.#uri({ user: tenant.name, database: tenant.name });
    return { tenant, live: this.#world.lifecycle.live(tenant.id), connectionUri };
  }

  #secret(tenant: Tenant, password: string): TenantSecret {
    const connectionUri = this.#uri({ user: tenant.name, password, database: tenant.name });
    return { ...this.#view(tenant), connectionUri, password };
  }

  #uri(login: { user: string; password?: string; database: string }): string {
    const { host, port } = this.#world.server.proxy;
    const address = host.includes(':') ? `[${host}]` : host;
    const secret = login.password === undefined ? '' : `:${login.password}`;
    return `postgresql://${login.user}${secret}@${address}:${port}/${login.database}`;
  }
}
