import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NO_FAILPOINTS } from '../domain/failpoints.ts';
import { layoutOf, tenantFiles } from '../embedded/layout.ts';
import { SystemClock } from '../system/clock.ts';
import { SystemRandom } from '../system/random.ts';
import { readContent } from '../testing/archive-world.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { type RealHost, realHost } from '../testing/real-host.ts';
import { type OpenArchive, openArchive } from './open-archive.ts';
import { isLeftOut } from './tree-names.ts';

const EMPTY_TENANT_BYTES_MAX = 16 * 1024;
const NEVER = new AbortController().signal;

type World = {
  readonly host: RealHost;
  readonly store: MemoryStore;
  readonly log: MemoryLog;
  readonly archive: OpenArchive;
  readonly template: string;
};

async function opened(): Promise<World> {
  const store = new MemoryStore();
  const log = new MemoryLog();
  const made: { archive: OpenArchive; template: string }[] = [];
  const host = await realHost({
    archive: async (template) => {
      const archive = await openArchive({
        ...{ store, log, template, masterKey: Buffer.alloc(32, 7), failpoints: NO_FAILPOINTS },
        ...{ clock: new SystemClock(), random: new SystemRandom() },
      });
      made.push({ archive, template: template.dir });
      return archive;
    },
  });
  const [first] = made;
  if (!first) throw new Error('no archive was opened');
  return { host, store, log, ...first };
}

const bytesOf = (store: MemoryStore): number =>
  store.objects
    .entries()
    .filter(([key]) => key.startsWith('vaults/'))
    .reduce((sum, [, { bytes }]) => sum + bytes.length, 0);

test('a tenant that did nothing takes 16 kB in the store, and a real one comes back whole', async () => {
  const { host, store, log, archive, template } = await opened();
  await using _ = host;
  const tenant = await host.running('acme');
  await host.host.stop(tenant.id);
  const path = tenantFiles(layoutOf(host.dataDir), tenant.id).data;
  const ref = { tenant: tenant.id, vault: tenant.id };
  const save = (snapshot: string) =>
    archive.save({
      ...{ ...ref, snapshot: snapshot as never, name: null, notes: {}, signal: NEVER },
      source: { kind: 'stopped', path },
    });
  await save('sn_000000000001');
  expect(bytesOf(store)).toBeLessThan(EMPTY_TENANT_BYTES_MAX);

  await host.start(tenant.id);
  await host.sql(tenant, 'create table t as select generate_series(1, 30000) as id');
  await host.host.stop(tenant.id);
  await save('sn_000000000002');
  // Every page that was stored has the checksum that PostgreSQL gives it.
  expect(log.alarming).toEqual([]);

  const into = await mkdtemp(join(tmpdir(), 'dynabase-load-'));
  try {
    await cp(template, into, { recursive: true });
    await archive.load({
      ...{ ...ref, snapshot: 'sn_000000000002' as never, into, owner: null, signal: NEVER },
    });
    const content = await readContent(path);
    for (const name of [...content.keys()]) if (isLeftOut(name)) content.delete(name);
    expect(await readContent(into)).toEqual(content);
  } finally {
    await rm(into, { recursive: true, force: true });
    await archive.close();
  }
});
