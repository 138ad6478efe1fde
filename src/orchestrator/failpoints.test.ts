/**
 * Kills the server at every failpoint that a story of the ladder reaches, and then the next server,
 * which finds what the first has left and begins the story anew, at every failpoint that it reaches.
 * The third is left in peace: then the tenant must be at rest, whole, in one place, and open to a client.
 */
import { expect, test } from 'vitest';
import { FAILPOINTS, type FailpointName, type Failpoints } from '../domain/failpoints.ts';
import { isFault } from '../domain/faults.ts';
import type { SnapshotId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { type DurationMs, hours, minutes, seconds } from '../domain/units.ts';
import { PRESETS } from '../policy/rules.ts';
import { Orchestrated, verifierOf } from '../testing/orchestrated.ts';

/** The way down is gone by itself; what concerns the archive is in the stories. */
const RULES = { ...PRESETS.machine, archiveAfter: null, snapshotEvery: null };

/** More failpoints than any story reaches. */
const REACHED_MAX = 100;

/** Goes no further at the failpoint that is reached as the `at`th since it was armed. */
class Killing implements Failpoints {
  readonly reached: FailpointName[] = [];
  #at = Number.POSITIVE_INFINITY;

  arm(at: number): void {
    this.reached.length = 0;
    this.#at = at;
  }

  get hasKilled(): boolean {
    return this.reached.length >= this.#at;
  }

  reach(point: FailpointName): Promise<void> {
    if (this.hasKilled) return new Promise(() => {});
    this.reached.push(point);
    return this.hasKilled ? new Promise(() => {}) : Promise.resolve();
  }
}

/** A tenant that was saved after two writes, has written a third time, and sleeps. */
class Scene {
  readonly killing = new Killing();
  readonly #options = { rules: RULES, failpoints: this.killing };
  readonly world = new Orchestrated(this.#options);
  #tenant: Tenant | null = null;
  #saved: SnapshotId | null = null;
  /** The most writes that its data has ever had. */
  #most = 0;

  get tenant(): Tenant {
    if (this.#tenant === null) throw new Error('the scene is not set');
    return this.#tenant;
  }

  async set(story: Story): Promise<void> {
    this.#tenant = await this.world.tenant('acme');
    await this.#within(seconds(1), async () => {
      await this.wakeAndWrite();
      this.write();
      this.#saved = (await this.world.orchestrator.snapshot(this.tenant.id, 'saved')).id;
      this.write();
      await this.world.orchestrator.suspend(this.tenant.id);
      await story.before?.(this);
    });
  }

  /** Tells the story until it ends or the server dies. */
  async tell(story: Story, killAt: number): Promise<void> {
    this.killing.arm(killAt);
    await this.#within(story.takes ?? seconds(2), () => story.tell(this));
  }

  async startAnew(killAt: number): Promise<void> {
    this.killing.arm(killAt);
    this.world.restart(this.#options);
    await this.#within(seconds(2), () => this.world.orchestrator.recover());
  }

  async wakeAndWrite(): Promise<void> {
    await this.world.orchestrator.wakeTenant(this.tenant.id);
    this.write();
  }

  write(): void {
    const { host } = this.world;
    host.wrote(this.tenant.id);
    this.#most = Math.max(this.#most, host.acknowledged(this.tenant.id));
  }

  async restore(): Promise<void> {
    if (this.#saved === null) throw new Error('nothing is saved');
    const { id } = this.tenant;
    this.world.host.mayRestore(id);
    await this.world.orchestrator.restore(id, this.#saved);
  }

  /** At rest, whole, in one place, and open to a client; or gone for good. */
  async check(): Promise<void> {
    const { world } = this;
    const { id } = this.tenant;
    await world.clock.advance(hours(1));
    const row = await world.catalog.tenantById(id);
    if (row === undefined) {
      expect([world.host.placed, world.archive.tenants]).toEqual([[], []]);
      return;
    }
    expect([row.state.kind, world.host.running]).toEqual(['suspended', []]);
    await this.#checkData(row);
    const session = world.session(row);
    await world.clock.advance(seconds(1));
    expect(await session.address).toEqual({ socketPath: `/${id}` });
    expect(world.host.writesOf(id)).toBe(world.host.acknowledged(id));
    expect(await world.stateOf(row)).toBe('running');
  }

  async #checkData({ id, vault, home }: Tenant): Promise<void> {
    const { host, archive } = this.world;
    const writesIn = (snapshot: SnapshotId): number =>
      Number(archive.notesOf({ tenant: id, vault, snapshot })?.writes);
    const here = host.writesOf(id);
    if (home.kind === 'archive') {
      expect(here).toBe(undefined);
      const isRestoring = host.isRestoring({ tenant: id, vault, snapshot: home.snapshot });
      expect(writesIn(home.snapshot)).toBe(isRestoring ? 2 : host.acknowledged(id));
    } else expect(here).toBe(host.acknowledged(id));
    const kept = (await archive.list({ tenant: id, vault })).map((one) => writesIn(one.id));
    expect(Math.max(here ?? 0, ...kept)).toBe(this.#most);
  }

  async #within(time: DurationMs, work: () => Promise<unknown>): Promise<void> {
    const strange: unknown[] = [];
    work().catch((error: unknown) => {
      // What is told in the name of a dead server is told to nobody.
      const isOrdinary = this.killing.hasKilled || isFault(error, 'TENANT_UNKNOWN');
      if (!isOrdinary) strange.push(error);
    });
    await this.world.clock.advance(time);
    expect(strange).toEqual([]);
  }
}

type Story = {
  readonly name: string;
  readonly before?: (scene: Scene) => Promise<unknown>;
  readonly tell: (scene: Scene) => Promise<unknown>;
  readonly takes?: DurationMs;
};

const archived = ({ world, tenant }: Scene) => world.orchestrator.archive(tenant.id);
const removed = ({ world, tenant }: Scene) => world.orchestrator.remove(tenant.id);

const STORIES: readonly Story[] = [
  { name: 'a sleeping tenant is archived', tell: archived },
  {
    name: 'an awake tenant is archived',
    tell: async (scene) => {
      await scene.wakeAndWrite();
      await archived(scene);
    },
  },
  {
    name: 'a tenant whose password was changed wakes',
    before: ({ world, tenant }) => world.catalog.rotateOwner(tenant.id, verifierOf('C')),
    tell: (scene) => scene.wakeAndWrite(),
  },
  {
    name: 'an archived tenant wakes, and sleeps again',
    before: archived,
    tell: async (scene) => {
      await scene.wakeAndWrite();
      await scene.world.orchestrator.suspend(scene.tenant.id);
    },
  },
  {
    name: 'snapshots are taken of an awake and of a sleeping tenant',
    tell: async (scene) => {
      const { orchestrator } = scene.world;
      const { id } = scene.tenant;
      await scene.wakeAndWrite();
      await orchestrator.snapshot(id, null);
      scene.write();
      await orchestrator.suspend(id);
      await orchestrator.snapshot(id, null);
    },
  },
  {
    name: 'a snapshot of an archived tenant is named',
    before: archived,
    tell: ({ world, tenant }) => world.orchestrator.snapshot(tenant.id, 'named'),
  },
  { name: 'a snapshot is restored to a sleeping tenant', tell: (scene) => scene.restore() },
  {
    name: 'a snapshot is restored to an awake tenant, which wakes again',
    tell: async (scene) => {
      await scene.wakeAndWrite();
      await scene.restore();
      await scene.wakeAndWrite();
    },
  },
  {
    name: 'a snapshot is restored to an archived tenant',
    before: archived,
    tell: (scene) => scene.restore(),
  },
  {
    name: 'a tenant goes all the way down',
    tell: (scene) => scene.wakeAndWrite(),
    takes: minutes(16),
  },
  { name: 'an archived tenant is deleted', before: archived, tell: removed },
  {
    name: 'an awake tenant is deleted',
    tell: async (scene) => {
      await scene.wakeAndWrite();
      await removed(scene);
    },
  },
];

/** Tells the story in three lives, of which the first two end at these failpoints. Returns whether both did. */
async function tellTwice(story: Story, first: number, second: number): Promise<readonly boolean[]> {
  const scene = new Scene();
  await scene.set(story);
  await scene.tell(story, first);
  const diedFirst = scene.killing.hasKilled;
  for (const point of scene.killing.reached) reached.add(point);
  await scene.startAnew(second);
  // What recovery has not reached, the story has.
  const left = second - scene.killing.reached.length;
  if (!scene.killing.hasKilled) await scene.tell(story, left);
  const diedSecond = scene.killing.hasKilled;
  await scene.startAnew(Number.POSITIVE_INFINITY);
  await scene.check();
  return [diedFirst, diedSecond];
}

const reached = new Set<FailpointName>();

test.each(STORIES)('$name, and the server is killed twice in a row, anywhere', async (story) => {
  let firsts = 0;
  for (let first = 1; first < REACHED_MAX; first++) {
    let died: readonly boolean[] = [true, true];
    for (let second = 1; died[1] === true && second < REACHED_MAX; second++) {
      died = await tellTwice(story, first, second);
    }
    if (died[0] === false) break;
    firsts = first;
  }
  expect(firsts).toBeGreaterThan(0);
  expect(firsts).toBeLessThan(REACHED_MAX - 1);
});

const LADDER = /^(wake|suspend|shed|archive|snapshot|restore|delete|collect)\./;
/** Points inside of a host's archive, which has tests of its own. */
const INSIDE: readonly FailpointName[] = ['archive.packed', 'archive.listed', 'archive.headed'];

test('the stories have reached every failpoint of the ladder', () => {
  const all = FAILPOINTS.filter((point) => LADDER.test(point) && !INSIDE.includes(point));
  expect(all.filter((point) => !reached.has(point))).toEqual([]);
});
