import { beforeEach, describe, expect, test } from 'vitest';
import { NO_TOTALS } from '../domain/levels.ts';
import type { Tenant } from '../domain/tenant.ts';
import { Controlled } from '../testing/controlled.ts';

let controlled: Controlled;
let acme: Tenant;

beforeEach(async () => {
  controlled = new Controlled();
  await controlled.control.createTenant({ name: 'acme' });
  acme = (await controlled.done(controlled.control.wakeTenant('acme'))).tenant;
  controlled.world.host.wrote(acme.id);
});

const done = <T>(work: Promise<T>): Promise<T> => controlled.done(work);

/** A new compute, whose data is taken for changed. */
async function usedAgain(): Promise<void> {
  await done(controlled.control.suspendTenant('acme'));
  await done(controlled.control.wakeTenant('acme'));
  controlled.world.host.wrote(acme.id);
}

const namesLeft = async (): Promise<readonly (string | null)[]> =>
  (await controlled.control.listSnapshots('acme')).map(({ name }) => name);

describe('snapshots', () => {
  test('are listed, the latest first, and may have the same name', async () => {
    const { control, world } = controlled;
    const first = await done(control.createSnapshot('acme', 'release'));
    world.host.wrote(acme.id);
    const second = await done(control.createSnapshot('acme', 'release'));
    expect((await control.listSnapshots('acme')).map(({ id }) => id)).toEqual([
      second.id,
      first.id,
    ]);
  });

  test.each(['', ' ', 'x'.repeat(64), 'line\nbreak', 'esc\u001b[31m', '\u202egnp'])(
    'cannot be called %j',
    async (name) => {
      const { control } = controlled;
      await expect(control.createSnapshot('acme', name)).rejects.toMatchObject({
        code: 'BAD_NAME',
      });
    },
  );

  test('with a name are deleted; those without go by themselves', async () => {
    const { control } = controlled;
    const named = await done(control.createSnapshot('acme', 'release 2.0 – für alle'));
    await usedAgain();
    const nameless = await done(control.createSnapshot('acme', null));
    await control.deleteSnapshot('acme', named.id);
    await expect(control.deleteSnapshot('acme', nameless.id)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    await expect(control.deleteSnapshot('acme', named.id)).rejects.toMatchObject({
      code: 'SNAPSHOT_UNKNOWN',
    });
    await expect(control.deleteSnapshot('acme', '../x')).rejects.toMatchObject({ code: 'BAD_ID' });
    expect(await namesLeft()).toEqual([null]);
  });

  test('that were restored may be deleted: the tenant has one of its own', async () => {
    const { control } = controlled;
    const { id } = await done(control.createSnapshot('acme', 'release'));
    await usedAgain();
    const { tenant } = await done(control.restoreSnapshot('acme', id));
    await control.deleteSnapshot('acme', id);
    expect(tenant.home).not.toEqual({ kind: 'archive', snapshot: id });
    expect((await done(control.wakeTenant('acme'))).tenant.state.kind).toBe('running');
    expect(await namesLeft()).toEqual([null, `before ${id}`]);
  });

  test('cannot be touched by another tenant', async () => {
    const { control } = controlled;
    const { id } = await done(control.createSnapshot('acme', 'release'));
    await control.createTenant({ name: 'other' });
    const refused = { code: 'SNAPSHOT_UNKNOWN' };
    await expect(control.deleteSnapshot('other', id)).rejects.toMatchObject(refused);
    await expect(done(control.restoreSnapshot('other', id))).rejects.toMatchObject(refused);
  });
});

describe('an export', () => {
  test('ends the reading of the archive with its own, begun or not', async () => {
    const { control, world } = controlled;
    let ended = 0;
    world.archive.export = async function* () {
      try {
        yield Buffer.from('one');
        yield Buffer.from('two');
      } finally {
        ended += 1;
      }
    };
    const whole = await done(control.exportTenant('acme'));
    const texts: string[] = [];
    for await (const part of whole.content) texts.push(Buffer.from(part).toString());
    const partly = (await done(control.exportTenant('acme'))).content[Symbol.asyncIterator]();
    await partly.next();
    await partly.return?.();
    await (await done(control.exportTenant('acme'))).content[Symbol.asyncIterator]().return?.();
    expect([texts, ended]).toEqual([['one', 'two'], 3]);
  });

  test('that cannot begin says why', async () => {
    const { control, world } = controlled;
    const exported = world.archive.export.bind(world.archive);
    world.archive.export = (ref) => {
      world.archive.damage(ref, 'a chunk is missing');
      return exported(ref);
    };
    await expect(done(control.exportTenant('acme'))).rejects.toMatchObject({
      code: 'ARCHIVE_CORRUPT',
    });
  });

  test('of one that has never been awake makes its data first', async () => {
    const { control } = controlled;
    await control.createTenant({ name: 'fresh' });
    const { content } = await done(control.exportTenant('fresh'));
    await content[Symbol.asyncIterator]().return?.();
    expect((await control.showTenant('fresh')).tenant.home).toEqual({ kind: 'local' });
  });

  test('of one in the archive leaves it there', async () => {
    const { control, world } = controlled;
    await done(control.archiveTenant('acme'));
    const calls = world.host.calls.length;
    const { content } = await done(control.exportTenant('acme'));
    await content[Symbol.asyncIterator]().return?.();
    expect(world.host.calls.slice(calls)).toEqual([]);
  });
});

describe('levels', () => {
  test('are those of now and of the whole life, with what was done of late', async () => {
    const { control, world } = controlled;
    await world.catalog.noteLevels(acme.id, { hitsL1: 100, hitsL3: 50 });
    const { reading, totals, steps, view } = await control.levels('acme');
    const hits = reading.hits ?? { l1: Number.NaN, l2: null, l3: Number.NaN };
    expect(view.tenant.name).toBe('acme');
    expect([totals.hitsL1, totals.hitsL3, totals.l3]).toEqual([
      100 + hits.l1,
      50 + hits.l3,
      reading.bytes.l3,
    ]);
    expect(steps.map(({ kind }) => kind)).toContain('wake');
    const { levels, homes } = await control.status();
    expect([levels.hitsL1, homes]).toEqual([100, { none: 0, local: 1, archive: 0 }]);
    expect((await control.metrics()).levels).toEqual({ ...NO_TOTALS, ...levels });
  });

  test('follow the tier at once', async () => {
    const { control } = controlled;
    const { tenant } = await done(
      control.configureTenant('acme', { tier: { tier: 'HOT', until: null } }),
    );
    expect(tenant.tier).toBe('HOT');
  });

  test('archive takes it to the last of them', async () => {
    const { control } = controlled;
    const { tenant } = await done(control.archiveTenant('acme'));
    expect([tenant.state.kind, tenant.home.kind, tenant.dirtySince]).toEqual([
      'suspended',
      'archive',
      null,
    ]);
  });
});
