/**
 * Fills a catalog from the archive: after the loss of a machine, the tenants that the archive has and the
 * catalog does not. Each is as its latest snapshot has it, asleep, with its name, settings and password.
 *
 * The machine may not be lost at all, and its server may come back. So each tenant goes on far ahead of
 * what that one has written, with a snapshot of its own: from then on the archive refuses the old
 * server, which therefore deletes nothing either.
 */
import type { Archive, Known } from '../domain/archive.ts';
import type { Catalog } from '../domain/catalog.ts';
import { isFault } from '../domain/faults.ts';
import { generationOf, snapshotIdOf, type TenantId, type TenantName } from '../domain/ids.ts';
import { readTenantNote } from '../domain/tenant-note.ts';
import type { Timestamp } from '../domain/units.ts';

export type Recovered = {
  readonly entered: readonly { readonly name: TenantName; readonly takenAt: Timestamp }[];
  /** In the archive, and not entered. */
  readonly skipped: readonly { readonly id: TenantId; readonly why: string }[];
  /** That the catalog knew already. */
  readonly known: number;
};

/** More moves than a tenant makes between two snapshots. */
const MOVES_AHEAD = 10_000_000;

type RecoveryWorld = { readonly archive: Archive; readonly catalog: Catalog };

/** Repeating it does no harm. Throws `ARCHIVE_DOWN`, `CATALOG_DOWN`; what was entered by then stays. */
export async function recoverTenants({ archive, catalog }: RecoveryWorld): Promise<Recovered> {
  const entered: Recovered['entered'][number][] = [];
  const skipped: Recovered['skipped'][number][] = [];
  let known = 0;
  for await (const found of archive.known()) {
    const { tenant: id, takenAt } = found;
    if ((await catalog.tenantById(id)) !== undefined) {
      known += 1;
      continue;
    }
    const outcome = await enter({ archive, catalog }, found);
    if ('why' in outcome) skipped.push({ id, why: outcome.why });
    else entered.push({ name: outcome.name, takenAt });
  }
  return { entered, skipped, known };
}

async function enter(
  { archive, catalog }: RecoveryWorld,
  { tenant: id, vault, snapshot, notes }: Known,
): Promise<{ readonly name: TenantName } | { readonly why: string }> {
  const note = readTenantNote(notes);
  if (note?.id !== id) return { why: 'its snapshot does not say whose it is' };
  const taken = { why: `another tenant is called "${note.name}" here` };
  if ((await catalog.tenantByName(note.name)) !== undefined) return taken;
  const generation = generationOf(snapshot) + MOVES_AHEAD;
  const own = snapshotIdOf(generation);
  // The copy has no name: one with a name may be deleted by a person.
  const to = { tenant: id, snapshot: own, name: null, notes: {} };
  await archive.share({ tenant: id, vault, snapshot }, to);
  try {
    const home = { kind: 'archive', snapshot: own } as const;
    await catalog.insertTenant({ ...note, vault, home, generation });
    return { name: note.name };
  } catch (error) {
    if (!isFault(error, 'TENANT_EXISTS')) throw error;
    return taken;
  }
}
