/** The fourth level: into the archive, and out of it again. */
import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LadderTenant } from './ladder-tenant.ts';
import { fixed, p50, p95, timed, verdict } from './measure.ts';
import { drop } from './page-files.ts';
import { type Costed, costed } from './process-cost.ts';
import { oneRow, slightChange } from './sized-tenant.ts';

const EMPTY_BAR_MS = 100;
const CORE_BAR_MB = 400;
const MB = 1e6;

/** A gigabyte takes seconds each way. */
const roundsFor = (rows: number, pairs: number): number =>
  rows === 0 ? pairs : rows < 200_000 ? Math.ceil(pairs / 4) : Math.ceil(pairs / 10);

/** One row in so many. */
const CHANGED_EACH = 1_000;
/** Longer than the time for which a change may hide behind a file's time. */
const RACY_MS = 4_000;

export type ArchiveTables = {
  readonly tables: readonly (readonly string[])[][];
  /** Of the first row from the archive. */
  readonly p50Ms: number;
};

export type ArchiveOptions = {
  readonly pairs: number;
  /** What is not the data's: the first row of an empty tenant from the archive. */
  readonly emptyMs: number;
};

export async function measureArchive(
  tenant: LadderTenant,
  { pairs, emptyMs }: ArchiveOptions,
): Promise<ArchiveTables> {
  const { server } = tenant;
  const { tenants } = server.client;
  const archive = join(server.dataDir, 'archive');
  const rounds = roundsFor(tenant.rows, pairs);
  const cost = (work: () => Promise<unknown>): Promise<Costed> => costed(server.pid, work);

  const first = await cost(() => tenants.archive(tenant.name));
  const [snapshot] = await tenants.snapshots(tenant.name);
  const logical = snapshot?.logicalBytes ?? 0;

  const fromArchive = async (isDropped: boolean): Promise<Costed> => {
    if ((await tenants.get(tenant.name)).home !== 'archive') await tenants.archive(tenant.name);
    await tenant.husksReady();
    if (isDropped) await drop(archive);
    const taken = await cost(() => tenant.ask(oneRow(tenant.rows)));
    await tenant.suspend();
    return taken;
  };
  const [warm, cold, disk]: [Costed[], Costed[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    warm.push(await fromArchive(false));
    cold.push(await fromArchive(true));
    if (tenant.rows > 0)
      disk.push(logical / MB / ((await writeAndSync(server.dataDir, logical)) / 1000));
  }
  const again = await cost(() => tenants.archive(tenant.name));
  const saved = tenant.rows === 0 ? [] : await savedFromHere(tenant, cost);
  const [latest] = await tenants.snapshots(tenant.name);

  const saves: [string, Costed][] = [
    ['archived for the first time', first],
    ['come back, woken, archived again', again],
    ...saved,
  ];
  const wakes: [string, Costed[]][] = [
    ['L4, archive in the page cache', warm],
    ['L4, archive on the disk', cold],
  ];
  const stored: [string, number][] = [
    ['first snapshot', snapshot?.storedBytes ?? 0],
    ['latest snapshot', latest?.storedBytes ?? 0],
    ['of it added by the last change', latest?.addedBytes ?? 0],
  ];
  const is = { logical, emptyMs, isEmpty: tenant.rows === 0 };
  const { label } = tenant;
  return {
    p50Ms: p50(warm.map(({ ms }) => ms)),
    tables: [
      [
        [`${label}, ${fixed(logical / MB)} MB`, ...WAKE_HEADS],
        ...wakes.map(([what, taken]) => wakeRow(what, taken, is)),
        ...(is.isEmpty ? [] : [['the disk, written and synced', '', '', '', fixed(p50(disk), 0)]]),
      ],
      [
        [`${label}, saved`, 'ms', 'CPU ms', 'MB read', 'MB written'],
        ...saves.map(([what, taken]) => saveRow(what, taken)),
      ],
      [
        [`${label}, in the archive`, 'kB'],
        ...stored.map(([what, bytes]) => [what, fixed(bytes / 1e3)]),
      ],
    ],
  };
}

const WAKE_HEADS = ['p50 ms', 'p95 ms', 'CPU ms', 'MB/s', 'MB/s a core', 'bar'];

/** A tenant comes back, is woken and left as it is, then changed a little. */
async function savedFromHere(
  tenant: LadderTenant,
  cost: (work: () => Promise<unknown>) => Promise<Costed>,
): Promise<[string, Costed][]> {
  const { tenants } = tenant.server.client;
  const touch = async (): Promise<void> => {
    await tenant.ask({ text: 'select 1', values: [] });
    await tenant.suspend();
  };
  await tenant.husksReady();
  await touch();
  // Files that were written just before they are looked at are looked at again the next time.
  await new Promise((next) => setTimeout(next, RACY_MS));
  await tenants.snapshot(tenant.name);
  await touch();
  const untouched = await cost(() => tenants.snapshot(tenant.name));
  await tenant.ask(slightChange(CHANGED_EACH));
  await tenant.suspend();
  const changed = await cost(() => tenants.archive(tenant.name));
  return [
    ['woken again, a snapshot', untouched],
    [`one row in ${CHANGED_EACH} changed, archived`, changed],
  ];
}

function wakeRow(
  what: string,
  taken: readonly Costed[],
  { logical, emptyMs, isEmpty }: { logical: number; emptyMs: number; isEmpty: boolean },
): string[] {
  const ms = taken.map((one) => one.ms);
  const cpuMs = p50(taken.map((one) => one.cpuMs));
  const beyondMs = p50(ms) - emptyMs;
  const perSecond = logical / MB / (beyondMs / 1000);
  // Cores are counted by what they did, so that what others do on this machine is not ours.
  const perCore = perSecond / (cpuMs / p50(ms));
  const base = [what, fixed(p50(ms)), fixed(p95(ms)), fixed(cpuMs, 0)];
  return isEmpty
    ? [...base, '', '', `${EMPTY_BAR_MS} ms ${verdict(p95(ms) <= EMPTY_BAR_MS)}`]
    : [
        ...base,
        ...[perSecond, perCore].map((n) => fixed(n, 0)),
        `${CORE_BAR_MB} ${verdict(perCore >= CORE_BAR_MB)}`,
      ];
}

const saveRow = (what: string, { ms, cpuMs, readBytes, writtenBytes }: Costed): string[] => [
  what,
  ...[ms, cpuMs].map((n) => fixed(n, 0)),
  ...[readBytes, writtenBytes].map((n) => fixed(n / MB)),
];

/** Ms that the disk takes for as many bytes of noise. */
async function writeAndSync(dir: string, bytes: number): Promise<number> {
  const path = join(dir, 'written');
  const noise = randomBytes(1024 * 1024);
  const took = await timed(async () => {
    const file = await open(path, 'w');
    for (let done = 0; done < bytes; done += noise.length) await file.write(noise);
    await file.sync();
    await file.close();
  });
  await rm(path);
  return took;
}
