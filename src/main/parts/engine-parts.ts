/** The engine, with the archive and the page cache that it uses. */
import type { OpenArchive } from '../../archive/open-archive.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import type { ArchiveWork } from '../../control/archive-work.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Failpoints } from '../../domain/failpoints.ts';
import type { Log } from '../../domain/log.ts';
import type { Random } from '../../domain/random.ts';
import { type EmbeddedEngine, openEmbedded } from '../../embedded/engine.ts';
import { HUSK_BOUNDS } from '../../policy/pool.ts';
import type { NativeCalls } from '../../system/ffi.ts';
import { ThreadedPageCache } from '../../system/page-cache.ts';
import { openPlacedArchive } from './archive-parts.ts';

export type EngineParts = {
  readonly options: ServerOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failpoints: Failpoints;
  readonly progress: (step: string) => void;
};

type EngineDoors = {
  readonly native: NativeCalls;
  readonly stack: AsyncDisposableStack;
  readonly archiveWork: ArchiveWork;
};

/** `stack` closes all three. Throws as `openEmbedded` does. */
export async function openEngine(
  parts: EngineParts,
  { native, stack, archiveWork }: EngineDoors,
): Promise<EmbeddedEngine> {
  const { options, clock, random, log, failpoints, progress } = parts;
  const pageCache = new ThreadedPageCache();
  stack.defer(() => pageCache.close());
  const archives: OpenArchive[] = [];
  stack.defer(async () => {
    for (const archive of archives) await archive.close();
  });
  const engine = await openEmbedded({
    dataDir: options.dataDir,
    binDir: options.postgresBinDir,
    husks: options.husks ?? HUSK_BOUNDS.min,
    uidRange: options.uidRange,
    os: native,
    pageCache,
    archive: async (template) => {
      const syncFileSystem = (fd: number) => native.syncFileSystem(fd);
      const archive = await openPlacedArchive({ ...parts, options, syncFileSystem }, template);
      archives.push(archive);
      return archiveWork.watching(archive);
    },
    clock,
    random,
    log,
    failpoints,
    progress,
  });
  stack.defer(() => engine.close());
  return engine;
}
