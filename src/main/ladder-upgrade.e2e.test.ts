/**
 * A data directory of the last version that had no archive is opened by this one, while its computes run:
 * tenants are awake, asleep or not born yet, and all of them wake, go to the archive and come back.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { output } from '../testing/installed.ts';
import { LedgerClient, WHOLE } from '../testing/ledger-client.ts';
import {
  freshDataDir,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const LAST_WITHOUT_ARCHIVE = '60e2c3b';

const isThere =
  output('git', '-C', REPOSITORY, 'cat-file', '-t', LAST_WITHOUT_ARCHIVE)?.trim() === 'commit';

/** The sources as they were, with the packages of today. */
async function oldProgram(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'dynabase-old-'));
  const tar = join(place, 'sources.tar');
  const sources = join(place, 'sources');
  execFileSync('git', ['-C', REPOSITORY, 'archive', '-o', tar, LAST_WITHOUT_ARCHIVE]);
  await mkdir(sources);
  execFileSync('tar', ['-xf', tar, '-C', sources]);
  await symlink(join(REPOSITORY, 'node_modules'), join(sources, 'node_modules'));
  return place;
}

describe(isThere ? 'an upgrade' : 'an upgrade (skipped: needs the history)', {
  skip: !isThere,
}, () => {
  let place: string;
  let dataDir: string;
  let server: RealServer;
  const tenants: TenantSecret[] = [];
  const clients: LedgerClient[] = [];

  beforeAll(async () => {
    place = await oldProgram();
    dataDir = await freshDataDir();
    const program = join(place, 'sources', 'bin', 'dynabase.js');
    server = await realServer({ dataDir, program });
    for (const name of ['awake', 'asleep', 'unborn']) {
      const tenant = await server.client.tenants.create({ name });
      tenants.push(tenant);
      const client = new LedgerClient('one', () =>
        server.uri({ role: name, password: tenant.password }),
      );
      clients.push(client);
      if (name === 'unborn') continue;
      await client.begin();
      for (let n = 0; n < 5; n++) await client.append();
    }
    await server.client.tenants.suspend('asleep');
    await server.end('SIGKILL');
    server = await realServer({ dataDir });
  });

  afterAll(async () => {
    await Promise.allSettled(clients.map((client) => client.end()));
    await server[Symbol.asyncDispose]();
    await removeDataDir(dataDir);
    await rm(place, { recursive: true });
  });

  test('finds every tenant as it was', async () => {
    const found = [];
    for await (const { name, state, home, tier } of server.client.tenants.list()) {
      found.push({ name, state, home, tier });
    }
    expect(found).toEqual([
      { name: 'asleep', state: 'suspended', home: 'local', tier: 'COLD' },
      { name: 'awake', state: 'running', home: 'local', tier: 'COLD' },
      { name: 'unborn', state: 'suspended', home: 'local', tier: 'COLD' },
    ]);
  });

  test('takes a snapshot of a compute that the old version started', async () => {
    const taken = await server.client.tenants.snapshot('awake', { name: 'adopted' });
    expect(taken).toMatchObject({ taken: 'running', damage: null });
    const copy = await server.client.tenants.fork('awake', { name: 'copy' });
    const reader = new LedgerClient('one', () =>
      server.uri({ role: 'copy', password: copy.password }),
    );
    expect(await reader.query('select count(*)::int as n from ledger')).toEqual([{ n: 5 }]);
    await reader.end();
  });

  test('wakes, archives and brings back all of them', async () => {
    for (const [n, client] of clients.entries()) {
      const tenant = tenants[n];
      if (tenant === undefined) throw new Error('a tenant is missing');
      await client.begin();
      await client.append();
      for (let round = 0; round < 2; round++) {
        await server.client.tenants.archive(tenant.name);
        expect(existsSync(join(dataDir, 'tenants', tenant.id))).toBe(false);
        expect(await client.audit()).toEqual(WHOLE);
        await client.append();
      }
    }
  });
});
