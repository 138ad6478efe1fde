/**
 * The system tenant: a compute of our own, in which the catalog lives.
 *
 * Nobody but this object decides over it: if it ends by itself it is started again, at the same
 * address, until it is stopped.
 */
import { existsSync } from 'node:fs';
import type { Clock } from '../domain/clock.ts';
import { Fault, fault } from '../domain/faults.ts';
import { parseTenantName } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import { type DurationMs, ms, seconds } from '../domain/units.ts';
import { OPERATOR, SUPERUSER } from './admin.ts';
import type { Compute } from './compute.ts';
import { featuresOf } from './engine-version.ts';
import type { HostParts } from './host.ts';
import { type ComputeFiles, computeFiles } from './layout.ts';
import { onDisk } from './machine/durable.ts';
import { PORT, type Setting, settingsOf } from './settings.ts';
import { settleCompute } from './settling.ts';
import { openSocketDir, type SocketDir } from './socket-place.ts';
import { UNLIMITED } from './start.ts';

/** How to connect to the catalog, in the words of `pg`. Its role is no superuser. */
export type SystemConnection = {
  readonly socketDir: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
};

export type SystemParts = HostParts & { readonly clock: Clock; readonly log: Log };

/** By which its secrets are derived, and how `ps` shows it. */
const NAME = 'catalog';
const OWNER = parseTenantName('catalog');

/** A small pool of ours is all that connects. */
const SIZE = {
  sharedBuffersMb: 16,
  workMemKb: 4_096,
  maintenanceWorkMemMb: 32,
  connectionsMax: 30,
};

const START_TIMEOUT = seconds(300);

/** Waits between starts that fail; each twice the one before. */
const RETRY_AFTER_MIN = ms(250);
const RETRY_AFTER_MAX = seconds(30);

/** What a start throws may be shown. */
function unusable(error: unknown): never {
  if (error instanceof Fault) throw error;
  const reason = error instanceof Error ? error.message : 'unknown reason';
  const why = `its PostgreSQL could not start (${reason})`;
  throw fault('CATALOG_UNUSABLE', { why }, { cause: error });
}

export class SystemTenant {
  readonly #parts: SystemParts;
  readonly #files: ComputeFiles;
  readonly #settings: readonly Setting[];
  /** Held over restarts, so that the address stays what it was said to be. */
  #socketDir: SocketDir | undefined;
  #isStopped = false;

  constructor(parts: SystemParts) {
    this.#parts = parts;
    this.#files = computeFiles(parts.layout.catalog);
    this.#settings = settingsOf({
      features: featuresOf(parts.ground.engine.version),
      size: SIZE,
      clusterName: NAME,
      onLinux: process.platform === 'linux',
      countsStatements: false,
    });
  }

  /**
   * Starts the compute, or adopts it if it runs; makes it at the first start.
   * Throws `DISK_FULL`, `CATALOG_UNUSABLE`.
   */
  async start(): Promise<SystemConnection> {
    const { computes, husks, secrets } = this.#parts;
    const files = this.#files;
    await computes.exclusively(files.root, async () => {
      if (existsSync(files.root)) return;
      await onDisk('the catalog needs about 32 MB', () => husks.claim(files.root));
    });
    const { address } = await onDisk('the catalog cannot start', () => this.#launch()).catch(
      unusable,
    );
    await settleCompute(this.#parts, {
      files,
      address,
      name: NAME,
      settlement: {
        owner: { name: OWNER, verifier: secrets.verifier(NAME, OWNER) },
        superuser: secrets.verifier(NAME, SUPERUSER),
        operator: secrets.verifier(NAME, OPERATOR),
      },
    });
    this.#socketDir ??= openSocketDir(files.run);
    const login = { user: OWNER, password: secrets.password(NAME, OWNER), database: OWNER };
    return { socketDir: this.#socketDir.path, port: PORT, ...login };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#parts.computes.stop(this.#files);
    this.#socketDir?.close();
  }

  async #launch(): Promise<Compute> {
    const compute = await this.#parts.computes.start({
      files: this.#files,
      settings: this.#settings,
      limits: UNLIMITED,
      giveUpAfter: START_TIMEOUT,
    });
    void compute.ended.then((reason) => this.#restart(reason));
    return compute;
  }

  async #restart(reason: string): Promise<void> {
    const { clock, log } = this.#parts;
    let wait: DurationMs = RETRY_AFTER_MIN;
    let why = reason;
    while (!this.#isStopped) {
      log.error('the compute of the catalog is down; starting it', { reason: why });
      try {
        await this.#launch();
        return;
      } catch (error) {
        why = String(error);
      }
      await clock.sleep(wait);
      wait = ms(Math.min(wait * 2, RETRY_AFTER_MAX));
    }
  }
}
