/** Writes a snapshot as one portable file: see portable.ts. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type Pack, pack } from 'tar-stream';
import type { SnapshotRef } from '../domain/archive.ts';
import { batchesOf, ChunkFetcher } from './chunk-fetcher.ts';
import { CHUNK_BYTES, chunkLength, type Tree, treeHash, ZERO } from './chunks.ts';
import { Damage } from './damage.ts';
import type { Ground } from './ground.ts';
import { openSnapshot, told, vaultOf } from './load.ts';
import { treeOf } from './manifest.ts';
import {
  compressor,
  DATA_PREFIX,
  HEAD_NAME,
  PORTABLE_FORMAT,
  type PortableHead,
  SUMS_NAME,
  sumLine,
} from './portable.ts';
import type { Opened } from './snapshots.ts';
import type { Template } from './template.ts';
import { type NeededChunk, neededChunk } from './tree-plan.ts';
import type { Vault } from './vault.ts';

/** Read and unpacked at once. */
const GROUP_BYTES = 2 * 1024 * 1024;

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

export async function* exportFile(ground: Ground, ref: SnapshotRef): AsyncGenerator<Uint8Array> {
  const vault = await vaultOf(ground, ref);
  const stop = new AbortController();
  try {
    const opened = await openSnapshot(ground, vault, ref);
    const template = await ground.templates.named(opened.manifest.template, stop.signal);
    const tree = treeOf(opened.manifest, template);
    if (treeHash(tree) !== opened.manifest.treeHash) {
      throw new Damage('the manifest contradicts itself');
    }
    const tar = pack();
    const out = tar.pipe(compressor());
    // Who reads is told by the reading.
    tar.on('error', () => {});
    out.on('error', () => {});
    const parts = { ground, vault, opened, template, tree, signal: stop.signal };
    const writing = writeTar(tar, parts).catch((error: unknown) => {
      out.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    });
    writing.catch(() => {});
    for await (const bytes of out) yield bytes as Uint8Array;
    await writing;
  } catch (error) {
    throw await told(ground, vault, ref, error);
  } finally {
    stop.abort(new Error('the export has ended'));
  }
}

type ExportParts = {
  readonly ground: Ground;
  readonly vault: Vault;
  readonly opened: Opened;
  readonly template: Template;
  readonly tree: Tree;
  readonly signal: AbortSignal;
};

async function writeTar(tar: Pack, parts: ExportParts): Promise<void> {
  const { opened, tree, signal } = parts;
  const mtime = new Date(opened.summary.takenAt);
  await writeEntry(tar, { name: HEAD_NAME, mtime }, JSON.stringify(headOf(parts), null, 2));
  for (const path of tree.directories) {
    tar.entry({ name: DATA_PREFIX + path, type: 'directory', mode: DIRECTORY_MODE, mtime });
  }
  const sums: string[] = [];
  const content = contentOf(parts);
  for (const [path, { size }] of tree.files) {
    const entry = tar.entry({ name: DATA_PREFIX + path, size, mode: FILE_MODE, mtime });
    const hash = createHash('sha256');
    for (let left = size; left > 0; ) {
      signal.throwIfAborted();
      const { value: bytes } = await content.next();
      if (!bytes) throw new Error('the content ended early');
      left -= bytes.length;
      hash.update(bytes);
      if (!entry.write(bytes)) await once(entry, 'drain', { signal });
    }
    await ended(entry);
    sums.push(sumLine(hash.digest('hex'), path));
  }
  await writeEntry(tar, { name: SUMS_NAME, mtime }, sums.join(''));
  tar.finalize();
}

const ended = (entry: ReturnType<Pack['entry']>): Promise<void> =>
  new Promise((resolve, reject) => {
    entry.once('error', reject);
    entry.once('finish', resolve);
    entry.end(undefined);
  });

const writeEntry = (
  tar: Pack,
  header: { readonly name: string; readonly mtime: Date },
  text: string,
): Promise<void> =>
  new Promise((resolve, reject) => {
    tar.entry({ ...header, mode: FILE_MODE }, text, (error) => (error ? reject(error) : resolve()));
  });

function headOf({ opened, tree }: ExportParts): PortableHead {
  const { manifest, summary } = opened;
  const { engine, origin, notes } = manifest;
  return {
    ...{ format: PORTABLE_FORMAT, engine, origin, taken: summary.taken },
    ...{ taken_at: summary.takenAt, logical_bytes: summary.logicalBytes },
    ...{ files: tree.files.size, notes },
  };
}

/** The chunks of all files, in the order of the files, of each from its beginning. */
async function* contentOf(parts: ExportParts): AsyncGenerator<Buffer, undefined> {
  let group: NeededChunk[] = [];
  let bytes = 0;
  for (const [path, file] of parts.tree.files) {
    for (const index of file.chunks.keys()) {
      group.push(neededChunk(parts.opened.manifest, parts.template, { path, file, index }));
      bytes += chunkLength(file.size, index);
      if (bytes < GROUP_BYTES) continue;
      yield* await readGroup(parts, group);
      group = [];
      bytes = 0;
    }
  }
  yield* await readGroup(parts, group);
}

async function readGroup(parts: ExportParts, group: readonly NeededChunk[]): Promise<Buffer[]> {
  const { ground, vault, template, signal } = parts;
  const fetcher = new ChunkFetcher({ store: ground.store, vault, template, signal });
  const found = new Map<NeededChunk, Buffer>();
  const stored = group.filter(({ id }) => id !== ZERO);
  for (const batch of batchesOf(stored, vault)) {
    const { bytes, chunks } = await fetcher.fetch(batch);
    const job = { kind: 'read', templateDir: template.dir, bytes, chunks } as const;
    const { bytes: plain } = await ground.workers.run(job);
    let at = 0;
    for (const chunk of batch.chunks) {
      found.set(chunk, Buffer.from(plain.buffer, plain.byteOffset + at, chunk.plainBytes));
      at += chunk.plainBytes;
    }
  }
  return group.map((chunk) => found.get(chunk) ?? ZEROS.subarray(0, chunk.plainBytes));
}

const ZEROS = Buffer.alloc(CHUNK_BYTES);
