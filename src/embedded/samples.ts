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
 */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../domain/clock.ts';
import { isTenantId, type TenantId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { ComputeSample, Samples } from '../domain/metering.ts';
import { elapsed, type Instant, minutes, ms } from '../domain/units.ts';
import type { Compute } from './compute.ts';
import type { Computes } from './computes.ts';
import { childrenOf, cpuOf, residentOf, sharedOf, startOf, writtenOf } from './process-counters.ts';

/** Resident sets have changed noticeably when they have by this part. */
const NOTICEABLE = 1 / 32;

/** How long what was worked out is believed though nothing seems to have changed. */
const BELIEVED = minutes(10);

/** What was found of a compute the last time. */
type Known = {
  readonly weighed: Weighed;
  /** Of a child that ends what is below a tick is lost: what was told of it stays. */
  readonly cpuUs: number;
  readonly written: number | null;
};

type Weighed = {
  readonly memoryBytes: number;
  readonly resident: number;
  readonly processes: number;
  readonly at: Instant;
};

export type SampleParts = {
  readonly computes: Pick<Computes, 'all' | 'onStopping'>;
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
    const { pid } = compute;
    const start = startOf(pid);
    const own = cpuOf(pid, 'with-ended');
    if (start === null || own === null) return null;
    const children = childrenOf(pid);
    let cpuUs = own;
    let written = writtenOf(pid);
    for (const child of children) {
      cpuUs += cpuOf(child, 'alone') ?? 0;
      if (written !== null) written += writtenOf(child) ?? 0;
    }
    const known = this.#known.get(compute);
    const weighed = this.#weigh(known?.weighed, [pid, ...children]);
    const now = {
      weighed,
      cpuUs: Math.max(cpuUs, known?.cpuUs ?? 0),
      written: written === null ? null : Math.max(written, known?.written ?? 0),
    };
    this.#known.set(compute, now);
    return {
      run: `${pid}-${start.ticks}`,
      age: ms(start.ageMs),
      memoryBytes: weighed.memoryBytes,
      cpuUs: now.cpuUs,
      diskWrittenBytes: now.written,
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
