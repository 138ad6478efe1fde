/**
 * The limit of a wake: the same PostgreSQL, on the same files, with the same arguments, started by
 * hand. The command is read from a compute that the server has started, so that nothing differs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';

export type BareCommand = {
  readonly program: string;
  readonly args: readonly string[];
  /** PGDATA. */
  readonly dataDir: string;
  readonly socketDir: string;
  readonly uid: number;
  readonly gid: number;
};

/** How the compute of the tenant in `tenantDir` was started. It must be running. */
export async function learnCommand(tenantDir: string): Promise<BareCommand> {
  const dataDir = join(tenantDir, 'data');
  const [pid] = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8')).split('\n');
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  const owner = await stat(dataDir);
  const [program = '', ...args] = command;
  return {
    program,
    args,
    dataDir,
    socketDir: join(tenantDir, 'run'),
    uid: owner.uid,
    gid: owner.gid,
  };
}

/** Starts it and resolves when it says that it accepts connections. */
export async function startBare(command: BareCommand): Promise<ChildProcess> {
  const { program, args, dataDir: cwd, uid, gid } = command;
  const asRoot = process.getuid?.() === 0 ? { uid, gid } : {};
  // It finds its settings by the descriptor behind that of its lock, which it can do without.
  const settings = await open(dirname(cwd), 'r');
  const stdio = ['ignore', 'ignore', 'pipe', 'ignore', settings.fd] as const;
  const child = spawn(program, args, { cwd, stdio: [...stdio], ...asRoot });
  await settings.close();
  return new Promise((ready, fail) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('ready to accept connections')) ready(child);
    });
    child.once('exit', () => fail(new Error(`it ended: ${said}`)));
  });
}

export async function stopBare(child: ChildProcess): Promise<void> {
  const exited = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  await exited;
}

/** One connection, one answer: of one row, unless `text` asks for more. */
export async function firstRow(
  config: string | pg.ClientConfig,
  text = 'select 1',
  values: readonly unknown[] = [],
): Promise<void> {
  const client = new pg.Client(config);
  await client.connect();
  await client.query(text, [...values]);
  await client.end();
}
