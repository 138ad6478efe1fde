import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../cli/doctor.ts';
import { realServer, runCli } from '../../testing/real-server.ts';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'dynabase-doctor-'));
  await chmod(dataDir, 0o711);
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function doctor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const ports = args.some((arg) => arg.endsWith('-port')) ? [] : ['--proxy-port', '0'];
  const all = ['doctor', '--json', '--api-port', '0', ...ports, ...args];
  const ran = await runCli(all, { dataDir, env: { ...env } });
  const { findings, counts }: { findings: readonly Finding[]; counts: Record<string, number> } =
    JSON.parse(ran.stdout);
  const of = (check: string) => findings.find((finding) => finding.check === check);
  return { ...ran, findings, counts, of };
}

describe('an empty directory', () => {
  test('has no problem', async () => {
    const { code, counts, of } = await doctor([]);
    expect(code).toBe(0);
    expect(counts.problem).toBe(0);
    expect(of('node')).toMatchObject({ severity: 'ok' });
    expect(of('postgresql')).toMatchObject({ says: expect.stringMatching(/^1\d\.\d/) });
    expect(of('its format')).toMatchObject({ says: 'it is empty; the first start fills it' });
    expect(of('disk speed')?.says).toMatch(/ ms$/);
    expect(of('archive key')).toBeUndefined();
  });

  test('is as it was', async () => {
    await doctor([]);
    await expect(rm(dataDir, { recursive: false })).rejects.toThrow();
    await mkdir(join(dataDir, 'sub'));
    expect((await doctor([])).of('its format')).toMatchObject({ severity: 'problem' });
  });
});

test('what is wrong is a problem, with what to do, and status 1', async () => {
  await writeFile(join(dataDir, 'format'), '99 dynabase 9.9.9\n');
  await writeFile(join(dataDir, 'api-key'), 'key', { mode: 0o644 });
  await mkdir(join(dataDir, 'archive', 'vaults', 'tn_1'), { recursive: true });
  await chmod(dataDir, 0o777);
  const { code, stderr, of } = await doctor([]);
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ code: 'UNWELL' });
  const problem = (todo: unknown) => ({ severity: 'problem', todo });
  expect(of('data directory')).toMatchObject(problem(`chmod go-w ${dataDir}`));
  expect(of('its format')).toMatchObject(problem(expect.stringContaining('newer')));
  expect(of('its keys')).toMatchObject(problem(`chmod 600 ${join(dataDir, 'api-key')}`));
  expect(of('archive key')).toMatchObject(problem(expect.stringContaining('bring back a copy')));
});

test('a port that is taken is told with who has it', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  try {
    const { port } = holder.address() as AddressInfo;
    const { code, of } = await doctor(['--proxy-port', String(port)]);
    expect(code).toBe(1);
    expect(of(`port ${port}`)).toMatchObject({
      severity: 'problem',
      says: expect.stringContaining(`(process ${process.pid})`),
      todo: expect.stringContaining('--proxy-port'),
    });
  } finally {
    holder.close();
  }
});

test('a catalog elsewhere that does not answer is told without its password', async () => {
  const env = { DYNABASE_DATABASE_URL: 'postgresql://me:hush@127.0.0.1:1/catalog' };
  const { code, of, stdout } = await doctor([], env);
  expect(code).toBe(1);
  expect(of('catalog')).toMatchObject({ severity: 'problem' });
  expect(stdout).not.toContain('hush');
});

test('a server that runs is found, and is no problem', async () => {
  await using server = await realServer();
  const ran = await runCli(['doctor', '--json', '--proxy-port', String(server.proxyPort)], {
    dataDir: server.dataDir,
  });
  const { findings }: { findings: readonly Finding[] } = JSON.parse(ran.stdout);
  const of = (check: string) => findings.find((finding) => finding.check === check);
  expect(of('server')).toMatchObject({ says: `one runs on it, process ${server.pid}` });
  expect(of(`port ${server.proxyPort}`)).toMatchObject({ severity: 'ok' });
  expect(of('its keys')).toMatchObject({ severity: 'ok' });
  expect(of('archive key')).toMatchObject({ todo: expect.stringContaining('keep a copy') });
});
