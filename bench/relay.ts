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
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { realPostgres } from '../src/testing/real-postgres.ts';
import { verifierOf } from '../src/wire/verifier.ts';
import { fixed, p50, printMachine, printTable, timed } from './measure.ts';
import { straight, throughDynaBase, throughPgBouncer, versionOf, type Way } from './rivals.ts';

const ROUNDS = Number(process.argv[2] ?? 3);
const SECONDS = Number(process.argv[3] ?? 2);
const CLIENTS = [1, 16, 64];
const MODES = ['simple', 'prepared'] as const;
const SCALE = 5;
const COPY_ROWS = 200_000;
const COPY_ROW_BYTES = 1_000;

/** Until every client of a run is logged in, and before its end. */
const LOGIN_MS = 700;
const WINDOW_MS = SECONDS * 1_000 - 100;

type Mode = (typeof MODES)[number];
type Sample = { readonly tps: number; readonly cpuUs: number };

const pgbench = versionOf('pgbench', ['--version']);
if (pgbench === undefined || versionOf('psql', ['--version']) === undefined) {
  console.error('pgbench and psql are needed: apt-get install postgresql-client postgresql-15');
  process.exit(1);
}

await using postgres = await realPostgres(['max_connections=300', 'shared_buffers=128MB']);
const password = randomBytes(12).toString('hex');
const verifier = await verifierOf(password, randomBytes(16));
const role = { name: 'bench', password, verifier };
await postgres.sql(`create role bench login password '${verifier}'`);
await postgres.sql('create database bench owner bench');
const direct = straight(postgres, role);
await promisify(execFile)('pgbench', ['-i', '-q', '-s', `${SCALE}`, ...target(direct, 'simple')], {
  env: environment(direct),
});

await using pgBouncer = await throughPgBouncer(postgres, role);
await using dynaBase = await throughDynaBase(postgres, role);
const ways: readonly Way[] = [direct, ...(pgBouncer ? [pgBouncer] : []), dynaBase];
printMachine();
if (pgBouncer === undefined)
  console.log('PgBouncer is not on this machine: apt-get install pgbouncer\n');

for (const mode of MODES) await compareQueries(mode);
await compareCopy();

function environment(way: Way): NodeJS.ProcessEnv {
  return { ...process.env, PGPASSWORD: way.password, PGSSLMODE: 'disable' };
}

function target(way: Way, mode: Mode): string[] {
  return ['-h', way.host, '-p', `${way.port}`, '-U', way.user, way.database[mode]];
}

async function runPgbench(way: Way, mode: Mode, clients: number): Promise<Sample> {
  const seconds = Math.ceil((LOGIN_MS + WINDOW_MS) / 1_000);
  const load = ['-S', '-n', '-M', mode, '-c', `${clients}`, '-j', `${Math.min(2, clients)}`];
  const run = promisify(execFile)('pgbench', [...load, '-T', `${seconds}`, ...target(way, mode)], {
    env: environment(way),
  });
  await setTimeout(LOGIN_MS);
  const before = await way.cpuUs();
  const windowMs = await timed(() => setTimeout(WINDOW_MS - 100));
  const cpu = (await way.cpuUs()) - before;
  const { stdout } = await run;
  const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
  return { tps, cpuUs: cpu / ((tps * windowMs) / 1_000) };
}

async function compareQueries(mode: Mode): Promise<void> {
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const clients of CLIENTS) {
      for (const way of ways) {
        const key = `${clients} ${way.name}`;
        const sample = await runPgbench(way, mode, clients);
        samples.set(key, [...(samples.get(key) ?? []), sample]);
      }
    }
  }
  const median = (clients: number, way: Way): Sample => {
    const found = samples.get(`${clients} ${way.name}`) ?? [];
    return { tps: p50(found.map(({ tps }) => tps)), cpuUs: p50(found.map((s) => s.cpuUs)) };
  };
  const rows = CLIENTS.flatMap((clients) => {
    const rival = pgBouncer && median(clients, pgBouncer);
    return ways.map((way) => {
      const own = median(clients, way);
      return [
        `${clients} clients, ${way.name}`,
        fixed(own.tps, 0),
        fixed((clients * 1_000) / own.tps, 3),
        fixed(own.tps / median(clients, direct).tps, 2),
        ...(way === direct ? ['', ''] : [ratio(own.tps, rival?.tps), fixed(own.cpuUs)]),
        way === direct ? '' : ratio(own.cpuUs, rival?.cpuUs),
      ];
    });
  });
  const head = ['tps', 'ms', 'x direct', 'x PgBouncer', 'CPU us/tx', 'x PgBouncer'];
  printTable([[`pgbench -S -M ${mode}, ${ROUNDS} rounds`, ...head], ...rows]);
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
