/**
 * Takes a portable file for a snapshot.
 *
 * Whoever made it is not trusted. All of it is looked at before the snapshot is there; what is stored
 * on the way is named by nothing until then. Settings come from this machine's template, since a file
 * of them may name programs to be run.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import type { Notes, Snapshot, SnapshotRef, SourceEntry } from '../domain/archive.ts';
import { fault, isFault } from '../domain/faults.ts';
import { parseTenantId } from '../domain/ids.ts';
import { treeHash } from './chunks.ts';
import { CONTROL_FILE, parseControlFile } from './control-file.ts';
import { EntryStream } from './entry-stream.ts';
import type { Ground } from './ground.ts';
import { mustBeNewer } from './head.ts';
import { eachInFlight } from './in-flight.ts';
import { knownChunks } from './known-chunks.ts';
import { type Manifest, treeOf } from './manifest.ts';
import { PackWriter } from './packs.ts';
import {
  DATA_PREFIX,
  decompressorOf,
  HEAD_NAME,
  MAGIC_BYTES,
  PORTABLE_FORMAT,
  type PortableHead,
  SUMS_NAME,
  sumLine,
} from './portable.ts';
import { discardPacks, packBytesOf } from './save.ts';
import { engineOf, runJob } from './scanning.ts';
import { type Draft, swingOrTakeBack, writeManifest } from './sharing.ts';
import { type TarEntry, TarRefusal, tarEntries } from './tar-reader.ts';
import type { Template } from './template.ts';
import { TreeBuilder } from './tree-builder.ts';
import { isSettingsFile } from './tree-names.ts';
import { Refusal } from './tree-walk.ts';

export type ImportRequest = SnapshotRef & {
  readonly name: string | null;
  /** In place of those of the file. */
  readonly notes: Notes;
  readonly file: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
};

const HEAD_BYTES_MAX = 4 * 1024 * 1024;

export async function importFile(ground: Ground, request: ImportRequest): Promise<Snapshot> {
  const { signal } = request;
  signal.throwIfAborted();
  const vault = await ground.vaults.findOrMake(request.vault);
  await mustBeNewer(ground, vault, request);
  const template = await ground.templates.own();
  await ground.templates.keepOwn(signal);
  const writer = new PackWriter({
    ...{ store: ground.store, vault, random: ground.random, workers: ground.workers },
    ...{ template: template.hash, signal },
  });
  const draft = await drafted(ground, request, { template, writer }).catch(
    async (error: unknown) => {
      await discardPacks(ground, vault, writer);
      throw error;
    },
  );
  await ground.failpoints.reach('archive.packed');
  const { snapshot, isMine } = await writeManifest(ground, vault, request, draft);
  await ground.failpoints.reach('archive.listed');
  await swingOrTakeBack(ground, vault, request, isMine);
  await ground.failpoints.reach('archive.headed');
  return snapshot;
}

const bad = (why: string, cause?: unknown): Error => fault('BAD_IMPORT', { why }, { cause });

type Making = { readonly template: Template; readonly writer: PackWriter };

async function drafted(ground: Ground, request: ImportRequest, making: Making): Promise<Draft> {
  const { template, writer } = making;
  const builder = new TreeBuilder({ template, stored: new Map(), writer });
  const file = new PortableFile(request.file, request.signal, ground.limits.entriesMax);
  try {
    const known = knownChunks(template.numberOf.keys(), template.numberOf.size);
    const { signal } = request;
    const stream = new EntryStream({ builder, limits: ground.limits, signal }, file.entries());
    const parts = { workers: ground.workers, builder, templateDir: template.dir, known, signal };
    await eachInFlight(stream.jobs(), ground.workers.width + 1, (job) => runJob(parts, '/', job));
    addSettings(builder, template);
    const made = await manifestOf(stream, file, { builder, template, writer });
    const manifest = { ...made, notes: { ...made.notes, ...request.notes } };
    const { head } = file;
    const bytes = stream.bytes;
    return { manifest, summary: summaryOf(ground, request, { head, manifest, writer, bytes }) };
  } catch (error) {
    if (file.failure !== undefined) throw file.failure;
    if (error instanceof Refusal) throw bad(error.message.replace(/^.*?: /, ''), error);
    if (error instanceof TarRefusal) throw bad(error.message, error);
    throw error;
  }
}

type Summing = {
  readonly head: PortableHead;
  readonly manifest: Manifest;
  readonly writer: PackWriter;
  readonly bytes: number;
};

const summaryOf = (
  { clock }: Ground,
  { name }: ImportRequest,
  { head, manifest, writer, bytes }: Summing,
): Draft['summary'] => ({
  ...{ name, takenAt: clock.wall(), logicalBytes: bytes, taken: head.taken },
  ...{ packBytesAdded: writer.writtenBytes, packBytesReached: packBytesOf(manifest.blobs) },
  ...{ doubt: null, treeHash: manifest.treeHash },
});

function addSettings(builder: TreeBuilder, template: Template): void {
  for (const [path, { size, chunks }] of template.tree.files) {
    if (!isSettingsFile(path)) continue;
    builder.file(path, size);
    builder.place(path, 0, chunks);
  }
}

async function manifestOf(
  stream: EntryStream,
  file: PortableFile,
  { builder, template, writer }: Making & { readonly builder: TreeBuilder },
): Promise<Manifest> {
  const { head } = file;
  const engine = await mustRunHere(stream, head, template);
  const { tree, directories, removed, files } = builder.finish();
  if (head.taken === 'running' && !tree.files.has('backup_label'))
    throw bad('it lacks backup_label');
  if (head.taken === 'stopped' && tree.files.has('backup_label')) throw bad('it was not stopped');
  const manifest: Manifest = {
    template: { hash: template.hash, name: template.name },
    ...{ engine, origin: head.origin, notes: head.notes },
    ...{
      directories,
      removed,
      files,
      blobs: await writer.finish(),
      doubtful: [],
      treeHash: treeHash(tree),
    },
  };
  try {
    treeOf(manifest, template);
  } catch (error) {
    throw bad(error instanceof Error ? error.message : 'its files contradict each other', error);
  }
  return manifest;
}

/** The data is what its head says, and of the PostgreSQL that runs here. */
async function mustRunHere(
  stream: EntryStream,
  head: PortableHead,
  template: Template,
): Promise<Manifest['engine']> {
  const bytes = stream.kept.get(CONTROL_FILE);
  const version = stream.kept.get('PG_VERSION');
  if (!bytes || !version) throw bad('it holds no data directory');
  const own = parseControlFile(await readFile(join(template.dir, CONTROL_FILE)));
  const major = (await readFile(join(template.dir, 'PG_VERSION'), 'utf8')).trim();
  let control: ReturnType<typeof parseControlFile>;
  try {
    control = parseControlFile(bytes);
  } catch (error) {
    throw bad('its pg_control is damaged', error);
  }
  const engine = engineOf(control, version);
  if (engine.major !== major || control.catalogVersion !== own.catalogVersion) {
    throw bad(`it is of another PostgreSQL than ${major}, which runs here`);
  }
  if (control.blockBytes !== own.blockBytes || control.controlVersion !== own.controlVersion) {
    throw bad('it is of a PostgreSQL that was built in another way');
  }
  if (head.taken === 'stopped' && !control.isShutDown) throw bad('it was not shut down cleanly');
  return engine;
}

/** The parts of a portable file, in the only order that there is. */
class PortableFile {
  readonly #entries: AsyncGenerator<TarEntry>;
  readonly #filesMax: number;
  readonly #sums: string[] = [];
  #head: PortableHead | undefined;
  /** Why the file could not be had: not its own fault. */
  failure: unknown;

  constructor(file: AsyncIterable<Uint8Array>, signal: AbortSignal, filesMax: number) {
    this.#entries = tarEntries(this.#unpacked(file, signal));
    this.#filesMax = filesMax;
  }

  /** Known once the first entry was read. */
  get head(): PortableHead {
    if (!this.#head) throw bad(`it does not begin with ${HEAD_NAME}`);
    return this.#head;
  }

  async *entries(): AsyncGenerator<SourceEntry> {
    let isEnded = false;
    for await (const entry of this.#entries) {
      if (isEnded) throw bad(`it goes on behind ${SUMS_NAME}`);
      if (!this.#head) this.#head = parseHead(entry, await textOf(entry, HEAD_BYTES_MAX));
      else if (entry.name === SUMS_NAME) {
        await this.#compareSums(entry);
        isEnded = true;
      } else yield* this.#data(entry);
    }
    if (!isEnded) throw bad(`it lacks ${SUMS_NAME}`);
  }

  async *#data(entry: TarEntry): AsyncGenerator<SourceEntry> {
    const { name, kind, size } = entry;
    if (!name.startsWith(DATA_PREFIX)) throw bad('it holds files that are not data');
    const path = name.slice(DATA_PREFIX.length);
    const content = this.#summed(path, entry);
    if (kind === 'directory') yield { path, kind, size: 0, content: entry.content };
    else if (!isSettingsFile(path)) yield { path, kind, size, content };
    // What nobody wanted is read past, and counts all the same.
    for await (const _ of content);
  }

  async *#summed(path: string, { kind, content }: TarEntry): AsyncGenerator<Uint8Array> {
    if (kind === 'directory') return;
    // Those that no snapshot holds are counted by nobody else.
    if (this.#sums.length >= this.#filesMax) throw bad('it holds too many files');
    const hash = createHash('sha256');
    for await (const bytes of content) {
      hash.update(bytes);
      yield bytes;
    }
    this.#sums.push(sumLine(hash.digest('hex'), path));
  }

  async #compareSums(entry: TarEntry): Promise<void> {
    const ours = this.#sums.join('').split('\n').sort().join('\n');
    // Of another length they are others: who made the file may have made them as long as they like.
    const text = entry.size === ours.length ? await textOf(entry, ours.length) : '';
    const theirs = text.split('\n').sort().join('\n');
    if (theirs !== ours) throw bad('its files are not those of its SHA256SUMS');
  }

  async *#unpacked(
    file: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const own = this.#watched(file, signal);
    const { beginning, all } = await peeked(own);
    const unpack = decompressorOf(beginning);
    if (!unpack) throw bad('it is not compressed as it should be');
    const source = Readable.from(all, { objectMode: false });
    pipeline(source, unpack, () => {});
    try {
      for await (const bytes of unpack) yield bytes as Uint8Array;
    } catch (error) {
      throw this.failure ?? bad('it is damaged', error);
    }
  }

  async *#watched(
    file: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of file) {
        signal.throwIfAborted();
        yield bytes;
      }
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

async function peeked(
  file: AsyncGenerator<Uint8Array>,
): Promise<{ beginning: Buffer; all: AsyncGenerator<Uint8Array> }> {
  let beginning = Buffer.alloc(0);
  while (beginning.length < MAGIC_BYTES) {
    const next = await file.next();
    if (next.done) break;
    beginning = Buffer.concat([beginning, next.value]);
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield beginning;
    yield* file;
  };
  return { beginning, all: all() };
}

async function textOf({ kind, size, content }: TarEntry, bytesMax: number): Promise<string> {
  if (kind !== 'file' || size > bytesMax) throw bad('it begins or ends with something else');
  const parts: Uint8Array[] = [];
  for await (const bytes of content) parts.push(bytes);
  return Buffer.concat(parts).toString();
}

function parseHead({ name }: TarEntry, text: string): PortableHead {
  if (name !== HEAD_NAME) throw bad(`it does not begin with ${HEAD_NAME}`);
  try {
    const head = JSON.parse(text) as PortableHead;
    if (head.format !== PORTABLE_FORMAT) throw bad('it was made by a later version');
    parseTenantId(head.origin);
    const isTaken = head.taken === 'stopped' || head.taken === 'running';
    const isNoted =
      typeof head.notes === 'object' &&
      head.notes !== null &&
      Object.values(head.notes).every((note) => typeof note === 'string');
    if (isTaken && isNoted) return head;
  } catch (error) {
    if (isFault(error, 'BAD_IMPORT')) throw error;
    throw bad(`its ${HEAD_NAME} cannot be read`, error);
  }
  throw bad(`its ${HEAD_NAME} lacks something`);
}
