/**
 * Reads a hot list back into shared buffers, behind the first query and at a low pace: a few blocks at a
 * time, then nothing for as long, and nothing more once somebody needs the compute for something else.
 */
import type pg from 'pg';
import type { Clock } from '../../domain/clock.ts';
import { elapsed, ms } from '../../domain/units.ts';
import type { HotBlocks } from './buffers.ts';
import type { HotList } from './hot-list.ts';
import { BLOCK_BYTES } from './relations.ts';

const BLOCKS_AT_ONCE = 64;

/** Longest pause between calls; one on a slow disk takes long, and its pause need not. */
const PAUSE_MAX = ms(50);

const MAIN_FORK = 0;

/** What of the pool may be in use when we are done, so that nobody's block has to leave for ours. */
export const POOL_PART = 0.75;

/** A range may have shrunk, and its relation may be gone, which is null. */
const READ = `
  select coalesce(pg_catalog.dynabase_prewarm(c.oid, 'buffer', 'main', $2::int8,
    least($3::int8, pg_relation_size(c.oid, 'main') / ${BLOCK_BYTES}) - 1), 0)::float8 as blocks
  from (select pg_filenode_relation(case $4::oid when 0 then 1664 else 0 end, $1::oid) as oid) as c
  where pg_relation_size(c.oid, 'main') / ${BLOCK_BYTES} > $2::int8`;

const MAY_READ = `select to_regproc('pg_catalog.dynabase_prewarm') is not null as may_read`;

export type PrewarmRequest = {
  readonly hot: HotList;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Reads those of one database that `client` is in, or the shared ones. Returns how many blocks. */
export async function prewarmDatabase(
  client: pg.Client,
  { hot, clock, signal }: PrewarmRequest,
): Promise<number> {
  const { rows } = await client.query<{ may_read: boolean }>(MAY_READ);
  if (!rows[0]?.may_read) return 0;
  // Whoever changes a relation goes first.
  await client.query("set lock_timeout = '20ms'");
  let blocks = 0;
  for (const chunk of chunksOf(hot)) {
    if (signal.aborted) break;
    const began = clock.now();
    blocks += await readChunk(client, chunk);
    const took = elapsed(began, clock.now());
    await clock.sleep(ms(Math.min(took, PAUSE_MAX)), signal).catch(() => {});
  }
  return blocks;
}

/** What befalls a relation that is locked, or is cut or dropped while it is read. Source: errcodes.txt. */
const PASSING: ReadonlySet<string> = new Set([
  ...['55P03', '57014'], // lock_not_available, query_canceled
  ...['42P01', '42704', 'XX000', '58P01'], // gone, by all the names that has
  '22023', // blocks behind its end
]);

/** 0 for a relation that cannot be had now. */
async function readChunk(client: pg.Client, chunk: HotBlocks): Promise<number> {
  const { database, node, from, to } = chunk;
  const read = client.query<{ blocks: number }>(READ, [node, from, to, database]);
  return await read.then(
    ({ rows }) => rows[0]?.blocks ?? 0,
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (PASSING.has(code)) return 0;
      throw error;
    },
  );
}

function* chunksOf(hot: HotList): Generator<HotBlocks> {
  for (const range of hot) {
    if (range.fork !== MAIN_FORK) continue;
    for (let from = range.from; from < range.to; from += BLOCKS_AT_ONCE) {
      yield { ...range, from, to: Math.min(range.to, from + BLOCKS_AT_ONCE) };
    }
  }
}
