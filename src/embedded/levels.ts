/** Where the data of a tenant is on this machine, and moving it between memory and disk: L1 to L3. */
import type { Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import type { LevelReading } from '../domain/levels.ts';
import type { Log } from '../domain/log.ts';
import type { Computes } from './computes.ts';
import type { ComputeFiles, Layout } from './layout.ts';
import type { PageCache } from './page-cache.ts';
import type { Secrets } from './secrets.ts';

export type LevelsParts = {
  readonly layout: Layout;
  readonly computes: Pick<Computes, 'running'>;
  readonly secrets: Secrets;
  readonly pageCache: PageCache;
  readonly clock: Clock;
  readonly log: Log;
};

export class Levels {
  readonly #parts: LevelsParts;

  constructor(parts: LevelsParts) {
    this.#parts = parts;
  }

  /** As `Host.measure` says. */
  measure(_tenant: TenantId): Promise<LevelReading> {
    return Promise.reject(new Error(`nothing is measured in ${this.#parts.layout.dataDir}`));
  }

  /** As `Host.shedL1` says. */
  shedL1(_tenant: TenantId, _keep: number): Promise<number> {
    return Promise.resolve(0);
  }

  /** As `Host.shedL2` says. */
  shedL2(_tenant: TenantId, _keep: number): Promise<number> {
    return Promise.resolve(0);
  }

  /** As `Host.remember` says. */
  remember(tenant: TenantId): Promise<LevelReading> {
    return this.measure(tenant);
  }

  /** As `Host.prewarm` says. */
  prewarm(_tenant: TenantId, _bytesMax: number, _signal: AbortSignal): Promise<number> {
    return Promise.resolve(0);
  }

  /**
   * Has what was remembered read into the page cache, beside a start: call it without awaiting, right
   * before `Computes.start`. Never throws. Returns the bytes asked for.
   */
  readAhead(_files: ComputeFiles, _signal: AbortSignal): Promise<number> {
    return Promise.resolve(0);
  }

  /** Where a start that is ready now found what it read. `pid` is the postmaster's. Takes a few system calls. */
  servedFrom(_pid: number, _files: ComputeFiles): 'L2' | 'L3' {
    return 'L3';
  }
}
