/**
 * How fast the simulator is, and what many timers cost it.
 *
 *   node bench/simulate.ts [TRACE [TENANTS]]
 *
 * Without a trace, a made-up fleet of 1,000 tenants and 30 days.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { hours, minutes, ms } from '../src/domain/units.ts';
import { replayAdaptive } from '../src/sim/adaptive.ts';
import { fixedKeepAlive } from '../src/sim/baseline-simple.ts';
import { runFleet } from '../src/sim/fleet.ts';
import { parseFleet } from '../src/sim/fleet-file.ts';
import { fixedRules } from '../src/sim/fleet-rules.ts';
import { replay } from '../src/sim/replay.ts';
import { scoreOf } from '../src/sim/score.ts';
import { SeededRandom } from '../src/sim/seeded-random.ts';
import { makeFleet } from '../src/sim/synthetic.ts';
import { parseTrace, type Trace } from '../src/sim/trace.ts';
import { VirtualClock } from '../src/sim/virtual-clock.ts';

const TIMERS = 1_000_000;
const KEEP = minutes(15);

/** Half of them people and offices, some timers, many who are hardly ever there. */
const FLEET = JSON.stringify({
  days: 30,
  groups: [
    { kind: 'people', tenants: 200, utcOffset: [-8, 0, 1, 9], sessionsPerDay: 3 },
    { kind: 'office', tenants: 250, utcOffset: [-5, 1], sessionsPerDay: 4 },
    { kind: 'timer', tenants: 50, everyMinutes: 60 },
    { kind: 'rare', tenants: 300, perMonth: 4 },
    { kind: 'dead', tenants: 200, perMonth: 30 },
  ],
});

const [file, tenants = '1000'] = process.argv.slice(2);
await timers();
await speeds();

async function timers(): Promise<void> {
  const before = process.memoryUsage().rss;
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  let fired = 0;
  const cpu = cpuSeconds();
  for (let i = 0; i < TIMERS; i++) {
    clock.timer(ms(random.next() * hours(24)), () => {
      fired += 1;
    });
  }
  const megabytes = (process.memoryUsage().rss - before) / 1e6;
  console.log(`${TIMERS} timers: ${megabytes.toFixed(0)} MB, set in ${since(cpu)} s of CPU`);
  const began = cpuSeconds();
  await clock.advance(hours(24));
  console.log(`${fired} fired in ${since(began)} s of CPU`);
}

async function speeds(): Promise<void> {
  const trace = traceToRun();
  const events = trace.tenants.reduce((sum, { starts }) => sum + starts.length, 0);
  console.log(
    `${trace.name}: ${trace.tenants.length} tenants, ${trace.span / 86_400} days, ${events} busy times`,
  );
  const replayed = timed('replay, fixed:15m', () => scoreOf(replay(trace, fixedKeepAlive(900))));
  timed('replay, adaptive:1h', () => scoreOf(replayAdaptive(trace, [3_600])[0] ?? []));
  const cpu = cpuSeconds();
  const run = await runFleet(trace, { rules: fixedRules(KEEP), seed: 1, tell: () => {} });
  console.log(
    `orchestrator, fixed:15m: ${since(cpu)} s of CPU, ${run.coldRate.toFixed(3)} % cold ` +
      `(replay ${replayed.coldRate.toFixed(3)} %), ${run.violations.length} promises broken`,
  );
}

function traceToRun(): Trace {
  if (file === undefined) return makeFleet(parseFleet(FLEET, 'fleet'));
  const bytes = readFileSync(file);
  const trace = parseTrace(gunzipSync(bytes).toString(), { name: file });
  return { ...trace, tenants: trace.tenants.slice(0, Number(tenants)) };
}

function timed<T>(name: string, work: () => T): T {
  const cpu = cpuSeconds();
  const result = work();
  console.log(`${name}: ${since(cpu)} s of CPU`);
  return result;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function since(cpu: number): string {
  return (cpuSeconds() - cpu).toFixed(2);
}
