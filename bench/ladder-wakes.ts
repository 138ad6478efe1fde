/** The first three levels: what runs, what sleeps in memory, what sleeps on the disk. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { LadderTenant } from './ladder-tenant.ts';
import { fixed, p50, p95, verdict } from './measure.ts';
import { drop, residentBytes, warm } from './page-files.ts';
import { oneRow, workingSet } from './sized-tenant.ts';

const WARM_UP = 3;
const BAR = 1.5;
const MB = 1e6;

/** What a small part of PGDATA may be that no shutdown writes to disk at once. */
const STUCK_BYTES_MAX = 2 * MB;

/** Of the working set: strewn, so that each is a read of its own. */
const ROWS_WORKED_WITH = 1_000;
/** After as many looks PostgreSQL counts a block as used, and the hot list takes it up. */
const LOOKS = 4;

export async function measureLevels(tenant: LadderTenant, pairs: number): Promise<string[][]> {
  const running = await inTurn(pairs, tenant, {
    prepare: async () => {
      await tenant.wake();
      const stop = await tenant.startByHand();
      return async () => {
        await stop();
        await tenant.suspend();
      };
    },
    door: () => tenant.ask(oneRow(tenant.rows)),
    hand: () => tenant.askRunningByHand(oneRow(tenant.rows)),
  });
  const asleep = (state: (dir: string) => Promise<void>) =>
    inTurn(pairs, tenant, {
      door: async () => {
        await state(tenant.places.door);
        const took = await tenant.ask(oneRow(tenant.rows));
        await tenant.suspend();
        return took;
      },
      hand: async () => {
        await state(tenant.places.hand);
        return await tenant.askByHand(oneRow(tenant.rows));
      },
    });
  return [
    row('L1, a new connection', running, null),
    row('L2, in the page cache', await asleep(warm), BAR),
    row('L3, on the disk', await asleep(dropWell), BAR),
  ];
}

async function dropWell(dir: string): Promise<void> {
  const stuck = await drop(dir);
  if (stuck > STUCK_BYTES_MAX) throw new Error(`${stuck} bytes stay in the page cache`);
}

type Turns = {
  readonly prepare?: () => Promise<() => Promise<void>>;
  readonly door: () => Promise<number>;
  readonly hand: () => Promise<number>;
};

type Taken = { readonly door: readonly number[]; readonly hand: readonly number[] };

async function inTurn(pairs: number, _tenant: LadderTenant, turns: Turns): Promise<Taken> {
  const end = await turns.prepare?.();
  const [door, hand]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < WARM_UP + pairs; pair++) {
    const isDoorFirst = pair % 2 === 0;
    const first = await (isDoorFirst ? turns.door() : turns.hand());
    const second = await (isDoorFirst ? turns.hand() : turns.door());
    if (pair < WARM_UP) continue;
    door.push(isDoorFirst ? first : second);
    hand.push(isDoorFirst ? second : first);
  }
  await end?.();
  return { door, hand };
}

function row(what: string, { door, hand }: Taken, bar: number | null): string[] {
  const ratio = p50(door) / p50(hand);
  return [
    what,
    ...[p50(door), p95(door), p50(hand), p95(hand)].map((ms) => fixed(ms)),
    fixed(ratio, 2),
    bar === null ? '' : `${bar} ${verdict(ratio <= bar)}`,
  ];
}

/**
 * A customer comes back from L3 to the rows that he worked with before: with what was remembered of
 * them read ahead, without, and by hand.
 */
export async function measureWorkingSet(tenant: LadderTenant, times: number): Promise<string[][]> {
  const question = workingSet(tenant.rows, ROWS_WORKED_WITH);
  for (let look = 0; look < LOOKS; look++) await tenant.ask(question);
  await tenant.suspend();
  const remembered = await readFile(tenant.hotList);
  const taken = { with: [] as number[], without: [] as number[], hand: [] as number[] };
  let ready = 0;
  for (let time = 0; time < times; time++) {
    for (const isAhead of [true, false]) {
      if (isAhead) await writeFile(tenant.hotList, remembered);
      else await rm(tenant.hotList, { force: true });
      await dropWell(tenant.places.door);
      taken[isAhead ? 'with' : 'without'].push(await tenant.ask(question));
      if (isAhead) ready = await residentBytes(tenant.places.door);
      await tenant.suspend();
    }
    await dropWell(tenant.places.hand);
    taken.hand.push(await tenant.askByHand(question));
  }
  const told = (what: string, ms: readonly number[], bytes: number | null): string[] => [
    what,
    ...[p50(ms), p95(ms)].map((n) => fixed(n)),
    bytes === null ? '' : fixed(bytes / MB),
  ];
  return [
    told(`L3, ${ROWS_WORKED_WITH} rows, read ahead`, taken.with, ready),
    told(`L3, ${ROWS_WORKED_WITH} rows, nothing read ahead`, taken.without, null),
    told(`L3, ${ROWS_WORKED_WITH} rows, by hand`, taken.hand, null),
  ];
}
