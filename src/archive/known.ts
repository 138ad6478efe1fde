/** What the store has of which tenants, for a catalog that has lost it. */
import type { Known } from '../domain/archive.ts';
import { isFault } from '../domain/faults.ts';
import { isTenantId, parseSnapshotId, parseTenantId, type SnapshotId } from '../domain/ids.ts';
import { Damage } from './damage.ts';
import type { Ground } from './ground.ts';
import type { Vault } from './vault.ts';

/** `vaults/<vault>/<what>/<tenant>/<snapshot>` */
const PLACE = /^vaults\/([^/]+)\/(manifests|damaged)\/([^/]+)\/(sn_[0-9]{12})$/;

type Found = { readonly ids: SnapshotId[]; readonly damaged: Set<SnapshotId> };

/** Of each tenant the latest good snapshot. What cannot be read is logged and passed over. */
export async function* known(ground: Ground): AsyncGenerator<Known> {
  for (const [place, { ids, damaged }] of await findAll(ground)) {
    const [vaultId, tenantId] = place.split(' ').map((id) => parseTenantId(id));
    if (!vaultId || !tenantId) continue;
    const good = ids.filter((id) => !damaged.has(id)).sort((a, b) => (a < b ? 1 : -1));
    const vault = await openVault(ground, vaultId);
    for (const snapshot of vault ? good : []) {
      const ref = { vault: vaultId, tenant: tenantId, snapshot };
      const one = vault && (await readOne(ground, vault, ref));
      if (!one) continue;
      yield one;
      break;
    }
  }
}

async function findAll({ store }: Ground): Promise<ReadonlyMap<string, Found>> {
  const all = new Map<string, Found>();
  for await (const { key } of store.list('vaults/')) {
    const [, vault = '', what, tenant = '', snapshot = ''] = PLACE.exec(key) ?? [];
    if (!isTenantId(vault) || !isTenantId(tenant)) continue;
    const found = all.get(`${vault} ${tenant}`) ?? { ids: [], damaged: new Set() };
    const id = parseSnapshotId(snapshot);
    if (what === 'manifests') found.ids.push(id);
    else found.damaged.add(id);
    all.set(`${vault} ${tenant}`, found);
  }
  return all;
}

async function openVault({ vaults, log }: Ground, id: Known['vault']): Promise<Vault | undefined> {
  try {
    return await vaults.find(id);
  } catch (error) {
    if (!isFault(error, 'ARCHIVE_CORRUPT')) throw error;
    log.error('a vault cannot be opened', { vault: id, reason: error.message });
    return undefined;
  }
}

async function readOne(
  { snapshots, log }: Ground,
  vault: Vault,
  ref: Pick<Known, 'vault' | 'tenant' | 'snapshot'>,
): Promise<Known | undefined> {
  try {
    const opened = await snapshots.read(vault, ref.tenant, ref.snapshot);
    if (!opened) return undefined;
    return { ...ref, takenAt: opened.summary.takenAt, notes: opened.manifest.notes };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    log.warn('a snapshot cannot be read', { ...ref, reason: error.message });
    return undefined;
  }
}
