/** Feeds a data directory, or what a running PostgreSQL sends of one, to the workers in jobs. */
import { closeSync, readFileSync } from 'node:fs';
import type { Source, SourceEntry } from '../domain/archive.ts';
import { CHUNK_BYTES, chunkCount } from './chunks.ts';
import { CONTROL_FILE, type ControlFile, parseControlFile, segmentName } from './control-file.ts';
import { EntryStream, JOB_BYTES, JOB_PIECES_MAX } from './entry-stream.ts';
import type { Ground } from './ground.ts';
import { eachInFlight } from './in-flight.ts';
import type { Engine } from './manifest.ts';
import { firstPageOf } from './page-checksum.ts';
import type { Progress } from './progress.ts';
import type { Piece, TreeBuilder } from './tree-builder.ts';
import { openSeen, refusal, type SeenFile } from './tree-walk.ts';

/** The checkpoint's record may go on in the next segment. Source: it is shorter than a page. */
const RECORD_BYTES_MAX = 8_192n;

export type ScanParts = Pick<Ground, 'workers' | 'limits'> & {
  readonly builder: TreeBuilder;
  readonly templateDir: string;
  readonly known: SharedArrayBuffer;
  readonly signal: AbortSignal;
  /** Of the bytes that are looked at. */
  readonly progress?: Progress;
};

/** Files whose content is known without reading them. Returns whether it has placed them. */
export type Recall = (file: SeenFile, root: SeenFile) => boolean;

export type Scanned = {
  readonly engine: Engine;
  readonly logicalBytes: number;
  /** The directory as it was seen; null for a running source. */
  readonly seen: { readonly root: SeenFile; readonly files: readonly SeenFile[] } | null;
};

export const scanSource = (parts: ScanParts, source: Source, recall: Recall): Promise<Scanned> =>
  source.kind === 'stopped'
    ? scanStopped(parts, source.path, recall)
    : scanRunning(parts, source.entries);

async function scanStopped(parts: ScanParts, dir: string, recall: Recall): Promise<Scanned> {
  const { workers, limits, builder } = parts;
  const tree = await workers.run({ kind: 'walk', dir, limits });
  const read = (path: string): Buffer => readSmall(dir, tree.files, path);
  const bytes = read(CONTROL_FILE);
  const control = parseControlFile(bytes);
  if (!control.isShutDown) throw refusal(CONTROL_FILE, 'says that it was not shut down cleanly');
  const files = tree.files.filter(({ path }) => isNeededWal(path, control));
  for (const path of tree.directories) builder.directory(path);
  for (const { path, size } of files) builder.file(path, size);
  const unknown = files.filter((file) => !recall(file, tree.root));
  const logicalBytes = bytesOf(files);
  parts.progress?.expect(logicalBytes);
  parts.progress?.add(logicalBytes - bytesOf(unknown));
  await scanFiles(parts, dir, { files: unknown, hasChecksums: control.hasChecksums });
  if (!read(CONTROL_FILE).equals(bytes))
    throw refusal(CONTROL_FILE, 'was changed while it was read');
  return {
    engine: engineOf(control, read('PG_VERSION')),
    logicalBytes,
    seen: { root: tree.root, files },
  };
}

const bytesOf = (files: readonly SeenFile[]): number =>
  files.reduce((sum, { size }) => sum + size, 0);

/** Has the content of files taken by the builder, which knows their names. */
export async function scanFiles(
  parts: Omit<ScanParts, 'limits'>,
  dir: string,
  { files, hasChecksums }: { readonly files: readonly SeenFile[]; readonly hasChecksums: boolean },
): Promise<void> {
  const jobs = jobsOf(filePieces(files, parts.builder, hasChecksums));
  await eachInFlight(jobs, parts.workers.width + 1, async (pieces) => {
    parts.signal.throwIfAborted();
    await runJob(parts, dir, pieces);
  });
}

export async function runJob(
  parts: Omit<ScanParts, 'limits'>,
  dir: string,
  pieces: readonly Piece[],
): Promise<void> {
  const { workers, templateDir, known, builder, progress } = parts;
  const memory = pieces.flatMap(({ part: { content } }) =>
    content.kind === 'bytes' ? [content.bytes.buffer as ArrayBuffer] : [],
  );
  const request = { kind: 'scan', dir, templateDir, known, parts: pieces.map(({ part }) => part) };
  const answer = await workers.run(request as never, [...new Set(memory)]);
  await builder.take(pieces, answer);
  progress?.add(pieces.reduce((sum, piece) => sum + lookedAt(piece), 0));
}

function readSmall(dir: string, files: readonly SeenFile[], path: string): Buffer {
  const file = files.find((one) => one.path === path);
  if (!file || file.size > CHUNK_BYTES) throw refusal(path, 'is missing');
  const fd = openSeen(dir, file);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Of the WAL of a stopped cluster only the checkpoint is needed that its next start begins with. */
function isNeededWal(path: string, control: ControlFile): boolean {
  const name = /^pg_wal\/([0-9A-F]{24})$/.exec(path)?.[1];
  if (name === undefined) return !/^pg_wal\/.*\.(?:partial|backup)$/.test(path);
  const last = segmentName(control, control.checkpoint + RECORD_BYTES_MAX);
  return name >= segmentName(control, control.redo) && name <= last;
}

export const engineOf = (control: ControlFile, version: Buffer): Engine => ({
  major: version.toString().trim(),
  controlVersion: control.controlVersion,
  catalogVersion: control.catalogVersion,
  blockBytes: control.blockBytes,
  segmentBytes: control.segmentBytes,
  hasChecksums: control.hasChecksums,
  systemId: control.systemId,
  checkpoint: control.checkpoint.toString(),
  redo: control.redo.toString(),
});

function* filePieces(
  files: readonly SeenFile[],
  builder: TreeBuilder,
  hasChecksums: boolean,
): Generator<Piece> {
  const chunksMax = JOB_BYTES / CHUNK_BYTES;
  for (const file of files) {
    const all = chunkCount(file.size);
    const template = builder.templateFile(file.path);
    const firstPage = hasChecksums ? firstPageOf(file.path) : null;
    for (let from = 0; from < all; from += chunksMax) {
      const count = Math.min(chunksMax, all - from);
      const content = { kind: 'file', file } as const;
      yield { path: file.path, part: { content, from, count, template, firstPage } };
    }
  }
}

const pieceBytes = ({ part: { content, count } }: Piece): number =>
  content.kind === 'bytes'
    ? content.bytes.length
    : Math.min(content.file.size, count * CHUNK_BYTES);

/** The last chunk of a file may be short. */
const lookedAt = ({ part: { content, from, count } }: Piece): number =>
  content.kind === 'bytes'
    ? content.bytes.length
    : Math.min(content.file.size - from * CHUNK_BYTES, count * CHUNK_BYTES);

/** Puts pieces together until they are worth a job. */
function* jobsOf(pieces: Iterable<Piece>): Generator<readonly Piece[]> {
  let job: Piece[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    if (bytes + pieceBytes(piece) > JOB_BYTES || job.length >= JOB_PIECES_MAX) {
      if (job.length > 0) yield job;
      job = [];
      bytes = 0;
    }
    job.push(piece);
    bytes += pieceBytes(piece);
  }
  if (job.length > 0) yield job;
}

async function scanRunning(
  parts: ScanParts,
  entries: AsyncIterable<SourceEntry>,
): Promise<Scanned> {
  const stream = new EntryStream(parts, entries);
  await eachInFlight(stream.jobs(), parts.workers.width + 1, (pieces) =>
    runJob(parts, '/', pieces),
  );
  const control = stream.kept.get(CONTROL_FILE);
  const version = stream.kept.get('PG_VERSION');
  if (!control || !version) throw refusal(CONTROL_FILE, 'is missing');
  const engine = engineOf(parseControlFile(control), version);
  return { engine, logicalBytes: stream.bytes, seen: null };
}
