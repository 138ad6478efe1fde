/** Manifests in the store: a small piece with what a list shows, and the rest. */
import type { Snapshot } from '../domain/archive.ts';
import { parseSnapshotId, type SnapshotId, type TenantId } from '../domain/ids.ts';
import type { Random } from '../domain/random.ts';
import { Damage } from './damage.ts';
import type { Manifest } from './manifest.ts';
import { decodeSteps, encodeSteps } from './manifest-bytes.ts';
import { objectBytes, openPiece, sealObject } from './sealed-object.ts';
import { inTurns } from './steps.ts';
import type { Store } from './store.ts';
import { damageKey, manifestKey, manifestsOf, type Vault } from './vault.ts';

/** What a snapshot is, without its content. */
export type Summary = Omit<Snapshot, 'id' | 'damage' | 'addedBytes' | 'storedBytes'> & {
  /** Of packs written for it, and reached by it; its manifest comes on top. */
  readonly packBytesAdded: number;
  readonly packBytesReached: number;
  /** Why its data is doubtful although the snapshot is whole: pages with a wrong checksum. Null for none. */
  readonly doubt: string | null;
  readonly treeHash: string;
};

export type Stored = { readonly summary: Summary; readonly snapshot: Snapshot };

/** Most summaries are read at once; a longer one is read again. */
const SUMMARY_BYTES = 2_048;

export async function encodeSnapshot(
  at: { readonly vault: Vault; readonly key: string; readonly random: Random },
  summary: Summary,
  manifest: Manifest,
): Promise<Buffer> {
  const place = { key: at.vault.key, name: at.key };
  const pieces = [Buffer.from(JSON.stringify(summary)), await inTurns(encodeSteps(manifest))];
  return sealObject(place, at.random, pieces);
}

export function snapshotOf(id: SnapshotId, summary: Summary, manifestBytes: number): Snapshot {
  const { name, takenAt, logicalBytes, taken, packBytesAdded, packBytesReached } = summary;
  const storedBytes = packBytesReached + manifestBytes;
  const addedBytes = packBytesAdded + manifestBytes;
  return { id, name, takenAt, logicalBytes, storedBytes, addedBytes, taken, damage: null };
}

export type Opened = Stored & {
  readonly manifest: Manifest;
  /** Of the object. */
  readonly bytes: number;
};

export class Snapshots {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined if there is none. Throws `Damage`. */
  async read(
    vault: Vault,
    tenant: TenantId,
    id: SnapshotId,
    signal?: AbortSignal,
  ): Promise<Opened | undefined> {
    const name = manifestKey(vault, tenant, id);
    const object = await this.#store.read(name, signal);
    if (!object) return undefined;
    const place = { key: vault.key, name };
    const summary = summaryOf(openPiece(place, object.bytes, 0));
    const body = openPiece(place, object.bytes, 1);
    if (!body) throw new Damage('the manifest is cut short');
    const bytes = object.bytes.length;
    const manifest = await inTurns(decodeSteps(body));
    return { summary, manifest, snapshot: snapshotOf(id, summary, bytes), bytes };
  }

  /** All of a tenant, the latest first. What cannot be read is there as damaged. */
  async list(vault: Vault, tenant: TenantId): Promise<readonly Stored[]> {
    const found: { id: SnapshotId; size: number }[] = [];
    const prefix = manifestsOf(vault, tenant);
    for await (const { key, size } of this.#store.list(prefix)) {
      found.push({ id: parseSnapshotId(key.slice(prefix.length)), size });
    }
    const damaged = await this.damaged(vault, tenant);
    found.sort((a, b) => (a.id < b.id ? 1 : -1));
    const all: Stored[] = [];
    for (const { id, size } of found) {
      const stored = await this.#summary(vault, manifestKey(vault, tenant, id), id, size);
      const damage = damaged.get(id) ?? stored?.snapshot.damage ?? null;
      if (stored) all.push({ ...stored, snapshot: { ...stored.snapshot, damage } });
    }
    return all;
  }

  /** Undefined if it has gone meanwhile. */
  async #summary(
    vault: Vault,
    name: string,
    id: SnapshotId,
    size: number,
  ): Promise<Stored | undefined> {
    const place = { key: vault.key, name };
    try {
      const beginning = await this.#store.readRange(name, { offset: 0, length: SUMMARY_BYTES });
      if (!beginning) return undefined;
      if (objectBytes(beginning) !== size) throw new Damage('the manifest is cut short');
      const piece = openPiece(place, beginning, 0);
      const whole = piece ? undefined : await this.#store.read(name);
      const summary = summaryOf(piece ?? (whole && openPiece(place, whole.bytes, 0)));
      return { summary, snapshot: snapshotOf(id, summary, size) };
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      const snapshot = { ...snapshotOf(id, UNREADABLE, size), damage: error.message };
      return { summary: UNREADABLE, snapshot };
    }
  }

  /** Why snapshots of a tenant were found damaged. */
  async damaged(vault: Vault, tenant: TenantId): Promise<ReadonlyMap<string, string>> {
    const prefix = damageKey(vault, tenant, '');
    const reasons = new Map<string, string>();
    for await (const { key } of this.#store.list(prefix)) {
      const object = await this.#store.read(key);
      if (!object) continue;
      reasons.set(key.slice(prefix.length), reasonOf({ key: vault.key, name: key }, object.bytes));
    }
    return reasons;
  }
}

/** That of a snapshot of which not even that can be read. */
const UNREADABLE: Summary = {
  ...{ name: null, takenAt: 0 as Snapshot['takenAt'], logicalBytes: 0, taken: 'stopped' },
  ...{ packBytesAdded: 0, packBytesReached: 0, doubt: null, treeHash: '' },
};

function summaryOf(piece: Buffer | undefined): Summary {
  if (!piece) throw new Damage('the manifest is cut short');
  return JSON.parse(piece.toString()) as Summary;
}

function reasonOf(place: { key: Buffer; name: string }, bytes: Buffer): string {
  try {
    return openPiece(place, bytes, 0)?.toString() ?? 'for a reason that is lost';
  } catch {
    return 'for a reason that is lost';
  }
}
