import { beforeEach, describe, expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { snapshotIdOf } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { Controlled } from '../testing/controlled.ts';

const FIRST = snapshotIdOf(1);

let controlled: Controlled;

beforeEach(() => {
  controlled = new Controlled();
});

/** A tenant that is awake and has written so often. */
async function awake(name: string, writes: number): Promise<Tenant> {
  const { control, world } = controlled;
  await control.createTenant({ name, plan: 'starter', sessionsMax: 7 });
  const { tenant } = await controlled.done(control.wakeTenant(name));
  for (let i = 0; i < writes; i++) world.host.wrote(tenant.id);
  return tenant;
}

/** How often the tenant had written when the snapshot was taken that it is to be made of. */
const writesIn = ({ id, vault }: Tenant): string | undefined =>
  controlled.world.archive.notesOf({ tenant: id, vault, snapshot: FIRST })?.writes;

const nothingOf = async (name: string): Promise<readonly unknown[]> => {
  const page = await controlled.world.catalog.listTenants({ after: null, limit: 9, state: null });
  return page.tenants.filter((tenant) => tenant.name === name);
};

const abortable = () => new AbortController();

async function fileOf(ref: string): Promise<AsyncIterable<Uint8Array>> {
  const { content } = await controlled.done(controlled.control.exportTenant(ref));
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return (async function* () {
    yield* parts;
  })();
}

describe('a fork', () => {
  test('has the data that its origin has now, its settings, and a password of its own', async () => {
    const origin = await awake('acme', 3);
    const fork = await controlled.done(controlled.control.forkTenant('acme', { name: 'copy' }));
    controlled.world.host.wrote(origin.id);
    expect(fork).toMatchObject({
      password: 'password-2',
      connectionUri: 'postgresql://copy:password-2@localhost:6432/copy',
      tenant: {
        ...{ plan: 'starter', tier: 'WARM', sessionsMax: 7, vault: origin.id },
        state: { kind: 'suspended' },
        home: { kind: 'archive', snapshot: FIRST },
      },
    });
    expect(writesIn(fork.tenant)).toBe('3');
    const woken = await controlled.done(controlled.control.wakeTenant('copy'));
    expect(woken.tenant.home).toEqual({ kind: 'local' });
  });

  test('of another plan has that tier', async () => {
    await awake('acme', 0);
    const request = { name: 'copy', plan: 'enterprise' } as const;
    const { tenant } = await controlled.done(controlled.control.forkTenant('acme', request));
    expect([tenant.plan, tenant.tier]).toEqual(['enterprise', 'PERSISTENT']);
  });

  test('of one that has never been awake has no data, and wakes nobody', async () => {
    await controlled.control.createTenant({ name: 'acme' });
    const { tenant } = await controlled.control.forkTenant('acme', { name: 'copy' });
    expect([tenant.home, tenant.vault, controlled.world.host.calls]).toEqual([
      { kind: 'none' },
      tenant.id,
      [],
    ]);
  });

  test('of one in the archive has what is restored there, and leaves it there', async () => {
    const { control, world } = controlled;
    const origin = await awake('acme', 1);
    const { id } = await controlled.done(control.createSnapshot('acme', 'one write'));
    world.host.wrote(origin.id);
    const { tenant: restored } = await controlled.done(control.restoreSnapshot('acme', id));
    const { tenant } = await controlled.done(control.forkTenant('acme', { name: 'copy' }));
    const { tenant: left } = await control.showTenant('acme');
    expect([writesIn(tenant), left.home]).toEqual(['1', restored.home]);
  });

  test('whose name is taken is refused before anything is done', async () => {
    await awake('acme', 1);
    await controlled.control.createTenant({ name: 'copy' });
    const forking = controlled.control.forkTenant('acme', { name: 'copy' });
    await expect(controlled.done(forking)).rejects.toMatchObject({ code: 'TENANT_EXISTS' });
    expect(await controlled.control.listSnapshots('acme')).toEqual([]);
    const bad = controlled.control.forkTenant('acme', { name: 'Copy!' });
    await expect(bad).rejects.toMatchObject({ code: 'BAD_NAME' });
  });

  test('that fails leaves no tenant, and the snapshots of its origin', async () => {
    controlled = new Controlled({
      reach: () => Promise.reject(fault('ARCHIVE_DOWN', { why: 'it is full' })),
    });
    await awake('acme', 1);
    const forking = controlled.control.forkTenant('acme', { name: 'copy' });
    await expect(controlled.done(forking)).rejects.toMatchObject({ code: 'ARCHIVE_DOWN' });
    expect(await nothingOf('copy')).toEqual([]);
    expect(controlled.world.archive.tenants).toHaveLength(1);
    expect(await controlled.control.listSnapshots('acme')).toHaveLength(1);
  });

  test('that a crash cuts off is removed by the next start, with its snapshots only', async () => {
    const reached = Promise.withResolvers<void>();
    controlled = new Controlled({
      reach: () => {
        reached.resolve();
        return new Promise(() => {});
      },
    });
    const { world, control } = controlled;
    await awake('acme', 1);
    control.forkTenant('acme', { name: 'copy' }).catch(() => undefined);
    await world.clock.advance(controlled.takes);
    await reached.promise;
    expect([(await nothingOf('copy')).length, world.archive.tenants.length]).toEqual([1, 2]);
    world.restart();
    const { healed } = await world.orchestrator.recover();
    await controlled.done(healed);
    expect([await nothingOf('copy'), world.archive.tenants.length]).toEqual([[], 1]);
  });
});

describe('an import', () => {
  test('of an export is a tenant with that data, in a vault of its own', async () => {
    await awake('acme', 4);
    const file = await fileOf('acme');
    const { signal } = abortable();
    const request = { name: 'copy', plan: 'professional', file, signal } as const;
    const { tenant, password } = await controlled.done(controlled.control.importTenant(request));
    expect(tenant).toMatchObject({ tier: 'HOT', home: { kind: 'archive', snapshot: FIRST } });
    expect([tenant.vault, writesIn(tenant), password]).toEqual([tenant.id, '4', 'password-2']);
  });

  test('of something else is refused, and leaves nothing', async () => {
    const file = (async function* () {
      yield Buffer.from('something else');
    })();
    const { signal } = abortable();
    const importing = controlled.control.importTenant({ name: 'copy', file, signal });
    await expect(controlled.done(importing)).rejects.toMatchObject({ code: 'BAD_IMPORT' });
    expect([await nothingOf('copy'), controlled.world.archive.tenants]).toEqual([[], []]);
  });

  test('that is given up leaves nothing', async () => {
    const controller = abortable();
    const file = (async function* () {
      controller.abort(new Error('the client is gone'));
      yield Buffer.from('{}');
    })();
    const { signal } = controller;
    const importing = controlled.control.importTenant({ name: 'copy', file, signal });
    await expect(controlled.done(importing)).rejects.toThrow('the client is gone');
    expect([await nothingOf('copy'), controlled.world.archive.tenants]).toEqual([[], []]);
  });
});
