/**
 * The steps of one awake tenant on the ladder that leave it awake: buffers evicted, page cache dropped,
 * and read back again behind a wake. Favours all: failures are told to the log alone.
 */
import type { Host } from '../domain/host.ts';
import type { LevelBytes } from '../domain/levels.ts';
import { limitsAt, type Shed } from '../policy/way-down.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { LifeWorld } from './world.ts';

type DescentWorld = Pick<
  LifeWorld,
  'clock' | 'host' | 'log' | 'ladder' | 'rules' | 'rulesOf' | 'failpoints'
>;

const BYTES_OF_MB = 1_048_576;

export type Shedding = Extract<Shed, { kind: 'shedL1' | 'shedL2' }>;

export class Descent {
  readonly #world: DescentWorld;
  readonly #record: Pick<TenantRecord, 'tenant'>;
  /** What there was when the way down began; null while it is not gone. */
  #before: LevelBytes | null = null;
  /** It may take less than its tier gives. */
  #isLimited = false;

  constructor(world: DescentWorld, record: Pick<TenantRecord, 'tenant'>) {
    this.#world = world;
    this.#record = record;
  }

  /** There is another compute, with limits of its own: the next way begins anew. */
  restarted(): void {
    this.#before = null;
    this.#isLimited = false;
  }

  /** Somebody came: the next way begins anew, and what was not to be used any more may be used again. */
  turn(): void {
    const wasLimited = this.#isLimited;
    this.restarted();
    if (wasLimited) this.#limit(1);
  }

  /** Takes one step. Resolves when it is done or has failed. */
  async shed(what: Shedding, because: string): Promise<void> {
    const { clock, host, ladder, log, failpoints } = this.#world;
    const { id } = this.#record.tenant;
    const since = clock.now();
    try {
      this.#before ??= (await host.measure(id)).bytes;
      const had = what.kind === 'shedL1' ? this.#before.l1 : this.#before.l2;
      if (had === null) return;
      const keep = Math.floor(had * what.keep);
      const bytes = await SHED[what.kind](host, id, keep);
      if (what.kind === 'shedL1') this.#limit(what.keep);
      await failpoints.reach('shed.done');
      const kind = what.kind === 'shedL1' ? 'shed-l1' : 'shed-l2';
      if (bytes > 0) ladder.step(id, { kind, bytes, since, because });
    } catch (error) {
      log.warn('memory of a tenant could not be shed', { tenant: id, error });
    }
  }

  /** Bounds the compute as is right for one that keeps this part of its buffers. */
  #limit(keep: number): void {
    const { host, log, rulesOf } = this.#world;
    const { tenant } = this.#record;
    const { id, tier } = tenant;
    this.#isLimited = keep < 1;
    host.limit(id, limitsAt(tier, keep, rulesOf(tenant))).catch((error: unknown) => {
      log.warn('a compute could not be given other limits', { tenant: id, error });
    });
  }

  /** Reads back what was worth having in shared buffers. */
  async prewarm(signal: AbortSignal): Promise<void> {
    const { clock, host, ladder, log, rules } = this.#world;
    const { id } = this.#record.tenant;
    const since = clock.now();
    try {
      const bytes = await host.prewarm(id, rules.prewarmMb * BYTES_OF_MB, signal);
      const because = 'what was used before is used again';
      if (bytes > 0) ladder.step(id, { kind: 'prewarm', bytes, since, because });
    } catch (error) {
      log.warn('the memory of a tenant could not be filled again', { tenant: id, error });
    }
  }
}

const SHED = {
  shedL1: (host: Host, ...args: Parameters<Host['shedL1']>) => host.shedL1(...args),
  shedL2: (host: Host, ...args: Parameters<Host['shedL2']>) => host.shedL2(...args),
} as const;
