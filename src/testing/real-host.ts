/**
 * The embedded engine in a directory of its own, for tests that need real computes.
 *
 * Every test run shares one template, which takes seconds to build; it is kept in the system's
 * temporary directory. At the end all computes are stopped and the directory is removed.
 */
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Failpoints, NO_FAILPOINTS } from '../domain/failpoints.ts';
import type { Host, Started } from '../domain/host.ts';
import {
  isTenantId,
  newTenantId,
  parseTenantName,
  type TenantId,
  type TenantName,
} from '../domain/ids.ts';
import type { SizeClass } from '../domain/tier.ts';
import { seconds } from '../domain/units.ts';
import type { Verifier } from '../domain/verifier.ts';
import { type EmbeddedEngine, type EmbeddedOptions, openEmbedded } from '../embedded/engine.ts';
import { computeFiles, layoutOf, tenantFiles } from '../embedded/layout.ts';
import { killAll } from '../embedded/machine/processes.ts';
import { Secrets } from '../embedded/secrets.ts';
import { socketPlace } from '../embedded/socket-place.ts';
import { PRESETS } from '../policy/rules.ts';
import { SystemClock } from '../system/clock.ts';
import { NativeCalls } from '../system/ffi.ts';
import { ThreadedPageCache } from '../system/page-cache.ts';
import { SystemRandom } from '../system/random.ts';
import { MemoryLog } from './memory-log.ts';
import { KEPT } from './places.ts';
import { RealArchives } from './real-archive.ts';

export const GIVE_UP_AFTER = seconds(30);

/** What a tenant starts with unless a test says otherwise. */
export const COLD = {
  size: PRESETS.machine.tiers.COLD.size,
  limits: PRESETS.machine.tiers.COLD.limits,
};

const RANDOM = new SystemRandom();

/** Pairs of a password and its verifier, for the owners that tests make up. */
const PASSWORDS = new Secrets(Buffer.from('only for tests'));

export type RealHostOptions = {
  readonly binDir?: string | null;
  readonly husks?: number;
  readonly failpoints?: Failpoints;
  /** An existing directory to put the data directory into; it is kept. */
  readonly parent?: string;
  /** Builds a template in the data directory, where production has it, instead of sharing one. */
  readonly ownTemplate?: boolean;
  /** On a directory of its own, as production has it, if not given. */
  readonly archive?: EmbeddedOptions['archive'];
  readonly more?: Partial<
    Pick<EmbeddedOptions, 'patience' | 'logBytesMax' | 'uidRange' | 'controlFiles'>
  >;
};

/** A tenant whose owner is known by name and password. */
export type RealTenant = {
  readonly id: TenantId;
  readonly name: TenantName;
  readonly password: string;
  readonly verifier: Verifier;
};

export type SqlLogin = {
  readonly user: string;
  readonly password: string;
  readonly database: string;
};

/** Opens an engine in a fresh directory. */
export async function realHost(options: RealHostOptions = {}): Promise<RealHost> {
  const parent = await mkdtemp(join(options.parent ?? tmpdir(), 'dynabase-host-'));
  // As it is for a data directory in a home that others may walk through.
  await chmod(parent, 0o711);
  const world = new RealHost(parent, options);
  try {
    await world.open();
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
  return world;
}

export class RealHost implements AsyncDisposable {
  readonly dataDir: string;
  readonly log = new MemoryLog();
  readonly #parent: string;
  readonly #options: RealHostOptions;
  readonly #engines: EmbeddedEngine[] = [];
  readonly #pageCache = new ThreadedPageCache();
  readonly #archives: RealArchives;

  constructor(parent: string, options: RealHostOptions) {
    this.#parent = parent;
    this.dataDir = join(parent, 'data');
    this.#options = options;
    const { failpoints = NO_FAILPOINTS } = options;
    this.#archives = new RealArchives({ path: join(parent, 'archive'), log: this.log, failpoints });
  }

  /** The engine opened last. */
  get engine(): EmbeddedEngine {
    const engine = this.#engines.at(-1);
    if (!engine) throw new Error('no engine was opened');
    return engine;
  }

  get host(): Host {
    return this.engine.host;
  }

  /** Opens one more engine on the same directory, as a second server would. */
  async open(): Promise<EmbeddedEngine> {
    const { binDir = null, husks = 1, failpoints = NO_FAILPOINTS, more = {} } = this.#options;
    const engine = await openEmbedded({
      dataDir: this.dataDir,
      binDir,
      husks,
      failpoints,
      uidRange: { first: 200_000, last: 299_999 },
      ...(this.#options.ownTemplate ? {} : { templatesDir: sharedTemplates() }),
      ...more,
      os: new NativeCalls(),
      pageCache: this.#pageCache,
      archive: this.#options.archive ?? this.#archives.open,
      clock: new SystemClock(),
      random: RANDOM,
      log: this.log,
      progress: () => {},
    });
    this.#engines.push(engine);
    return engine;
  }

  /** A tenant of which nothing is there yet. */
  drafted(name: string): RealTenant {
    const id = newTenantId(RANDOM);
    return {
      id,
      name: parseTenantName(name),
      password: PASSWORDS.password(id, name),
      verifier: PASSWORDS.verifier(id, name),
    };
  }

  /** A tenant that is created, not started. */
  async created(name: string): Promise<RealTenant> {
    const tenant = this.drafted(name);
    await this.host.create(tenant.id);
    return tenant;
  }

  /** A tenant that runs, with its owner settled. */
  async running(name: string): Promise<RealTenant> {
    const tenant = await this.created(name);
    await this.start(tenant.id);
    await this.host.settle(tenant.id, tenant);
    return tenant;
  }

  start(tenant: TenantId, size: SizeClass = COLD.size): Promise<Started> {
    return this.host.start(tenant, { ...COLD, size, giveUpAfter: GIVE_UP_AFTER });
  }

  /** An open connection, as the owner unless another login is given. */
  async connect(tenant: RealTenant, login: Partial<SqlLogin> = {}): Promise<pg.Client> {
    const observed = await this.host.observe(tenant.id);
    if (observed.kind !== 'running') throw new Error(`the compute is ${observed.kind}`);
    const own = { user: tenant.name, password: tenant.password, database: tenant.name };
    const client = new pg.Client({ ...socketPlace(observed.address), ...own, ...login });
    await client.connect();
    return client;
  }

  /** Runs one statement on a connection of its own. */
  async sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    tenant: RealTenant,
    statement: string,
    login: Partial<SqlLogin> = {},
  ): Promise<Row[]> {
    const client = await this.connect(tenant, login);
    try {
      return (await client.query<Row>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Tenants that have a directory, sorted. */
  placed(): readonly TenantId[] {
    const { tenants } = layoutOf(this.dataDir);
    return existsSync(tenants) ? readdirSync(tenants).filter(isTenantId).sort() : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const layout = layoutOf(this.dataDir);
    const tenants = this.placed();
    const host = this.#engines.length > 0 ? this.host : undefined;
    await Promise.allSettled(tenants.map((tenant) => host?.stop(tenant)));
    await Promise.allSettled(this.#engines.map((engine) => engine.close()));
    await this.#pageCache.close();
    await this.#archives[Symbol.asyncDispose]();
    for (const files of tenants.map((tenant) => tenantFiles(layout, tenant))) killAll(files);
    killAll(computeFiles(layout.catalog));
    await rm(this.#parent, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One for each user, since another's files could not be read. */
const sharedTemplates = (): string =>
  join(KEPT, `dynabase-test-templates-${process.getuid?.() ?? 0}`);
