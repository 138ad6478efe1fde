/** The head of a tenant: its latest snapshot, swung by compare and swap. */
import type { SnapshotRef } from '../domain/archive.ts';
import { fault } from '../domain/faults.ts';
import type { SnapshotId } from '../domain/ids.ts';
import { Damage } from './damage.ts';
import type { Ground } from './ground.ts';
import { openPiece, sealObject } from './sealed-object.ts';
import type { Version } from './store.ts';
import { headKey, type Vault } from './vault.ts';

/** Others that may come between; each has a newer id than the one before. */
const TRIES_MAX = 10;

type Head = { readonly snapshot: SnapshotId | null; readonly version: Version | null };

async function readHead({ store, log }: Ground, vault: Vault, name: string): Promise<Head> {
  const object = await store.read(name);
  if (!object) return { snapshot: null, version: null };
  try {
    const piece = openPiece({ key: vault.key, name }, object.bytes, 0);
    if (!piece) throw new Damage(`${name} is cut short`);
    return { snapshot: piece.toString() as SnapshotId, version: object.version };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    log.error('a head in the archive is damaged and is written anew', { reason: error.message });
    return { snapshot: null, version: object.version };
  }
}

/** Throws `STALE_GENERATION` if the tenant has a later snapshot than `ref`. */
export async function mustBeNewer(ground: Ground, vault: Vault, ref: SnapshotRef): Promise<void> {
  const { snapshot } = await readHead(ground, vault, headKey(vault, ref.tenant));
  if (snapshot !== null && snapshot > ref.snapshot) {
    throw fault('STALE_GENERATION', { tenant: ref.tenant });
  }
}

/** Makes `ref` the tenant's latest. Throws `STALE_GENERATION` if it has a later one. */
export async function swingHead(ground: Ground, vault: Vault, ref: SnapshotRef): Promise<void> {
  const name = headKey(vault, ref.tenant);
  const bytes = sealObject({ key: vault.key, name }, ground.random, [Buffer.from(ref.snapshot)]);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const { snapshot, version } = await readHead(ground, vault, name);
    if (snapshot === ref.snapshot) return;
    if (snapshot !== null && snapshot > ref.snapshot) break;
    if ((await ground.store.swap(name, bytes, version)) !== null) return;
  }
  throw fault('STALE_GENERATION', { tenant: ref.tenant });
}
