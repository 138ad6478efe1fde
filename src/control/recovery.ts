/**
 * Fills a catalog from the archive: after the loss of a machine, the tenants that the archive has and the
 * catalog does not. Each is as its latest snapshot has it, asleep, with its name, settings and password.
 */
import type { Archive, Known } from '../domain/archive.ts';
import type { Catalog } from '../domain/catalog.ts';
import { isFault } from '../domain/faults.ts';
import { generationOf, type TenantId, type TenantName } from '../domain/ids.ts';
import { readTenantNote } from '../domain/tenant-note.ts';
import type { Timestamp } from '../domain/units.ts';

export type Recovered = {
  readonly entered: readonly { readonly name: TenantName; readonly takenAt: Timestamp }[];
  /** In the archive, and not entered. */
  readonly skipped: readonly { readonly id: TenantId; readonly why: string }[];
  /** That the catalog knew already. */
  readonly known: number;
};

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
    const outcome = await enter(catalog, found);
    if ('why' in outcome) skipped.push({ id, why: outcome.why });
    else entered.push({ name: outcome.name, takenAt });
  }
  return { entered, skipped, known };
}

async function enter(
  catalog: Catalog,
  { tenant: id, vault, snapshot, notes }: Known,
): Promise<{ readonly name: TenantName } | { readonly why: string }> {
  const note = readTenantNote(notes);
  if (note?.id !== id) return { why: 'its snapshot does not say whose it is' };
  try {
    await catalog.insertTenant({
      ...note,
      vault,
      home: { kind: 'archive', snapshot },
      generation: generationOf(snapshot),
    });
    return { name: note.name };
  } catch (error) {
    if (!isFault(error, 'TENANT_EXISTS')) throw error;
    return { why: `another tenant is called "${note.name}" here` };
  }
}
