/**
 * Random histories of two tenants in one vault, on a store that fails as honest stores do: whatever
 * happened, what is listed as good comes back as it was saved, and the last good snapshot is there.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Snapshot } from '../domain/archive.ts';
import { Fault } from '../domain/faults.ts';
import type { SnapshotId, TenantId } from '../domain/ids.ts';
import { hours, ms } from '../domain/units.ts';
import {
  type ArchiveWorld,
  archiveWorld,
  type Content,
  holderOf,
  noise,
  OTHER,
  readContent,
  refOf,
  TENANT,
} from '../testing/archive-world.ts';
import { type Faults, FaultyStore } from '../testing/faulty-store.ts';

const RUNS = 25;
/** Good automatic snapshots that collection leaves. */
const KEPT = 2;
const TENANTS: readonly TenantId[] = [TENANT, OTHER];

const HONEST: readonly (keyof Faults)[] = [
  ...(['unreachable', 'lostAnswer', 'torn', 'full', 'down', 'reorderedList'] as const),
];

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      file: fc.integer({ min: 0, max: 5 }),
      size: fc.oneof(
        fc.integer({ min: 0, max: 3_000 }),
        fc.integer({ min: 100_000, max: 400_000 }),
      ),
      seed: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      file: fc.integer({ min: 0, max: 5 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('save' as const), who: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      who: fc.nat(1),
      at: fc.constantFrom(
        'archive.packed' as const,
        'archive.listed' as const,
        'archive.headed' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('share' as const), who: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), who: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('collect' as const), who: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), who: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('faults' as const),
      which: fc.subarray([...HONEST]),
      often: fc.constantFrom(0.02, 0.1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What must be true of the store, kept beside it. */
class History {
  readonly world: ArchiveWorld;
  readonly faulty: FaultyStore;
  /** By tenant and snapshot: what was saved, surely or, after a failure, perhaps. */
  readonly saved = new Map<string, Content>();
  /** The last that was surely saved and that nobody was asked to delete. */
  readonly last = new Map<TenantId, number>();
  #id = 0;

  constructor(world: ArchiveWorld, faulty: FaultyStore) {
    this.world = world;
    this.faulty = faulty;
  }

  async take(one: Step): Promise<void> {
    const { world } = this;
    switch (one.kind) {
      case 'write':
        await mkdir(join(world.data, 'base/5'), { recursive: true });
        return writeFile(this.#file(one.file), noise(one.size, one.seed));
      case 'remove':
        return rm(this.#file(one.file), { force: true });
      case 'faults':
        return this.faulty.set(Object.fromEntries(one.which.map((name) => [name, one.often])));
      case 'reopen':
        await world.open();
        return;
      case 'crash':
        world.crashAt = one.at;
        await this.#save(tenantOf(one.who));
        world.crashAt = null;
        await world.open();
        return;
      case 'save':
        return this.#save(tenantOf(one.who));
      case 'share':
        return this.#share(tenantOf(one.who));
      case 'drop':
        return this.#drop(tenantOf(one.who));
      case 'collect':
        await this.#try(() => world.archive.collect(holderOf(tenantOf(one.who)), null));
        // So that what is condemned falls due sometimes, while other things are under way.
        return world.clock.advance(hours(13));
      case 'forget':
        this.last.delete(tenantOf(one.who));
        await this.#try(() => world.archive.forget(holderOf(tenantOf(one.who))));
        return;
      default:
        return one satisfies never;
    }
  }

  #file(number: number): string {
    return join(this.world.data, 'base/5', `f${number}`);
  }

  /** Faults of the store are what it may say; a crash is one of ours. */
  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Fault || /^crash at/.test(String((error as Error).message)))
        return undefined;
      throw error;
    }
  }

  async #save(tenant: TenantId): Promise<void> {
    this.#id++;
    const ref = refOf(tenant, this.#id);
    const id = this.#id;
    this.saved.set(`${tenant} ${ref.snapshot}`, await readContent(this.world.data));
    const done = await this.#try(() => this.world.save(ref));
    if (done) this.last.set(tenant, id);
  }

  async #share(from: TenantId): Promise<void> {
    const to = from === TENANT ? OTHER : TENANT;
    const [latest] = (await this.#try(() => this.world.list(from))) ?? [];
    if (!latest || latest.damage !== null) return;
    this.#id++;
    const id = this.#id;
    const target = { tenant: to, snapshot: refOf(to, id).snapshot, name: null, notes: {} };
    const content = this.saved.get(`${from} ${latest.id}`);
    if (content) this.saved.set(`${to} ${target.snapshot}`, content);
    const source = { ...holderOf(from), snapshot: latest.id };
    if (await this.#try(() => this.world.archive.share(source, target))) this.last.set(to, id);
  }

  /** Drops the oldest, unless it is the last. */
  async #drop(tenant: TenantId): Promise<void> {
    const all = (await this.#try(() => this.world.list(tenant))) ?? [];
    const oldest = all.at(-1);
    if (
      !oldest ||
      all.length < 2 ||
      oldest.id === refOf(tenant, this.last.get(tenant) ?? 0).snapshot
    )
      return;
    await this.#try(() => this.world.archive.drop({ ...holderOf(tenant), snapshot: oldest.id }));
  }

  /** With the store well again. */
  async check(): Promise<void> {
    this.faulty.set({});
    for (const tenant of TENANTS) {
      const listed = await this.world.list(tenant);
      const last = this.last.get(tenant);
      const good = listed.filter(({ damage }) => damage === null);
      if (last !== undefined) this.#mustHaveLast(good, refOf(tenant, last).snapshot);
      for (const snapshot of good) await this.#compare(tenant, snapshot);
    }
  }

  /** It is there, or was collected since crashes left two later ones whose manifests were written. */
  #mustHaveLast(good: readonly Snapshot[], last: SnapshotId): void {
    const ids = good.map(({ id }) => id);
    if (ids.filter((id) => id > last).length < KEPT) expect(ids).toContain(last);
  }

  async #compare(tenant: TenantId, { id }: Snapshot): Promise<void> {
    const content = await this.world.load({ ...holderOf(tenant), snapshot: id });
    expect(content).toEqual(this.saved.get(`${tenant} ${id}`));
  }
}

const tenantOf = (who: number): TenantId => (who === 0 ? TENANT : OTHER);

test('whatever the store does, what is listed comes back, and the last good snapshot is there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 25 }),
      fc.nat(),
      async (steps, seed) => {
        const made: FaultyStore[] = [];
        await using world = await archiveWorld({
          ...{ seed, grace: hours(24) },
          wrap: (store, clock) => {
            const faulty = new FaultyStore({ store, seed, clock });
            made.push(faulty);
            return faulty;
          },
        });
        const [faulty] = made;
        if (!faulty) throw new Error('unreachable');
        const history = new History(world, faulty);
        for (const one of steps) await history.take(one);
        await history.check();
        // What nothing reaches goes in the end, and what is left still comes back.
        for (let look = 0; look < 2; look++) {
          for (const tenant of TENANTS) await world.archive.collect(holderOf(tenant), null);
          await world.clock.advance(ms(hours(24) + 1));
        }
        await history.check();
      },
    ),
    { numRuns: RUNS },
  );
}, 240_000);
