/** What every operation of the archive stands on. */
import type { Clock } from '../domain/clock.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';
import type { DurationMs } from '../domain/units.ts';
import type { ChunkWorkers } from './chunk-workers.ts';
import type { Snapshots } from './snapshots.ts';
import type { Store } from './store.ts';
import type { Templates } from './templates.ts';
import type { SizeLimits } from './tree-walk.ts';
import type { Vaults } from './vault.ts';
import type { SyncFileSystem } from './whole-sync.ts';

export type Ground = {
  readonly store: Store;
  readonly vaults: Vaults;
  readonly snapshots: Snapshots;
  readonly templates: Templates;
  readonly workers: ChunkWorkers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failpoints: Failpoints;
  readonly limits: SizeLimits;
  readonly syncFileSystem: SyncFileSystem;
  /** How long what nothing reaches is kept. */
  readonly grace: DurationMs;
  /** Where caches are kept that may be lost; null for none. */
  readonly scratchDir: string | null;
};
