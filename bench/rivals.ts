/** The ways to one PostgreSQL that `bench/relay.ts` compares: straight, through PgBouncer, through us. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { RealPostgres } from '../src/testing/real-postgres.ts';
import type { RelayProxySetUp } from './relay-proxy.ts';

const NOBODY = 65_534;
/** Of PgBouncer, and backends of its session mode. */
const CLIENTS_MAX = 1_100;

const CONNECT_TRIES = 200;
const CONNECT_EVERY_MS = 25;

/** How clients get there. CPU is that of the process between, in microseconds so far. */
export type Way = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Whether a prepared statement is there for the next transaction. */
  readonly keepsStatements: boolean;
  /** Switches in the startup packet. */
  readonly options?: string;
  cpuUs(): Promise<number>;
};

export type Running = { readonly ways: readonly Way[] } & AsyncDisposable;

export function straight(postgres: RealPostgres, role: Role): Way {
  const { socketDir: host, port } = postgres.connection;
  return {
    name: 'direct',
    ...{ host, port, user: role.name, password: role.password },
    ...{ database: role.name, keepsStatements: true },
    cpuUs: () => Promise.resolve(0),
  };
}

/** Who logs in, and where the certificate of both proxies lies: `server.crt` and `server.key`. */
export type Role = {
  readonly name: string;
  readonly password: string;
  readonly verifier: string;
  readonly certificateDir: string;
};

/** Each session has a backend of its own; with `shared` they share so many, for a transaction each. */
export async function throughDynaBase(
  postgres: RealPostgres,
  role: Role,
  shared?: number,
): Promise<Running> {
  const { socketDir, port } = postgres.connection;
  const program = new URL('./relay-proxy.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const setUp: RelayProxySetUp = {
    socketPath: `${socketDir}/.s.PGSQL.${port}`,
    role: role.name,
    verifier: role.verifier,
    certificateDir: role.certificateDir,
    ...(shared === undefined ? {} : { backendsMax: shared }),
  };
  child.stdin.write(`${JSON.stringify(setUp)}\n`);
  const [said] = await once(child.stdout, 'data');
  const way: Way = {
    name: shared === undefined ? 'DynaBase' : 'DynaBase, transaction',
    ...{ host: '127.0.0.1', port: Number(said), user: role.name, password: role.password },
    ...{ database: role.name, keepsStatements: true },
    ...(shared === undefined ? {} : { options: '-c dynabase.pool=transaction' }),
    cpuUs: () => cpuUsOf(child),
  };
  return {
    ways: [way],
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** Undefined if PgBouncer is not on this machine. */
export async function throughPgBouncer(
  postgres: RealPostgres,
  role: Role,
  poolSize = 70,
): Promise<Running | undefined> {
  const version = versionOf('pgbouncer', ['--version']);
  if (version === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'bench-pgbouncer-'));
  const port = await freePort();
  const { socketDir, port: serverPort } = postgres.connection;
  const server = `host=${socketDir} port=${serverPort} user=${role.name} password=${role.password}`;
  const files = {
    'users.txt': `"${role.name}" "${role.verifier}"\n`,
    'pgbouncer.ini': `[databases]
transaction = dbname=${role.name} ${server} pool_mode=transaction pool_size=${poolSize}
session = dbname=${role.name} ${server} pool_mode=session pool_size=${CLIENTS_MAX}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${directory}/users.txt
max_client_conn = ${CLIENTS_MAX}
server_idle_timeout = 2
client_tls_sslmode = allow
client_tls_key_file = ${directory}/server.key
client_tls_cert_file = ${directory}/server.crt
`,
    'server.key': await readFile(join(role.certificateDir, 'server.key'), 'utf8'),
    'server.crt': await readFile(join(role.certificateDir, 'server.crt'), 'utf8'),
  };
  const asRoot = process.getuid?.() === 0;
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text, { mode: 0o600 });
    if (asRoot) await chown(join(directory, name), NOBODY, NOBODY);
  }
  if (asRoot) await chown(directory, NOBODY, NOBODY);
  const drop = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const ini = join(directory, 'pgbouncer.ini');
  // Two descriptors a client; Node raises its own limit by itself.
  const command = ['-c', 'ulimit -n $(ulimit -H -n); exec pgbouncer -q "$0"', ini];
  const child = spawn('sh', command, { stdio: 'ignore', ...drop });
  await listening(port);
  const way = (database: 'transaction' | 'session'): Way => ({
    name: `${version}, ${database}`,
    ...{ host: '127.0.0.1', port, user: role.name, password: role.password, database },
    // Debian's has no prepared statements in transaction mode.
    keepsStatements: database === 'session',
    cpuUs: () => cpuUsOf(child),
  });
  return {
    ways: [way('session'), way('transaction')],
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(directory, { recursive: true });
    },
  };
}

/** The first line that a program says of itself; undefined if it is not there. */
export function versionOf(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0];
  } catch {
    return undefined;
  }
}

const TICK_US = 1_000_000 / Number(versionOf('getconf', ['CLK_TCK']) ?? 100);

/** User and system time. Source: proc_pid_stat(5), fields 14 and 15. */
async function cpuUsOf(child: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < CONNECT_TRIES; tries++) {
    const socket = connect({ host: '127.0.0.1', port });
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await setTimeout(CONNECT_EVERY_MS);
  }
  throw new Error('PgBouncer does not listen');
}
