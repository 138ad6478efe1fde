/** Where the data of a tenant is on this machine, and moving it between memory and disk: L1 to L3. */
import type pg from 'pg';
import type { Clock } from '../../domain/clock.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { LevelReading } from '../../domain/levels.ts';
import type { Log } from '../../domain/log.ts';
import { Serial } from '../../domain/serial.ts';
import { elapsed, seconds } from '../../domain/units.ts';
import { type AccessRecord, advanced, pagesOfRun, sharesOf } from '../access-record.ts';
import { asSuperuser, type Login, SUPERUSER } from '../admin.ts';
import type { Compute } from '../compute.ts';
import type { Computes } from '../computes.ts';
import { type ComputeFiles, type Layout, tenantFiles } from '../layout.ts';
import type { Secrets } from '../secrets.ts';
import { buffersUsed, computeFacts, evict, hotBlocks, hurry } from './buffers.ts';
import { filesOf, type HotList, hottest, mergedHotList } from './hot-list.ts';
import { POOL_PART, prewarmDatabase } from './hot-list-prewarm.ts';
import { diskReads } from './levels-disk-reads.ts';
import { readAccessRecord, readHotList, writeAccessRecord, writeHotList } from './levels-files.ts';
import { droppingOrder } from './levels-order.ts';
import {
  asleep,
  bytesOf,
  hitsOf,
  type Inside,
  largestNodes,
  relationsOf,
  seenIn,
} from './levels-reading.ts';
import type { FileFacts, PageCache } from './page-cache.ts';
import type { EmbeddedPageReads } from './page-reads.ts';
import { BLOCK_BYTES, type NamedRelation, namedRelations } from './relations.ts';

export type LevelsParts = {
  readonly layout: Layout;
  readonly computes: Pick<Computes, 'running'>;
  readonly secrets: Secrets;
  readonly pageCache: PageCache;
  readonly reads: EmbeddedPageReads;
  readonly clock: Clock;
  readonly log: Log;
};

const MB = 1_024 * 1_024;

/** Most that is read into the page cache beside one start. */
const READ_AHEAD_MAX = 64 * MB;

/**
 * A start that has read less than this from disk had its files in memory. Measured: a warm one reads
 * nothing until it is ready, a cold one 272 kB.
 */
const OWN_READS_MAX = 64 * 1_024;
/** Less than this, read ahead, is what a start need not have waited for. */
const READ_AHEAD_TOLD = 256 * 1_024;

/** For all that we ask on one connection. */
const ANSWER_WITHIN = seconds(4);

/** Databases that are asked for the names of their relations, the busiest first, and how long that may take. */
const DATABASES_MAX = 8;
const NAMES_WITHIN = seconds(2);
/** Of each; what is smaller counts as a catalog. */
const NODES_MAX = 2_000;

type Look = {
  readonly reading: LevelReading;
  /** The record of accesses as it is now; null while the tenant sleeps, or does not answer. */
  readonly record: AccessRecord | null;
};

export class Levels {
  readonly #parts: LevelsParts;
  /** Bytes that the last start had read ahead, by root; 0 while that is under way. */
  readonly #readAheads = new Map<string, number>();
  /** What was remembered is read, and written anew. */
  readonly #remembering = new Serial<TenantId>();

  constructor(parts: LevelsParts) {
    this.#parts = parts;
  }

  /** As `Host.measure` says. */
  async measure(tenant: TenantId): Promise<LevelReading> {
    return (await this.#look(tenant, () => Promise.resolve())).reading;
  }

  /** As `Host.remember` says. */
  remember(tenant: TenantId): Promise<LevelReading> {
    return this.#remembering.run(tenant, () => this.#remember(tenant));
  }

  async #remember(tenant: TenantId): Promise<LevelReading> {
    const files = this.#files(tenant);
    let seen: HotList = [];
    const { reading, record } = await this.#look(tenant, async (client, inside) => {
      if (inside.used !== null) seen = await hotBlocks(client);
    });
    if (record === null) return reading;
    await writeAccessRecord(files, record);
    if (seen.length > 0) await writeHotList(files, mergedHotList(await readHotList(files), seen));
    return reading;
  }

  /** As `Host.shedL1` says. */
  async shedL1(tenant: TenantId, keep: number): Promise<number> {
    const login = this.#login(tenant);
    if (login === undefined) return 0;
    const shares = sharesOf(await readAccessRecord(this.#files(tenant)));
    return await this.#ask(login, async (client) => {
      const { mayLook, mayEvict } = await computeFacts(client);
      return mayLook && mayEvict ? await evict(client, keep, shares) : 0;
    });
  }

  /** As `Host.shedL2` says. */
  async shedL2(tenant: TenantId, keep: number): Promise<number> {
    const { pageCache } = this.#parts;
    const files = this.#files(tenant);
    const facts = await pageCache.survey(files.data);
    const excess = (bytesOf(facts, null).l2 ?? 0) - keep;
    if (excess <= 0) return 0;
    const shares = sharesOf(await readAccessRecord(files));
    const order = droppingOrder(facts, await readHotList(files), shares);
    return await pageCache.drop(files.data, order, excess);
  }

  /** As `Host.prewarm` says. */
  async prewarm(tenant: TenantId, bytesMax: number, signal: AbortSignal): Promise<number> {
    const { clock } = this.#parts;
    const login = this.#login(tenant);
    const hot = await readHotList(this.#files(tenant));
    if (login === undefined || hot.length === 0 || signal.aborted) return 0;
    let blocks = 0;
    const read = async (client: pg.Client, ranges: HotList): Promise<void> => {
      await hurry(client);
      blocks += await prewarmDatabase(client, { hot: ranges, clock, signal });
    };
    const wanted = await asSuperuser(login, async (client) => {
      const facts = await computeFacts(client);
      if (!facts.mayLook) return [];
      const room = facts.pool * POOL_PART - (await buffersUsed(client)).used;
      const some = hottest(hot, Math.floor(Math.min(bytesMax, room) / BLOCK_BYTES));
      const mine = ({ database }: { database: number }, oid: number) => database === oid;
      const shared = some.filter((range) => mine(range, 0));
      if (shared.length > 0) await read(client, shared);
      return facts.databases.map(({ oid, name }) => ({
        name,
        ranges: some.filter((range) => mine(range, oid)),
      }));
    });
    for (const { name, ranges } of wanted) {
      if (signal.aborted || ranges.length === 0) continue;
      await asSuperuser(login, (client) => read(client, ranges), name);
    }
    return blocks * BLOCK_BYTES;
  }

  /**
   * Has what was remembered read into the page cache, beside a start: call it without awaiting, right
   * before `Computes.start`. Never throws. Returns the bytes asked for.
   */
  async readAhead(files: ComputeFiles, signal: AbortSignal): Promise<number> {
    const { pageCache, log } = this.#parts;
    this.#readAheads.set(files.root, 0);
    let bytes = 0;
    try {
      const ranges = filesOf(hottest(await readHotList(files), READ_AHEAD_MAX / BLOCK_BYTES));
      if (ranges.length > 0 && !signal.aborted) {
        bytes = await pageCache.read(files.data, ranges, READ_AHEAD_MAX, signal);
      }
    } catch (error) {
      log.warn('what a tenant used last could not be read ahead', { code: codeOf(error) });
    }
    if (this.#readAheads.has(files.root)) this.#readAheads.set(files.root, bytes);
    return bytes;
  }

  /**
   * Where a start that is ready now found what it read. `pid` is the postmaster's. While reading ahead is
   * not done, what the compute has read itself tells. Takes a few system calls.
   */
  servedFrom(pid: number, files: ComputeFiles): 'L2' | 'L3' {
    const ahead = this.#readAheads.get(files.root) ?? 0;
    this.#readAheads.delete(files.root);
    const own = diskReads(pid);
    if (own === null) return 'L3';
    return own < OWN_READS_MAX && ahead < READ_AHEAD_TOLD ? 'L2' : 'L3';
  }

  #files(tenant: TenantId): ComputeFiles {
    return tenantFiles(this.#parts.layout, tenant);
  }

  #running(tenant: TenantId): Compute | undefined {
    return this.#parts.computes.running(this.#files(tenant).root);
  }

  /** Undefined while it sleeps. */
  #login(tenant: TenantId): Login | undefined {
    const compute = this.#running(tenant);
    const password = this.#parts.secrets.password(tenant, SUPERUSER);
    return compute && { address: compute.address, password };
  }

  async #look(
    tenant: TenantId,
    also: (client: pg.Client, inside: Omit<Inside, 'named'>) => Promise<void>,
  ): Promise<Look> {
    const { pageCache, log } = this.#parts;
    const data = this.#files(tenant);
    const compute = this.#running(tenant);
    const surveying = pageCache.survey(data.data);
    const login = this.#login(tenant);
    if (!compute || !login) return { reading: asleep(await surveying), record: null };
    const telling = this.#ask(login, async (client) => {
      const facts = await computeFacts(client);
      const inside = { facts, used: facts.mayLook ? await buffersUsed(client) : null };
      await also(client, inside);
      return inside;
    }).catch((error: unknown) => {
      log.warn('a compute does not tell of its levels', { tenant, code: codeOf(error) });
      return null;
    });
    const [files, told] = await Promise.all([surveying, telling]);
    if (!told) return { reading: { ...asleep(files), bytes: bytesOf(files, null) }, record: null };
    const inside = { ...told, named: await this.#named(login, told, files) };
    const seen = seenIn(inside);
    const before = await readAccessRecord(data);
    const record = advanced(before, seen);
    const bytes = bytesOf(files, told.used?.used ?? null);
    const hits = hitsOf(pagesOfRun(before, seen), diskReads(compute.pid));
    const at = this.#parts.clock.wall();
    this.#parts.reads.tell(tenant, { run: seen.run, at, hits, cachedBytes: bytes.l2 });
    const relations = relationsOf(inside, files, sharesOf(record));
    return { reading: { bytes, hits, relations }, record };
  }

  /** Throws if the compute has not answered in time: one that hangs holds nobody up. */
  async #ask<T>(
    login: Login,
    work: (client: pg.Client) => Promise<T>,
    database?: string,
  ): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const late = () => reject(new Error('the compute does not answer'));
    const cancel = this.#parts.clock.timer(ANSWER_WITHIN, late);
    const hurried = async (client: pg.Client) => {
      await hurry(client);
      return await work(client);
    };
    try {
      return await Promise.race([asSuperuser(login, hurried, database), promise]);
    } finally {
      cancel();
    }
  }

  /** Names and counts of the largest relations, as far as time allows. */
  async #named(
    login: Login,
    { facts }: Pick<Inside, 'facts'>,
    files: readonly FileFacts[],
  ): Promise<ReadonlyMap<number, readonly NamedRelation[]>> {
    const { clock, log } = this.#parts;
    const began = clock.now();
    const nodes = largestNodes(files, NODES_MAX);
    const named = new Map<number, readonly NamedRelation[]>();
    for (const { oid, name } of facts.databases.slice(0, DATABASES_MAX)) {
      if (elapsed(began, clock.now()) > NAMES_WITHIN) break;
      const ask = (client: pg.Client) => namedRelations(client, nodes.get(oid) ?? []);
      await this.#ask(login, ask, name).then(
        (relations) => named.set(oid, relations),
        (error: unknown) =>
          log.warn('a database does not tell of its relations', { code: codeOf(error) }),
      );
    }
    return named;
  }
}

/** A message could hold a name of the tenant's; the code cannot. */
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'none';
