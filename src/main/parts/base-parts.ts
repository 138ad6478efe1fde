/** What all else of a server stands on: data directory, engine and catalog. */
import { openCatalog } from '../../catalog/open-catalog.ts';
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import { ArchiveWork } from '../../control/archive-work.ts';
import { EventBus } from '../../control/event-bus.ts';
import { tellingCatalog } from '../../control/telling-catalog.ts';
import type { EmbeddedEngine } from '../../embedded/engine.ts';
import { NativeCalls } from '../../system/ffi.ts';
import { type DataDirectory, openDataDirectory } from '../data-directory.ts';
import { type EngineParts, openEngine } from './engine-parts.ts';
import type { Watching } from './observability-parts.ts';

export type BaseParts = EngineParts & { readonly version: string; readonly watching: Watching };

export type Base = {
  readonly native: NativeCalls;
  readonly directory: DataDirectory;
  readonly archiveWork: ArchiveWork;
  readonly engine: EmbeddedEngine;
  readonly events: EventBus;
  readonly catalog: PgCatalog;
};

/** `stack` closes them. Throws what opening them throws. */
export async function openBase(parts: BaseParts, stack: AsyncDisposableStack): Promise<Base> {
  const { options, version, clock, random, log, progress } = parts;
  const native = new NativeCalls();
  progress('opening the data directory');
  const directory = await openDataDirectory({
    path: options.dataDir,
    version,
    random,
    lock: (fd) => native.tryLock(fd),
  });
  stack.defer(() => directory.close());

  const archiveWork = new ArchiveWork();
  const plain = await openEngine(parts, { native, stack, archiveWork });
  const engine = { ...plain, host: parts.watching.host(plain.host) };

  progress('opening the catalog');
  const { databaseUrl } = options;
  const connection = databaseUrl === null ? await engine.startSystem() : { url: databaseUrl };
  const events = new EventBus({ clock, log });
  const opened = tellingCatalog(await openCatalog({ connection, log }), { events, log });
  const catalog = parts.watching.catalog(opened);
  stack.defer(() => catalog.close());
  return { native, directory, archiveWork, engine, events, catalog };
}
