/**
 * A tenant's snapshots, as people ask for them.
 *
 * Those without a name come and go by themselves, and any of them may become a tenant's only data at any
 * time, when it is archived without changes. So people delete only those that they have named. Of these one
 * becomes the only data by a restore alone, which is why the two take turns.
 */
import type { Archive, Snapshot, SnapshotRef } from '../domain/archive.ts';
import type { Catalog } from '../domain/catalog.ts';
import { fault } from '../domain/faults.ts';
import { parseSnapshotId, type SnapshotId, type TenantId } from '../domain/ids.ts';
import type { Lifecycle } from '../domain/lifecycle.ts';
import type { Tenant } from '../domain/tenant.ts';
import { Turns } from './turns.ts';

type SnapshotWorld = {
  readonly catalog: Catalog;
  readonly lifecycle: Lifecycle;
  readonly archive: Archive;
};

const NAME_LENGTH_MAX = 63;

/** Control, format, surrogate and unassigned characters: what cannot be read back from a list. */
const UNPRINTABLE = /\p{C}/u;

/** A snapshot with a name is not collected, however long somebody takes to read it. */
const NAME_OF_EXPORT = 'export under way';

export class Snapshots {
  readonly #world: SnapshotWorld;
  readonly #turns = new Turns();

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

  /** Throws `BAD_ID`, `SNAPSHOT_UNKNOWN`, `BAD_REQUEST`, `TENANT_BUSY`. */
  async delete(id: TenantId, given: string): Promise<void> {
    const snapshot = parseSnapshotId(given);
    await this.#turns.take(id, async () => {
      const { archive } = this.#world;
      const tenant = await this.#tenant(id);
      const found = (await this.list(tenant)).find((one) => one.id === snapshot);
      if (found === undefined) throw fault('SNAPSHOT_UNKNOWN', { snapshot });
      if (found.name === null) {
        throw fault('BAD_REQUEST', {
          why: `snapshot ${snapshot} was taken by itself, and goes by itself; only those with a name can be deleted`,
        });
      }
      if (isOnlyData(tenant, snapshot)) {
        const why = `has its data in snapshot ${snapshot} and nowhere else; wake it first`;
        throw fault('TENANT_BUSY', { tenant: tenant.name, why });
      }
      await archive.drop({ tenant: id, vault: tenant.vault, snapshot });
    });
  }

  /** Throws `BAD_ID`, and what `Lifecycle.restore` throws. */
  async restore(id: TenantId, given: string): Promise<Tenant> {
    const snapshot = parseSnapshotId(given);
    return await this.#turns.take(id, () => this.#world.lifecycle.restore(id, snapshot));
  }

  /**
   * The tenant as it is now. What is wrong with the snapshot at its beginning is thrown here, where
   * it can still be told; one that has never been awake is woken, so that there is something to export.
   */
  async export({ id, vault, home }: Tenant): Promise<AsyncIterable<Uint8Array>> {
    const { archive, lifecycle } = this.#world;
    if (home.kind === 'none') await lifecycle.wakeTenant(id);
    const { id: snapshot } = await lifecycle.snapshot(id, NAME_OF_EXPORT);
    const ref = { tenant: id, vault, snapshot };
    const chunks = archive.export(ref)[Symbol.asyncIterator]();
    let dropped: Promise<void> | undefined;
    const end = (): Promise<void> => {
      dropped ??= this.#dropExported(ref);
      return dropped;
    };
    try {
      return rejoined(await chunks.next(), chunks, end);
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** One that cannot be dropped now stays, with its name, for a person to delete. */
  async #dropExported(ref: SnapshotRef): Promise<void> {
    await this.#turns
      .take(ref.tenant, async () => {
        const tenant = await this.#tenant(ref.tenant);
        if (!isOnlyData(tenant, ref.snapshot)) await this.#world.archive.drop(ref);
      })
      .catch(() => undefined);
  }

  /** As it is once nothing else is done to its snapshots. */
  async #tenant(id: TenantId): Promise<Tenant> {
    const tenant = await this.#world.catalog.tenantById(id);
    if (tenant === undefined) throw fault('TENANT_UNKNOWN', { tenant: id });
    return tenant;
  }
}

const isOnlyData = ({ home }: Tenant, snapshot: SnapshotId): boolean =>
  home.kind === 'archive' && home.snapshot === snapshot;

function requirePrintable(name: string): void {
  const isShort = name.length > 0 && name.length <= NAME_LENGTH_MAX;
  if (isShort && name.trim() !== '' && !UNPRINTABLE.test(name)) return;
  throw fault('BAD_NAME', {
    why: `of a snapshot must have 1 to ${NAME_LENGTH_MAX} characters that can be printed`,
  });
}

type Next = IteratorResult<Uint8Array, unknown>;

/**
 * `first` and the rest; `end` is called however the reading ends. No generator: one that was never
 * begun would not be ended by `return`.
 */
function rejoined(
  first: Next,
  rest: AsyncIterator<Uint8Array, unknown>,
  end: () => Promise<void>,
): AsyncIterable<Uint8Array> {
  let given: Next | null = first;
  const next = async (): Promise<Next> => {
    try {
      const result = given ?? (await rest.next());
      given = null;
      if (result.done === true) await end();
      return result;
    } catch (error) {
      await end();
      throw error;
    }
  };
  const stop = async (): Promise<Next> => {
    await rest.return?.().catch(() => undefined);
    await end();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
}
