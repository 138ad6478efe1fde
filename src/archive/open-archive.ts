/** The archive, on a store. */
import { availableParallelism, release } from 'node:os';
import type { Archive } from '../domain/archive.ts';
import type { Clock } from '../domain/clock.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';
import { type DurationMs, hours } from '../domain/units.ts';
import { ChunkWorkers } from './chunk-workers.ts';
import { collect } from './collect.ts';
import { exportFile } from './export.ts';
import type { Ground } from './ground.ts';
import { importFile } from './import.ts';
import { known } from './known.ts';
import { load } from './load.ts';
import { save } from './save.ts';
import { drop, forget, share } from './sharing.ts';
import { Snapshots } from './snapshots.ts';
import type { Store } from './store.ts';
import { Templates } from './templates.ts';
import type { SizeLimits } from './tree-walk.ts';
import { Vaults } from './vault.ts';
import { type SyncFileSystem, tellsFailures } from './whole-sync.ts';

export type ArchiveParts = {
  readonly store: Store;
  /** 32 bytes. What is in the store is worth nothing without them. */
  readonly masterKey: Buffer;
  /** The data directory that husks are copies of, which never changes, and its name, such as `18.4-7`. */
  readonly template: { readonly dir: string; readonly name: string };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failpoints: Failpoints;
  /** Threads; 0 does all in this one. Half of the cores, two at least, if not given. */
  readonly workers?: number;
  /** A directory of ours for what may be lost: caches, and templates of other machines. */
  readonly scratchDir?: string;
  /** How long what nothing reaches any more is kept. */
  readonly grace?: DurationMs;
  readonly limits?: Partial<SizeLimits>;
  /** Makes many files last by one call, where the system has it. */
  readonly syncFileSystem?: SyncFileSystem;
};

const GRACE = hours(24);

/** Files of PostgreSQL are of 1 GB at most. */
const LIMITS: SizeLimits = {
  fileBytesMax: 2 ** 30,
  treeBytesMax: 2 ** 40,
  entriesMax: 1_000_000,
};

const WORKERS_MIN = 2;

export type OpenArchive = Archive & {
  /** Ends the threads. Work under way fails. */
  close(): Promise<void>;
};

/** Reads nothing of the store. */
export async function openArchive(parts: ArchiveParts): Promise<OpenArchive> {
  const ground = groundOf(parts);
  // It takes a tenth of a second, and whoever comes first should not wait for it.
  ground.templates.own().catch(() => {});
  return {
    save: (request) => save(ground, request),
    load: (request) => load(ground, request),
    list: async (holder) => {
      const vault = await ground.vaults.find(holder.vault);
      if (!vault) return [];
      return (await ground.snapshots.list(vault, holder.tenant)).map(({ snapshot }) => snapshot);
    },
    share: (from, to) => share(ground, from, to),
    drop: (ref) => drop(ground, ref),
    forget: (holder) => forget(ground, holder),
    collect: (holder, keep) => collect(ground, holder, keep),
    export: (ref) => exportFile(ground, ref),
    import: (to, file, signal) => importFile(ground, { ...to, vault: to.tenant, file, signal }),
    known: () => known(ground),
    close: async () => {
      await ground.workers.close();
      await ground.templates.close();
    },
  };
}

function groundOf(parts: ArchiveParts): Ground {
  const { store, masterKey, template, clock, random, log, failpoints } = parts;
  const count = parts.workers ?? Math.max(WORKERS_MIN, Math.floor(availableParallelism() / 2));
  const workers = new ChunkWorkers(clock, count);
  const limits = { ...LIMITS, ...parts.limits };
  const scratchDir = parts.scratchDir ?? null;
  const never: SyncFileSystem = () => Promise.resolve(false);
  const syncFileSystem = (tellsFailures(release()) ? parts.syncFileSystem : undefined) ?? never;
  const templates = new Templates({
    ...{ store, random, workers, limits, masterKey, own: template, scratchDir, syncFileSystem },
  });
  return {
    ...{ store, workers, limits, templates, clock, random, log, failpoints, syncFileSystem },
    vaults: new Vaults(store, random, masterKey),
    snapshots: new Snapshots(store),
    grace: parts.grace ?? GRACE,
    scratchDir,
  };
}
