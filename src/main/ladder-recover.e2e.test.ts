/**
 * The machine is lost: data directory, catalog and secrets. The archive is on another volume, and its
 * master key was kept. A new server has every tenant back, as of its latest snapshot.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import {
  freshDataDir,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

const DEAD_WITHIN_MS = 60_000;

type Login = { readonly role: string; readonly password: string; readonly database: string };

/** One question of a client to a server, at the front door. */
async function ask(server: RealServer, login: Login, sql: string): Promise<unknown[]> {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: server.proxyPort, user: login.role },
    ...{ password: login.password, database: login.database },
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const ownerOf = ({ name, password }: TenantSecret): Login => ({
  ...{ role: name, password, database: name },
});

test(
  'what a lost machine had is there again on another, by its archive and the key',
  async () => {
    const volume = await freshDataDir();
    const dataDir = join(volume, 'machine');
    const args = ['--archive-dir', join(volume, 'archive')];
    const env = { DYNABASE_ARCHIVE_KEY: randomBytes(32).toString('base64') };
    let asleep: TenantSecret | undefined;
    let awake: TenantSecret | undefined;
    let fork: TenantSecret | undefined;
    try {
      {
        await using first = await realServer({ dataDir, args, env });
        const { tenants } = first.client;
        asleep = await tenants.create({ name: 'asleep' });
        awake = await tenants.create({ name: 'awake', plan: 'starter', suspendAfterMs: 77_000 });
        await ask(first, ownerOf(asleep), 'create table kept as select 42 as n');
        await ask(first, ownerOf(asleep), "create role clerk login password 'of the clerk'");
        await ask(first, ownerOf(asleep), 'grant all on schema public to clerk');
        await ask(first, ownerOf(awake), 'create table kept as select 7 as n');
        await tenants.archive('asleep');
        await tenants.snapshot('awake');
        fork = await tenants.fork('awake', { name: 'fork' });
        await ask(first, ownerOf(awake), 'create table after_the_snapshot (n int)');
        await first.end('SIGKILL');
      }
      await removeDataDir(dataDir);

      await using second = await realServer({ dataDir, args, env });
      const { client } = second;
      const recovery = await client.recover();
      expect(recovery.entered.map(({ name }) => name).sort()).toEqual(['asleep', 'awake', 'fork']);
      expect(await client.recover()).toEqual({ entered: [], skipped: [], known: 3 });
      expect(await client.tenants.get('awake')).toMatchObject({
        ...{ id: awake.id, plan: 'starter', suspendAfterMs: 77_000, home: 'archive' },
      });

      expect(await ask(second, ownerOf(asleep), 'select n from kept')).toEqual([{ n: 42 }]);
      expect(await ask(second, ownerOf(awake), 'select n from kept')).toEqual([{ n: 7 }]);
      expect(await ask(second, ownerOf(fork), 'select n from kept')).toEqual([{ n: 7 }]);
      const lost = ask(second, ownerOf(awake), 'select * from after_the_snapshot');
      await expect(lost).rejects.toMatchObject({ code: '42P01' });
      const clerk = { role: 'clerk', password: 'of the clerk', database: 'asleep' };
      expect(await ask(second, clerk, 'select current_user as who')).toEqual([{ who: 'clerk' }]);

      await client.tenants.archive('awake');
      expect(await ask(second, ownerOf(awake), 'select n from kept')).toEqual([{ n: 7 }]);
    } finally {
      await rm(volume, { recursive: true, force: true });
    }
  },
  DEAD_WITHIN_MS * 2,
);
