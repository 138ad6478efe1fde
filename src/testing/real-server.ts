/**
 * The whole program as a user runs it: its own process, its own data directory, its own ports.
 *
 * Made by `realServer`, ended by `await using`. Whatever the test did to it, nothing is left: the
 * processes that work in its data directory are ended, and the directory is removed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DynaBase } from '../sdk/index.ts';
import { COMPILE_CACHE, KEPT } from './places.ts';

/** Longest wait for `ready`; a first start builds the template. */
const READY_WITHIN_MS = 60_000;
const ENDED_WITHIN_MS = 30_000;

const NODE_COMPILE_CACHE = COMPILE_CACHE;

/** Most tests have a tenant or two, and a husk is dear. */
const DYNABASE_HUSKS = '2';

/** Tiers and idle times that stay as a test sets them. */
const DYNABASE_POLICY = 'machine';

/** Built and served only where a test looks at it. */
const DYNABASE_DASHBOARD = 'false';

const DEFAULTS = { NODE_COMPILE_CACHE, DYNABASE_HUSKS, DYNABASE_POLICY, DYNABASE_DASHBOARD };

const PROGRAM = resolve(import.meta.dirname, '../../bin/dynabase.js');

export type RealServerOptions = {
  /** Arguments of `up` besides the data directory and the ports. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another version of the program: its `bin/dynabase.js`. */
  readonly program?: string;
  /** An existing data directory; it is kept. A fresh one, removed at the end, if not given. */
  readonly dataDir?: string;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Ran = Exit & { readonly stdout: string; readonly stderr: string };

/** A fresh directory for a server that will be started more than once. */
export const freshDataDir = (): Promise<string> => mkdtemp(join(tmpdir(), 'dynabase-e2e-'));

/**
 * Where the template of a first server is kept for all later ones of this user: to make one takes some
 * seconds of a processor. Named after all that it is made by.
 */
const TEMPLATE_CACHE = join(
  KEPT,
  `dynabase-e2e-template-${process.getuid?.() ?? ''}-${sourcesHash()}`,
);

function sourcesHash(): string {
  const embedded = resolve(import.meta.dirname, '../embedded');
  const hash = createHash('sha256');
  for (const name of readdirSync(embedded, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.ts') && !name.endsWith('.test.ts'))
      hash.update(readFileSync(join(embedded, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

const copied = promisify(execFile);

/** What is copied into a data directory so that it has a template, and a version that it belongs to. */
const TEMPLATE_PARTS = ['format', 'templates'] as const;

async function takeTemplate(dataDir: string): Promise<boolean> {
  if (!existsSync(TEMPLATE_CACHE)) return false;
  for (const part of TEMPLATE_PARTS)
    await copied('cp', ['-a', join(TEMPLATE_CACHE, part), dataDir]);
  return true;
}

/** Whoever comes second finds it there; its own copy goes. */
async function keepTemplate(dataDir: string): Promise<void> {
  const draft = await mkdtemp(`${TEMPLATE_CACHE}.`);
  for (const part of TEMPLATE_PARTS) await copied('cp', ['-a', join(dataDir, part), draft]);
  await rename(draft, TEMPLATE_CACHE).catch(() => rm(draft, { recursive: true, force: true }));
}

/** Ends whatever still runs in the directory, and removes it. */
export async function removeDataDir(dataDir: string): Promise<void> {
  for (const { pid } of await processesIn(dataDir)) kill(pid);
  await rm(dataDir, { recursive: true, force: true });
}

/** Starts `up` and resolves when it says `ready`. Rejects with all it printed if it ends before. */
export async function realServer(options: RealServerOptions = {}): Promise<RealServer> {
  const dataDir = options.dataDir ?? (await freshDataDir());
  const isUsed = !existsSync(dataDir) || existsSync(join(dataDir, 'format'));
  const buildsItself = options.env?.DYNABASE_FAILPOINT?.startsWith('template.') === true;
  const isKnown = isUsed || buildsItself || (await takeTemplate(dataDir));
  const server = new RealServer(dataDir, options);
  try {
    await server.ready();
    if (!isKnown) await keepTemplate(dataDir);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/** Runs one command of the CLI to its end. */
export function runCli(
  args: readonly string[],
  options: {
    readonly dataDir?: string;
    readonly stdin?: string;
    readonly env?: Record<string, string>;
  } = {},
): Promise<Ran> {
  const dataDir = options.dataDir === undefined ? [] : ['--data-dir', options.dataDir];
  const child = spawn(process.execPath, [PROGRAM, ...args, ...dataDir], {
    env: { NODE_COMPILE_CACHE, ...process.env, ...options.env },
    stdio: 'pipe',
  });
  child.stdin.end(options.stdin ?? '');
  return outcomeOf(child);
}

export class RealServer {
  readonly dataDir: string;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #keep: boolean;
  #output = '';
  #apiUrl = '';
  #apiKey = '';
  #proxyPort = 0;

  constructor(dataDir: string, options: RealServerOptions) {
    this.dataDir = dataDir;
    this.#keep = options.dataDir !== undefined;
    const ports = ['--proxy-port', '0', '--api-port', '0'];
    const program = options.program ?? PROGRAM;
    const args = [program, 'up', '--data-dir', dataDir, ...ports, ...(options.args ?? [])];
    this.#process = spawn(process.execPath, args, {
      env: { ...DEFAULTS, ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    this.#process.stdout?.on('data', keep);
    this.#process.stderr?.on('data', keep);
    this.exited = new Promise((done) => {
      this.#process.once('close', (code, signal) => done({ code, signal }));
    });
  }

  /** All it printed until now, both streams. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get proxyPort(): number {
    return this.#proxyPort;
  }

  get apiUrl(): string {
    return this.#apiUrl;
  }

  get apiKey(): string {
    return this.#apiKey;
  }

  get client(): DynaBase {
    return new DynaBase({ apiUrl: this.#apiUrl, apiKey: this.#apiKey });
  }

  async ready(): Promise<void> {
    await Promise.race([this.#saysReady(), this.#endsEarly()]);
    const text = await readFile(join(this.dataDir, 'server.json'), 'utf8');
    const file: { apiUrl: string; proxyPort: number } = JSON.parse(text);
    this.#apiUrl = file.apiUrl;
    this.#proxyPort = file.proxyPort;
    this.#apiKey = (await readFile(join(this.dataDir, 'api-key'), 'utf8')).trim();
  }

  /** Sends the signal and resolves when the program has ended. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.#process.kill(signal);
    return await within(
      this.exited,
      ENDED_WITHIN_MS,
      () => `no end after ${signal}: ${this.#output}`,
    );
  }

  /** A connection string for `role` in `database`. */
  uri(login: { role: string; password: string; database?: string; query?: string }): string {
    const { role, password, database = role, query = '' } = login;
    return `postgresql://${role}:${password}@127.0.0.1:${this.#proxyPort}/${database}${query}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.end();
    if (!this.#keep) await removeDataDir(this.dataDir);
  }

  #saysReady(): Promise<void> {
    const said = new Promise<void>((done) => {
      const look = (): void => {
        if (/^ready$/m.test(this.#output)) done();
      };
      this.#process.stdout?.on('data', look);
      look();
    });
    return within(said, READY_WITHIN_MS, () => `not ready in time: ${this.#output}`);
  }

  async #endsEarly(): Promise<never> {
    const { code, signal } = await this.exited;
    throw new Error(`the server ended (${code ?? signal}): ${this.#output}`);
  }
}

export type Running = { readonly pid: number; readonly parent: number; readonly cwd: string };

/** Processes whose working directory lies in `dir`: the computes of a data directory. */
export async function processesIn(dir: string): Promise<readonly Running[]> {
  const found: Running[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const cwd = await readlink(`/proc/${entry}/cwd`).catch(() => '');
    if (!cwd.startsWith(`${dir}/`)) continue;
    // The name of the program, in brackets, may hold anything; the parent comes second behind it.
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    found.push({ pid: Number(entry), parent, cwd });
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function outcomeOf(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

async function within<T>(work: Promise<T>, limitMs: number, why: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(why())), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
