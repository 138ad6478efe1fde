/** What a server reaches and is reached by: ports, catalog, archive. */
import { constants } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { openStore } from '../../archive/open-store.ts';
import { MIGRATIONS_DIR, readMigrations } from '../../catalog/migrate.ts';
import type { Finding } from '../../cli/doctor.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import { SystemClock } from '../../system/clock.ts';
import { SystemRandom } from '../../system/random.ts';
import { locationOf } from '../parts/archive-parts.ts';
import { messageOf, note, ok, problem, warning } from './finding.ts';
import { may } from './machine.ts';

const CONNECT_TIMEOUT_MS = 5_000;

export async function examineDoors(
  options: ServerOptions,
  isUsed: boolean,
): Promise<readonly Finding[]> {
  const found = await Promise.all([
    portFinding('clients', { host: options.host, port: options.proxyPort, isUsed }),
    portFinding('API', { host: options.apiHost, port: options.apiPort, isUsed }),
    catalogFinding(options, isUsed),
    archiveFindings(options),
  ]);
  return found.flat();
}

type Port = { readonly host: string; readonly port: number; readonly isUsed: boolean };

async function portFinding(what: string, { host, port, isUsed }: Port): Promise<Finding> {
  const check = port === 0 ? `port for ${what}` : `port ${port}`;
  if (port === 0) return ok(check, 'the system chooses a free one');
  const code = await tryPort(host, port);
  if (code === null) return ok(check, `free for ${what} on ${host}`);
  if (code !== 'EADDRINUSE') {
    const todo = code === 'EACCES' ? 'take one above 1023' : 'name an address of this machine';
    return problem(check, `cannot be opened on ${host} for ${what}: ${code}`, todo);
  }
  const by = await holderOf(port);
  const says = `taken${by === null ? '' : ` by ${by}`}`;
  if (isUsed) return ok(check, `${says}: a server runs here`);
  const flag = what === 'API' ? '--api-port' : '--proxy-port';
  return problem(check, says, `end what has it, or choose another with ${flag}`);
}

/** Null if it can be opened, else the system's error. */
function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'UNKNOWN'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(null)));
  });
}

/** State of a socket that listens. Source: Linux, include/net/tcp_states.h. */
const LISTENS = '0A';

/** The program that listens on a port, as far as this user may see. */
async function holderOf(port: number): Promise<string | null> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (await readFile(table, 'utf8').catch(() => '')).split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hex}`) && fields[3] === LISTENS) inodes.add(fields[9] ?? '');
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      return `${name.trim() || 'a process'} (process ${pid})`;
    }
  }
  return null;
}

async function catalogFinding(options: ServerOptions, isUsed: boolean): Promise<Finding> {
  const { databaseUrl, dataDir } = options;
  if (databaseUrl === null) {
    const there = await stat(join(dataDir, 'catalog')).catch(() => undefined);
    const says =
      there === undefined ? 'a tenant of our own, made at the first start' : 'a tenant of our own';
    return ok('catalog', isUsed ? `${says}; the server has it open` : says);
  }
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const [server] = (await client.query('show server_version')).rows;
    const known = (await readMigrations(MIGRATIONS_DIR)).length;
    const applied = await appliedTo(client);
    const says = `PostgreSQL ${server.server_version} at its URL`;
    if (applied === known) return ok('catalog', `${says}, with tables of this version`);
    if (applied < known)
      return note('catalog', `${says}; the next start brings its tables up to date`);
    const todo = 'use the newer DynaBase that has used it, unless its notes allow this one';
    return warning('catalog', `${says} has tables of a newer DynaBase`, todo);
  } catch (error) {
    const todo = 'correct DYNABASE_DATABASE_URL or DATABASE_URL, or start that PostgreSQL';
    return problem('catalog', `its PostgreSQL does not answer: ${messageOf(error)}`, todo);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function appliedTo(client: pg.Client): Promise<number> {
  const [there] = (
    await client.query("select to_regclass('dynabase.migrations') is not null as is")
  ).rows;
  if (there.is !== true) return 0;
  const [found] = (await client.query('select count(*)::int as count from dynabase.migrations'))
    .rows;
  return found.count;
}

async function archiveFindings(options: ServerOptions): Promise<readonly Finding[]> {
  const { archiveUrl, archiveDir, dataDir } = options;
  if (archiveUrl === null) {
    const directory = archiveDir ?? join(dataDir, 'archive');
    const there = await stat(directory).catch(() => undefined);
    if (there === undefined) {
      return [note('archive', `${directory} is not there yet; the server makes it`)];
    }
    const isOpen = await may(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const todo = 'give it to the user who runs the server, or name another with --archive-dir';
    const place = isOpen
      ? ok('archive', `the directory ${directory}`)
      : problem('archive', `${directory} may not be written`, todo);
    return [place, await keyFinding(options, await hasVaults(directory))];
  }
  try {
    const parts = { clock: new SystemClock(), random: new SystemRandom() };
    const store = await openStore(locationOf(options), parts);
    let isUsed = false;
    for await (const _ of store.list('vaults/')) {
      isUsed = true;
      break;
    }
    return [ok('archive', `${store.name} answers`), await keyFinding(options, isUsed)];
  } catch (error) {
    const todo = 'correct --archive-url and its keys; the server waits for it';
    return [problem('archive', messageOf(error), todo)];
  }
}

const hasVaults = async (directory: string): Promise<boolean> =>
  (await readdir(join(directory, 'vaults')).catch(() => [])).length > 0;

const KEY_BYTES = 32;

/** What is in an archive can be read with its own key alone. */
async function keyFinding(options: ServerOptions, isUsed: boolean): Promise<Finding> {
  const check = 'archive key';
  if (options.archiveKey !== null) return ok(check, 'given by a variable');
  const path = options.archiveKeyFile ?? join(options.dataDir, 'secrets', 'archive.key');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const isKey = Buffer.from(text?.trim() ?? '', 'base64').length === KEY_BYTES;
  if (text !== undefined && isKey) {
    return note(check, `in ${path}`, 'keep a copy elsewhere: without it the archive is lost');
  }
  if (text !== undefined) {
    return problem(check, `${path} does not hold 32 bytes in base64`, 'bring back a copy of it');
  }
  if (!isUsed && options.archiveKeyFile === null) {
    return note(check, 'there is none yet; the first start makes one');
  }
  const todo = 'bring back a copy of it; nothing in the archive can be read without it';
  return problem(check, `${path} cannot be read`, todo);
}
