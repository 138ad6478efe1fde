/**
 * An archive that keeps whole snapshots in memory. Of a simulated tenant, which has no files, only the
 * notes are kept; nothing real is waited for, so that it runs under a virtual clock.
 */
import type {
  Archive,
  Collected,
  Holder,
  Known,
  Loaded,
  LoadRequest,
  Notes,
  SaveRequest,
  ShareTarget,
  Snapshot,
  SnapshotRef,
  Source,
} from '../domain/archive.ts';
import { assert } from '../domain/assert.ts';
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import type { SnapshotId, TenantId, VaultId } from '../domain/ids.ts';
import { type DurationMs, ms } from '../domain/units.ts';

/** By path relative to the data directory; null is a directory. In the order in which they came. */
export type Tree = ReadonlyMap<string, Buffer | null>;

/** Real files, where there are some. */
export type Disk = {
  /** Whatever is in a directory; nothing if there is none. */
  readonly read: (path: string) => Tree;
  /** Makes a directory what the tree says. */
  readonly fill: (path: string, tree: Tree, owner: LoadRequest['owner']) => void;
};

const NO_DISK: Disk = { read: () => new Map(), fill: () => {} };

type Kept = {
  readonly snapshot: Snapshot;
  readonly vault: string;
  readonly origin: TenantId;
  readonly notes: Notes;
  readonly tree: Tree;
};

/** What is left of the snapshots that nobody named, besides the one to keep. */
const AUTOMATIC_MAX = 2;

export class MemoryArchive implements Archive {
  readonly #clock: Clock;
  readonly #disk: Disk;
  readonly #kept = new Map<TenantId, Map<SnapshotId, Kept>>();
  /** Thrown by every call, as by an archive that cannot be reached, until it is null again. */
  down: Error | null = null;
  /** How long a save takes, by the clock given. */
  saveTakes: DurationMs = ms(0);
  loadTakes: DurationMs = ms(0);

  constructor(clock: Clock, disk: Disk = NO_DISK) {
    this.#clock = clock;
    this.#disk = disk;
  }

  /** Tenants of which something is kept. */
  get tenants(): readonly TenantId[] {
    return [...this.#kept].filter(([, of]) => of.size > 0).map(([tenant]) => tenant);
  }

  /** What is kept beside the data of a snapshot; undefined if there is no such snapshot. */
  notesOf(ref: SnapshotRef): Notes | undefined {
    return this.#of(ref.tenant).get(ref.snapshot)?.notes;
  }

  /** The same of the tenant's latest snapshot; undefined if there is none. */
  latestNotes(tenant: TenantId): Notes | undefined {
    return this.#sorted(tenant)[0]?.notes;
  }

  /** From now on the snapshot is found damaged by whoever reads it. */
  damage(ref: SnapshotRef, why: string): void {
    const kept = this.#find(ref);
    this.#of(ref.tenant).set(ref.snapshot, {
      ...kept,
      snapshot: { ...kept.snapshot, damage: why },
    });
  }

  async save({ signal, ...request }: SaveRequest): Promise<Snapshot> {
    this.#mustBeUp();
    signal.throwIfAborted();
    this.#mustBeNewer(request);
    const tree = await this.#treeOf(request.source);
    await this.#take(this.saveTakes, signal);
    this.#mustBeUp();
    signal.throwIfAborted();
    this.#mustBeNewer(request);
    const { notes, source, tenant } = request;
    return this.#keep(request, {
      name: request.name,
      notes,
      tree,
      origin: tenant,
      taken: source.kind,
    });
  }

  async load({ into, owner, signal, ...ref }: LoadRequest): Promise<Loaded> {
    this.#mustBeUp();
    await this.#take(this.loadTakes, signal);
    signal.throwIfAborted();
    const { snapshot, origin, notes, tree } = this.#mustBeGood(ref);
    this.#disk.fill(into, tree, owner);
    return { snapshot, origin, notes, bytes: snapshot.storedBytes };
  }

  async list({ tenant }: Holder): Promise<readonly Snapshot[]> {
    this.#mustBeUp();
    return this.#sorted(tenant).map(({ snapshot }) => snapshot);
  }

  async *known(): AsyncIterable<Known> {
    this.#mustBeUp();
    for (const tenant of this.tenants) {
      const good = this.#sorted(tenant).find(({ snapshot }) => snapshot.damage === null);
      if (!good) continue;
      const { snapshot, vault, notes } = good;
      yield {
        tenant,
        vault: vault as VaultId,
        snapshot: snapshot.id,
        takenAt: snapshot.takenAt,
        notes,
      };
    }
  }

  async share(
    from: SnapshotRef,
    { tenant, snapshot: id, name, notes }: ShareTarget,
  ): Promise<Snapshot> {
    this.#mustBeUp();
    this.#mustBeNewer({ tenant, vault: from.vault, snapshot: id });
    const kept = this.#mustBeGood(from);
    const snapshot = { ...kept.snapshot, id, name, addedBytes: 0 };
    this.#mapOf(tenant).set(id, { ...kept, notes: { ...kept.notes, ...notes }, snapshot });
    return snapshot;
  }

  async drop(ref: SnapshotRef): Promise<void> {
    this.#mustBeUp();
    this.#of(ref.tenant).delete(ref.snapshot);
  }

  async forget({ tenant }: Holder): Promise<void> {
    this.#mustBeUp();
    this.#kept.delete(tenant);
  }

  async collect({ tenant }: Holder, keep: SnapshotId | null): Promise<Collected> {
    this.#mustBeUp();
    const automatic = this.#sorted(tenant)
      .map(({ snapshot }) => snapshot)
      .filter(({ id, name }) => name === null && id !== keep);
    const good = automatic.filter(({ damage }) => damage === null).slice(0, AUTOMATIC_MAX);
    const dropped = automatic.filter((snapshot) => !good.includes(snapshot));
    for (const { id } of dropped) this.#of(tenant).delete(id);
    const bytes = dropped.reduce((sum, { addedBytes }) => sum + addedBytes, 0);
    return { snapshots: dropped.length, objects: dropped.length, bytes };
  }

  async *export(ref: SnapshotRef): AsyncIterable<Uint8Array> {
    this.#mustBeUp();
    const { origin, notes, tree } = this.#mustBeGood(ref);
    const files = [...tree].map(([path, bytes]) => [path, bytes?.toString('base64') ?? null]);
    yield Buffer.from(JSON.stringify({ origin, notes, files }));
  }

  async import(
    to: SnapshotRef & Pick<ShareTarget, 'name' | 'notes'>,
    file: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Snapshot> {
    this.#mustBeUp();
    const text = (await bytesOf(file)).toString();
    signal.throwIfAborted();
    const { origin, notes, files } = parseExport(text);
    const tree = new Map(
      files.map(([path, base64]) => [path, base64 === null ? null : Buffer.from(base64, 'base64')]),
    );
    const own = { ...notes, ...to.notes };
    return this.#keep(to, { name: to.name, notes: own, tree, origin, taken: 'stopped' });
  }

  #keep(
    { tenant, vault, snapshot: id }: SnapshotRef,
    {
      name,
      taken,
      tree,
      ...rest
    }: Pick<Kept, 'notes' | 'tree' | 'origin'> & Pick<Snapshot, 'name' | 'taken'>,
  ): Snapshot {
    const logicalBytes = [...tree.values()].reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0);
    const snapshot: Snapshot = {
      ...{ id, name, taken, logicalBytes, damage: null },
      takenAt: this.#clock.wall(),
      storedBytes: logicalBytes,
      addedBytes: logicalBytes,
    };
    this.#mapOf(tenant).set(id, { ...rest, snapshot, vault, tree });
    return snapshot;
  }

  async #treeOf(source: Source): Promise<Tree> {
    if (source.kind === 'stopped') return this.#disk.read(source.path);
    const tree = new Map<string, Buffer | null>();
    for await (const { path, kind, content } of source.entries) {
      tree.set(path, kind === 'directory' ? null : await bytesOf(content));
    }
    return tree;
  }

  #mustBeUp(): void {
    if (this.down) throw this.down;
  }

  #mustBeNewer({ tenant, snapshot }: SnapshotRef): void {
    const latest = this.#sorted(tenant)[0]?.snapshot.id;
    if (latest !== undefined && latest >= snapshot) throw fault('STALE_GENERATION', { tenant });
  }

  #mustBeGood(ref: SnapshotRef): Kept {
    const kept = this.#find(ref);
    const { damage } = kept.snapshot;
    if (damage === null) return kept;
    throw fault('ARCHIVE_CORRUPT', { snapshot: ref.snapshot, why: damage });
  }

  #find({ tenant, vault, snapshot }: SnapshotRef): Kept {
    const kept = this.#of(tenant).get(snapshot);
    if (!kept) throw fault('SNAPSHOT_UNKNOWN', { snapshot });
    assert(kept.vault === vault, `snapshot ${snapshot} of ${tenant} is in vault ${kept.vault}`);
    return kept;
  }

  #sorted(tenant: TenantId): readonly Kept[] {
    return [...this.#of(tenant).values()].sort((a, b) => (a.snapshot.id < b.snapshot.id ? 1 : -1));
  }

  #of(tenant: TenantId): Map<SnapshotId, Kept> {
    return this.#kept.get(tenant) ?? new Map();
  }

  #mapOf(tenant: TenantId): Map<SnapshotId, Kept> {
    const of = this.#of(tenant);
    this.#kept.set(tenant, of);
    return of;
  }

  async #take(duration: DurationMs, signal: AbortSignal): Promise<void> {
    if (duration > 0) await this.#clock.sleep(duration, signal);
  }
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

type Exported = Pick<Kept, 'origin' | 'notes'> & {
  readonly files: readonly (readonly [path: string, base64: string | null])[];
};

function parseExport(text: string): Exported {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fault('BAD_IMPORT', { why: 'it is no export' }, { cause });
  }
}
