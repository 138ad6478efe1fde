/** What keeps tenants apart when the server runs as root. */
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealHost, type RealTenant, realHost } from '../testing/real-host.ts';
import { type ComputeFiles, layoutOf, tenantFiles } from './layout.ts';
import { findProcess } from './machine/processes.ts';
import { isRoot } from './machine/users.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import { endStrays } from './strays.ts';

describe.runIf(isRoot())('as root', () => {
  let world: RealHost;
  let tenants: readonly [RealTenant, RealTenant];

  beforeAll(async () => {
    world = await realHost({ husks: 2 });
    tenants = [await world.running('left'), await world.running('right')];
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const filesOf = ({ id }: RealTenant): ComputeFiles => tenantFiles(layoutOf(world.dataDir), id);
  const uidOf = (tenant: RealTenant): number => statSync(filesOf(tenant).data).uid;

  /** Exit status of a shell command run as another tenant's user id. */
  function runAs(uid: number, command: string): number {
    try {
      execFileSync('/bin/sh', ['-c', command], { uid, gid: uid, cwd: '/', stdio: 'ignore' });
      return 0;
    } catch (error) {
      return (error as { status: number }).status;
    }
  }

  const pidOf = (tenant: RealTenant): number => readPostmasterFile(filesOf(tenant).data)?.pid ?? 0;

  const statusOf = (tenant: RealTenant, field: string): string => {
    const status = readFileSync(`/proc/${pidOf(tenant)}/status`, 'utf8');
    return new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? '';
  };

  test('it says so', () => expect(world.engine.isolation).toBe('uid per tenant'));

  test('each compute has a user id of its own, from the range, and no group besides', () => {
    const [left, right] = tenants.map(uidOf);
    expect(left).not.toBe(right);
    for (const tenant of tenants) {
      const uid = uidOf(tenant);
      expect(uid).toBeGreaterThanOrEqual(200_000);
      expect(statusOf(tenant, 'Uid')).toBe([uid, uid, uid, uid].join('\t'));
      expect(statusOf(tenant, 'Gid')).toBe([uid, uid, uid, uid].join('\t'));
      expect(statusOf(tenant, 'Groups').trim()).toBe('');
    }
  });

  test('a process that a tenant has hidden ends before its files are removed', async () => {
    const tenant = await world.running('hiding');
    const uid = uidOf(tenant);
    // No mark is left: another directory, no lock, no parent.
    const hidden = spawn('/bin/sleep', ['300'], { uid, gid: uid, cwd: '/', stdio: 'ignore' });
    const ended = new Promise((done) => hidden.once('exit', (_, signal) => done(signal)));
    await world.host.stop(tenant.id);
    expect(hidden.signalCode).toBe(null);
    await world.host.remove(tenant.id);
    expect(await ended).toBe('SIGKILL');
  });

  test('a user of the system whose data root has taken over keeps its other processes', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'dynabase-strays-'));
    const uid = 65_534;
    chownSync(dir, uid, uid);
    const other = spawn('/bin/sleep', ['300'], { uid, gid: uid, cwd: '/', stdio: 'ignore' });
    try {
      await endStrays(dir);
      expect(findProcess(other.pid ?? 0)).toBeDefined();
    } finally {
      other.kill('SIGKILL');
      rmSync(dir, { recursive: true });
    }
  });

  test('a compute has no privilege and can gain none', () => {
    expect(statusOf(tenants[0], 'CapEff')).toBe('0000000000000000');
    expect(statusOf(tenants[0], 'NoNewPrivs')).toBe('1');
  });

  test('a compute leaves no core, has bounds, and dies before the server does', () => {
    const limits = readFileSync(`/proc/${pidOf(tenants[0])}/limits`, 'utf8');
    expect(limits).toMatch(/Max core file size\s+0\s/);
    expect(limits).toMatch(/Max processes\s+264\s/);
    const score = readFileSync(`/proc/${pidOf(tenants[0])}/oom_score_adj`, 'utf8');
    expect(score).toBe('500\n');
  });

  test('a neighbour opens neither data, nor log, nor first secret, nor socket', async () => {
    const [left, right] = tenants;
    const files = filesOf(left);
    const uid = uidOf(right);
    expect(runAs(uid, 'true')).toBe(0);
    for (const path of [`${files.data}/PG_VERSION`, files.log, files.lock]) {
      expect(runAs(uid, `cat '${path}'`), path).not.toBe(0);
    }
    expect(runAs(uid, `ls '${files.run}'`)).not.toBe(0);
    const observed = await world.host.observe(left.id);
    const socketPath = observed.kind === 'running' ? observed.address.socketPath : '';
    const knock = `require("net").connect(${JSON.stringify(socketPath)})`;
    const program = `${knock}.on("error",()=>process.exit(3)).on("connect",()=>process.exit(0))`;
    expect(runAs(uid, `'${process.execPath}' -e '${program}'`)).toBe(3);
    expect(runAs(uid, `kill -0 ${pidOf(left)}`)).not.toBe(0);
  });

  test('a directory under a closed parent works, since nobody walks to it', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'dynabase-closed-'));
    try {
      expect(statSync(closed).mode & 0o777).toBe(0o700);
      await using inside = await realHost({ parent: closed, ownTemplate: true });
      const tenant = await inside.running('enclosed');
      expect(await inside.sql(tenant, 'select 1 as n')).toEqual([{ n: 1 }]);
    } finally {
      rmSync(closed, { recursive: true });
    }
  });
});

describe.runIf(!isRoot())('as an ordinary user', () => {
  test('all tenants share the one user id, and that is said', async () => {
    await using world = await realHost();
    const tenant = await world.running('sharing');
    const { data } = tenantFiles(layoutOf(world.dataDir), tenant.id);
    expect(statSync(data).uid).toBe(process.getuid?.());
    expect(world.engine.isolation).toMatch(/^one user id for all tenants/);
  });
});

test('a data directory with a long path works', async () => {
  const parent = mkdtempSync(join(tmpdir(), `dynabase-${'long'.repeat(30)}-`));
  try {
    // Only the user id of the tests needs to walk here; computes work in place.
    await using world = await realHost({ parent });
    const tenant = await world.running('far');
    expect(await world.sql(tenant, 'select 1 as n')).toEqual([{ n: 1 }]);
    const observed = await world.host.observe(tenant.id);
    const socketPath = observed.kind === 'running' ? observed.address.socketPath : '';
    expect(socketPath).toMatch(/^\/proc\/self\/fd\/\d+\/\.s\.PGSQL\.5432$/);
  } finally {
    rmSync(parent, { recursive: true });
  }
});
