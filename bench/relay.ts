/**
 * What the relay costs: pgbench's own select, straight to a PostgreSQL, through PgBouncer and
 * through DynaBase, in turn and in one run; then one long COPY.
 *
 *   node bench/relay.ts [ROUNDS] [SECONDS]
 *
 * Needs `pgbench` and `psql`; without PgBouncer it says so and compares with the rest. CPU is user
 * and system time of the process between, taken in the middle of a run, when all clients are logged
 * in. Medians over the rounds. One machine runs clients, proxy and PostgreSQL, so that throughput
 * says as much about its cores as about the relay; the CPU column does not.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { realPostgres } from '../src/testing/real-postgres.ts';
import { verifierOf } from '../src/wire/verifier.ts';
import { fixed, p50, printMachine, printTable, timed } from './measure.ts';
import { straight, throughDynaBase, throughPgBouncer, versionOf, type Way } from './rivals.ts';

const ROUNDS = Number(process.argv[2] ?? 2);
const SECONDS = Number(process.argv[3] ?? 2);

/** What is compared: encrypted, the straight way over the Unix socket has no part in it. */
const LOADS: readonly Load[] = [
  { name: 'simple', mode: 'simple', tls: false, clients: [1, 16, 64] },
  { name: 'prepared', mode: 'prepared', tls: false, clients: [1, 16, 64] },
  { name: 'simple, TLS', mode: 'simple', tls: true, clients: [16] },
];
const SCALE = 5;
const COPY_ROWS = 200_000;
const COPY_ROW_BYTES = 1_000;

/** For every client of a run to log in; where that was too short it is run again with more. */
const LOGIN_MS = 600;
const LOGIN_TRIES = 5;

/** Between what is measured and the end of the run. */
const MARGIN_MS = 100;

type Mode = 'simple' | 'prepared';
type Load = {
  readonly name: string;
  readonly mode: Mode;
  readonly tls: boolean;
  readonly clients: readonly number[];
};
type Sample = { readonly tps: number; readonly cpuUs: number };

const pgbench = versionOf('pgbench', ['--version']);
if (pgbench === undefined || versionOf('psql', ['--version']) === undefined) {
  console.error('pgbench and psql are needed: apt-get install postgresql-client postgresql-15');
  process.exit(1);
}

await using postgres = await realPostgres(['max_connections=300', 'shared_buffers=128MB']);
const password = randomBytes(12).toString('hex');
const verifier = await verifierOf(password, randomBytes(16));
await using certificateDir = await mkdtempDisposable(join(tmpdir(), 'bench-relay-'));
const role = { name: 'bench', password, verifier, certificateDir: certificateDir.path };
await postgres.sql(`create role bench login password '${verifier}'`);
await postgres.sql('create database bench owner bench');
const direct = straight(postgres, role);
await promisify(execFile)('pgbench', ['-i', '-q', '-s', `${SCALE}`, ...target(direct, 'simple')], {
  env: environment(direct),
});

// First, since it makes the certificate that both show.
await using dynaBase = await throughDynaBase(postgres, role);
await using pgBouncer = await throughPgBouncer(postgres, role);
const ways: readonly Way[] = [direct, ...(pgBouncer ? [pgBouncer] : []), dynaBase];
printMachine();
if (pgBouncer === undefined)
  console.log('PgBouncer is not on this machine: apt-get install pgbouncer\n');

for (const load of LOADS) await compareQueries(load);
await compareCopy();

function environment(way: Way, tls = false): NodeJS.ProcessEnv {
  return { ...process.env, PGPASSWORD: way.password, PGSSLMODE: tls ? 'require' : 'disable' };
}

function target(way: Way, mode: Mode): string[] {
  return ['-h', way.host, '-p', `${way.port}`, '-U', way.user, way.database[mode]];
}

/** One run in which all clients were logged in before anything was measured. */
async function sample(way: Way, load: Load, clients: number): Promise<Sample> {
  let loginMs = LOGIN_MS;
  for (let tries = 0; tries < LOGIN_TRIES; tries++) {
    const run = await runPgbench(way, load, { clients, loginMs });
    if (run.loginMs < loginMs) return run;
    loginMs = run.loginMs * 2;
  }
  throw new Error('the machine is too busy: logins take longer each time');
}

async function runPgbench(
  way: Way,
  load: Load,
  { clients, loginMs }: { readonly clients: number; readonly loginMs: number },
): Promise<Sample & { readonly loginMs: number }> {
  const seconds = SECONDS + Math.ceil((loginMs - LOGIN_MS) / 1_000);
  const threads = `${Math.min(2, clients)}`;
  const args = ['-S', '-n', '-M', load.mode, '-c', `${clients}`, '-j', threads, '-T', `${seconds}`];
  const env = environment(way, load.tls);
  const run = promisify(execFile)('pgbench', [...args, ...target(way, load.mode)], { env });
  await setTimeout(loginMs);
  const before = await way.cpuUs();
  const windowMs = await timed(() => setTimeout(seconds * 1_000 - loginMs - MARGIN_MS));
  const cpu = (await way.cpuUs()) - before;
  const { stdout } = await run;
  const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0);
  const connected = Number(/initial connection time = ([\d.]+)/.exec(stdout)?.[1] ?? 0);
  return { tps, cpuUs: cpu / ((tps * windowMs) / 1_000), loginMs: connected };
}

async function compareQueries(load: Load): Promise<void> {
  const compared = load.tls ? ways.filter((way) => way !== direct) : ways;
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const clients of load.clients) {
      for (const way of compared) {
        const key = `${clients} ${way.name}`;
        const taken = await sample(way, load, clients);
        samples.set(key, [...(samples.get(key) ?? []), taken]);
      }
    }
  }
  const median = (clients: number, way: Way): Sample => {
    const found = samples.get(`${clients} ${way.name}`) ?? [];
    return { tps: p50(found.map(({ tps }) => tps)), cpuUs: p50(found.map((s) => s.cpuUs)) };
  };
  const rows = load.clients.flatMap((clients) => {
    const rival = pgBouncer && median(clients, pgBouncer);
    return compared.map((way) => {
      const own = median(clients, way);
      const isBetween = way !== direct;
      return [
        `${clients} clients, ${way.name}`,
        fixed(own.tps, 0),
        fixed((clients * 1_000) / own.tps, 3),
        load.tls ? '' : fixed(own.tps / median(clients, direct).tps, 2),
        isBetween ? ratio(own.tps, rival?.tps) : '',
        isBetween ? fixed(own.cpuUs) : '',
        isBetween ? ratio(own.cpuUs, rival?.cpuUs) : '',
      ];
    });
  });
  const head = ['tps', 'ms', 'x direct', 'x PgBouncer', 'CPU us/tx', 'x PgBouncer'];
  printTable([[`pgbench -S, ${load.name}, ${ROUNDS} rounds`, ...head], ...rows]);
  console.log();
}

function ratio(own: number, rival: number | undefined): string {
  return rival === undefined ? '-' : fixed(own / rival, 2);
}

async function compareCopy(): Promise<void> {
  const bytes = COPY_ROWS * (COPY_ROW_BYTES + 1);
  const samples = new Map<string, { readonly ms: number; readonly cpuUs: number }[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ways) {
      const before = await way.cpuUs();
      const ms = await timed(() => copyOut(way));
      const cpuUs = (await way.cpuUs()) - before;
      samples.set(way.name, [...(samples.get(way.name) ?? []), { ms, cpuUs }]);
    }
  }
  const rows = ways.map((way) => {
    const found = samples.get(way.name) ?? [];
    const [ms, cpuUs] = [p50(found.map((s) => s.ms)), p50(found.map((s) => s.cpuUs))];
    const cpuMs = way === direct ? '' : fixed((cpuUs / bytes) * 100_000, 0);
    return [way.name, fixed(bytes / 1_000 / ms, 0), cpuMs];
  });
  printTable([[`COPY out, ${fixed(bytes / 1e6, 0)} MB`, 'MB/s', 'CPU ms/100 MB'], ...rows]);
}

async function copyOut(way: Way): Promise<void> {
  const sql = `copy (select repeat('x', ${COPY_ROW_BYTES}) from generate_series(1, ${COPY_ROWS})) to stdout`;
  const child = spawn('psql', ['-q', '-c', sql, ...target(way, 'simple')], {
    env: environment(way),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`COPY through ${way.name} failed`);
}
