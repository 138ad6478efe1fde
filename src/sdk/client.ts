/** The typed client: `new DynaBase({ apiUrl, apiKey })`. */

import type { TenantLevels } from '../contract/levels.ts';
import { RESTART_WITHIN_DEFAULT_MS } from '../contract/limits.ts';
import type {
  Decision,
  DecisionPage,
  Policy,
  PolicyChange,
  TenantPolicy,
} from '../contract/policy.ts';
import type { Recovery } from '../contract/recovery.ts';
import type { AnswerOf, QueryOf } from '../contract/routes.ts';
import type { Restart, Session } from '../contract/session.ts';
import type { Fork, NewSnapshot, Snapshot } from '../contract/snapshot.ts';
import type { Status } from '../contract/status.ts';
import type {
  ConnectionString,
  NewTenant,
  Tenant,
  TenantChange,
  TenantPage,
  TenantSecret,
  Ticket,
} from '../contract/tenant.ts';
import type { Usage } from '../contract/usage.ts';
import { Access, Customers, Keys, People, TokenIssuers } from './access.ts';
import { EventFeed } from './events.ts';
import { Computes, Inside } from './inside.ts';
import {
  type CallOptions,
  type ClientOptions,
  type FileParts,
  TIMEOUT_MS,
  Transport,
} from './transport.ts';
import { Operations, ServerSettings, Webhooks } from './work.ts';

/** Tenants fetched at once by `list`. */
const PAGE_SIZE = 100;

/** Decisions fetched at once by `decisions`. */
const DECISIONS_PAGE_SIZE = 100;

export class DynaBase {
  readonly tenants: Tenants;
  readonly inside: Inside;
  readonly computes: Computes;
  readonly policy: Policies;
  readonly customers: Customers;
  readonly keys: Keys;
  readonly people: People;
  readonly tokenIssuers: TokenIssuers;
  readonly access: Access;
  readonly events: EventFeed;
  readonly operations: Operations;
  readonly webhooks: Webhooks;
  readonly settings: ServerSettings;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.tenants = new Tenants(this.#transport);
    this.inside = new Inside(this.#transport);
    this.computes = new Computes(this.#transport);
    this.policy = new Policies(this.#transport);
    this.customers = new Customers(this.#transport);
    this.keys = new Keys(this.#transport);
    this.people = new People(this.#transport);
    this.tokenIssuers = new TokenIssuers(this.#transport);
    this.access = new Access(this.#transport);
    this.events = new EventFeed(this.#transport);
    this.operations = new Operations(this.#transport);
    this.webhooks = new Webhooks(this.#transport);
    this.settings = new ServerSettings(this.#transport);
  }

  /** What the server says of itself. */
  status(options?: CallOptions): Promise<Status> {
    return this.#transport.call('getStatus', {}, options);
  }

  /** Enters the tenants that the archive has and the catalog has lost. Repeating it does no harm. */
  recover(options?: CallOptions): Promise<Recovery> {
    return this.#transport.call('recoverTenants', {}, options);
  }

  /** Resolves if the server can do its work. */
  ready(options?: CallOptions): Promise<AnswerOf<'getReadiness'>> {
    return this.#transport.call('getReadiness', {}, options);
  }
}

/** The rules by which all tenants are kept. */
export class Policies {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get(options?: CallOptions): Promise<Policy> {
    return this.#transport.call('getPolicy', {}, options);
  }

  /** Holds from now on, and after a restart. Answers with what is in force then. */
  set(policy: PolicyChange, options?: CallOptions): Promise<Policy> {
    return this.#transport.call('setPolicy', { body: policy }, options);
  }
}

/** Everything about tenants. A `ref` is the id or the name of one. */
export class Tenants {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer holds the password, which is shown only here. */
  create(tenant: NewTenant, options?: CallOptions): Promise<TenantSecret> {
    return this.#transport.call('createTenant', { body: tenant }, options);
  }

  get(ref: string, options?: CallOptions): Promise<Tenant> {
    return this.#transport.call('getTenant', { params: { ref } }, options);
  }

  /** Every tenant, sorted by name, fetched page by page as the loop asks for them. */
  async *list(
    query: Omit<QueryOf<'listTenants'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<Tenant, void, void> {
    let after: string | null = null;
    do {
      const place: { after?: string } = after === null ? {} : { after };
      const page: TenantPage = await this.page({ limit: PAGE_SIZE, ...query, ...place }, options);
      yield* page.tenants;
      after = page.next;
    } while (after !== null);
  }

  page(query: QueryOf<'listTenants'> = {}, options?: CallOptions): Promise<TenantPage> {
    return this.#transport.call('listTenants', { query }, options);
  }

  change(ref: string, change: TenantChange, options?: CallOptions): Promise<Tenant> {
    return this.#transport.call('changeTenant', { params: { ref }, body: change }, options);
  }

  /** The tenant and all its data. There is no way back. */
  async delete(ref: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('deleteTenant', { params: { ref } }, options);
  }

  /** Resolves when the compute accepts sessions. */
  wake(ref: string, options?: CallOptions): Promise<Tenant> {
    return this.#transport.call('wakeTenant', { params: { ref } }, options);
  }

  /** Stops the compute; sessions at rest stay open, parked. */
  suspend(ref: string, options?: CallOptions): Promise<Tenant> {
    return this.#transport.call('suspendTenant', { params: { ref } }, options);
  }

  /** Stops the compute and starts it anew; sessions at rest see a pause. One that sleeps sleeps on. */
  restart(ref: string, how: Restart = {}, options?: CallOptions): Promise<Tenant> {
    // The server waits for who is at work before it begins.
    const timeoutMs = TIMEOUT_MS + (how.withinMs ?? RESTART_WITHIN_DEFAULT_MS);
    const call = { params: { ref }, body: how };
    return this.#transport.call('restartTenant', call, { timeoutMs, ...options });
  }

  /** Takes a tenant's files to the archive, once nobody is at work; the next wake brings them back. */
  archive(ref: string, options?: CallOptions): Promise<Tenant> {
    return this.#transport.call('archiveTenant', { params: { ref } }, options);
  }

  /** The latest first. */
  async snapshots(ref: string, options?: CallOptions): Promise<readonly Snapshot[]> {
    return (await this.#transport.call('listSnapshots', { params: { ref } }, options)).snapshots;
  }

  /** With a name it is kept until it is deleted. */
  snapshot(ref: string, body: NewSnapshot = {}, options?: CallOptions): Promise<Snapshot> {
    return this.#transport.call('createSnapshot', { params: { ref }, body }, options);
  }

  /** One that has a name; the others go by themselves. */
  async deleteSnapshot(ref: string, snapshot: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('deleteSnapshot', { params: { ref, snapshot } }, options);
  }

  /** Makes a snapshot the data of its tenant; what there was is kept as a snapshot. */
  restore(ref: string, snapshot: string, options?: CallOptions): Promise<Tenant> {
    return this.#transport.call('restoreSnapshot', { params: { ref, snapshot } }, options);
  }

  /** A new tenant with the data of this one; the answer holds its password, which is shown only here. */
  fork(ref: string, fork: Fork, options?: CallOptions): Promise<TenantSecret> {
    return this.#transport.call('forkTenant', { params: { ref }, body: fork }, options);
  }

  /** The tenant as one file, part by part as they come. Whoever has the file has the data. */
  export(ref: string, options?: CallOptions): Promise<FileParts> {
    return this.#transport.receive('exportTenant', { params: { ref } }, options);
  }

  /** A tenant out of what `export` gave; the answer holds its password, which is shown only here. */
  import(
    query: QueryOf<'importTenant'>,
    file: FileParts,
    options?: CallOptions,
  ): Promise<TenantSecret> {
    return this.#transport.send('importTenant', { query, file }, options);
  }

  /** Where its data is, and what was done to it of late. */
  levels(ref: string, options?: CallOptions): Promise<TenantLevels> {
    return this.#transport.call('getLevels', { params: { ref } }, options);
  }

  /** Why it is kept as it is, and what comes next. */
  explain(ref: string, options?: CallOptions): Promise<TenantPolicy> {
    return this.#transport.call('explainTenant', { params: { ref } }, options);
  }

  /** What the policy decided about it, the latest first, fetched page by page as the loop asks for them. */
  async *decisions(
    ref: string,
    query: QueryOf<'listDecisions'> = {},
    options?: CallOptions,
  ): AsyncGenerator<Decision, void, void> {
    let place: { before?: string } = {};
    for (;;) {
      const asked = { limit: DECISIONS_PAGE_SIZE, ...query, ...place };
      const call = { params: { ref }, query: asked };
      const page: DecisionPage = await this.#transport.call('listDecisions', call, options);
      yield* page.decisions;
      if (page.next === null) return;
      place = { before: page.next };
    }
  }

  /** Its sessions, the oldest first, and what pins those that cannot be parked. */
  async sessions(ref: string, options?: CallOptions): Promise<readonly Session[]> {
    return (await this.#transport.call('listSessions', { params: { ref } }, options)).sessions;
  }

  /** The answer holds the new password, which is shown only here. */
  rotatePassword(ref: string, options?: CallOptions): Promise<TenantSecret> {
    return this.#transport.call('rotatePassword', { params: { ref } }, options);
  }

  /** A login as the owner for about a minute, without its password. */
  ticket(ref: string, options?: CallOptions): Promise<Ticket> {
    return this.#transport.call('issueTicket', { params: { ref } }, options);
  }

  usage(ref: string, query: QueryOf<'getUsage'> = {}, options?: CallOptions): Promise<Usage> {
    return this.#transport.call('getUsage', { params: { ref }, query }, options);
  }

  connectionString(ref: string, options?: CallOptions): Promise<ConnectionString> {
    return this.#transport.call('getConnectionString', { params: { ref } }, options);
  }
}
