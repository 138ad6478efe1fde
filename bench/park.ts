/**
 * What parking takes, and coming back. What a parked session costs meanwhile: `bench/parked.ts`.
 *
 *   node bench/park.ts
 *
 * Bars, at p50: 1.5 ms for the question what a session holds; the first query after a park 4 ms later
 * than any other while the compute runs; a suspend with 100 idle sessions within 150 ms. Each for
 * sessions that hold nothing, and for such as hold ten settings and twenty prepared statements.
 */
import { join } from 'node:path';
import type { TenantSecret } from '../src/sdk/index.ts';
import { eventually } from '../src/testing/eventually.ts';
import { realServer } from '../src/testing/real-server.ts';
import { parse, query, sync } from '../src/testing/requests.ts';
import { interrogation } from '../src/wire/interrogation.ts';
import { fixed, p50, p95, printMachine, printTable, timed, verdict } from './measure.ts';
import { type Login, RawSession } from './raw-session.ts';

const BARS = { unparkMs: 4, questionMs: 1.5, suspendMs: 150 } as const;

const UNPARKS = 50;
const UNPARK_ROUNDS = 4;
const QUESTIONS = 1_000;
const SUSPENDS = 10;
/** Idle for long enough to have been asked, and not to have been parked. */
const IDLE_MS = 750;
const IDLE_SESSIONS = 100;

const SELECT = query('select 1');
const SETTINGS = ['work_mem', 'temp_buffers', 'maintenance_work_mem', 'lock_timeout'];
const NUMBERS = ['geqo_threshold', 'from_collapse_limit', 'join_collapse_limit'];
const COSTS = ['random_page_cost', 'seq_page_cost', 'cpu_tuple_cost'];
const STATEMENTS = 20;

/** What the settings that a backend reports by itself are called; some are asked for, as the proxy does. */
const REPORTED = ['client_encoding', 'DateStyle', 'TimeZone', 'search_path', 'application_name'];

await using server = await realServer({
  args: ['--log-level', 'error', '--husks', '0', '--suspend-after', '1h', '--park-after', '1s'],
});
const { tenants } = server.client;
const rows = [
  ...(await measureQuestions(await newTenant('asked'))),
  ...(await measureUnparks(await newTenant('unparked'))),
  ...(await measureSuspends()),
];
printMachine();
printTable([['park', 'p50', 'p95', 'beside', 'bar'], ...rows]);

/** A row: what, its p50 and p95, what it is compared with, and whether `value` keeps its bar. */
function row(what: string, taken: readonly number[], beside: string, judged: [number, number]) {
  const [value, bar] = judged;
  return [
    what,
    fixed(p50(taken), 2),
    fixed(p95(taken), 2),
    beside,
    `${bar} ${verdict(value <= bar)}`,
  ];
}

async function newTenant(name: string): Promise<TenantSecret> {
  const tenant = await tenants.create({ name });
  await tenants.wake(name);
  return tenant;
}

function loginOf({ name: role, password }: TenantSecret): Login {
  return { place: { host: '127.0.0.1', port: server.proxyPort }, role, password };
}

/** Ten settings and twenty prepared statements. */
async function fill(session: RawSession): Promise<void> {
  const sets = [
    ...SETTINGS.map((name) => `set ${name} = '2097151'`),
    ...NUMBERS.map((name) => `set ${name} = 77`),
    ...COSTS.map((name) => `set ${name} = 1.5`),
  ];
  await session.ask(query(sets.join(';')));
  const statements = Array.from({ length: STATEMENTS }, (_, i) =>
    parse(`select relname from pg_class where oid = $1 and relpages > ${i}`, `s${i}`),
  );
  await session.ask(Buffer.concat([...statements, sync()]));
}

/** Straight to the compute: the question alone. */
async function measureQuestions(tenant: TenantSecret): Promise<string[][]> {
  const path = join(server.dataDir, 'tenants', tenant.id, 'run', '.s.PGSQL.5432');
  const rows: string[][] = [];
  for (const isFilled of [false, true]) {
    const session = await RawSession.open({ ...loginOf(tenant), place: { path } });
    if (isFilled) await fill(session);
    const ask = interrogation({ names: [], reported: REPORTED, scanFunctions: false });
    const [asked, selected]: [number[], number[]] = [[], []];
    for (let i = 0; i < QUESTIONS; i++) {
      asked.push(await timed(() => session.ask(ask)));
      selected.push(await timed(() => session.ask(SELECT)));
    }
    session.close();
    const beside = `select 1: ${fixed(p50(selected), 2)}`;
    const judged: [number, number] = [p50(asked), BARS.questionMs];
    rows.push(row(`question, ${isFilled ? 'full' : 'empty'} session, ms`, asked, beside, judged));
  }
  return rows;
}

async function measureUnparks(tenant: TenantSecret): Promise<string[][]> {
  const rows: string[][] = [];
  const statuses = async (): Promise<readonly string[]> =>
    (await tenants.sessions(tenant.name)).map(({ state }) => state);
  for (const isFilled of [false, true]) {
    const open = Array.from({ length: UNPARKS }, () => RawSession.open(loginOf(tenant)));
    const sessions = await Promise.all(open);
    if (isFilled) for (const session of sessions) await fill(session);
    const [bound, unparked]: [number[], number[]] = [[], []];
    for (let round = 0; round < UNPARK_ROUNDS; round++) {
      await eventually('all are parked', async () =>
        (await statuses()).every((state) => state === 'parked'),
      );
      for (const session of sessions) {
        unparked.push(await timed(() => session.ask(SELECT)));
        bound.push(await timed(() => session.ask(SELECT)));
      }
    }
    for (const session of sessions) session.close();
    await eventually('all have gone', async () => (await statuses()).length === 0);
    const beside = `bound: ${fixed(p50(bound), 2)}`;
    const judged: [number, number] = [p50(unparked) - p50(bound), BARS.unparkMs];
    rows.push(row(`first query, ${isFilled ? 'full' : 'empty'}, ms`, unparked, beside, judged));
  }
  return rows;
}

/** In turn with a tenant that nobody is connected to. */
async function measureSuspends(): Promise<string[][]> {
  const rows: string[][] = [];
  const alone = await newTenant('alone');
  for (const [name, isFilled, isIdle] of [
    ['used', false, true],
    ['used-full', true, true],
    ['busy', false, false],
    ['busy-full', true, false],
  ] as const) {
    const used = await newTenant(name);
    const open = Array.from({ length: IDLE_SESSIONS }, () => RawSession.open(loginOf(used)));
    const sessions = await Promise.all(open);
    const [withSessions, without]: [number[], number[]] = [[], []];
    if (isFilled) for (const session of sessions) await fill(session);
    for (let i = 0; i < SUSPENDS; i++) {
      await Promise.all(sessions.map((session) => session.ask(SELECT)));
      if (isIdle) await new Promise((next) => setTimeout(next, IDLE_MS));
      withSessions.push(await timed(() => tenants.suspend(used.name)));
      await tenants.wake(alone.name);
      without.push(await timed(() => tenants.suspend(alone.name)));
    }
    for (const session of sessions) session.close();
    const [holding, since] = [isFilled ? 'full' : 'empty', isIdle ? 'idle' : 'just answered'];
    const what = `suspend, ${IDLE_SESSIONS} ${holding} sessions, ${since}, ms`;
    const beside = `none: ${fixed(p50(without))}`;
    rows.push(row(what, withSessions, beside, [p50(withSessions), BARS.suspendMs]));
  }
  return rows;
}
