/** The server is killed at the step of the way down that leaves a compute awake: it goes on. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { LedgerClient, WHOLE } from '../testing/ledger-client.ts';
import {
  freshDataDir,
  processesIn,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

/** Steps of the way are 10 s apart at least, and so is the first from the last query. */
const POLICY = {
  descentSteps: 1,
  tiers: { HOT: { idleAfter: '1s', descentTakes: '20s' } },
};

let dataDir: string;
let policy: string;
let tenant: TenantSecret;
let port = 0;
const client = new LedgerClient(
  'one',
  () => `postgresql://hot:${tenant.password}@127.0.0.1:${port}/hot`,
);

beforeAll(async () => {
  dataDir = await freshDataDir();
  policy = join(dataDir, 'policy.json');
  await using server = await realServer({ dataDir });
  tenant = await server.client.tenants.create({ name: 'hot', plan: 'professional' });
  await writeFile(policy, JSON.stringify(POLICY));
});

afterAll(async () => {
  await client.end();
  await removeDataDir(dataDir);
});

async function killedWhileShedding(): Promise<void> {
  const env = { DYNABASE_FAILPOINT: 'shed.done:kill' };
  const server: RealServer = await realServer({ dataDir, env, args: ['--policy', policy] });
  port = server.proxyPort;
  await client.begin();
  for (let n = 0; n < 5; n++) await client.append();
  expect((await server.exited).signal).toBe('SIGKILL');
}

test('killed at shed.done, twice in a row, a compute stays awake with its sessions', async () => {
  await killedWhileShedding();
  const before = (await processesIn(join(dataDir, 'tenants', tenant.id))).map(({ pid }) => pid);
  await killedWhileShedding();
  await using server = await realServer({ dataDir, args: ['--policy', policy] });
  await client.append();
  expect(await client.audit()).toEqual(WHOLE);
  expect(client.sessions).toBe(1);
  const after = await processesIn(join(dataDir, 'tenants', tenant.id));
  const pids = new Set(after.map(({ pid }) => pid));
  const postmasters = after.filter(({ parent }) => !pids.has(parent)).map(({ pid }) => pid);
  expect(postmasters).toHaveLength(1);
  expect(before).toContain(postmasters[0]);
  await server.client.tenants.archive('hot');
  expect(await client.audit()).toEqual(WHOLE);
});
