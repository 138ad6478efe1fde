/**
 * The server's TLS certificate: configured, or our own, made at the first start.
 *
 * Files are looked at every few seconds and taken up when they change, so that a renewed
 * certificate needs no restart. While a new pair cannot be used (half written, or a key that is not
 * the certificate's) the old one stays.
 */
import { constants, createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { generate } from 'selfsigned';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import type { Log } from '../domain/log.ts';
import { seconds } from '../domain/units.ts';

/** How often the files are looked at. */
const LOOK_EVERY = seconds(10);

/** A certificate that we sign ourselves protects as long as its key does. */
const OWN_VALID_DAYS = 3_650;
const DAY_MS = 86_400_000;

export type CertificateFiles = { readonly certFile: string; readonly keyFile: string };

export type CertificateOptions = {
  readonly clock: Clock;
  readonly log: Log;
  /** Where our own is kept. Used unless `files` is given. */
  readonly directory: string;
  readonly files: CertificateFiles | null;
  /** Further names to put into our own. */
  readonly hostNames: readonly string[];
};

/** What a handshake needs. */
export type TlsIdentity = {
  readonly context: SecureContext;
  /** RFC 5929 `tls-server-end-point`; null where the signature algorithm defines none. */
  readonly channelBinding: Buffer | null;
};

/** Throws `BAD_OPTION` if configured files cannot be used. */
export async function openCertificate(options: CertificateOptions): Promise<Certificate> {
  const files = options.files ?? (await ownFiles(options));
  try {
    const stamp = await stampOf(files);
    return new Certificate(files, options, { stamp, identity: await load(files) });
  } catch (error) {
    const why = 'certificate and key cannot be read, or do not belong together';
    throw fault('BAD_OPTION', { option: '--tls-cert', why }, { cause: error });
  }
}

type Loaded = { readonly stamp: string; readonly identity: TlsIdentity };

export class Certificate {
  readonly #files: CertificateFiles;
  readonly #clock: Clock;
  readonly #log: Log;
  #loaded: Loaded;
  #isClosed = false;
  #cancelTimer: CancelTimer = () => {};

  constructor(
    files: CertificateFiles,
    world: { readonly clock: Clock; readonly log: Log },
    loaded: Loaded,
  ) {
    this.#files = files;
    this.#clock = world.clock;
    this.#log = world.log;
    this.#loaded = loaded;
    this.#lookLater();
  }

  get identity(): TlsIdentity {
    return this.#loaded.identity;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#cancelTimer = this.#clock.timer(LOOK_EVERY, () => {
      void this.look().finally(() => this.#lookLater());
    });
  }

  /** Takes up the files if they have changed. Never rejects. */
  async look(): Promise<void> {
    const { identity, stamp: known } = this.#loaded;
    const stamp = await stampOf(this.#files).catch(() => known);
    if (stamp === known) return;
    try {
      this.#loaded = { stamp, identity: await load(this.#files) };
      this.#log.info('the TLS certificate was renewed');
    } catch (error) {
      this.#loaded = { stamp, identity };
      this.#log.warn('a changed TLS certificate cannot be used; the old one stays', { error });
    }
  }
}

/** Changes when either file does, also when a symbolic link comes to point elsewhere. */
async function stampOf(files: CertificateFiles): Promise<string> {
  const stats = await Promise.all([stat(files.certFile), stat(files.keyFile)]);
  return stats.map((s) => `${s.ino} ${s.size} ${s.mtimeMs}`).join(', ');
}

async function load(files: CertificateFiles): Promise<TlsIdentity> {
  const [cert, key] = await Promise.all([readFile(files.certFile), readFile(files.keyFile)]);
  const leaf = new X509Certificate(cert);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is of another pair');
  const context = createSecureContext({
    cert,
    key,
    minVersion: 'TLSv1.2',
    // As PostgreSQL: no client resumes a session, and tickets would only be sent for nothing.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  return { context, channelBinding: endPointOf(leaf) };
}

/** Source: RFC 5929 §4.1. MD5 and SHA-1 are replaced by SHA-256. */
function endPointOf(leaf: X509Certificate): Buffer | null {
  const algorithm = leaf.signatureAlgorithm ?? '';
  const [, bits] = /sha-?(224|256|384|512)/i.exec(algorithm) ?? [];
  if (bits === undefined && !/md5|sha-?1(?!\d)/i.test(algorithm)) return null;
  return createHash(`sha${bits ?? '256'}`)
    .update(leaf.raw)
    .digest();
}

/** Makes our own where there is none, or where it has expired. */
async function ownFiles(options: CertificateOptions): Promise<CertificateFiles> {
  const files = {
    certFile: join(options.directory, 'server.crt'),
    keyFile: join(options.directory, 'server.key'),
  };
  const now = options.clock.wall();
  const made = await readFile(files.certFile).catch(() => null);
  if (made !== null && isValidAt(made, now)) return files;
  const pair = await generate([{ name: 'commonName', value: 'dynabase' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + OWN_VALID_DAYS * DAY_MS),
    extensions: [
      // No key usage: without `keyCertSign` OpenSSL 1.1 does not see that it is its own issuer.
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: namesOf(options.hostNames) },
    ],
  });
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  // The key first: whoever finds a certificate finds its key.
  await replaceFile(files.keyFile, pair.private, 0o600);
  await replaceFile(files.certFile, pair.cert, 0o644);
  return files;
}

function isValidAt(pem: Buffer, now: number): boolean {
  try {
    return new X509Certificate(pem).validToDate.getTime() > now;
  } catch {
    return false;
  }
}

function namesOf(hostNames: readonly string[]) {
  const addresses = new Set(['127.0.0.1', '::1', ...hostNames.filter((name) => isIP(name) !== 0)]);
  const hosts = hostNames.filter((name) => isIP(name) === 0);
  const names = new Set([hostname(), ...['localhost', ...hosts].flatMap((h) => [h, `*.${h}`])]);
  return [
    ...[...names].map((value) => ({ type: 2 as const, value })),
    ...[...addresses].map((ip) => ({ type: 7 as const, ip })),
  ];
}

async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const half = `${path}.new`;
  await writeFile(half, content, { mode });
  await chmod(half, mode);
  await rename(half, path);
}
