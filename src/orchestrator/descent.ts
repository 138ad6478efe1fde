/**
 * The steps of one awake tenant on the ladder that leave it awake: buffers evicted, page cache dropped,
 * and read back again behind a wake. Favours all: failures are told to the log alone.
 */
import type { Host } from '../domain/host.ts';
import type { LevelBytes } from '../domain/levels.ts';
import type { Shed } from '../policy/way-down.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { LifeWorld } from './world.ts';

type DescentWorld = Pick<LifeWorld, 'clock' | 'host' | 'log' | 'ladder' | 'rules' | 'failpoints'>;

const BYTES_OF_MB = 1_048_576;

export type Shedding = Extract<Shed, { kind: 'shedL1' | 'shedL2' }>;

export class Descent {
  readonly #world: DescentWorld;
  readonly #record: Pick<TenantRecord, 'tenant'>;
  /** What there was when the way down began; null while it is not gone. */
  #before: LevelBytes | null = null;

  constructor(world: DescentWorld, record: Pick<TenantRecord, 'tenant'>) {
    this.#world = world;
    this.#record = record;
  }

  /** Somebody came, or there is another compute: the next way begins anew. */
  turn(): void {
    this.#before = null;
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
      await failpoints.reach('shed.done');
      const kind = what.kind === 'shedL1' ? 'shed-l1' : 'shed-l2';
      if (bytes > 0) ladder.step(id, { kind, bytes, since, because });
    } catch (error) {
      log.warn('memory of a tenant could not be shed', { tenant: id, error });
    }
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
