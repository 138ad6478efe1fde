/** Each way to wake a tenant, and each to end its time awake, is told with who wanted it. */
import { expect, test } from 'vitest';
import type {
  Asking,
  AwakeCause,
  AwakeEnd,
  AwakeStart,
  AwakeWatch,
  KeptAwake,
} from '../domain/awake.ts';
import type { TenantId } from '../domain/ids.ts';
import { NO_LIMITS } from '../domain/quota.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, minutes, ms, seconds } from '../domain/units.ts';
import { PRESETS } from '../policy/rules.ts';
import { Orchestrated, type OrchestratedOptions, UNUSED } from '../testing/orchestrated.ts';

/** Until a habit is one. */
const DAYS_LEARNT = 15;

const ANN: Asking = {
  by: { kind: 'person', name: 'Ann', isOperator: false },
  operation: 'wakeTenant',
};

/** Keeps what it is told; an end is told once. */
class Told implements AwakeWatch {
  readonly causes: AwakeCause[] = [];
  readonly kinds: KeptAwake['kind'][] = [];
  readonly ends: AwakeEnd[] = [];
  #isAwake = false;

  woke(_: TenantId, { cause }: AwakeStart): void {
    this.causes.push(cause);
    this.#isAwake = true;
  }

  found(): void {
    this.causes.push({ kind: 'found' });
  }

  kept(_: TenantId, { kind }: KeptAwake): void {
    if (this.kinds.at(-1) !== kind) this.kinds.push(kind);
  }

  told(): void {}

  ended(_: TenantId, end: AwakeEnd): void {
    if (this.#isAwake) this.ends.push(end);
    this.#isAwake = false;
  }
}

function watched(options: OrchestratedOptions = {}) {
  const told = new Told();
  const asked: { asking: Asking | null } = { asking: ANN };
  const world = new Orchestrated({ awake: told, asked, ...options });
  return { told, asked, world };
}

type Way = (world: Orchestrated, tenant: Tenant) => Promise<unknown>;

const WAYS: Readonly<Record<string, Way>> = {
  'a wake': ({ orchestrator }, { id }) => orchestrator.wakeTenant(id),
  'work inside': ({ orchestrator }, { id }) => orchestrator.inside(id, async () => {}),
  'a snapshot, a fork or an export of one without files': ({ orchestrator }, { id }) =>
    orchestrator.snapshot(id, null),
};

test.each(Object.entries(WAYS))('%s is of who asked', async (_, way) => {
  const { told, asked, world } = watched();
  const tenant = await world.tenant('acme');
  const done = way(world, tenant).catch((error: unknown) => error);
  // Whoever asks next is not taken for who asked.
  asked.asking = null;
  await world.clock.advance(seconds(2));
  expect(await done).not.toBeInstanceOf(Error);
  expect(told.causes).toEqual([{ kind: 'operator', asking: ANN }]);
});

test('a restart is of who asked, and ends what was', async () => {
  const { told, asked, world } = watched();
  const tenant = await world.tenant('acme');
  const { address } = world.session(tenant);
  await world.clock.advance(seconds(1));
  await address;
  const done = world.orchestrator.restart(tenant.id, { within: ms(10), force: true });
  asked.asking = null;
  await world.clock.advance(seconds(2));
  await done;
  expect(told.causes.map(({ kind }) => kind)).toEqual(['session', 'operator']);
  expect(told.causes[1]).toEqual({ kind: 'operator', asking: ANN });
  expect(told.ends.map(({ kind }) => kind)).toEqual(['restart']);
});

test('who comes with a ticket is told as who asked for the ticket', async () => {
  const tickets = {
    find: () => undefined,
    askedBy: (role: string) => (role === 'acme' ? ANN : null),
  };
  const { told, world } = watched({ tickets });
  for (const name of ['acme', 'other']) {
    const { address } = world.session(await world.tenant(name));
    await world.clock.advance(seconds(1));
    await address;
  }
  expect(told.causes).toMatchObject([
    { kind: 'operator', asking: ANN },
    { kind: 'session', who: { role: 'other' } },
  ]);
});

test('what the tier wakes is of the tier, whatever request brought it', async () => {
  const { told, world } = watched({ rules: { ...PRESETS.vision, archiveAfter: null } });
  const tenant = await world.tenant('acme');
  const override = { tier: 'PERSISTENT', until: null, by: 'operator' } as const;
  await world.catalog.configure(tenant.id, { tier: 'PERSISTENT', override });
  await world.orchestrator.changed(tenant.id);
  await world.clock.advance(minutes(5));
  expect(told.causes).toEqual([{ kind: 'tier' }]);
  expect(told.kinds.at(-1)).toBe('floor');
});

test('a wake ahead of who comes every morning is told with what is expected', async () => {
  const rules = { ...PRESETS.adaptive, archiveAfter: null, snapshotEvery: null };
  const { told, world } = watched({ rules });
  const tenant = await world.tenant('acme');
  await world.orchestrator.recover();
  for (let day = 0; day < DAYS_LEARNT; day++) {
    const { id, address } = world.session(tenant);
    await world.clock.advance(minutes(1));
    await address;
    world.orchestrator.use(tenant.id, id, UNUSED);
    await world.clock.advance(ms(hours(24) - minutes(1)));
  }
  const ahead = told.causes.filter(({ kind }) => kind === 'prewarm');
  expect(ahead.length).toBeGreaterThan(0);
  expect(ahead[0]).toEqual({ kind: 'prewarm', because: expect.stringMatching(/./) });
});

test('a limit that is reached ends it as such', async () => {
  const { told, world } = watched({ allowance: NO_LIMITS });
  const tenant = await world.tenant('acme');
  const { address } = world.session(tenant);
  await world.clock.advance(seconds(1));
  await address;
  const request = { within: ms(10), force: true };
  const done = world.orchestrator.halt(tenant.id, request, 'its budget is used up');
  await world.clock.advance(seconds(2));
  await done;
  expect(told.ends).toEqual([{ kind: 'quota', because: 'its budget is used up' }]);
});
