/**
 * Deletes what nothing needs: automatic snapshots, then packs that no manifest of the vault names.
 *
 * A save builds on chunks of packs that it has seen named, and its own packs are named by nobody until
 * its manifest is there. So no pack is deleted when it is first found unreached: it is condemned, and
 * goes in a later look if it has been condemned for the grace time and still nothing names it.
 *
 * Why that is safe. Say a pack is condemned at t, and deleted after a look at all manifests at t + grace or
 * later. A save that began after t saw it condemned and builds nothing on it. One that began
 * before t has its manifest there before t + grace / 2, or gives up (save.ts), and so the look saw it.
 * Sharing is the same, and takes no time. Whoever has written a manifest looks once more whether all
 * its packs are there, which covers stores of bad clocks but for the moment of that look. With a grace
 * time of 0, for tests, nothing else may be under way in the vault.
 *
 * If any manifest of the vault cannot be read, nobody knows what it reaches, and nothing is deleted.
 */
import type { Collected, Holder } from '../domain/archive.ts';
import { parseSnapshotId, parseTenantId, type SnapshotId } from '../domain/ids.ts';
import { packSizes } from './base.ts';
import { type Condemnation, condemnations, condemnedPrefix } from './condemned.ts';
import { Damage } from './damage.ts';
import type { Ground } from './ground.ts';
import { forgetScan } from './scan-cache.ts';
import { drop } from './sharing.ts';
import type { Stored } from './snapshots.ts';
import { manifestsOf, packKey, type Vault } from './vault.ts';

/** Good automatic snapshots that are kept. */
const KEPT = 2;

const NAME_BYTES = 8;

export async function collect(
  ground: Ground,
  holder: Holder,
  keep: SnapshotId | null,
): Promise<Collected> {
  const vault = await ground.vaults.find(holder.vault);
  if (!vault) return { snapshots: 0, objects: 0, bytes: 0 };
  const all = await ground.snapshots.list(vault, holder.tenant);
  // What is nowhere else has no files here that a scan could tell of, and is to cost no disk here.
  if (keep !== null) await forgetScan(ground, holder.tenant);
  const old = outdated(all, keep);
  for (const { snapshot } of old) await drop(ground, { ...holder, snapshot: snapshot.id });
  await ground.failpoints.reach('collect.dropped');
  const swept = await sweep(ground, vault);
  return {
    snapshots: old.length,
    objects: old.length + swept.objects,
    bytes: swept.bytes,
  };
}

/** Automatic ones that are older than the second latest good one. `all` has the latest first. */
function outdated(all: readonly Stored[], keep: SnapshotId | null): readonly Stored[] {
  const automatic = all.filter(({ snapshot }) => snapshot.name === null);
  const isGood = ({ snapshot, summary }: Stored): boolean =>
    snapshot.damage === null && summary.doubt === null;
  const last = automatic.filter(isGood)[KEPT - 1];
  if (!last) return [];
  return automatic.filter(({ snapshot }) => snapshot.id < last.snapshot.id && snapshot.id !== keep);
}

type Swept = Pick<Collected, 'objects' | 'bytes'>;

async function sweep(ground: Ground, vault: Vault): Promise<Swept> {
  const { store } = ground;
  const sizes = await packSizes(store, vault);
  const before = await condemnations(store, vault);
  const reached = await reachedPacks(ground, vault);
  if (!reached) return { objects: 0, bytes: 0 };
  const unreached = [...sizes.keys()].filter((pack) => !reached.has(pack));
  if (unreached.length === 0 && before.length === 0) return { objects: 0, bytes: 0 };
  const now = await condemn(ground, vault, { unreached, before });
  const due = duePacks(now, (await storeTime(ground, vault)) - ground.grace, new Set(unreached));
  const spent = now.filter(({ packs }) => packs.every((pack) => due.has(pack) || !sizes.has(pack)));
  await store.delete([...due].map((pack) => packKey(vault, pack)));
  await store.delete(spent.map(({ key }) => key));
  const bytes = [...due].reduce((sum, pack) => sum + (sizes.get(pack) ?? 0), 0);
  return { objects: due.size, bytes };
}

type Look = { readonly unreached: readonly string[]; readonly before: readonly Condemnation[] };

/**
 * Condemns what is not condemned yet, and takes back what was and is reached again. Returns what is
 * condemned now.
 */
async function condemn(
  { store, random }: Ground,
  vault: Vault,
  { unreached, before }: Look,
): Promise<readonly Condemnation[]> {
  const guilty = new Set(unreached);
  const valid = before.filter(({ packs }) => packs.every((pack) => guilty.has(pack)));
  const listed = new Set(valid.flatMap(({ packs }) => packs));
  const packs = unreached.filter((pack) => !listed.has(pack));
  const lapsed = before.filter((one) => !valid.includes(one)).map(({ key }) => key);
  if (packs.length === 0) {
    await store.delete(lapsed);
    return valid;
  }
  const name = Buffer.from(random.bytes(NAME_BYTES)).toString('hex');
  const key = condemnedPrefix(vault) + name;
  await store.create(key, Buffer.from(packs.join('\n')));
  await store.delete(lapsed);
  const info = await store.stat(key);
  return info ? [...valid, { ...info, packs }] : valid;
}

/** `before` is by the store's own clock, as are the times when packs were condemned. */
function duePacks(
  condemned: readonly Condemnation[],
  before: number,
  unreached: ReadonlySet<string>,
): ReadonlySet<string> {
  const old = condemned.filter(({ writtenAt }) => writtenAt <= before);
  return new Set(old.flatMap(({ packs }) => packs).filter((pack) => unreached.has(pack)));
}

/** What time it is for the store, in milliseconds since 1970. Ours may be wrong by days. */
async function storeTime({ store, random }: Ground, vault: Vault): Promise<number> {
  const key = `${vault.prefix}clock/${Buffer.from(random.bytes(NAME_BYTES)).toString('hex')}`;
  await store.create(key, Buffer.from('now'));
  const info = await store.stat(key);
  await store.delete([key]);
  return info?.writtenAt ?? 0;
}

/** Packs that any manifest of the vault names; null if one cannot be read. */
async function reachedPacks(ground: Ground, vault: Vault): Promise<ReadonlySet<string> | null> {
  const prefix = manifestsOf(vault);
  const reached = new Set<string>();
  for await (const { key } of ground.store.list(prefix)) {
    const [tenant = '', snapshot = ''] = key.slice(prefix.length).split('/');
    try {
      const opened = await ground.snapshots.read(
        vault,
        parseTenantId(tenant),
        parseSnapshotId(snapshot),
      );
      for (const { at } of opened?.manifest.blobs ?? [])
        if (at.kind === 'pack') reached.add(at.pack);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      ground.log.warn('nothing is collected while a manifest cannot be read', {
        ...{ vault: vault.prefix, snapshot, reason: error.message },
      });
      return null;
    }
  }
  return reached;
}
