/** Tenants: made, changed, moved, copied, looked at. */

import { RESTART_WITHIN_DEFAULT_MS } from '../contract/limits.ts';
import type { Usage } from '../contract/metering/usage.ts';
import type { Decision, DecisionPage, TenantPolicy } from '../contract/policy/policy.ts';
import type { QueryOf } from '../contract/routes.ts';
import type { TenantLevels } from '../contract/tenants/levels.ts';
import type { Restart, Session } from '../contract/tenants/session.ts';
import type { Fork, NewSnapshot, Snapshot } from '../contract/tenants/snapshot.ts';
import type {
  ConnectionString,
  NewTenant,
  Tenant,
  TenantChange,
  TenantPage,
  TenantSecret,
  Ticket,
} from '../contract/tenants/tenant.ts';
import { onPages, PAGE_SIZE } from './pages.ts';
import { type CallOptions, type FileParts, TIMEOUT_MS, type Transport } from './transport.ts';

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

  /** One of them. */
  get(ref: string, options?: CallOptions): Promise<Tenant> {
    return this.#transport.call('getTenant', { params: { ref } }, options);
  }

  /** Every tenant, or those asked for, sorted by name if nothing else is said; fetched page by page as the loop asks for them. */
  list(
    query: Omit<QueryOf<'listTenants'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<Tenant, void, void> {
    return onPages(
      (place) => this.page({ limit: PAGE_SIZE, ...query, ...place }, options),
      ({ tenants }: TenantPage) => tenants,
    );
  }

  /** One page of them. */
  page(query: QueryOf<'listTenants'> = {}, options?: CallOptions): Promise<TenantPage> {
    return this.#transport.call('listTenants', { query }, options);
  }

  /** What is left out stays. */
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
    file: FileParts | Blob,
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
      const asked = { limit: PAGE_SIZE, ...query, ...place };
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

  /** What it used and was asked, by minute, hour or day. */
  usage(ref: string, query: QueryOf<'getUsage'> = {}, options?: CallOptions): Promise<Usage> {
    return this.#transport.call('getUsage', { params: { ref }, query }, options);
  }

  /** Where its clients connect, without a password. */
  connectionString(ref: string, options?: CallOptions): Promise<ConnectionString> {
    return this.#transport.call('getConnectionString', { params: { ref } }, options);
  }
}
