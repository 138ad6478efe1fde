/**
 * What running computes have used and hold, as the kernel tells it: of each process of a compute, found by way of its
 * postmaster, so that nothing is searched for.
 *
 * Memory is proportional set size: what several processes share, shared buffers above all, counts once. To have the
 * kernel work it out costs it more than all else here together, so it is asked again only when the resident sets have
 * changed noticeably, or after a while. Processor time and writing are those of the processes that live, and of those
 * that have ended by what their parent was told of them; the postmaster is asked first, so that one that ends
 * meanwhile is missed this time, and counted the next. What this system does not let us read counts as nothing, and
 * is logged once.
 *
 * A compute that has a control group is asked of that instead, as far as it tells, which costs less and misses nothing.
 * How far its counters have moved since the first look is added to what the processes said then: a group may be older
 * than the run, and its processes older than the group.
 */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../domain/clock.ts';
import { isTenantId, type TenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type { ComputeSample, Samples } from '../../domain/metering.ts';
import { elapsed, type Instant, minutes, ms } from '../../domain/units.ts';
import type { Compute } from '../compute.ts';
import type { Computes } from '../computes.ts';
import { type CageCounters, cageCounters } from './cage-counters.ts';
import type { Cages } from './cages.ts';
import { childrenOf, cpuOf, residentOf, sharedOf, startOf, writtenOf } from './process-counters.ts';

/** Resident sets have changed noticeably when they have by this part. */
const NOTICEABLE = 1 / 32;

/** How long what was worked out is believed though nothing seems to have changed. */
const BELIEVED = minutes(10);

/** What was found of a compute the last time. */
type Known = {
  readonly weighed: Weighed | undefined;
  /** Of a child that ends what is below a tick is lost: what was told of it stays. */
  readonly cpuUs: number;
  readonly written: number | null;
  readonly caged: CageCounters;
};

/** What the processes say. */
type Told = {
  readonly cpuUs: number;
  readonly written: number | null;
  readonly pids: readonly number[];
};

type Weighed = {
  readonly memoryBytes: number;
  readonly resident: number;
  readonly processes: number;
  readonly at: Instant;
};

export type SampleParts = {
  readonly computes: Pick<Computes, 'all' | 'onStopping'>;
  readonly cages: Pick<Cages, 'countedIn'>;
  readonly clock: Clock;
  readonly log: Log;
};

export class EmbeddedSamples implements Samples {
  readonly #parts: SampleParts;
  readonly #known = new WeakMap<Compute, Known>();
  #onLast: (tenant: TenantId, sample: ComputeSample) => void = () => {};
  #isTold = false;

  constructor(parts: SampleParts) {
    this.#parts = parts;
    parts.computes.onStopping((compute) => this.#last(compute));
  }

  async all(): Promise<ReadonlyMap<TenantId, ComputeSample>> {
    const found = new Map<TenantId, ComputeSample>();
    for (const compute of this.#parts.computes.all()) {
      const tenant = basename(compute.files.root);
      if (!isTenantId(tenant)) continue;
      const sample = this.#look(compute);
      if (sample !== null) found.set(tenant, sample);
      // A thousand of them are no reason for anybody else to wait.
      await setImmediate();
    }
    return found;
  }

  onLast(listener: (tenant: TenantId, sample: ComputeSample) => void): void {
    this.#onLast = listener;
  }

  #last(compute: Compute): void {
    const tenant = basename(compute.files.root);
    if (!isTenantId(tenant)) return;
    const sample = this.#look(compute);
    if (sample !== null) this.#onLast(tenant, sample);
  }

  /** Null if it has ended. */
  #look(compute: Compute): ComputeSample | null {
    const { pid, files } = compute;
    const start = startOf(pid);
    if (start === null) return null;
    const known = this.#known.get(compute);
    const caged = cageCounters(this.#parts.cages.countedIn(basename(files.root)));
    const isWhole = Object.values(caged).every((counter) => counter !== null);
    const told = known !== undefined && isWhole ? null : toldBy(pid);
    if (told === null && (known === undefined || !isWhole)) return null;
    const weighed =
      caged.memoryBytes === null ? this.#weigh(known?.weighed, told?.pids ?? []) : known?.weighed;
    const cpuUs = movedBy(known?.cpuUs ?? null, told?.cpuUs ?? null, {
      before: known?.caged.cpuUs ?? null,
      now: caged.cpuUs,
    });
    const written = movedBy(known?.written ?? null, told?.written ?? null, {
      before: known?.caged.writtenBytes ?? null,
      now: caged.writtenBytes,
    });
    this.#known.set(compute, { weighed, cpuUs: cpuUs ?? 0, written, caged });
    return {
      run: `${pid}-${start.ticks}`,
      age: ms(start.ageMs),
      memoryBytes: caged.memoryBytes ?? weighed?.memoryBytes ?? 0,
      cpuUs: cpuUs ?? 0,
      diskWrittenBytes: written,
    };
  }

  #weigh(known: Weighed | undefined, pids: readonly number[]): Weighed {
    const at = this.#parts.clock.now();
    const resident = pids.reduce((sum, pid) => sum + residentOf(pid), 0);
    const now = { resident, processes: pids.length, at };
    if (known !== undefined && this.#holds(known, now)) return known;
    let memoryBytes = 0;
    for (const pid of pids) {
      const shared = sharedOf(pid);
      if (shared === null && residentOf(pid) > 0) this.#tell();
      memoryBytes += shared ?? residentOf(pid);
    }
    return { ...now, memoryBytes };
  }

  #tell(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#parts.log.warn(
      'this system does not tell what memory a tenant has; what its processes share is counted several times',
    );
  }

  #holds(known: Weighed, now: Omit<Weighed, 'memoryBytes'>): boolean {
    const change = Math.abs(now.resident - known.resident);
    const isSame = known.processes === now.processes && change <= known.resident * NOTICEABLE;
    return isSame && elapsed(known.at, now.at) < BELIEVED;
  }
}

/** Null if it has ended. */
function toldBy(pid: number): Told | null {
  const own = cpuOf(pid, 'with-ended');
  if (own === null) return null;
  const children = childrenOf(pid);
  let cpuUs = own;
  let written = writtenOf(pid);
  for (const child of children) {
    cpuUs += cpuOf(child, 'alone') ?? 0;
    if (written !== null) written += writtenOf(child) ?? 0;
  }
  return { cpuUs, written, pids: [pid, ...children] };
}

type Moved = { readonly before: number | null; readonly now: number | null };

/**
 * A counter of a run, from what it was, what the processes say, and how its group's has moved. It never falls; a
 * group's that has fallen is that of a new group.
 */
function movedBy(known: number | null, told: number | null, group: Moved): number | null {
  const { before, now } = group;
  if (known !== null && before !== null && now !== null)
    return known + (now >= before ? now - before : now);
  return told === null ? known : Math.max(told, known ?? 0);
}
