/**
 * How much a tenant has written, and how large it is: asked of its running compute, or read from the control file that
 * a clean stop has left. A compute that is asked tells in the same breath which pages it has read, and every ten
 * minutes its files are looked at for what the page cache has of them.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../domain/clock.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type { GaugeReading, Gauges } from '../../domain/quota.ts';
import { elapsed, type Instant, minutes } from '../../domain/units.ts';
import { type AccessRecord, pagesOfRun } from '../access-record.ts';
import { asSuperuser, SUPERUSER } from '../admin.ts';
import type { Compute } from '../compute.ts';
import type { Computes } from '../computes.ts';
import { type ComputeFiles, type Layout, tenantFiles } from '../layout.ts';
import type { PageCounts } from '../levels/buffers.ts';
import { diskReads } from '../levels/levels-disk-reads.ts';
import { readAccessRecord } from '../levels/levels-files.ts';
import { bytesOf, hitsOf } from '../levels/levels-reading.ts';
import type { PageCache } from '../levels/page-cache.ts';
import type { EmbeddedPageReads } from '../levels/page-reads.ts';
import type { Secrets } from '../secrets.ts';

/** Source: PostgreSQL `catalog/pg_control.h`: `checkPoint` of ControlFileData, the same from 11 to 18. */
const CHECKPOINT_OFFSET = 32;

/** Ours are not the tenant's. */
const GAUGES = `
  select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal,
    (select coalesce(sum(pg_database_size(oid)), 0)::text from pg_database
     where datallowconn and not datistemplate and datname !~ '^dynabase'
       and (datname <> 'postgres' or pg_get_userbyid(datdba) <> current_user)) as bytes,
    pg_postmaster_start_time()::text as run,
    (select coalesce(sum(blks_hit), 0)::float8 from pg_stat_database) as hit,
    (select coalesce(sum(blks_read), 0)::float8 from pg_stat_database) as read`;

type GaugeRow = PageCounts & {
  readonly wal: string;
  readonly bytes: string;
  readonly run: string;
};

/** What is in the page cache is asked of each of its files, of which even an empty tenant has a thousand. */
const CACHE_LOOKED_AT_EVERY = minutes(10);

/** What need not be asked again of a compute. */
type Known = {
  /** As the last run, or an earlier look in this one, has left it. */
  readonly before: AccessRecord;
  cacheLookedAt: Instant;
};

export type GaugeParts = {
  readonly computes: Computes;
  readonly layout: Layout;
  readonly secrets: Secrets;
  readonly reads: EmbeddedPageReads;
  readonly pageCache: PageCache;
  readonly clock: Clock;
  readonly log: Log;
};

export class EmbeddedGauges implements Gauges {
  readonly #parts: GaugeParts;
  readonly #known = new WeakMap<Compute, Known>();

  constructor(parts: GaugeParts) {
    this.#parts = parts;
  }

  async read(tenant: TenantId): Promise<GaugeReading> {
    const { computes, layout, secrets, log } = this.#parts;
    const files = tenantFiles(layout, tenant);
    const compute = computes.running(files.root);
    if (compute === undefined) {
      const control = join(files.data, 'global', 'pg_control');
      if (!existsSync(control)) return { walPosition: null, logicalBytes: null };
      const position = (await readFile(control)).readBigUInt64LE(CHECKPOINT_OFFSET);
      return { walPosition: Number(position), logicalBytes: null };
    }
    const login = { address: compute.address, password: secrets.password(tenant, SUPERUSER) };
    const row = await asSuperuser(login, async (client) => {
      const { rows } = await client.query<GaugeRow>(GAUGES);
      return rows[0];
    });
    if (row === undefined) throw new Error('a compute does not say how large it is');
    await this.#tellReads(tenant, compute, row).catch((error: unknown) => {
      log.debug('what a tenant has read is not known', { tenant, error });
    });
    return { walPosition: Number(row.wal), logicalBytes: Number(row.bytes) };
  }

  async #tellReads(
    tenant: TenantId,
    compute: Compute,
    { run, hit, read }: GaugeRow,
  ): Promise<void> {
    const { clock, reads } = this.#parts;
    const at = clock.wall();
    const disk = diskReads(compute.pid);
    const known = await this.#knownOf(compute);
    const hits = hitsOf(pagesOfRun(known.before, { run, pages: { hit, read } }), disk);
    reads.tell(tenant, { run, at, hits, cachedBytes: await this.#cached(compute.files, known) });
  }

  async #knownOf(compute: Compute): Promise<Known> {
    const found = this.#known.get(compute);
    if (found !== undefined) return found;
    const before = { ...(await readAccessRecord(compute.files)), relations: [] };
    const known = { before, cacheLookedAt: this.#parts.clock.now() };
    this.#known.set(compute, known);
    return known;
  }

  /** Null while the last look is good enough: at what a start has left is looked at its end, or later. */
  async #cached(files: ComputeFiles, known: Known): Promise<number | null> {
    const { clock, pageCache } = this.#parts;
    if (elapsed(known.cacheLookedAt, clock.now()) < CACHE_LOOKED_AT_EVERY) return null;
    known.cacheLookedAt = clock.now();
    return bytesOf(await pageCache.survey(files.data), null).l2;
  }

  /** By the file of settings, which the compute reads again at once; new and open sessions go by it. */
  setReadOnly(tenant: TenantId, isReadOnly: boolean): Promise<void> {
    const files = tenantFiles(this.#parts.layout, tenant);
    if (!existsSync(files.root)) return Promise.resolve();
    return this.#parts.computes.change(files, { readOnly: isReadOnly });
  }
}
