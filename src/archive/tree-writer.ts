/** Makes a directory become a tree: fetches, has workers verify and write, and syncs. */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Owner } from '../domain/archive.ts';
import { fault } from '../domain/faults.ts';
import { BATCH_BYTES, type Batch, batchSteps, ChunkFetcher } from './chunk-fetcher.ts';
import type { Tree } from './chunks.ts';
import { isErrno, syncDir } from './durable.ts';
import { EarlySync } from './early-sync.ts';
import type { Ground } from './ground.ts';
import { eachInFlight } from './in-flight.ts';
import type { Manifest } from './manifest.ts';
import { FILE_MODE } from './prepare-work.ts';
import type { Progress } from './progress.ts';
import { inTurns } from './steps.ts';
import type { Template } from './template.ts';
import { type Listing, type NeededChunk, planSteps, type TreePlan } from './tree-plan.ts';
import type { Vault } from './vault.ts';
import { openWholeSync, type WholeSync } from './whole-sync.ts';

export type TreeWriterParts = {
  readonly ground: Pick<Ground, 'store' | 'workers' | 'syncFileSystem'>;
  readonly vault: Vault;
  readonly manifest: Manifest;
  readonly template: Template;
  readonly tree: Tree;
  readonly into: string;
  /** What `into` holds besides the files that every copy has of its own. */
  readonly present: Tree;
  /** What is there by name, which may still be looked up. */
  readonly listing: Promise<Listing>;
  /** A file that is written when all else is on disk; null for none. */
  readonly last: string | null;
  /** Is run when all but the last file is written, and awaited before that is. */
  readonly beforeLast: () => Promise<void>;
  readonly owner: Owner;
  readonly signal: AbortSignal;
  /** Of the bytes that are written. */
  readonly progress?: Progress;
};

const DIRECTORY_MODE = 0o700;
/** How a file is opened to be synced. */
const SYNCED = constants.O_WRONLY | constants.O_NOFOLLOW;

/** Reads and jobs in flight: each holds `READ_BYTES_MAX` at most, packed and plain together twice that. */
const WIDTH = 4;
const FILES_WIDTH = 8;

/** Files that a worker is to prepare at once; fewer are prepared in place. */
const FILES_A_JOB = 500;
const FILES_IN_PLACE_MAX = 16;
/** Each opens a file, so that as many take a millisecond or two. */
const WRITES_IN_PLACE_MAX = 64;

export class TreeWriter {
  readonly #parts: TreeWriterParts;
  readonly #fetcher: ChunkFetcher;

  constructor(parts: TreeWriterParts) {
    this.#parts = parts;
    this.#fetcher = new ChunkFetcher({ store: parts.ground.store, ...parts });
  }

  /** Returns how many bytes were read from the store. Throws `Damage`, `DISK_FULL`. */
  async run(): Promise<number> {
    try {
      await this.#run();
    } catch (error) {
      if (!isErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
      throw fault('DISK_FULL', { what: 'the data directory' }, { cause: error });
    }
    return this.#fetcher.bytesRead;
  }

  async #run(): Promise<void> {
    const { tree, manifest, template, present, into, last, ground, beforeLast } = this.#parts;
    const listing = await this.#parts.listing;
    const plan = await inTurns(planSteps({ tree, manifest, template, present, listing }));
    this.#parts.progress?.expect(writtenBytes(plan.chunks));
    const isLate = ({ places }: NeededChunk): boolean => places.some(({ path }) => path === last);
    const whole = await openWholeSync(into, plan.files.length, ground.syncFileSystem);
    try {
      await this.#prepare(plan);
      await this.#write(plan.chunks.filter((chunk) => !isLate(chunk)));
      const looked = beforeLast();
      await Promise.allSettled([looked, this.#syncAllBut(last, plan, whole)]).then(mustAllBeWell);
    } finally {
      await whole.close();
    }
    await this.#write(plan.chunks.filter(isLate));
    await this.#sync(plan.files.filter((path) => path === last));
  }

  async #syncAllBut(last: string | null, plan: TreePlan, whole: WholeSync): Promise<void> {
    if (await whole.sync()) return;
    await this.#sync(plan.files.filter((path) => path !== last));
    await this.#syncDirectories(plan);
  }

  async #prepare(plan: TreePlan): Promise<void> {
    const { into, owner, last } = this.#parts;
    for (const { path, isDirectory } of plan.remove) {
      if (isDirectory) await rmdir(join(into, path));
      else await rm(join(into, path));
    }
    // With what it holds until then nothing could start, nor seem to be whole.
    if (last !== null && plan.files.includes(last)) await emptyFile(join(into, last));
    for (const path of plan.directories) {
      const dir = join(into, path);
      await mkdir(dir, { mode: DIRECTORY_MODE });
      if (owner)
        await withFile(dir, constants.O_RDONLY, (file) => file.chown(owner.uid, owner.gid));
    }
    const { workers } = this.#parts.ground;
    const job = { kind: 'prepare', dir: into, owner } as const;
    if (plan.resize.length <= FILES_IN_PLACE_MAX) {
      await workers.here({ ...job, files: plan.resize });
      return;
    }
    await eachInFlight(groupsOf(plan.resize, FILES_A_JOB), workers.width, async (files) => {
      await workers.run({ ...job, files });
    });
  }

  async #write(chunks: readonly NeededChunk[]): Promise<void> {
    const { ground, signal, into, template, progress } = this.#parts;
    const isSmall = isQuick(chunks);
    const batches = await inTurns(batchSteps(chunks));
    const early = new EarlySync((path) =>
      withFile(join(into, path), SYNCED, (file) => file.datasync()),
    );
    const write = async (batch: Batch): Promise<void> => {
      signal.throwIfAborted();
      const { bytes: fetched, chunks: sourced, seal } = await this.#fetcher.fetch(batch);
      const bytes = ownMemory(fetched);
      const places = batch.chunks.map((chunk) => chunk.places);
      const toWrite = sourced.map((chunk, at) => ({ ...chunk, places: places[at] ?? [] }));
      const job = {
        kind: 'write',
        dir: into,
        templateDir: template.dir,
        ...{ bytes, seal },
        chunks: toWrite,
      } as const;
      if (isSmall) await ground.workers.here(job);
      else await ground.workers.run(job, [bytes.buffer]);
      for (const { places, plainBytes } of batch.chunks) {
        for (const { path } of places) early.wrote(path, plainBytes);
      }
      progress?.add(writtenBytes(batch.chunks));
    };
    const written = eachInFlight(batches, WIDTH, write);
    // What is under way must not go on in a directory that is given up.
    await Promise.allSettled([written.catch(() => {}).then(() => early.end())]);
    await written;
    await early.end();
  }

  async #sync(paths: readonly string[]): Promise<void> {
    await eachInFlight(paths, FILES_WIDTH, (path) =>
      withFile(join(this.#parts.into, path), SYNCED, (file) => file.sync()),
    );
  }

  async #syncDirectories({ remove, directories, resize }: TreePlan): Promise<void> {
    const changed = [
      ...remove.map(({ path }) => path),
      ...directories,
      ...resize.filter(({ isNew }) => isNew).map(({ path }) => path),
    ];
    const gone = new Set(remove.map(({ path }) => path));
    const parents = new Set(changed.map((path) => dirname(path)).filter((path) => !gone.has(path)));
    for (const path of directories) parents.add(path);
    await eachInFlight(parents, FILES_WIDTH, (path) => syncDir(join(this.#parts.into, path)));
  }
}

function* groupsOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

/** Throws the first failure, when nothing is under way any more. */
function mustAllBeWell(results: readonly PromiseSettledResult<unknown>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** A chunk is written wherever it is. */
const writtenBytes = (chunks: readonly NeededChunk[]): number =>
  chunks.reduce((sum, { plainBytes, places }) => sum + plainBytes * places.length, 0);

/** Whether it is done in place: the way to a worker takes as long. */
const isQuick = (chunks: readonly NeededChunk[]): boolean =>
  writtenBytes(chunks) <= BATCH_BYTES &&
  chunks.reduce((writes, { places }) => writes + places.length, 0) <= WRITES_IN_PLACE_MAX;

/** In memory of its own, which can be handed over whole: what is not would be copied with all around it. */
const ownMemory = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer && bytes.length === bytes.buffer.byteLength
    ? (bytes as Uint8Array<ArrayBuffer>)
    : Uint8Array.from(bytes);

type Handle = Awaited<ReturnType<typeof open>>;

async function withFile(
  path: string,
  flags: number,
  work: (file: Handle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, FILE_MODE);
  try {
    await work(file);
  } finally {
    await file.close();
  }
}

/** Empties a file that may be missing, on disk. */
async function emptyFile(path: string): Promise<void> {
  try {
    await withFile(path, constants.O_WRONLY | constants.O_NOFOLLOW, async (file) => {
      await file.truncate(0);
      await file.sync();
    });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** Whatever is neither a file nor a directory counts as a file, to be removed. */
export async function listingOf(dir: string): Promise<Listing> {
  const directories = new Set<string>();
  const files = new Set<string>();
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(dir.length + 1);
    (entry.isDirectory() ? directories : files).add(path);
  }
  return { directories, files };
}
