/**
 * What the last save or load of a tenant saw of its files, so that the next save need not read those that
 * have not changed since. A cache on this machine: without it all is read and hashed, and nothing more stored.
 *
 * It is of the snapshot that the next save builds on, and of the very directory that it was made of, or
 * made. A file that was changed shortly before that scan is read again: its time may hide a later change
 * within the same tick. Source: git, `Documentation/technical/racy-git.txt`.
 *
 * A load writes its last file when all others have been looked at, and nobody else writes before it is done.
 * So the time of that file is no later than that of any change to come, by the clock of the very file system:
 * what is older by a tick can hide none.
 */
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadRequest, SaveRequest, SnapshotRef } from '../domain/archive.ts';
import type { SnapshotId, TenantId } from '../domain/ids.ts';
import { seconds, type Timestamp } from '../domain/units.ts';
import type { Base } from './base.ts';
import { type Tree, ZERO } from './chunks.ts';
import { CONTROL_FILE } from './control-file.ts';
import type { Ground } from './ground.ts';
import { treeSteps } from './manifest.ts';
import type { Recall, Scanned } from './scanning.ts';
import { inTurns } from './steps.ts';
import type { Template } from './template.ts';
import type { TreeBuilder } from './tree-builder.ts';
import type { SeenFile, SeenTree } from './tree-walk.ts';

const FORMAT = 1;
const RACY = seconds(2);
const NS_OF_MS = 1_000_000n;

/** Path, size, identity, mtime and ctime in nanoseconds. */
type Row = readonly [string, number, string, string, string];

type Cache = {
  readonly format: number;
  readonly snapshot: SnapshotId;
  readonly template: string;
  readonly directory: string;
  readonly files: readonly Row[];
};

const NOTHING: Recall = () => false;

const dirOf = (scratchDir: string): string => join(scratchDir, 'scans');
const fileOf = (scratchDir: string, tenant: TenantId): string => join(dirOf(scratchDir), tenant);

export type RecallParts = {
  readonly base: Base;
  readonly template: Template;
  readonly builder: TreeBuilder;
};

/** Places files that have not changed since the last save, without reading them. */
export async function recallOf(
  { scratchDir }: Ground,
  { tenant, source }: SaveRequest,
  { base, template, builder }: RecallParts,
): Promise<Recall> {
  const { manifest, snapshot, stored } = base;
  if (scratchDir === null || source.kind !== 'stopped' || manifest === null) return NOTHING;
  const cache = await readCache(fileOf(scratchDir, tenant));
  const isOfBase = cache?.snapshot === snapshot && cache?.template === template.hash;
  if (!cache || !isOfBase || manifest.template.hash !== template.hash) return NOTHING;
  const rows = new Map(cache.files.map((row) => [row[0], row]));
  const tree: Tree = await inTurns(treeSteps(manifest, template));
  return (file, root) => {
    const row = rows.get(file.path);
    const known = tree.files.get(file.path);
    if (!row || root.identity !== cache.directory || known?.size !== file.size) return false;
    const isSame = rowOf(file).every((value, at) => value === row[at]);
    const isAtHand = known.chunks.every(
      (id) => id === ZERO || template.numberOf.has(id) || stored.has(id),
    );
    if (!isSame || !isAtHand) return false;
    builder.place(file.path, 0, known.chunks);
    return true;
  };
}

const rowOf = ({ path, size, identity, mtime, ctime }: SeenFile): Row => [
  path,
  size,
  identity,
  mtime.toString(),
  ctime.toString(),
];

/** Undefined for none, or one that cannot be read. */
async function readCache(path: string): Promise<Cache | undefined> {
  try {
    const cache = JSON.parse(await readFile(path, 'utf8')) as Cache;
    return cache.format === FORMAT ? cache : undefined;
  } catch {
    return undefined;
  }
}

export type ScanResult = {
  readonly template: string;
  readonly scanned: Scanned;
  readonly startedWall: Timestamp;
};

/** Remembers a scan for the next save. */
export async function keepScan(
  ground: Ground,
  request: SaveRequest,
  { template, scanned: { seen }, startedWall }: ScanResult,
): Promise<void> {
  if (seen) await keep(ground, request, { template, seen, before: startedWall - RACY });
}

export type LoadResult = {
  readonly template: string;
  /** All files but the last as they were when that was still to be written; null if nobody looked. */
  readonly seen: SeenTree | null;
};

/** Remembers what was loaded for the next save. */
export async function keepLoaded(
  ground: Ground,
  request: LoadRequest,
  { template, seen }: LoadResult,
): Promise<void> {
  if (!seen) return;
  const last = await lstat(join(request.into, CONTROL_FILE));
  await keep(ground, request, { template, seen, before: last.ctimeMs });
}

type Seen = Pick<LoadResult, 'template'> & {
  readonly seen: Pick<SeenTree, 'root' | 'files'>;
  /** In ms since 1970: a file with a later time may have been changed since. */
  readonly before: number;
};

/** Without it the next save is only slower, so a failure is only logged. */
async function keep(
  { scratchDir, log }: Ground,
  { tenant, snapshot }: SnapshotRef,
  { template, seen, before }: Seen,
): Promise<void> {
  if (scratchDir === null) return;
  const racyFrom = BigInt(Math.floor(before)) * NS_OF_MS;
  const files = seen.files.filter(({ mtime, ctime }) => mtime < racyFrom && ctime < racyFrom);
  const cache: Cache = {
    ...{ format: FORMAT, snapshot, template, directory: seen.root.identity },
    files: files.map(rowOf),
  };
  try {
    await mkdir(dirOf(scratchDir), { recursive: true, mode: 0o700 });
    const draft = `${fileOf(scratchDir, tenant)}.new`;
    await writeFile(draft, JSON.stringify(cache), { mode: 0o600 });
    await rename(draft, fileOf(scratchDir, tenant));
  } catch (error) {
    log.warn('what was seen of a data directory is not remembered', {
      tenant,
      error: String(error),
    });
  }
}

export async function forgetScan({ scratchDir }: Ground, tenant: TenantId): Promise<void> {
  if (scratchDir !== null) await rm(fileOf(scratchDir, tenant), { force: true });
}
