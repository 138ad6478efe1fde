/**
 * The data directory: everything that one DynaBase keeps on this machine.
 *
 *   format           which layout this is, and who made it
 *   lock             held while a server uses the directory
 *   api-key          the admin key of the REST API, 0600
 *   server.json      where the running server listens; gone when none runs
 *   data-plane/ log/  see `proxy-place.ts`
 *   tls/ secrets/ catalog/ templates/ husks/ tenants/    what the rooms keep
 */
import { chmod, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, fault } from '../domain/faults.ts';
import type { Random } from '../domain/random.ts';

/** Changes when an older program could not read what a newer one has written. */
const FORMAT = 1;

/** Entries that make no directory somebody else's; the last two a first start may leave that was cut short. */
const NOT_OURS_TO_MIND = new Set(['lost+found', 'dynabase.config.json', 'lock', 'format.new']);

export type LockFile = (fd: number) => boolean;

export type DataDirectory = {
  readonly path: string;
  readonly apiKey: string;
  readonly apiKeyFile: string;
  /** 32 secret random bytes, the same at every start. */
  secret(name: string): Promise<Buffer>;
  /** Tells clients on this machine where the server listens. */
  announce(server: ServerFile): Promise<void>;
  close(): Promise<void>;
};

/** The content of `server.json`. */
export type ServerFile = {
  readonly pid: number;
  readonly version: string;
  readonly apiUrl: string;
  readonly proxyPort: number;
};

export type DataDirectoryOptions = {
  readonly path: string;
  readonly version: string;
  readonly random: Random;
  /** Takes the exclusive lock of an open file, or says that another process has it. */
  readonly lock: LockFile;
};

/**
 * Makes the directory if it is not there, and keeps every other server out of it.
 *
 * Throws `DATA_DIR_IN_USE`, `DATA_DIR_VERSION`, `DATA_DIR_UNUSABLE`, `DISK_FULL`.
 */
export async function openDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const { path } = options;
  try {
    await mkdir(path, { recursive: true, mode: 0o711 });
    await refuseForeign(path);
    const lock = await open(join(path, 'lock'), 'a', 0o600);
    try {
      if (!options.lock(lock.fd)) throw fault('DATA_DIR_IN_USE', {});
      return await openLocked(options, () => lock.close());
    } catch (error) {
      await lock.close();
      throw error;
    }
  } catch (error) {
    throw asFault(error);
  }
}

async function openLocked(
  { path, version, random }: DataDirectoryOptions,
  unlock: () => Promise<void>,
): Promise<DataDirectory> {
  await keepFormat(path, version);
  const apiKeyFile = join(path, 'api-key');
  const apiKey = await keepApiKey(apiKeyFile, random);
  const serverFile = join(path, 'server.json');
  return {
    path,
    apiKey,
    apiKeyFile,
    secret: (name) => keepSecret(join(path, 'secrets', `${name}.key`), random),
    announce: (server) => replaceFile(serverFile, `${JSON.stringify(server, null, 2)}\n`, 0o644),
    close: async () => {
      await rm(serverFile, { force: true });
      await unlock();
    },
  };
}

/** From one look, since another server may be making the directory meanwhile. */
async function refuseForeign(path: string): Promise<void> {
  const names = await readdir(path);
  if (names.includes('format')) return;
  const strange = names.find((name) => !NOT_OURS_TO_MIND.has(name));
  if (strange === undefined) return;
  throw fault('DATA_DIR_UNUSABLE', {
    why: `it holds files that are not DynaBase's ("${strange}"); give an empty directory`,
  });
}

async function keepFormat(path: string, version: string): Promise<void> {
  const file = join(path, 'format');
  const found = await readFile(file, 'utf8').catch(absent);
  if (found === undefined) {
    await replaceFile(file, `${FORMAT} dynabase ${version}\n`, 0o644);
    return;
  }
  const [format, ...maker] = found.trim().split(' ');
  if (format !== String(FORMAT)) {
    throw fault('DATA_DIR_VERSION', {
      found: maker.join(' ') || 'an unknown program',
      wanted: `dynabase ${version}`,
    });
  }
}

async function keepApiKey(file: string, random: Random): Promise<string> {
  const found = await readFile(file, 'utf8').catch(absent);
  const kept = found?.trim();
  if (kept !== undefined && kept !== '') {
    // A copy or a restore may have widened it.
    await chmod(file, 0o600);
    return kept;
  }
  const key = `dynabase_${Buffer.from(random.bytes(24)).toString('base64url')}`;
  await replaceFile(file, `${key}\n`, 0o600);
  return key;
}

const SECRET_BYTES = 32;

async function keepSecret(file: string, random: Random): Promise<Buffer> {
  const found = await readFile(file).catch(absent);
  if (found?.length === SECRET_BYTES) return found;
  const secret = Buffer.from(random.bytes(SECRET_BYTES));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(file, secret, 0o600);
  return secret;
}

/** Writes the whole file or nothing: a crash leaves the old one. */
async function replaceFile(file: string, content: string | Buffer, mode: number): Promise<void> {
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, content, { mode, flush: true });
  await rename(fresh, file);
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

function absent(error: unknown): undefined {
  if (isCode(error, 'ENOENT')) return undefined;
  throw error;
}

function asFault(error: unknown): unknown {
  if (error instanceof Fault) return error;
  if (isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT')) {
    return fault(
      'DISK_FULL',
      { what: 'the data directory could not be written' },
      { cause: error },
    );
  }
  const why: Readonly<Record<string, string>> = {
    EACCES: 'this user may not write to it',
    EPERM: 'this user may not write to it',
    EROFS: 'its file system is read-only',
    // So says Node of a directory that is to be made on a read-only file system.
    ENOENT: 'it cannot be made there; its file system may be read-only',
    ENOTDIR: 'a part of its path is not a directory',
    EEXIST: 'there is a file in its place',
    EISDIR: 'there is a directory where a file should be',
    ENAMETOOLONG: 'its path is too long',
  };
  for (const [code, text] of Object.entries(why)) {
    if (isCode(error, code)) return fault('DATA_DIR_UNUSABLE', { why: text }, { cause: error });
  }
  return error;
}
