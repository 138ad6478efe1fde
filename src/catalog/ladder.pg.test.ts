import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Catalog } from '../domain/catalog.ts';
import { parseTenantId, snapshotIdOf, type TenantId } from '../domain/ids.ts';
import { type LadderStep, NO_TOTALS } from '../domain/levels.ts';
import type { Tenant } from '../domain/tenant.ts';
import { TIERS } from '../domain/tier.ts';
import { hours, minutes, ms, type Timestamp, timestamp } from '../domain/units.ts';
import { MemoryCatalog } from '../sim/memory-catalog.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { draft } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { openCatalog } from './open-catalog.ts';
import type { PgCatalog } from './pg-catalog.ts';

let postgres: RealPostgres;
let stored: PgCatalog;
const log = new MemoryLog();

beforeAll(async () => {
  postgres = await realPostgres();
  stored = await openCatalog({ connection: postgres.connection, log });
});

beforeEach(async () => {
  await postgres.sql('delete from dynabase.tenants');
  await postgres.sql('delete from dynabase.fleet_levels');
  await postgres.sql(
    'insert into dynabase.fleet_levels (shard) select shard from generate_series(0, 15) as shard',
  );
});

afterAll(async () => {
  await stored.close();
  await postgres[Symbol.asyncDispose]();
  expect(log.alarming).toEqual([]);
});

const unknown: TenantId = parseTenantId('tn_zzzzzzzzzzzz');
const SNAPSHOT = snapshotIdOf(7);
const ARCHIVED = { kind: 'archive', snapshot: SNAPSHOT } as const;
const LOCAL = { kind: 'local' } as const;
const LONG_AGO = timestamp(1_000_000_000_000);
const LATER = timestamp(4_102_444_800_000);

type Made = {
  readonly catalog: Catalog;
  readonly rest: (tenant: Tenant, at: Timestamp) => unknown;
};

/** In memory time is a virtual clock's; the rows of PostgreSQL are dated back instead. */
const MAKERS = {
  'in PostgreSQL': (): Made => ({
    catalog: stored,
    rest: (tenant, at) =>
      postgres.sql(
        'update dynabase.tenants set state_since = to_timestamp($2::float8 / 1000) where id = $1',
        [tenant.id, at],
      ),
  }),
  'in memory, for tests of others,': (): Made => {
    const clock = new VirtualClock();
    return { catalog: new MemoryCatalog(clock), rest: () => clock.advance(minutes(1)) };
  },
};

describe.each(Object.entries(MAKERS))('a catalog %s keeps the ladder: ', (_, make) => {
  let catalog: Catalog;
  let rest: Made['rest'];

  beforeEach(() => {
    ({ catalog, rest } = make());
  });

  const suspended = async (name: string): Promise<Tenant> =>
    catalog.move(await catalog.insertTenant(draft(name)), { kind: 'suspended' });

  const awake = async (name: string): Promise<Tenant> =>
    catalog.move(
      await catalog.move(await suspended(name), { kind: 'waking', attempt: 1 }),
      { kind: 'running' },
      { home: LOCAL },
    );

  const asleep = async (name: string): Promise<Tenant> =>
    catalog.move(await catalog.move(await awake(name), { kind: 'suspending' }), {
      kind: 'suspended',
    });

  test('a fork begins in the archive, in the vault of its origin', async () => {
    const origin = await suspended('origin');
    const fork = await catalog.insertTenant(
      draft('fork', { home: ARCHIVED, vault: origin.vault, tier: 'HOT' }),
    );
    expect([fork.home, fork.vault, await catalog.tenantById(fork.id)]).toEqual([
      ARCHIVED,
      origin.id,
      fork,
    ]);
  });

  test('a move writes home and changes in one, and says what it has written', async () => {
    const tenant = await asleep('acme');
    const archiving = await catalog.move(tenant, { kind: 'archiving' });
    const change = { home: ARCHIVED, dirtySince: null };
    const noted = await catalog.note(archiving, change);
    const done = await catalog.move(noted, { kind: 'suspended' });
    expect([archiving.home, noted, done.home, done.generation]).toEqual([
      LOCAL,
      { ...archiving, ...change, generation: archiving.generation + 1 },
      ARCHIVED,
      archiving.generation + 2,
    ]);
    expect(await catalog.tenantById(tenant.id)).toEqual(done);
  });

  test('changes begin with the first wake after a snapshot, and not with the next', async () => {
    const fresh = await suspended('acme');
    const first = await catalog.move(fresh, { kind: 'waking', attempt: 1 });
    const again = await catalog.move(first, { kind: 'waking', attempt: 2 });
    const running = await catalog.move(again, { kind: 'running' }, { home: LOCAL });
    const saved = await catalog.note(running, { dirtySince: null });
    const since = [fresh, first, again, running, saved].map(({ dirtySince }) => dirtySince);
    expect(since).toEqual([null, first.stateSince, first.stateSince, first.stateSince, null]);
    const stopped = await catalog.move(saved, { kind: 'suspended' }, { dirtySince: LONG_AGO });
    const woken = await catalog.move(stopped, { kind: 'waking', attempt: 1 });
    expect([stopped.dirtySince, woken.dirtySince]).toEqual([LONG_AGO, LONG_AGO]);
  });

  test('a note of an old generation is refused, and one of a tenant that is gone', async () => {
    const tenant = await asleep('acme');
    await catalog.note(tenant, { dirtySince: null });
    await expect(catalog.note(tenant, {})).rejects.toMatchObject({ code: 'STALE_GENERATION' });
    const gone = { ...tenant, id: unknown };
    await expect(catalog.note(gone, {})).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' });
  });

  test('a tier that a person chose is kept with its end, until it is taken back', async () => {
    const tenant = await suspended('acme');
    const override = { tier: 'HOT', until: timestamp(9_000), by: 'operator' } as const;
    const chosen = await catalog.configure(tenant.id, { tier: 'HOT', override });
    expect(chosen).toMatchObject({ tier: 'HOT', override });
    const same = await catalog.configure(tenant.id, { tier: 'HOT', plan: 'enterprise' });
    expect(same).toMatchObject({ tierSince: chosen.tierSince, plan: 'enterprise', override });
    const forever = { ...override, until: null };
    const kept = await catalog.configure(tenant.id, { override: forever });
    expect(kept).toMatchObject({ override: forever });
    const back = await catalog.configure(tenant.id, { override: null });
    expect(back).toMatchObject({ tier: 'HOT', override: null });
  });

  test('a move may bring another tier', async () => {
    const tenant = await suspended('acme');
    const waking = await catalog.move(tenant, { kind: 'waking', attempt: 1 }, { tier: 'WARM' });
    expect(waking.tier).toBe('WARM');
    expect(waking.tierSince).toBeGreaterThanOrEqual(tenant.tierSince);
    const noted = await catalog.note(waking, { tier: 'WARM' });
    expect(noted.tierSince).toBe(waking.tierSince);
  });

  test('a setting is the tier', async () => {
    const tenant = await suspended('acme');
    expect(await catalog.configure(tenant.id, { tier: 'PERSISTENT' })).toEqual({
      ...tenant,
      tierSince: expect.any(Number),
      tier: 'PERSISTENT',
    });
  });

  test('homes are counted through creation, moves and removal', async () => {
    await suspended('new');
    await awake('awake');
    const away = await catalog.note(await asleep('away'), { home: ARCHIVED });
    const leaving = await catalog.note(await asleep('leaving'), { home: ARCHIVED });
    const before = await catalog.countHomes();
    await catalog.removeTenant((await catalog.move(leaving, { kind: 'deleting' })).id);
    await catalog.note(away, { home: LOCAL });
    expect([before, await catalog.countHomes()]).toEqual([
      { none: 1, local: 1, archive: 2 },
      { none: 1, local: 2, archive: 0 },
    ]);
  });

  test('tiers are counted through creation, changes together with a home, and removal', async () => {
    const counts = async () => [await catalog.countTiers(), await catalog.countHomes()];
    const tenant = await asleep('tiered');
    const made = await counts();
    const away = await catalog.note(tenant, { home: ARCHIVED, tier: 'HOT' });
    const hot = await counts();
    await catalog.configure(tenant.id, { tier: 'PERSISTENT' });
    const persistent = await counts();
    await catalog.configure(tenant.id, { tier: 'WARM' });
    const warm = await counts();
    await catalog.removeTenant((await catalog.move(away, { kind: 'deleting' })).id);
    const none = { COLD: 0, WARM: 0, HOT: 0, PERSISTENT: 0 };
    const archived = { none: 0, local: 0, archive: 1 };
    expect([made, hot, persistent, warm, await counts()]).toEqual([
      [
        { ...none, COLD: 1 },
        { none: 0, local: 1, archive: 0 },
      ],
      [{ ...none, HOT: 1 }, archived],
      [{ ...none, PERSISTENT: 1 }, archived],
      [{ ...none, WARM: 1 }, archived],
      [none, { none: 0, local: 0, archive: 0 }],
    ]);
  });

  test('those at rest here are due for the archive, who waits longest first', async () => {
    const second = await asleep('second');
    await rest(second, timestamp(LONG_AGO + 1));
    const third = await asleep('third');
    await rest(third, timestamp(LONG_AGO + 2));
    const now = (await catalog.tenantById(third.id))?.stateSince ?? LONG_AGO;
    await catalog.note(await asleep('away'), { home: ARCHIVED });
    await suspended('new');
    await awake('awake');
    const names = async (restedBefore: Timestamp, limit: number): Promise<readonly string[]> =>
      (await catalog.dueForArchive({ limit, restedBefore, tiers: TIERS })).map(({ name }) => name);
    expect([await names(LATER, 9), await names(LATER, 1), await names(now, 9)]).toEqual([
      ['second', 'third'],
      ['second'],
      ['second'],
    ]);
  });

  test('those with old changes are due for a snapshot, awake or asleep', async () => {
    const since = (at: number) => ({ dirtySince: timestamp(LONG_AGO + at) });
    await catalog.note(await awake('second'), since(2));
    await catalog.note(await asleep('first'), since(1));
    await catalog.note(await awake('clean'), { dirtySince: null });
    const stopping = await catalog.note(await awake('stopping'), since(0));
    await catalog.move(stopping, { kind: 'suspending' });
    await catalog.note(await asleep('away'), { ...since(0), home: ARCHIVED });
    const names = async (before: number, limit: number): Promise<readonly string[]> =>
      (await catalog.dueForSnapshot(timestamp(LONG_AGO + before), limit)).map(({ name }) => name);
    expect([await names(3, 9), await names(3, 1), await names(2, 9)]).toEqual([
      ['first', 'second'],
      ['first'],
      ['first'],
    ]);
  });

  test('totals are added up and bytes replaced', async () => {
    const { id } = await suspended('acme');
    const zero = await catalog.levels(id);
    await catalog.noteLevels(id, { hitsL1: 5, wakesL4: 1, l3: 100 });
    await catalog.noteLevels(id, { l2: 70, hitsL1: 2, hitsL2: 1, hitsL3: 1, wakesL2: 3 });
    await catalog.noteLevels(id, { l2: null, l3: 50, l4: 9, wakesL3: 4 });
    const bytes = { l2: null, l3: 50, l4: 9 };
    const hits = { hitsL1: 7, hitsL2: 1, hitsL3: 1 };
    const wakes = { wakesL2: 3, wakesL3: 4, wakesL4: 1 };
    expect([zero, await catalog.levels(id)]).toEqual([NO_TOTALS, { ...bytes, ...hits, ...wakes }]);
  });

  test('the fleet is their sum, in which what a tenant was served outlives it', async () => {
    const [one, two] = [await suspended('one'), await suspended('two')];
    const zero = await catalog.fleetLevels();
    await catalog.noteLevels(one.id, { l2: 5, l3: 100, l4: 1, hitsL1: 10, wakesL3: 1 });
    await catalog.noteLevels(two.id, { l3: 200, hitsL1: 20, hitsL2: 1, hitsL3: 3, wakesL2: 1 });
    await catalog.noteLevels(one.id, { l3: 150, wakesL4: 2 });
    await catalog.noteLevels(unknown, { l3: 1_000, hitsL1: 1_000 });
    const before = await catalog.fleetLevels();
    await catalog.removeTenant((await catalog.move(one, { kind: 'deleting' })).id);
    const counts = { hitsL1: 30, hitsL2: 1, hitsL3: 3, wakesL2: 1, wakesL3: 1, wakesL4: 2 };
    expect([zero, before, await catalog.fleetLevels(), await catalog.levels(one.id)]).toEqual([
      NO_TOTALS,
      { ...counts, l2: 5, l3: 350, l4: 1 },
      { ...counts, l2: null, l3: 200, l4: 0 },
      NO_TOTALS,
    ]);
  });

  test('steps come back whole, the latest first', async () => {
    const { id } = await suspended('acme');
    const now = (await catalog.tenantById(id))?.stateSince ?? LATER;
    const step = (at: number, kind: LadderStep['kind'], from: LadderStep['from']): LadderStep => ({
      ...{ at: timestamp(now + at), kind, from },
      ...{ bytes: 2 ** 40, ms: 1.5, because: 'somebody "came"' },
    });
    const taken = [step(0, 'wake', 'L4'), step(2, 'suspend', null), step(1, 'shed-l1', null)];
    for (const one of [...taken, step(2, 'archive', null)]) await catalog.recordStep(id, one);
    await catalog.recordStep(unknown, step(9, 'wake', 'L2'));
    const found = await catalog.steps(id, 3);
    expect(found).toEqual([step(2, 'archive', null), taken[1], taken[2]]);
    expect((await catalog.steps(id, 9)).at(-1)).toEqual(taken[0]);
  });

  test('steps are forgotten after 30 days, and with the tenant', async () => {
    const { id } = await suspended('acme');
    const now = (await catalog.tenantById(id))?.stateSince ?? LATER;
    const step = (age: number): LadderStep => ({
      ...{ at: timestamp(now - age), kind: 'wake', from: null },
      ...{ bytes: 0, ms: ms(1), because: 'a client' },
    });
    await catalog.recordStep(id, step(hours(31 * 24)));
    await catalog.recordStep(id, step(hours(29 * 24)));
    await catalog.recordStep(id, step(0));
    const kept = await catalog.steps(id, 9);
    const tenant = await catalog.tenantById(id);
    if (tenant === undefined) throw new Error('the tenant is there');
    await catalog.removeTenant((await catalog.move(tenant, { kind: 'deleting' })).id);
    expect([kept, await catalog.steps(id, 9)]).toEqual([[step(0), step(hours(29 * 24))], []]);
  });
});
