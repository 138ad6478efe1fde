/**
 * A tenant's snapshots, as people ask for them.
 *
 * Those without a name come and go by themselves; the last of them are what is left when the machine is
 * lost, and one of them may be a tenant's only data. So people delete only those that they have named,
 * which are never needed for anything: a restore makes one of its own out of them.
 */
import type { Archive, Snapshot } from '../domain/archive.ts';
import type { Catalog } from '../domain/catalog.ts';
import { fault } from '../domain/faults.ts';
import { parseSnapshotId, type SnapshotId } from '../domain/ids.ts';
import type { Lifecycle } from '../domain/lifecycle.ts';
import type { Tenant } from '../domain/tenant.ts';

type SnapshotWorld = {
  readonly catalog: Catalog;
  readonly lifecycle: Lifecycle;
  readonly archive: Archive;
};

const NAME_LENGTH_MAX = 63;

/** Control, format, surrogate and unassigned characters: what cannot be read back from a list. */
const UNPRINTABLE = /\p{C}/u;

export class Snapshots {
  readonly #world: SnapshotWorld;

  constructor(world: SnapshotWorld) {
    this.#world = world;
  }

  async list({ id: tenant, vault }: Tenant): Promise<readonly Snapshot[]> {
    return await this.#world.archive.list({ tenant, vault });
  }

  /** Throws `BAD_NAME` unless the name has 1 to 63 printable characters. */
  async create({ id }: Tenant, name: string | null): Promise<Snapshot> {
    if (name !== null) requirePrintable(name);
    return await this.#world.lifecycle.snapshot(id, name);
  }

  /** Throws `BAD_ID`, `SNAPSHOT_UNKNOWN`, `BAD_REQUEST`. */
  async delete(tenant: Tenant, given: string): Promise<void> {
    const { id, vault } = tenant;
    const snapshot = parseSnapshotId(given);
    const found = (await this.list(tenant)).find((one) => one.id === snapshot);
    if (found === undefined) throw fault('SNAPSHOT_UNKNOWN', { snapshot });
    if (found.name === null) {
      throw fault('BAD_REQUEST', {
        why: `snapshot ${snapshot} was taken by itself, and goes by itself; only those with a name can be deleted`,
      });
    }
    await this.#world.archive.drop({ tenant: id, vault, snapshot });
  }

  /** Throws `BAD_ID`, and what `Lifecycle.restore` throws. */
  async restore({ id }: Tenant, given: string): Promise<Tenant> {
    return await this.#world.lifecycle.restore(id, parseSnapshotId(given));
  }

  /**
   * The tenant as it is now. What is wrong at the beginning is thrown here, where it can still be told.
   * The snapshot may be replaced meanwhile: what it is made of is kept for longer than a file takes.
   */
  async export(tenant: Tenant): Promise<AsyncIterable<Uint8Array>> {
    const { archive } = this.#world;
    const { id, vault } = tenant;
    const snapshot = await currentSnapshot(this.#world, tenant);
    const parts = archive.export({ tenant: id, vault, snapshot })[Symbol.asyncIterator]();
    return rejoined(await parts.next(), parts);
  }
}

/** A snapshot of the tenant as it is now: the one that it has its data in, or a new one. */
export async function currentSnapshot(
  { lifecycle }: { readonly lifecycle: Lifecycle },
  { id, home }: Tenant,
): Promise<SnapshotId> {
  return home.kind === 'archive' ? home.snapshot : (await lifecycle.snapshot(id, null)).id;
}

function requirePrintable(name: string): void {
  const isShort = name.length > 0 && name.length <= NAME_LENGTH_MAX;
  if (isShort && name.trim() !== '' && !UNPRINTABLE.test(name)) return;
  throw fault('BAD_NAME', {
    why: `of a snapshot must have 1 to ${NAME_LENGTH_MAX} characters that can be printed`,
  });
}

type Next = IteratorResult<Uint8Array, unknown>;

/** `first` and the rest. No generator: one that was never begun would not hand on its `return`. */
function rejoined(
  first: Next,
  rest: AsyncIterator<Uint8Array, unknown>,
): AsyncIterable<Uint8Array> {
  let given: Next | null = first;
  const next = async (): Promise<Next> => {
    const result = given ?? (await rest.next());
    given = null;
    return result;
  };
  const stop = async (): Promise<Next> => {
    await rest.return?.();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
}
