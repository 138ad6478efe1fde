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
import { fault, isFault } from '../domain/faults.ts';
import { type Base, findBase } from './base.ts';
import { treeHash } from './chunks.ts';
import type { Ground } from './ground.ts';
import { mustBeNewer, swingHead } from './head.ts';
import { knownChunks } from './known-chunks.ts';
import type { Blob, Manifest } from './manifest.ts';
import { createWhole, PackWriter } from './packs.ts';
import { scanSource } from './scanning.ts';
import { encodeSnapshot, type Summary, snapshotOf } from './snapshots.ts';
import { type BadPage, TreeBuilder } from './tree-builder.ts';
import { manifestKey, packKey, type Vault } from './vault.ts';

/** Of pages with a wrong checksum, those that are named. */
const BAD_PAGES_NAMED = 10;

type Draft = { readonly manifest: Manifest; readonly summary: Summary };

export async function save(ground: Ground, request: SaveRequest): Promise<Snapshot> {
  const { vaults, templates, clock } = ground;
  request.signal.throwIfAborted();
  const startedAt = clock.now();
  const vault = await vaults.findOrMake(request.vault);
  await mustBeNewer(ground, vault, request);
  const template = await templates.own();
  const base = await findBase(ground, vault, template, request);
  await templates.keepOwn(request.signal);
  const writer = new PackWriter({
    ...{ store: ground.store, vault, random: ground.random },
    ...{ template: template.hash, signal: request.signal },
  });
  const draft = await drafted(ground, request, { base, writer }).catch(async (error: unknown) => {
    await discardPacks(ground, vault, writer);
    throw error;
  });
  await ground.failpoints.reach('archive.packed');
  return commit(ground, vault, request, { draft, startedAt });
}

type Making = { readonly base: Base; readonly writer: PackWriter };

async function drafted(
  ground: Ground,
  request: SaveRequest,
  { base, writer }: Making,
): Promise<Draft> {
  const { templates, workers, limits, clock } = ground;
  const { source, signal, name, notes, tenant } = request;
  const template = await templates.own();
  const builder = new TreeBuilder({ template, stored: base.stored, writer });
  const ids = [...template.numberOf.keys(), ...base.stored.keys()];
  const known = knownChunks(ids, ids.length);
  const parts = { workers, limits, builder, templateDir: template.dir, known, signal };
  const scanned = await scanSource(parts, source, () => false);
  const { tree, directories, removed, files } = builder.finish();
  const blobs = await writer.finish();
  signal.throwIfAborted();
  const hash = treeHash(tree);
  const doubt = doubtOf(ground, request, builder.badPages);
  const manifest: Manifest = {
    template: { hash: template.hash, name: template.name },
    ...{ engine: scanned.engine, origin: tenant, directories, removed, files, blobs },
    ...{ notes, treeHash: hash },
  };
  const summary: Summary = {
    ...{ name, takenAt: clock.wall(), logicalBytes: scanned.logicalBytes, taken: source.kind },
    ...{ packBytesAdded: writer.writtenBytes, packBytesReached: reachedBytes(blobs) },
    ...{ doubt, treeHash: hash },
  };
  return { manifest, summary };
}

const reachedBytes = (blobs: readonly Blob[]): number =>
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

type Committing = { readonly draft: Draft; readonly startedAt: ReturnType<Ground['clock']['now']> };

async function commit(
  ground: Ground,
  vault: Vault,
  request: SaveRequest,
  { draft }: Committing,
): Promise<Snapshot> {
  const { store, random, failpoints, vaults } = ground;
  const key = manifestKey(vault, request.tenant, request.snapshot);
  const bytes = encodeSnapshot({ vault, key, random }, draft.summary, draft.manifest);
  const isMine = await createWhole(store, key, bytes);
  if (!isMine) return sameOrRefused(ground, vault, request, draft);
  await failpoints.reach('archive.listed');
  try {
    if (!(await vaults.isCurrent(vault))) {
      throw fault('STALE_GENERATION', { tenant: request.tenant });
    }
    await swingHead(ground, vault, request);
  } catch (error) {
    if (isFault(error, 'STALE_GENERATION')) await store.delete([key]);
    throw error;
  }
  await failpoints.reach('archive.headed');
  return snapshotOf(request.snapshot, draft.summary, bytes.length);
}

/** A snapshot of this id is there: the one that was asked for, if it holds the same. */
async function sameOrRefused(
  ground: Ground,
  vault: Vault,
  request: SaveRequest,
  { summary }: Draft,
): Promise<Snapshot> {
  const { tenant, snapshot } = request;
  const there = await ground.snapshots.read(vault, tenant, snapshot);
  if (there?.summary.treeHash !== summary.treeHash) throw fault('STALE_GENERATION', { tenant });
  await swingHead(ground, vault, request);
  return there.snapshot;
}

/** Nothing reaches them, so nobody misses them; collection takes what is left. */
async function discardPacks({ store }: Ground, vault: Vault, writer: PackWriter): Promise<void> {
  const keys = writer.written.map((pack) => packKey(vault, pack));
  if (keys.length > 0) await store.delete(keys).catch(() => {});
}
