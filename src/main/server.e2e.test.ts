/** How the program starts, ends and speaks; and the CLI against it. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import {
  freshDataDir,
  processesIn,
  realServer,
  removeDataDir,
  runCli,
} from '../testing/real-server.ts';

/** Of one that runs: its children, such as autovacuum's, come and go. */
async function postmasterIn(dir: string): Promise<number> {
  const running = await processesIn(dir);
  const pids = running.map(({ pid }) => pid);
  const [postmaster, ...more] = running.filter(({ parent }) => !pids.includes(parent));
  if (postmaster === undefined || more.length > 0) throw new Error(JSON.stringify(running));
  return postmaster.pid;
}

test('a server told to end leaves no process and no server file behind', async () => {
  const dataDir = await freshDataDir();
  try {
    await using server = await realServer({ dataDir });
    const tenant = await server.client.tenants.create({ name: 'acme' });
    await server.client.tenants.wake('acme');
    const client = new pg.Client(server.uri({ role: 'acme', password: tenant.password }));
    const ended = new Promise<Error>((done) => client.on('error', done));
    await client.connect();
    expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await ended).toMatchObject({ code: '57P01' });
    expect(await processesIn(dataDir)).toEqual([]);
    await expect(readFile(join(dataDir, 'server.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  } finally {
    await removeDataDir(dataDir);
  }
});

test('detached computes run on, and the next server takes them over', async () => {
  const dataDir = await freshDataDir();
  try {
    await using first = await realServer({ dataDir, args: ['--detach-computes'] });
    const tenant = await first.client.tenants.create({ name: 'acme' });
    await first.client.tenants.wake('acme');
    const compute = join(dataDir, 'tenants', tenant.id);
    const before = await postmasterIn(compute);
    expect(await first.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(await postmasterIn(compute)).toBe(before);

    await using second = await realServer({ dataDir });
    expect((await second.client.tenants.get('acme')).state).toBe('running');
    const client = new pg.Client(second.uri({ role: 'acme', password: tenant.password }));
    await client.connect();
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
    expect(await postmasterIn(compute)).toBe(before);
    await second.client.tenants.suspend('acme');
    expect(await processesIn(compute)).toEqual([]);
  } finally {
    await removeDataDir(dataDir);
  }
});

test('what keeps a server from starting is said in one plain line', async () => {
  await using running = await realServer();
  const inUse = await runCli(['up', '--proxy-port', '0', '--api-port', '0'], {
    dataDir: running.dataDir,
  });
  expect(inUse.code).toBe(1);
  expect(inUse.stderr).toContain('[DATA_DIR_IN_USE]');

  const blocker = createServer();
  await new Promise<void>((done) => blocker.listen(0, '127.0.0.1', done));
  const address = blocker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const dataDir = await freshDataDir();
  try {
    const args = ['up', '--proxy-port', String(port), '--api-port', '0'];
    const taken = await runCli(args, { dataDir });
    expect(taken.code).toBe(1);
    expect(taken.stderr).toContain(`port ${port} is in use`);
    expect(taken.stderr).toContain('[PORT_IN_USE]');
    expect(await processesIn(dataDir)).toEqual([]);

    await writeFile(join(dataDir, 'format'), '99 dynabase 9.9.9\n');
    const newer = await runCli(['up'], { dataDir });
    expect(newer.stderr).toContain('[DATA_DIR_VERSION]');
  } finally {
    blocker.close();
    await removeDataDir(dataDir);
  }
  const foreign = await freshDataDir();
  try {
    await mkdir(join(foreign, 'holiday-pictures'));
    const refused = await runCli(['up'], { dataDir: foreign });
    expect(refused.stderr).toContain('[DATA_DIR_UNUSABLE]');
  } finally {
    await removeDataDir(foreign);
  }
});

test('the admin key is readable by its owner only, and nothing opens without it', async () => {
  await using server = await realServer();
  const mode = (await stat(join(server.dataDir, 'api-key'))).mode & 0o777;
  expect(mode).toBe(0o600);
  const file: { apiUrl: string } = JSON.parse(
    await readFile(join(server.dataDir, 'server.json'), 'utf8'),
  );
  const answer = await fetch(`${file.apiUrl}/v1/tenants`);
  expect(answer.status).toBe(401);
});

test('the command line takes a tenant through its life', async () => {
  await using server = await realServer();
  const cli = (...args: string[]) => runCli(args, { dataDir: server.dataDir });
  const created = await cli('tenants', 'create', 'acme', '--json');
  expect(created).toMatchObject({ code: 0, stderr: '' });
  const tenant: { connectionUri: string; password: string } = JSON.parse(created.stdout);
  expect(tenant).toMatchObject({ name: 'acme', tier: 'COLD', state: 'suspended' });
  expect(tenant.connectionUri).toBe(
    `postgresql://acme:${tenant.password}@localhost:${server.proxyPort}/acme`,
  );

  const answered = await cli('sql', 'acme', 'select current_user as me, 40 + 2 as n', '--json');
  expect(JSON.parse(answered.stdout)).toEqual([{ me: 'acme', n: 42 }]);
  const script = 'create table t (n int);\ninsert into t values (1), (2);\nselect sum(n) from t;\n';
  const ran = await runCli(['sql', 'acme'], { dataDir: server.dataDir, stdin: script });
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stdout).toContain('3');
  const wrong = await cli('sql', 'acme', 'select nonsense');
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain('nonsense');

  expect((await cli('status')).stdout).toContain('PostgreSQL');
  expect((await cli('tenants', 'list')).stdout).toContain('acme');
  expect(JSON.parse((await cli('suspend', 'acme', '--json')).stdout)).toMatchObject({
    state: 'suspended',
  });
  expect(JSON.parse((await cli('wake', 'acme', '--json')).stdout)).toMatchObject({
    state: 'running',
  });
  expect((await cli('connection-string', 'acme')).stdout.trim()).toBe(
    `postgresql://acme@localhost:${server.proxyPort}/acme`,
  );
  const rotated = JSON.parse((await cli('tenants', 'rotate-password', 'acme', '--json')).stdout);
  expect(rotated.password).not.toBe(tenant.password);
  expect(await cli('tenants', 'delete', 'acme', '--yes')).toMatchObject({ code: 0 });
  const unknown = await cli('tenants', 'show', 'acme');
  expect(unknown).toMatchObject({ code: 1 });
  expect(unknown.stderr).toContain('[TENANT_UNKNOWN]');
}, 60_000);

test('a command without a server says what to do', async () => {
  const dataDir = await freshDataDir();
  try {
    const alone = await runCli(['status'], { dataDir });
    expect(alone).toMatchObject({ code: 1, stdout: '' });
    expect(alone.stderr).toContain('[SERVER_UNREACHABLE]');
  } finally {
    await removeDataDir(dataDir);
  }
});
