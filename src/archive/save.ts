/**
 * Writes a snapshot.
 *
 *   packs ─▶ read back ─▶ manifest, if there is none ─▶ read back ─▶ head, if it is not newer
 *
 * The manifest is the snapshot. Before it is there, nothing of it is: what a crash leaves is packs
 * that nothing reaches, for collection. Once it is there the snapshot is complete and counts, even if
 * a crash kept the head from following; the head only fences off writers whose picture of the tenant
 * is older than another's. Such a one takes its manifest back and is refused.
 *
 * A snapshot that is saved again, after an answer was lost, is the same one if the data is; for other
 * data its id is refused.
 */
import type { SaveRequest, Snapshot } from '../domain/archive.ts';
import { assert } from '../domain/assert.ts';
import { elapsed, type Instant } from '../domain/units.ts';
import { type Base, findBase } from './base.ts';
import { hashSteps } from './chunks.ts';
import type { Ground } from './ground.ts';
import { mustBeNewer } from './head.ts';
import { knownSteps } from './known-chunks.ts';
import { type Blob, type Manifest, treeSteps } from './manifest.ts';
import { decodeSteps, encodeSteps } from './manifest-bytes.ts';
import { PackWriter } from './packs.ts';
import { Progress } from './progress.ts';
import { keepScan, recallOf } from './scan-cache.ts';
import { type Scanned, scanSource } from './scanning.ts';
import { type Draft, swingOrTakeBack, writeManifest } from './sharing.ts';
import type { Summary } from './snapshots.ts';
import { inTurns } from './steps.ts';
import type { Template } from './template.ts';
import { type BadPage, TreeBuilder } from './tree-builder.ts';
import { packKey, type Vault } from './vault.ts';

/** Of pages with a wrong checksum, those that are named. */
const BAD_PAGES_NAMED = 10;

export async function save(ground: Ground, request: SaveRequest): Promise<Snapshot> {
  const { vaults, templates, clock } = ground;
  request.signal.throwIfAborted();
  const startedAt = clock.now();
  const startedWall = clock.wall();
  const vault = await vaults.findOrMake(request.vault);
  await mustBeNewer(ground, vault, request);
  const template = await templates.own();
  const base = await findBase(ground, vault, template, request);
  await templates.keepOwn(request.signal);
  const writer = new PackWriter({
    ...{ store: ground.store, vault, random: ground.random, workers: ground.workers },
    ...{ template: template.hash, signal: request.signal },
  });
  const made = await drafted(ground, request, { base, writer }).catch(async (error: unknown) => {
    await discardPacks(ground, vault, writer);
    throw error;
  });
  await ground.failpoints.reach('archive.packed');
  mustBeInTime(ground, startedAt);
  const snapshot = await commit(ground, vault, request, made.draft);
  await keepScan(ground, request, { template: template.hash, scanned: made.scanned, startedWall });
  return snapshot;
}

function mustBeInTime({ clock, grace }: Ground, startedAt: Instant): void {
  const isLate = grace > 0 && elapsed(startedAt, clock.now()) > grace / 2;
  if (isLate)
    throw new Error('the save took so long that what it builds on may have been collected');
}

type Made = { readonly draft: Draft; readonly scanned: Scanned };

type Making = { readonly base: Base; readonly writer: PackWriter };

async function drafted(
  ground: Ground,
  request: SaveRequest,
  { base, writer }: Making,
): Promise<Made> {
  const { templates, workers, limits, clock } = ground;
  const { source, signal, name, notes, tenant, onProgress } = request;
  const progress = new Progress(clock, onProgress);
  const template = await templates.own();
  const builder = new TreeBuilder({ template, stored: base.stored, writer });
  const ids = [...template.numberOf.keys(), ...base.stored.keys()];
  const known = await inTurns(knownSteps(ids, ids.length));
  const parts = { workers, limits, builder, templateDir: template.dir, known, signal, progress };
  const recall = await recallOf(ground, request, { base, template, builder });
  const scanned = await scanSource(parts, source, recall);
  const { tree, directories, removed, files } = builder.finish();
  const blobs = await writer.finish();
  signal.throwIfAborted();
  const hash = await inTurns(hashSteps(tree));
  const doubt = doubtOf(ground, request, builder.badPages);
  const manifest: Manifest = {
    template: { hash: template.hash, name: template.name },
    ...{ engine: scanned.engine, origin: tenant, directories, removed, files, blobs },
    ...{ notes, doubtful: builder.doubtful, treeHash: hash },
  };
  const summary: Summary = {
    ...{ name, takenAt: clock.wall(), logicalBytes: scanned.logicalBytes, taken: source.kind },
    ...{ packBytesAdded: writer.writtenBytes, packBytesReached: packBytesOf(blobs) },
    ...{ doubt, treeHash: hash },
  };
  await mustTellTree(manifest, template);
  return { draft: { manifest, summary }, scanned };
}

/** What will be read back is told by these bytes: they must tell the tree that was saved. */
async function mustTellTree(manifest: Manifest, template: Template): Promise<void> {
  const bytes = await inTurns(encodeSteps(manifest));
  const told = await inTurns(treeSteps(await inTurns(decodeSteps(bytes)), template));
  const hash = await inTurns(hashSteps(told));
  assert(hash === manifest.treeHash, 'a manifest does not tell its tree');
}

export const packBytesOf = (blobs: readonly Blob[]): number =>
  blobs.reduce((sum, { at, length }) => sum + (at.kind === 'pack' ? length : 0), 0);

/** Damage of the tenant's own disk: it is kept as it is, and does not displace what was good. */
function doubtOf({ log }: Ground, request: SaveRequest, bad: readonly BadPage[]): string | null {
  const [first] = bad;
  if (!first) return null;
  const { tenant, snapshot } = request;
  const pages = bad.slice(0, BAD_PAGES_NAMED).map(({ path, page }) => `${path} block ${page}`);
  log.error('pages of a data directory have wrong checksums; snapshots taken before are kept', {
    ...{ tenant, snapshot, pages, count: bad.length },
  });
  return `${bad.length} pages have wrong checksums, the first is block ${first.page} of ${first.path}`;
}

/**
 * The manifest, then the head. Fails if the vault was closed or collected meanwhile: see collect.ts for
 * why a save that took less than half of the grace time cannot meet that.
 */
async function commit(
  ground: Ground,
  vault: Vault,
  request: SaveRequest,
  draft: Draft,
): Promise<Snapshot> {
  const { failpoints } = ground;
  const { snapshot, isMine } = await writeManifest(ground, vault, request, draft);
  await failpoints.reach('archive.listed');
  await swingOrTakeBack(ground, vault, request, isMine);
  await failpoints.reach('archive.headed');
  return snapshot;
}

/** Nothing reaches them, so nobody misses them; collection takes what is left. */
export async function discardPacks(
  { store }: Ground,
  vault: Vault,
  writer: PackWriter,
): Promise<void> {
  const keys = writer.written.map((pack) => packKey(vault, pack));
  if (keys.length > 0) await store.delete(keys).catch(() => {});
}
