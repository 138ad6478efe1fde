/**
 * Tenants at rest, very many of them: made, listed, woken at random, archived, woken again.
 *
 *   node bench/rest.ts [TENANTS] [RESTARTS]
 *
 * Bars: an empty tenant costs at most 16 kB of archive, directories included, and neither local disk nor
 * memory; `up` is ready with all of them as quickly as with ten, told beside each other in turn.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TenantSecret } from '../src/sdk/index.ts';
import { eventually } from '../src/testing/eventually.ts';
import {
  freshDataDir,
  processesIn,
  type RealServer,
  realServer,
  removeDataDir,
} from '../src/testing/real-server.ts';
import { firstRow } from './bare-postgres.ts';
import { type DiskUse, diskUse } from './disk-use.ts';
import { fixed, p50, p95, printMachine, printTable, timed, verdict } from './measure.ts';
import { residentOf } from './process-cost.ts';

const TENANTS = Number(process.argv[2] ?? 10_000);
const RESTARTS = Number(process.argv[3] ?? 7);
const FEW = 10;
const AT_ONCE = 8;
const HUSKS = 8;
/** Woken at random: with husks at hand, and more at once than there are. */
const AT_EASE = 40;
const IN_A_BURST = 64;
const ARCHIVE_BAR_KB = 16;

const ARGS = ['--log-level', 'error', '--suspend-after', '1h', '--husks', `${HUSKS}`];

type Table = (readonly string[])[];

const many = await freshDataDir();
const few = await freshDataDir();
printMachine();
try {
  for (const table of await withServer(many, measureMany)) print(table);
  await withServer(few, (server) => createAll(server, FEW));
  print(await measureUp());
} finally {
  for (const dir of [many, few]) await removeDataDir(dir);
}

function print(table: Table): void {
  printTable(table);
  console.log();
}

async function withServer<T>(
  dataDir: string,
  work: (server: RealServer) => Promise<T>,
): Promise<T> {
  await using server = await realServer({ args: ARGS, dataDir });
  return await work(server);
}

async function measureMany(server: RealServer): Promise<Table[]> {
  const before = await memoryOf(server);
  const catalogBefore = await diskUse(join(many, 'catalog'));
  const { secrets, calls, tookMs } = await createAll(server, TENANTS);
  const after = await memoryOf(server);
  const catalogAfter = await diskUse(join(many, 'catalog'));
  const places = await readdir(join(many, 'tenants'));
  const pages = await listAll(server, TENANTS);
  const woken = shuffled(secrets).slice(0, AT_EASE + IN_A_BURST);
  const rows = await wakeAtRandom(server, woken);
  const archived = await archiveAll(server, woken);
  return [
    [
      [`rest, ${TENANTS} tenants, ms`, 'p50', 'p95', 'a second'],
      told(`created, ${AT_ONCE} at once`, calls, fixed((TENANTS * 1000) / tookMs, 0)),
      told('listed, a page of 100', pages, fixed((pages.length * 1000) / sum(pages), 0)),
      ...rows,
      ...archived.rows,
    ],
    [
      ['what one costs that nobody has woken', 'bytes', 'bar'],
      ['directories on the local disk', `${places.length}`, verdict(places.length === 0)],
      [
        'catalog, on the local disk',
        fixed((catalogAfter.taken - catalogBefore.taken) / TENANTS, 0),
        '',
      ],
      ['control plane, grown meanwhile', fixed((after.control - before.control) / TENANTS, 0), ''],
      ['data plane, grown meanwhile', fixed((after.data - before.data) / TENANTS, 0), ''],
    ],
    archived.costs,
  ];
}

type Created = {
  readonly secrets: readonly TenantSecret[];
  readonly calls: readonly number[];
  readonly tookMs: number;
};

async function createAll(server: RealServer, count: number): Promise<Created> {
  const { tenants } = server.client;
  const secrets: TenantSecret[] = [];
  const calls: number[] = [];
  let next = 0;
  const some = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const name = `rest-${String(i).padStart(6, '0')}`;
      calls.push(
        await timed(async () => {
          secrets.push(await tenants.create({ name }));
        }),
      );
    }
  };
  const tookMs = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, some)));
  return { secrets, calls, tookMs };
}

async function listAll(server: RealServer, expected: number): Promise<number[]> {
  const pages: number[] = [];
  let after: string | null = null;
  let seen = 0;
  do {
    const place: { after?: string } = after === null ? {} : { after };
    const began = performance.now();
    const page = await server.client.tenants.page({ limit: 100, ...place });
    pages.push(performance.now() - began);
    seen += page.tenants.length;
    after = page.next;
  } while (after !== null);
  if (seen !== expected) throw new Error(`listed ${seen} of ${expected}`);
  return pages;
}

function uriOf(server: RealServer, { name, password }: TenantSecret): string {
  return server.uri({ role: name, password });
}

/** First rows of tenants that were never woken; they are left asleep. */
async function wakeAtRandom(
  server: RealServer,
  woken: readonly TenantSecret[],
): Promise<(readonly string[])[]> {
  const { tenants } = server.client;
  const atEase: number[] = [];
  for (const tenant of woken.slice(0, AT_EASE)) {
    await husksReady();
    atEase.push(await timed(() => firstRow(uriOf(server, tenant))));
    await tenants.suspend(tenant.name);
  }
  await husksReady();
  const burst: number[] = [];
  const refusals: unknown[] = [];
  const rest = woken.slice(AT_EASE);
  const tookMs = await timed(() =>
    Promise.all(
      rest.map(async (tenant) => {
        const taken = timed(() => firstRow(uriOf(server, tenant)));
        await taken.then((ms) => burst.push(ms)).catch((error: unknown) => refusals.push(error));
      }),
    ),
  );
  for (const tenant of rest) await tenants.suspend(tenant.name);
  return [
    told('first row, never woken, husks at hand', atEase, ''),
    told(`the same, ${rest.length} at once`, burst, fixed((burst.length * 1000) / tookMs)),
    [`of these refused after 30 s: ${refusals.length}`, '', '', verdict(refusals.length === 0)],
  ];
}

async function archiveAll(server: RealServer, woken: readonly TenantSecret[]) {
  const { tenants } = server.client;
  const archive = join(many, 'archive');
  const [first, ...others] = woken;
  const local = await localUse();
  // What is kept once, for all: the template.
  if (first) await tenants.archive(first.name);
  const shared = await diskUse(archive);
  const calls: number[] = [];
  for (const { name } of others) calls.push(await timed(() => tenants.archive(name)));
  const all = await diskUse(archive);
  // What is remembered of files that are gone goes behind everybody's back.
  await eventually('nothing is left', async () => (await localUse()) === 0).catch(() => {});
  const gone = await localUse();
  const back: number[] = [];
  for (const tenant of others.slice(0, AT_EASE)) {
    await husksReady();
    back.push(await timed(() => firstRow(uriOf(server, tenant))));
    await tenants.suspend(tenant.name);
  }
  const each = (use: (one: DiskUse) => number): number => (use(all) - use(shared)) / others.length;
  const takenKb = each(({ taken }) => taken) / 1024;
  return {
    rows: [
      told('archived, the call', calls, fixed((calls.length * 1000) / sum(calls))),
      told('first row, from the archive', back, ''),
    ],
    costs: [
      ['what one costs that was woken once', 'kB', 'bar'],
      ['asleep, on the local disk', fixed(local / woken.length / 1024, 0), ''],
      [
        'archived: objects',
        fixed(
          each(({ files }) => files),
          2,
        ),
        '',
      ],
      ['archived: bytes in them', fixed(each(({ apparent }) => apparent) / 1024), ''],
      [
        'archived: blocks of files and directories',
        fixed(takenKb),
        `${ARCHIVE_BAR_KB} ${verdict(takenKb <= ARCHIVE_BAR_KB)}`,
      ],
      [
        'archived: on the local disk',
        fixed(gone / woken.length / 1024, 2),
        verdict(gone < woken.length),
      ],
      ['the archive, kept once for all', fixed(shared.taken / 1024, 0), ''],
    ],
  };
}

/** Bytes of this machine's disk, directories of no tenant not counted: files, and what is remembered of them. */
async function localUse(): Promise<number> {
  const places = ['tenants', 'hydrating', 'scratch'].map((place) => join(many, place));
  const uses = await Promise.all(places.map(diskUse));
  return sum(uses.map(({ taken, files }) => (files === 0 ? 0 : taken)));
}

/** From the call to `ready`, with many and with few, in turn. */
async function measureUp(): Promise<Table> {
  const taken = { many: [] as number[], few: [] as number[] };
  const memory = { many: [] as number[], few: [] as number[] };
  const up = async (dataDir: string): Promise<number> => {
    const began = performance.now();
    const server = await realServer({ args: ARGS, dataDir });
    const ms = performance.now() - began;
    const { control, data } = await memoryOf(server);
    memory[dataDir === many ? 'many' : 'few'].push(control + data);
    await server.end();
    return ms;
  };
  for (let restart = 0; restart <= RESTARTS; restart++) {
    const isFirst = restart % 2 === 0;
    const first = await up(isFirst ? many : few);
    const second = await up(isFirst ? few : many);
    // The first is not counted: it reads the program from the disk.
    if (restart === 0) continue;
    taken.many.push(isFirst ? first : second);
    taken.few.push(isFirst ? second : first);
  }
  const ratio = p50(taken.many) / p50(taken.few);
  return [
    [`up to ready, ${RESTARTS} times in turn`, 'p50 ms', 'p95 ms', 'ratio', 'memory then, MB'],
    [
      `${FEW} tenants`,
      ...[p50(taken.few), p95(taken.few)].map((n) => fixed(n)),
      '',
      mb(memory.few),
    ],
    [
      `${TENANTS} tenants`,
      ...[p50(taken.many), p95(taken.many)].map((n) => fixed(n)),
      fixed(ratio, 2),
      mb(memory.many),
    ],
  ];
}

async function husksReady(): Promise<void> {
  await eventually('the husks are ready', async () => {
    const names = await readdir(join(many, 'husks'));
    return names.length >= HUSKS && !names.some((name) => name.startsWith('making-'));
  });
}

/** Resident, of control plane and data plane, in bytes. */
async function memoryOf({ pid, dataDir }: RealServer): Promise<{ control: number; data: number }> {
  const place = join(dataDir, 'data-plane');
  const proxies = (await processesIn(dataDir)).filter(({ cwd }) => cwd.startsWith(place));
  const data = await Promise.all(proxies.map((proxy) => residentOf(proxy.pid)));
  return { control: await residentOf(pid), data: sum(data) };
}

function mb(bytes: readonly number[]): string {
  return fixed(p50(bytes) / 1e6);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function told(what: string, ms: readonly number[], rate: string): string[] {
  return [what, fixed(p50(ms)), fixed(p95(ms)), rate];
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  for (let i = left.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    const [a, b] = [left[i], left[j]];
    if (a !== undefined && b !== undefined) [left[i], left[j]] = [b, a];
  }
  return left;
}
