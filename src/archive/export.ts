/** Writes a snapshot as one portable file: see portable.ts. */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import type { SnapshotRef } from '../domain/archive.ts';
import { batchSteps, ChunkFetcher } from './chunk-fetcher.ts';
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
import { inTurns } from './steps.ts';
import { type TarHead, tarEnd, tarHeader, tarPadding } from './tar-writer.ts';
import type { Template } from './template.ts';
import { type NeededChunk, neededChunk } from './tree-plan.ts';
import type { Vault } from './vault.ts';

/** Read and unpacked at once. */
const GROUP_BYTES = 2 * 1024 * 1024;

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
    const parts = { ground, vault, opened, template, tree, signal: stop.signal };
    const out = compressor();
    // Who reads is told by the reading.
    pipeline(Readable.from(tarOf(parts), { objectMode: false }), out, () => {});
    for await (const bytes of out) yield bytes as Uint8Array;
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

async function* tarOf(parts: ExportParts): AsyncGenerator<Buffer> {
  const { opened, tree, signal } = parts;
  const changedAt = opened.summary.takenAt;
  const head = (name: string, kind: TarHead['kind'], size: number): Buffer =>
    tarHeader({ name, kind, size, changedAt });
  const text = (name: string, content: Buffer): Buffer =>
    Buffer.concat([head(name, 'file', content.length), content, tarPadding(content.length)]);
  yield text(HEAD_NAME, Buffer.from(JSON.stringify(headOf(parts), null, 2)));
  for (const path of tree.directories) yield head(DATA_PREFIX + path, 'directory', 0);
  const sums: string[] = [];
  const content = contentOf(parts);
  for (const [path, { size }] of tree.files) {
    yield head(DATA_PREFIX + path, 'file', size);
    const hash = createHash('sha256');
    for (let left = size; left > 0; ) {
      signal.throwIfAborted();
      const { value: bytes } = await content.next();
      if (!bytes) throw new Error('the content ended early');
      left -= bytes.length;
      hash.update(bytes);
      yield bytes;
    }
    yield tarPadding(size);
    sums.push(sumLine(hash.digest('hex'), path));
  }
  yield text(SUMS_NAME, Buffer.from(sums.join('')));
  yield tarEnd();
}

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
  for (const batch of await inTurns(batchSteps(stored))) {
    const fetched = await fetcher.fetch(batch);
    const job = { kind: 'read', templateDir: template.dir, ...fetched } as const;
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
