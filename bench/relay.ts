/**
 * What the relay costs: pgbench straight to a PostgreSQL, through PgBouncer in both of its modes and
 * through DynaBase, which counts usage, in turn and in one run; then one long COPY.
 *
 *   node bench/relay.ts [--minutes 5] [--rounds N] [--seconds 2] [--loads simple,tls] [--clients 1,8]
 *
 * Rounds are run until the minutes are over, at least one, at most N. Each takes every load with every
 * number of clients over every way, the first way another each time. `--loads` and `--clients` choose;
 * the loads are in `relay-loads.ts`, and `copy`. A ratio is the median of those of each round, for
 * which both were measured within seconds of each other, against PgBouncer's transaction mode, or its
 * session mode where statements are prepared.
 *
 * Needs `pgbench` and `psql`; without PgBouncer it says so and compares with the rest. CPU is user
 * and system time of the process between, taken in the middle of a run, when all clients are logged
 * in. One machine runs clients, proxy and PostgreSQL, so that throughput says as much about its cores
 * as about the relay; the CPU column does not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { fixed, p50, printMachine, printTable, timed } from './measure.ts';
import { environment, LOADS, type Load, type Sample, sample, target } from './relay-loads.ts';
import { relayStart } from './relay-start.ts';
import { throughDynaBase, throughPgBouncer, versionOf, type Way } from './rivals.ts';

const COPY = 'copy';
const COPY_ROWS = 200_000;
const COPY_ROW_BYTES = 1_000;

const { values: chosen } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '2' },
    loads: { type: 'string', default: [...LOADS.map(({ name }) => name), COPY].join(',') },
    clients: { type: 'string', default: '' },
  },
});
const seconds = Number(chosen.seconds);
const names = chosen.loads.split(',');
const loads = LOADS.filter(({ name }) => names.includes(name));
const clientsChosen = chosen.clients.split(',').map(Number);

if (
  versionOf('pgbench', ['--version']) === undefined ||
  versionOf('psql', ['--version']) === undefined
) {
  console.error('pgbench and psql are needed: apt-get install postgresql-client postgresql-15');
  process.exit(1);
}

await using start = await relayStart(['max_connections=1800', 'shared_buffers=128MB']);
const { postgres, role, direct } = start;

// First, since it makes the certificate that both show.
await using dynaBase = await throughDynaBase(postgres, role);
await using pgBouncer = await throughPgBouncer(postgres, role);
const ways: readonly Way[] = [direct, ...(pgBouncer?.ways ?? []), ...dynaBase.ways];
printMachine();
if (pgBouncer === undefined)
  console.log('PgBouncer is not on this machine: apt-get install pgbouncer\n');

/** By load, number of clients and way: one sample of each round. */
const samples = new Map<string, Sample[]>();
const copies = new Map<Way, { readonly ms: number; readonly cpuUs: number }[]>();
const until = performance.now() + Number(chosen.minutes) * 60_000;
let rounds = 0;
do await measureRound();
while (performance.now() < until && rounds < Number(chosen.rounds));
for (const load of loads) printLoad(load);
if (names.includes(COPY)) printCopies();

async function measureRound(): Promise<void> {
  const first = rounds % ways.length;
  const turn = [...ways.slice(first), ...ways.slice(0, first)];
  for (const load of loads) {
    for (const clients of clientsOf(load)) {
      for (const way of turn.filter((way) => canTake(way, load))) {
        add(samples, keyOf(load, clients, way), await sample(way, load, { clients, seconds }));
      }
    }
  }
  if (names.includes(COPY)) for (const way of turn) add(copies, way, await measureCopy(way));
  rounds++;
}

/** The straight way is a Unix socket, which has no TLS. */
function canTake(way: Way, load: Load): boolean {
  if (load.tls && way === direct) return false;
  return way.keepsStatements || !load.keepsStatements;
}

function clientsOf(load: Load): readonly number[] {
  if (chosen.clients === '') return load.clients;
  return load.clients.filter((clients) => clientsChosen.includes(clients));
}

function keyOf(load: Load, clients: number, way: Way): string {
  return `${load.name} ${clients} ${way.name}`;
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
}

function printLoad(load: Load): void {
  const compared = ways.filter((way) => canTake(way, load));
  const rival = pgBouncer?.ways.findLast((way) => canTake(way, load));
  const rows = clientsOf(load).flatMap((clients) => {
    const taken = (way: Way): Sample[] => samples.get(keyOf(load, clients, way)) ?? [];
    return compared.map((way) => {
      const own = taken(way);
      const middle = (key: keyof Sample): number => p50(own.map((one) => one[key]));
      const ratio = (to: Way | undefined, key: keyof Sample): string => {
        if (to === undefined || to === way || !compared.includes(to)) return '';
        return fixed(p50(own.map((one, round) => one[key] / (taken(to)[round]?.[key] ?? 0))), 2);
      };
      const isBetween = way !== direct;
      return [
        `${clients} clients, ${way.name}`,
        ...[fixed(middle('tps'), 0), fixed(middle('p50'), 3), fixed(middle('p99'), 3)],
        ratio(direct, 'tps'),
        ...(isBetween
          ? [ratio(rival, 'tps'), ratio(rival, 'p50'), ratio(rival, 'p99')]
          : ['', '', '']),
        ...(isBetween ? [fixed(middle('cpuUs')), ratio(rival, 'cpuUs')] : ['', '']),
      ];
    });
  });
  const head = ['tps', 'p50 ms', 'p99 ms', 'x direct', 'x PgBouncer', 'p50', 'p99', 'CPU us', 'x'];
  printTable([[`${load.name}: ${load.says}, ${rounds} rounds`, ...head], ...rows]);
  console.log();
}

function printCopies(): void {
  const bytes = COPY_ROWS * (COPY_ROW_BYTES + 1);
  const rows = ways.map((way) => {
    const found = copies.get(way) ?? [];
    const [ms, cpuUs] = [p50(found.map((s) => s.ms)), p50(found.map((s) => s.cpuUs))];
    const cpuMs = way === direct ? '' : fixed((cpuUs / bytes) * 100_000, 0);
    return [way.name, fixed(bytes / 1_000 / ms, 0), cpuMs];
  });
  printTable([[`COPY out, ${fixed(bytes / 1e6, 0)} MB`, 'MB/s', 'CPU ms/100 MB'], ...rows]);
}

async function measureCopy(way: Way): Promise<{ readonly ms: number; readonly cpuUs: number }> {
  const before = await way.cpuUs();
  const ms = await timed(() => copyOut(way));
  return { ms, cpuUs: (await way.cpuUs()) - before };
}

async function copyOut(way: Way): Promise<void> {
  const sql = `copy (select repeat('x', ${COPY_ROW_BYTES}) from generate_series(1, ${COPY_ROWS})) to stdout`;
  const child = spawn('psql', ['-q', '-c', sql, ...target(way)], {
    env: environment(way),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`COPY through ${way.name} failed`);
}
