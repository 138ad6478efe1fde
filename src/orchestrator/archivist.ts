/**
 * Takes tenants at rest to the archive when their time has come, and sees to it that no change is older
 * than allowed without being in a snapshot.
 *
 * Once a minute it asks the catalog who is due; a tenant at rest costs nothing until then, and neither
 * question grows with the number of tenants. With little room on the disk, whoever rests longest goes
 * first, whatever the rules say. One tenant after the other, and none while clients wait for a wake.
 *
 * No tenant keeps others from being saved: one that takes long is left to itself, and where the archive
 * or the disk is said to be at fault, others are tried first the next time.
 */
import type { CancelTimer } from '../domain/clock.ts';
import { isFault } from '../domain/faults.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { TIERS, type Tier } from '../domain/tier.ts';
import {
  after,
  type DurationMs,
  hours,
  type Instant,
  later,
  minutes,
  ms,
  type Timestamp,
} from '../domain/units.ts';
import type { Rules } from '../policy/rules.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

const LOOK_EVERY = minutes(1);

/** Tenants asked for at once. */
const BATCH = 50;

const BYTES_OF_MB = 1_048_576;

/** How long a tenant that could not be archived is left alone: doubles with every failure. */
const RETRY_FIRST = minutes(5);
const RETRY_MAX = hours(24);

/** Who takes longer is not waited for: what it does goes on beside the others. */
const WAIT_MAX = minutes(10);

/** Tenants that find the archive or the disk at fault, one after the other, before it is believed. */
const DOUBTS_MAX = 3;
const DOUBTFUL_MAX = 1_000;

/** Failures remembered; with more, the oldest is forgotten and tried again sooner. */
const FAILURES_MAX = 10_000;

/** Whether tenants of the tier go to the archive by time; with a full disk all may. */
const mayLeave = (tier: Tier, { residency }: Rules): boolean => residency.coldest[tier] === 'L4';

type Failure = { readonly count: number; readonly until: Instant };

export type ArchivistParts = {
  readonly world: Pick<
    World,
    'clock' | 'log' | 'catalog' | 'host' | 'queue' | 'hydrations' | 'rules'
  >;
  /** Of a tenant that has not moved since it was found due. */
  readonly archive: (tenant: Tenant, because: string) => Promise<void>;
  readonly snapshot: (tenant: Tenant, because: string) => Promise<void>;
};

export class Archivist {
  readonly #parts: ArchivistParts;
  readonly #failures = new Map<TenantId, Failure>();
  /** Who found the archive or the disk at fault, which may be its own alone. */
  readonly #doubtful = new Set<TenantId>();
  readonly #underWay = new Set<TenantId>();
  #isClosed = false;
  #cancelTimer: CancelTimer = () => {};
  #round: Promise<void> | null = null;

  constructor(parts: ArchivistParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#later(LOOK_EVERY);
  }

  /** Begins nothing more. Resolves when what is under way is done or given up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.#round;
  }

  #later(wait: DurationMs): void {
    if (this.#isClosed) return;
    this.#cancelTimer = this.#parts.world.clock.timer(wait, () => {
      this.#round = this.#look()
        .catch((error: unknown) => {
          this.#parts.world.log.warn('nobody can be archived or saved now', { error });
          return false;
        })
        .then((isMore) => {
          this.#round = null;
          this.#later(isMore ? ms(0) : LOOK_EVERY);
        });
    });
  }

  /** Returns whether there is more to do at once. */
  async #look(): Promise<boolean> {
    this.#tidy();
    // Where there is no room for a snapshot, archiving makes some.
    const failures: unknown[] = [];
    const noted = (error: unknown): boolean => {
      failures.push(error);
      return false;
    };
    const saved = await this.#saveDue().catch(noted);
    const archived = await this.#archiveDue().catch(noted);
    if (failures.length > 0) throw failures[0];
    return saved || archived;
  }

  async #saveDue(): Promise<boolean> {
    return await this.#eachOf(await this.#dueForSnapshot(), 'snapshot');
  }

  async #archiveDue(): Promise<boolean> {
    const { rules } = this.#parts.world;
    const isFull = this.#isFull;
    if (!isFull && rules.archiveAfter === null) return false;
    const due = await this.#dueForArchive(isFull ? ms(0) : (rules.archiveAfter ?? ms(0)));
    // Those whose time has not come go only until there is room again.
    return await this.#eachOf(due, 'archive', () => !isFull || this.#isFull);
  }

  get #isFull(): boolean {
    const { host, rules } = this.#parts.world;
    return host.diskRoom().freeBytes < rules.diskReserveMb * BYTES_OF_MB;
  }

  async #dueForArchive(rested: DurationMs): Promise<readonly Tenant[]> {
    const { clock, catalog, log } = this.#parts.world;
    const restedBefore = before(clock.wall(), rested);
    const isFull = rested === 0;
    const tiers = isFull ? TIERS : TIERS.filter((tier) => mayLeave(tier, this.#parts.world.rules));
    const due = await catalog.dueForArchive({ restedBefore, limit: this.#limit, tiers });
    if (isFull && due.length > 0) log.warn('the disk is nearly full', { tenants: due.length });
    return due;
  }

  async #dueForSnapshot(): Promise<readonly Tenant[]> {
    const { clock, catalog, rules } = this.#parts.world;
    if (rules.snapshotEvery === null) return [];
    return await catalog.dueForSnapshot(before(clock.wall(), rules.snapshotEvery), this.#limit);
  }

  /** Those that are left alone must not keep others from being found. */
  get #limit(): number {
    return BATCH + this.#failures.size + this.#doubtful.size + this.#underWay.size;
  }

  /** Returns whether something was done, and a whole batch was due. */
  async #eachOf(
    due: readonly Tenant[],
    what: 'archive' | 'snapshot',
    goesOn: () => boolean = () => true,
  ): Promise<boolean> {
    const { world } = this.#parts;
    let done = 0;
    let doubts = 0;
    for (const tenant of this.#inOrder(due)) {
      if (this.#isClosed || !world.queue.hasSpare || !world.hydrations.hasSpare) return false;
      if (!goesOn()) return false;
      try {
        await this.#oneOf(tenant, what);
        done += 1;
        doubts = 0;
      } catch (error) {
        if (!isDoubtful(error)) this.#failed(tenant.id, { what, error });
        else this.#doubt(tenant.id);
        if (isDoubtful(error) && ++doubts >= DOUBTS_MAX) throw error;
      }
    }
    return done > 0 && due.length >= BATCH;
  }

  /** Without those that are left alone. */
  #inOrder(due: readonly Tenant[]): readonly Tenant[] {
    const all = due.filter(({ id }) => !this.#isLeftAlone(id) && !this.#underWay.has(id));
    const isDoubtful = ({ id }: Tenant): boolean => this.#doubtful.has(id);
    return [...all.filter((one) => !isDoubtful(one)), ...all.filter(isDoubtful)];
  }

  async #oneOf(tenant: Tenant, what: 'archive' | 'snapshot'): Promise<void> {
    const { id } = tenant;
    this.#underWay.add(id);
    const work = this.#parts[what](tenant, BECAUSE[what]).finally(() => this.#underWay.delete(id));
    const otherwise = (): Error => new Error('it takes long, and goes on beside others');
    await waitUntil(work, { clock: this.#parts.world.clock, wait: WAIT_MAX, otherwise });
    this.#failures.delete(id);
    this.#doubtful.delete(id);
  }

  #doubt(tenant: TenantId): void {
    if (this.#doubtful.size >= DOUBTFUL_MAX) this.#doubtful.clear();
    this.#doubtful.add(tenant);
  }

  /** Forgets failures that were a long time ago. */
  #tidy(): void {
    const now = this.#parts.world.clock.now();
    for (const [tenant, { until }] of this.#failures) {
      if (now > after(until, RETRY_MAX)) this.#failures.delete(tenant);
    }
  }

  #isLeftAlone(tenant: TenantId): boolean {
    const failure = this.#failures.get(tenant);
    return failure !== undefined && this.#parts.world.clock.now() < failure.until;
  }

  #failed(tenant: TenantId, { what, error }: { readonly what: string; readonly error: unknown }) {
    const { log, clock } = this.#parts.world;
    // It is in use again, or gone: an ordinary turn of events.
    const isOrdinary = isFault(error, 'TENANT_BUSY') || isFault(error, 'TENANT_UNKNOWN');
    if (!isOrdinary) log.warn(`a tenant could not ${WORDS[what] ?? what}`, { tenant, error });
    const count = (this.#failures.get(tenant)?.count ?? 0) + 1;
    const wait = ms(Math.min(RETRY_MAX, RETRY_FIRST * 2 ** Math.min(20, count - 1)));
    this.#failures.delete(tenant);
    this.#failures.set(tenant, { count, until: after(clock.now(), wait) });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > FAILURES_MAX && oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** That may say nothing of the tenant. */
const isDoubtful = (error: unknown): boolean =>
  isFault(error, 'ARCHIVE_DOWN') || isFault(error, 'DISK_FULL');

const BECAUSE = {
  archive: 'it has been at rest for long enough',
  snapshot: 'it has changes that no snapshot has',
} as const;

const WORDS: Readonly<Record<string, string>> = {
  archive: 'be archived',
  snapshot: 'be saved',
};

const before = (now: Timestamp, wait: DurationMs): Timestamp => later(now, ms(-wait));
