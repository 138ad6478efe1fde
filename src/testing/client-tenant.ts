/**
 * One tenant of a real server, for a client to work with.
 *
 * With `chaos` its sessions are parked at every idle moment, and its compute is stopped again and
 * again for as long as the tenant lives; a client must not be able to tell. Without, it is a plain
 * server: the same tests pass on both, or one of the two is wrong.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { parseTenantId } from '../domain/ids.ts';
import { layoutOf, tenantFiles } from '../embedded/layout.ts';
import { PORT } from '../embedded/settings.ts';
import { DynaBase, DynaBaseError } from '../sdk/index.ts';
import type { Place } from './frame-client.ts';
import { type RealServer, type RealServerOptions, realServer } from './real-server.ts';

/** Long enough for a client to get some work done between two stops. */
const STOP_EVERY_MS = 400;

/** How long clients are waited for; who leaves one open is not told so by this. */
const GOODBYE_EVERY_MS = 20;
const GOODBYE_TRIES_MAX = 50;

/** What a stop is refused with where somebody is at work. */
const HELD = new Set(['TENANT_BUSY']);

/** `parks`: sessions are parked, and the test itself says when the compute is stopped. */
export type Chaos = boolean | 'parks';

export type ClientTenantOptions = {
  readonly chaos: Chaos;
  readonly name?: string;
  /** Arguments of `up`. */
  readonly args?: readonly string[];
  readonly env?: RealServerOptions['env'];
  /** As of `realServer`: it is kept. */
  readonly dataDir?: string;
};

export class ClientTenant implements AsyncDisposable {
  readonly server: RealServer;
  readonly id: string;
  readonly name: string;
  readonly password: string;
  readonly #disturbing: Promise<void>;
  readonly #chaos: Chaos;
  readonly #over = new AbortController();
  /** How often the compute was stopped under its clients. */
  #stops = 0;

  constructor(
    server: RealServer,
    tenant: { id: string; name: string; password: string },
    chaos: Chaos,
  ) {
    this.server = server;
    this.id = tenant.id;
    this.name = tenant.name;
    this.password = tenant.password;
    this.#chaos = chaos;
    this.#disturbing = chaos === true ? this.#disturb() : Promise.resolve();
    // What went wrong is told at the end, by the disposal that awaits it.
    this.#disturbing.catch(() => {});
  }

  /** As `pg`, `postgres` and others take it. */
  get connection() {
    const { name: user, name: database, password } = this;
    return { host: '127.0.0.1', port: this.server.proxyPort, user, password, database };
  }

  get uri(): string {
    return this.server.uri({ role: this.name, password: this.password });
  }

  /** For what is built on libpq. */
  get libpqEnvironment(): Readonly<Record<string, string>> {
    const { host, port, user, password, database } = this.connection;
    return {
      ...{ PGHOST: host, PGPORT: `${port}`, PGUSER: user, PGPASSWORD: password },
      ...{ PGDATABASE: database, PGSSLMODE: 'disable', PGCONNECT_TIMEOUT: '30' },
    };
  }

  /** The compute's own socket, past the proxy. Only while it is awake. */
  get compute(): Place {
    const { run } = tenantFiles(layoutOf(this.server.dataDir), parseTenantId(this.id));
    return { host: run, port: PORT };
  }

  /** Stops the compute if nobody is at work; false if somebody is. */
  async stop(): Promise<boolean> {
    try {
      const { state } = await (await this.#impatient()).tenants.suspend(this.name);
      if (state !== 'suspended') return false;
    } catch (error) {
      if (error instanceof DynaBaseError && HELD.has(error.code)) return false;
      throw error;
    }
    this.#stops++;
    return true;
  }

  /** One statement on a session of its own. */
  async ask(sql: string): Promise<readonly unknown[]> {
    const client = new pg.Client(this.connection);
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** What a client must not notice, at a moment when it asks nothing: under chaos, a stop. */
  async rest(): Promise<void> {
    if (this.#chaos !== false) await this.stop();
  }

  /** Throws what went wrong between two stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    try {
      await this.#disturbing;
      await this.#clientsGone();
    } finally {
      await this.server[Symbol.asyncDispose]();
    }
    if (this.#chaos !== false && this.#stops === 0) {
      throw new Error('the compute was never stopped under its clients: nothing was proven');
    }
  }

  /**
   * A pool says that it has ended when its clients have said goodbye. To one whose goodbye is on its way
   * the end of the server is an error that nobody listens for.
   */
  async #clientsGone(): Promise<void> {
    const api = await this.#impatient();
    for (let tries = 0; tries < GOODBYE_TRIES_MAX; tries++) {
      // A test may have ended its server itself.
      const sessions = await api.tenants.sessions(this.name).catch(() => []);
      if (sessions.length === 0) return;
      await setTimeout(GOODBYE_EVERY_MS);
    }
  }

  /** A client of the API that takes no for an answer. */
  async #impatient(): Promise<DynaBase> {
    const { dataDir } = this.server;
    const file: { apiUrl: string } = JSON.parse(
      await readFile(join(dataDir, 'server.json'), 'utf8'),
    );
    const apiKey = (await readFile(join(dataDir, 'api-key'), 'utf8')).trim();
    return new DynaBase({ apiUrl: file.apiUrl, apiKey, retriesMax: 0 });
  }

  async #disturb(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.stop();
      await setTimeout(STOP_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

/** A server of its own with one tenant, gone with `await using`. */
export async function clientTenant(options: ClientTenantOptions): Promise<ClientTenant> {
  const { chaos, name = 'acme', dataDir } = options;
  const server = await realServer({
    ...(dataDir === undefined ? {} : { dataDir }),
    args: ['--suspend-after', '1h', ...(options.args ?? [])],
    env: { ...options.env, ...(chaos === false ? {} : { DYNABASE_CHAOS_PARK: '1' }) },
  });
  try {
    const tenant = await server.client.tenants.create({ name });
    return new ClientTenant(server, tenant, chaos);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
