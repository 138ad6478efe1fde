/**
 * What the last save of a tenant saw of its files, so that the next need not read those that have not
 * changed since. A cache on this machine: without it all is read and hashed, and nothing more stored.
 *
 * It is of the snapshot that the next save builds on, and of the very directory that it was made of. A
 * file that was changed shortly before that scan is read again: its time may hide a later change
 * within the same tick. Source: git, `Documentation/technical/racy-git.txt`.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SaveRequest } from '../domain/archive.ts';
import type { SnapshotId, TenantId } from '../domain/ids.ts';
import { seconds, type Timestamp } from '../domain/units.ts';
import type { Base } from './base.ts';
import { type Tree, ZERO } from './chunks.ts';
import type { Ground } from './ground.ts';
import { treeSteps } from './manifest.ts';
import type { Recall, Scanned } from './scanning.ts';
import { inTurns } from './steps.ts';
import type { Template } from './template.ts';
import type { TreeBuilder } from './tree-builder.ts';
import type { SeenFile } from './tree-walk.ts';

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

/** Remembers a scan for the next save. Without it that is only slower, so a failure is only logged. */
export async function keepScan(
  { scratchDir, log }: Ground,
  { tenant, snapshot }: SaveRequest,
  { template, scanned, startedWall }: ScanResult,
): Promise<void> {
  const { seen } = scanned;
  if (scratchDir === null || !seen) return;
  const racyFrom = BigInt(startedWall - RACY) * NS_OF_MS;
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
