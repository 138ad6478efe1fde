import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FailpointName, Failpoints } from '../domain/failpoints.ts';
import { newTenantId } from '../domain/ids.ts';
import { SystemRandom } from '../system/random.ts';
import { eventually } from '../testing/eventually.ts';
import { realHost } from '../testing/real-host.ts';
import { computeFiles, layoutOf } from './layout.ts';
import { isRoot } from './machine/users.ts';

const RANDOM = new SystemRandom();

/** Fails at `point` the first time it is reached. */
function failingOnce(point: FailpointName): Failpoints & { hits: number } {
  return {
    hits: 0,
    reach(at) {
      if (at !== point) return Promise.resolve();
      this.hits++;
      return this.hits === 1 ? Promise.reject(new Error(`failpoint ${at}`)) : Promise.resolve();
    },
  };
}

test('husks are made until there are as many as wanted', async () => {
  await using world = await realHost({ husks: 2 });
  const { husks } = layoutOf(world.dataDir);
  await eventually('two husks', async () => ready(husks).length === 2);
  await world.host.create(newTenantId(RANDOM));
  await eventually('two husks again', async () => ready(husks).length === 2);
});

test('more are made, and those beyond it removed, when another number is to be kept', async () => {
  await using world = await realHost({ husks: 1 });
  const { husks } = layoutOf(world.dataDir);
  world.host.keepHusks(3);
  await eventually('three husks', async () => ready(husks).length === 3);
  expect(world.host.husks()).toEqual({ ready: 3, kept: 3 });
  world.host.keepHusks(1);
  await eventually('one husk', async () => ready(husks).length === 1);
  await world.host.create(newTenantId(RANDOM));
  await eventually('one husk again', async () => ready(husks).length === 1);
  expect(world.host.husks()).toEqual({ ready: 1, kept: 1 });
});

const ready = (husks: string): string[] =>
  readdirSync(husks).filter((name) => !name.startsWith('making-'));

test('more tenants than husks are created at once', async () => {
  await using world = await realHost({ husks: 1 });
  const ids = Array.from({ length: 4 }, () => newTenantId(RANDOM));
  await Promise.all(ids.map((id) => world.host.create(id)));
  expect(world.placed()).toEqual([...ids].sort());
  const owners = ids.map((id) => statSync(join(world.dataDir, 'tenants', id, 'data')).uid);
  expect(new Set(owners).size).toBe(isRoot() ? 4 : 1);
});

test.each(['husk.copied', 'husk.done'] as const)(
  'a husk that failed at %s leaves nothing half made',
  async (point) => {
    const failpoints = failingOnce(point);
    await using world = await realHost({ husks: 1, failpoints });
    const { husks } = layoutOf(world.dataDir);
    await eventually('the failure', async () => failpoints.hits > 0);
    await world.host.create(newTenantId(RANDOM));
    await world.engine.close();
    expect(readdirSync(husks).filter((name) => name.startsWith('making-'))).toEqual([]);
  },
);

test('what a crash left is removed at the next start', async () => {
  await using world = await realHost({ husks: 1 });
  const layout = layoutOf(world.dataDir);
  await world.engine.close();
  const half = computeFiles(join(layout.husks, 'making-18.4-1-abandoned'));
  mkdirSync(half.data, { recursive: true });
  writeFileSync(join(half.data, 'PG_VERSION'), '18\n');
  const draft = join(layout.templates, '.making-abandoned');
  mkdirSync(draft, { recursive: true });
  const trash = join(layout.trash, 'tn_aaaaaaaaaaaa.1234');
  mkdirSync(trash);
  const foreign = join(layout.husks, '17.2-1-old');
  mkdirSync(foreign);
  await world.open();
  const left = [half.root, draft, trash, foreign].filter((path) => existsSync(path));
  expect(left).toEqual([]);
});

test('a template that failed to be finished is built anew', async () => {
  const failpoints = failingOnce('template.built');
  await expect(realHost({ failpoints, ownTemplate: true })).rejects.toThrow('template.built');
  await using world = await realHost({ failpoints, ownTemplate: true });
  const ours = expect.stringMatching(new RegExp(`^${world.engine.version}-\\d+$`));
  expect(readdirSync(layoutOf(world.dataDir).templates)).toEqual([ours]);
});

test('a range of user ids that is used up is a plain fault', async ({ skip }) => {
  if (!isRoot()) skip('an ordinary user has one user id');
  await using world = await realHost({
    husks: 0,
    more: { uidRange: { first: 250_000, last: 250_001 } },
  });
  await world.host.create(newTenantId(RANDOM));
  const second = newTenantId(RANDOM);
  await world.host.create(second);
  await expect(world.host.create(newTenantId(RANDOM))).rejects.toMatchObject({ code: 'NO_UIDS' });
  await world.host.remove(second);
  await world.host.create(newTenantId(RANDOM));
});
