/** Data directories as a killed compute leaves them, and a tenant that has broken out of its PostgreSQL. */
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snapshotIdOf, type TenantId } from '../../domain/ids.ts';
import { eventually } from '../../testing/eventually.ts';
import { type RealHost, type RealTenant, realHost } from '../../testing/real-host.ts';
import { layoutOf, tenantFiles } from '../layout.ts';
import { killAll, processesOf } from '../machine/processes.ts';

let world: RealHost;

beforeAll(async () => {
  world = await realHost({ husks: 3 });
});
afterAll(() => world[Symbol.asyncDispose]());

const never = new AbortController().signal;

const filesOf = (id: TenantId) => tenantFiles(layoutOf(world.dataDir), id);

const refOf = ({ id }: { readonly id: TenantId }, snapshot: number) => ({
  tenant: id,
  vault: id,
  snapshot: snapshotIdOf(snapshot),
});

const archive = (tenant: RealTenant, snapshot: number, signal: AbortSignal = never) =>
  world.host.archive(tenant.id, { ...refOf(tenant, snapshot), name: null, notes: {}, signal });

/** A tenant with a row, whose compute has just been killed. */
async function killed(name: string): Promise<RealTenant> {
  const tenant = await world.running(name);
  await world.sql(tenant, 'create table kept as select 1 as n');
  const noticed = new Promise<void>((resolve) => world.host.onLost(() => resolve()));
  killAll(filesOf(tenant.id));
  await noticed;
  return tenant;
}

test('a tenant whose compute was killed is recovered before it is archived', async () => {
  const tenant = await killed('killed');
  expect(await archive(tenant, 1)).toMatchObject({ taken: 'stopped', damage: null });
  expect(await world.host.observe(tenant.id)).toEqual({ kind: 'stopped' });
  await world.host.remove(tenant.id);
  await world.host.hydrate(tenant.id, refOf(tenant, 1), never);
  await world.start(tenant.id);
  expect(await world.sql(tenant, 'table kept')).toEqual([{ n: 1 }]);
});

test('whoever comes while a tenant is recovered gets in, and nothing of it is kept', async () => {
  const tenant = await killed('hurried');
  const somebody = new AbortController();
  const saving = archive(tenant, 1, somebody.signal).catch((error: unknown) => error);
  const files = filesOf(tenant.id);
  await eventually('the recovery', async () => processesOf(files).length > 0);
  const came = new Error('a client came');
  somebody.abort(came);
  const starting = world.start(tenant.id);
  expect(await saving).toBe(came);
  await starting;
  expect(await world.sql(tenant, 'table kept')).toEqual([{ n: 1 }]);
  expect(await world.engine.archive.list(refOf(tenant, 1))).toEqual([]);
});

/** What a tenant may leave that has broken out of its PostgreSQL. */
const HOSTILE: readonly (readonly [string, (data: string, other: string) => void])[] = [
  ['a link', (data) => symlinkSync('/etc/passwd', join(data, 'base/link'))],
  ['a linked directory', (data) => symlinkSync('/etc', join(data, 'base/9'))],
  ['a pipe', (data) => execFileSync('mkfifo', [join(data, 'base/pipe')])],
  [
    'a program that runs as its owner',
    (data) => {
      writeFileSync(join(data, 'base/program'), '#!/bin/sh');
      chmodSync(join(data, 'base/program'), 0o4755);
    },
  ],
  [
    'another name of a file of another tenant',
    (data, other) => linkSync(join(other, 'PG_VERSION'), join(data, 'base/1/PG_VERSION.1')),
  ],
];

test.each(HOSTILE)('%s in its data is refused, and the tenant stays as it is', async (_, leave) => {
  const [tenant, other] = await Promise.all([world.running('hostile'), world.created('other')]);
  await world.host.stop(tenant.id);
  await archive(tenant, 1);
  leave(filesOf(tenant.id).data, filesOf(other.id).data);
  await expect(archive(tenant, 2)).rejects.toThrow(/base/);
  const kept = await world.engine.archive.list(refOf(tenant, 1));
  expect(kept).toMatchObject([{ id: snapshotIdOf(1), damage: null }]);
  await world.start(tenant.id);
  expect(await world.sql(tenant, 'select 1 as one')).toEqual([{ one: 1 }]);
  await world.host.stop(tenant.id);
});
