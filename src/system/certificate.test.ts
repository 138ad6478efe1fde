import { createHash, X509Certificate } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seconds } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type CertificateOptions, openCertificate } from './certificate.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dynabase-tls-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const given = (name: string, more: Partial<CertificateOptions> = {}): CertificateOptions => ({
  clock: new VirtualClock(),
  log: new MemoryLog(),
  directory: join(root, name),
  files: null,
  hostNames: [],
  ...more,
});

const certificateIn = async (name: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(root, name, 'server.crt')));

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

test('our own is made at the first start, kept at the next, and its key is only ours', async () => {
  const hostNames = ['db.example.com', '192.0.2.7'];
  const first = await openCertificate(given('own', { hostNames }));
  const made = await certificateIn('own');
  expect(first.identity.channelBinding).toEqual(sha256(made.raw));
  expect((await stat(join(root, 'own/server.key'))).mode & 0o777).toBe(0o600);
  for (const name of ['localhost', 'db.example.com', 'acme.db.example.com']) {
    expect(made.checkHost(name)).toBeDefined();
  }
  // OpenSSL takes no wildcard for a top level; libpq does.
  expect(made.subjectAltName).toContain('DNS:*.localhost');
  for (const ip of ['127.0.0.1', '::1', '192.0.2.7']) expect(made.checkIP(ip)).toBeDefined();
  expect(made.checkHost('elsewhere.example.com')).toBeUndefined();
  first.close();

  const second = await openCertificate(given('own'));
  expect((await certificateIn('own')).raw).toEqual(made.raw);
  second.close();
});

test('our own that cannot be read is made anew', async () => {
  (await openCertificate(given('own'))).close();
  await writeFile(join(root, 'own/server.crt'), 'half a certif');
  const again = await openCertificate(given('own'));
  expect(again.identity.channelBinding).toEqual(sha256((await certificateIn('own')).raw));
  again.close();
});

test('configured files that do not belong together are refused', async () => {
  for (const name of ['one', 'other']) (await openCertificate(given(name))).close();
  const mixed = {
    certFile: join(root, 'one/server.crt'),
    keyFile: join(root, 'other/server.key'),
  };
  await expect(openCertificate(given('x', { files: mixed }))).rejects.toThrow(
    'certificate and key cannot be read, or do not belong together',
  );
  const missing = { certFile: join(root, 'none.crt'), keyFile: join(root, 'none.key') };
  await expect(openCertificate(given('x', { files: missing }))).rejects.toThrow('--tls-cert');
});

test('a pair that changes is taken up, one that cannot be used is not', async () => {
  for (const name of ['one', 'other']) (await openCertificate(given(name))).close();
  const files = { certFile: join(root, 'live.crt'), keyFile: join(root, 'live.key') };
  const place = async (cert: string, key: string, at: number): Promise<void> => {
    await copyFile(join(root, `${cert}/server.crt`), files.certFile);
    await copyFile(join(root, `${key}/server.key`), files.keyFile);
    // Two writes within one tick of the file system's clock are told apart.
    for (const file of Object.values(files)) await utimes(file, at, at);
  };
  const log = new MemoryLog();
  const clock = new VirtualClock();
  await place('one', 'one', 1_000);
  const certificate = await openCertificate(given('x', { files, log, clock }));
  const [one, other] = [await certificateIn('one'), await certificateIn('other')];

  await place('other', 'one', 2_000);
  await certificate.look();
  await certificate.look();
  expect(certificate.identity.channelBinding).toEqual(sha256(one.raw));
  expect(log.alarming).toEqual(['a changed TLS certificate cannot be used; the old one stays']);

  await place('other', 'other', 3_000);
  await certificate.look();
  expect(certificate.identity.channelBinding).toEqual(sha256(other.raw));

  await rm(files.certFile);
  await certificate.look();
  expect(certificate.identity.channelBinding).toEqual(sha256(other.raw));
  certificate.close();
  await clock.advance(seconds(60));
  expect(clock.pending).toBe(0);
});
