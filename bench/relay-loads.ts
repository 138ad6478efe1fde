/** What `bench/relay.ts` asks of each way to PostgreSQL, and one run of it with pgbench. */
import { execFile } from 'node:child_process';
import { glob, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { p50, p99, timed } from './measure.ts';
import type { Way } from './rivals.ts';

export const SCALE = 5;
const ACCOUNTS = SCALE * 100_000;

const SELECT = 'select abalance from pgbench_accounts where aid = :aid;';
const PIPELINED = 10;

export type Load = {
  readonly name: string;
  readonly says: string;
  /** pgbench's words for it. */
  readonly args: readonly string[];
  /** A script, where it is not pgbench's own select. */
  readonly script?: string;
  readonly clients: readonly number[];
  readonly tls?: true;
  /** Statements must outlive a transaction. */
  readonly keepsStatements?: true;
};

export const LOADS: readonly Load[] = [
  { name: 'simple', says: 'pgbench -S', args: ['-M', 'simple'], clients: [1, 8, 64, 500] },
  { name: 'extended', says: 'pgbench -S', args: ['-M', 'extended'], clients: [1, 8, 64, 500] },
  {
    name: 'prepared',
    says: 'pgbench -S',
    args: ['-M', 'prepared'],
    clients: [1, 8, 64, 500],
    keepsStatements: true,
  },
  {
    name: 'pipelined',
    says: `${PIPELINED} selects in one pipeline`,
    args: ['-M', 'extended'],
    script: `\\set aid random(1, ${ACCOUNTS})\n\\startpipeline\n${`${SELECT}\n`.repeat(PIPELINED)}\\endpipeline\n`,
    clients: [1, 8, 64],
  },
  {
    name: 'rows',
    says: 'one row of 1 MB',
    args: ['-M', 'simple'],
    script: "select repeat('x', 1000000);\n",
    clients: [1, 8],
  },
  {
    name: 'storm',
    says: 'a connection for each select',
    args: ['-C', '-M', 'simple'],
    clients: [8, 64],
  },
  { name: 'tls', says: 'pgbench -S', args: ['-M', 'simple'], clients: [1, 8, 64], tls: true },
];

/** `p50` and `p99` in milliseconds, from a tenth of the transactions. */
export type Sample = {
  readonly tps: number;
  readonly cpuUs: number;
  readonly p50: number;
  readonly p99: number;
};

/** For the clients of a run to log in; where that was too short it is run again with more. */
const LOGIN_MS = 600;
const LOGIN_OF_EACH_MS = 8;
const LOGIN_TRIES = 5;

/** Between what is measured and the end of the run. */
const MARGIN_MS = 100;

/** pgbench has a thread for each, and there are two cores. */
const THREADS = 2;

export function environment(way: Way, tls = false): NodeJS.ProcessEnv {
  const { password: PGPASSWORD, options: PGOPTIONS = '' } = way;
  return { ...process.env, PGPASSWORD, PGOPTIONS, PGSSLMODE: tls ? 'require' : 'disable' };
}

export function target(way: Way): string[] {
  return ['-h', way.host, '-p', `${way.port}`, '-U', way.user, way.database];
}

/** One run in which all clients were logged in before anything was measured. */
export async function sample(
  way: Way,
  load: Load,
  size: { readonly clients: number; readonly seconds: number },
): Promise<Sample> {
  let loginMs = LOGIN_MS + size.clients * LOGIN_OF_EACH_MS;
  for (let tries = 0; tries < LOGIN_TRIES; tries++) {
    const run = await runPgbench(way, load, { ...size, loginMs });
    if (run.loginMs < loginMs) return run;
    loginMs = run.loginMs * 2;
  }
  throw new Error('the machine is too busy: logins take longer each time');
}

async function runPgbench(
  way: Way,
  load: Load,
  run: { readonly clients: number; readonly seconds: number; readonly loginMs: number },
): Promise<Sample & { readonly loginMs: number }> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'bench-relay-'));
  const log = join(directory.path, 'log');
  const script = join(directory.path, 'script.sql');
  if (load.script !== undefined) await writeFile(script, load.script);
  const seconds = run.seconds + Math.ceil((run.loginMs - LOGIN_MS) / 1_000);
  const threads = `${Math.min(THREADS, run.clients)}`;
  const what = load.script === undefined ? ['-S'] : ['-f', script];
  const args = [
    ...[...what, '-n', ...load.args, '-c', `${run.clients}`, '-j', threads, '-T', `${seconds}`],
    ...['-s', `${SCALE}`, '--log', `--log-prefix=${log}`, '--sampling-rate=0.1'],
  ];
  const env = environment(way, load.tls);
  const pgbench = promisify(execFile)('pgbench', [...args, ...target(way)], { env });
  await setTimeout(run.loginMs);
  const before = await way.cpuUs();
  const windowMs = await timed(() => setTimeout(seconds * 1_000 - run.loginMs - MARGIN_MS));
  const cpu = (await way.cpuUs()) - before;
  const { stdout } = await pgbench;
  const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0);
  // It says neither if it was over before all were logged in; nor the time with a login for each.
  const said = Number(/initial connection time = ([\d.]+)/.exec(stdout)?.[1] ?? 0);
  const loginMs = tps > 0 ? said : Math.max(said, run.loginMs);
  const latencies = await latenciesOf(log);
  const [mid, high] = [p50(latencies) / 1_000, p99(latencies) / 1_000];
  return { tps, cpuUs: cpu / ((tps * windowMs) / 1_000), p50: mid, p99: high, loginMs };
}

/** In microseconds, the third field of each line. */
async function latenciesOf(log: string): Promise<number[]> {
  const found: number[] = [];
  for await (const file of glob(`${log}.*`)) {
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const us = line.split(' ')[2];
      if (us !== undefined) found.push(Number(us));
    }
  }
  return found;
}
