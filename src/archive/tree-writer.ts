/** Makes a directory become a tree: fetches, has workers verify and write, and syncs. */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Owner } from '../domain/archive.ts';
import { fault } from '../domain/faults.ts';
import type { Tree } from './chunks.ts';
import { Damage } from './damage.ts';
import { isErrno, syncDir } from './durable.ts';
import type { Ground } from './ground.ts';
import { eachInFlight } from './in-flight.ts';
import type { Manifest } from './manifest.ts';
import type { Template } from './template.ts';
import { type Listing, type NeededChunk, planTree, type TreePlan } from './tree-plan.ts';
import { packKey, packSealKey, type Vault } from './vault.ts';
import type { ChunkSource, WriteChunk } from './write-work.ts';

export type TreeWriterParts = {
  readonly ground: Pick<Ground, 'store' | 'workers'>;
  readonly vault: Vault;
  readonly manifest: Manifest;
  readonly template: Template;
  readonly tree: Tree;
  readonly into: string;
  /** What `into` holds besides the files that every copy has of its own. */
  readonly present: Tree;
  /** A file that is written when all else is on disk; null for none. */
  readonly last: string | null;
  readonly owner: Owner;
  readonly signal: AbortSignal;
};

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Plain bytes of one job. */
const JOB_BYTES = 2 * 1024 * 1024;
/** Most that is read from the store at once, and what is read in vain to make one read of two. */
const READ_BYTES_MAX = 4 * 1024 * 1024;
const GAP_BYTES_MAX = 64 * 1024;
/** Reads and jobs in flight: each holds `READ_BYTES_MAX` at most, packed and plain together twice that. */
const WIDTH = 4;
const FILES_WIDTH = 8;

type Batch = {
  readonly read: { readonly key: string; readonly offset: number; readonly length: number } | null;
  readonly chunks: readonly NeededChunk[];
};

export class TreeWriter {
  readonly #parts: TreeWriterParts;
  #bytesRead = 0;

  constructor(parts: TreeWriterParts) {
    this.#parts = parts;
  }

  /** Returns how many bytes were read from the store. Throws `Damage`, `DISK_FULL`. */
  async run(): Promise<number> {
    try {
      await this.#run();
    } catch (error) {
      if (!isErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
      throw fault('DISK_FULL', { what: 'the data directory' }, { cause: error });
    }
    return this.#bytesRead;
  }

  async #run(): Promise<void> {
    const { tree, manifest, template, present, into, last } = this.#parts;
    const plan = planTree({ tree, manifest, template, present, listing: await listingOf(into) });
    await this.#prepare(plan);
    const isLate = ({ places }: NeededChunk): boolean => places.some(({ path }) => path === last);
    await this.#write(plan.chunks.filter((chunk) => !isLate(chunk)));
    await this.#sync(plan.files.filter((path) => path !== last));
    await this.#syncDirectories(plan);
    await this.#write(plan.chunks.filter(isLate));
    await this.#sync(plan.files.filter((path) => path === last));
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
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    await eachInFlight(plan.resize, FILES_WIDTH, ({ path, size, isNew }) =>
      withFile(
        join(into, path),
        O_WRONLY | O_NOFOLLOW | (isNew ? O_CREAT | O_EXCL : 0),
        async (file) => {
          if (isNew && owner) await file.chown(owner.uid, owner.gid);
          await file.truncate(size);
        },
      ),
    );
  }

  async #write(chunks: readonly NeededChunk[]): Promise<void> {
    const { ground, signal, into, template } = this.#parts;
    const isSmall = chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0) <= JOB_BYTES;
    await eachInFlight(batchesOf(chunks, this.#parts.vault), WIDTH, async (batch) => {
      signal.throwIfAborted();
      const { bytes, chunks: sourced } = await this.#sourced(batch);
      const job = {
        kind: 'write',
        dir: into,
        templateDir: template.dir,
        bytes,
        chunks: sourced,
      } as const;
      if (isSmall) await ground.workers.here(job);
      else await ground.workers.run(job);
    });
  }

  /** Fetches what a batch needs, and says where in it each chunk is. */
  async #sourced({ read, chunks }: Batch): Promise<{ bytes: Uint8Array; chunks: WriteChunk[] }> {
    const { ground, vault, signal } = this.#parts;
    if (read) {
      const bytes = await ground.store.readRange(read.key, read, signal);
      if (!bytes) throw new Damage('a pack is missing');
      this.#bytesRead += bytes.length;
      return { bytes, chunks: chunks.map((chunk) => this.#packed(chunk, vault, read.offset)) };
    }
    const inline: Buffer[] = [];
    let offset = 0;
    const sourced = chunks.map((chunk) => {
      const { blob } = chunk;
      if (blob?.at.kind !== 'inline') return this.#unpacked(chunk);
      inline.push(blob.at.bytes);
      offset += blob.length;
      const at = { offset: offset - blob.length, length: blob.length, seal: null };
      return this.#stored(chunk, at);
    });
    return { bytes: Buffer.concat(inline), chunks: sourced };
  }

  #unpacked({ id, plainBytes, meaning, places }: NeededChunk): WriteChunk {
    if (meaning.kind !== 'template') return { id, plainBytes, source: { kind: 'zeros' }, places };
    const at = this.#parts.template.place(meaning.number);
    return { id, plainBytes, source: { kind: 'template', at }, places };
  }

  #packed(chunk: NeededChunk, vault: Vault, from: number): WriteChunk {
    const { at, length } = chunk.blob ?? {};
    if (at?.kind !== 'pack' || length === undefined) throw new Error('the chunk is in no pack');
    const key = packSealKey(vault, at.pack);
    const seal = { key, nonce: at.offset, context: packKey(vault, at.pack) };
    return this.#stored(chunk, { offset: at.offset - from, length, seal });
  }

  #stored(
    { id, plainBytes, blob, places }: NeededChunk,
    at: Pick<Extract<ChunkSource, { kind: 'stored' }>, 'offset' | 'length' | 'seal'>,
  ): WriteChunk {
    const number = blob?.like ?? null;
    const like = number === null ? null : this.#parts.template.place(number);
    const source = { kind: 'stored', ...at, codec: blob?.codec ?? 0, like } as const;
    return { id, plainBytes, source, places };
  }

  async #sync(paths: readonly string[]): Promise<void> {
    await eachInFlight(paths, FILES_WIDTH, (path) =>
      withFile(join(this.#parts.into, path), constants.O_WRONLY | constants.O_NOFOLLOW, (file) =>
        file.sync(),
      ),
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
async function listingOf(dir: string): Promise<Listing> {
  const directories = new Set<string>();
  const files = new Set<string>();
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(dir.length + 1);
    (entry.isDirectory() ? directories : files).add(path);
  }
  return { directories, files };
}

/** What lies near together in a pack is read at once; all else needs no read. */
function* batchesOf(chunks: readonly NeededChunk[], vault: Vault): Generator<Batch> {
  const loose = chunks.filter(({ blob }) => blob?.at.kind !== 'pack');
  yield* looseBatches(loose);
  const packed = chunks
    .flatMap((chunk) => {
      const { at, length } = chunk.blob ?? {};
      return at?.kind === 'pack' && length !== undefined ? [{ chunk, at, length }] : [];
    })
    .sort((a, b) =>
      a.at.pack === b.at.pack ? a.at.offset - b.at.offset : a.at.pack < b.at.pack ? -1 : 1,
    );
  let batch: typeof packed = [];
  const read = (): Batch => {
    const [first] = batch;
    const final = batch.at(-1);
    if (!first || !final) throw new Error('a read of nothing');
    const { pack, offset } = first.at;
    const length = final.at.offset + final.length - offset;
    return {
      read: { key: packKey(vault, pack), offset, length },
      chunks: batch.map(({ chunk }) => chunk),
    };
  };
  for (const one of packed) {
    const [first] = batch;
    const before = batch.at(-1);
    const isNear =
      first !== undefined &&
      before !== undefined &&
      first.at.pack === one.at.pack &&
      one.at.offset - (before.at.offset + before.length) <= GAP_BYTES_MAX &&
      one.at.offset + one.length - first.at.offset <= READ_BYTES_MAX;
    if (!isNear && first) {
      yield read();
      batch = [];
    }
    batch.push(one);
  }
  if (batch.length > 0) yield read();
}

function* looseBatches(chunks: readonly NeededChunk[]): Generator<Batch> {
  let batch: NeededChunk[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    if (bytes + chunk.plainBytes > JOB_BYTES && batch.length > 0) {
      yield { read: null, chunks: batch };
      batch = [];
      bytes = 0;
    }
    batch.push(chunk);
    bytes += chunk.plainBytes;
  }
  if (batch.length > 0) yield { read: null, chunks: batch };
}
