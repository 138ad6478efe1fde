/**
 * Watches over the upkeep of one awake compute: whether it was used since its tables were last seen
 * to, and whether it should vacuum itself. Keeps one timer while it is awake, none while it sleeps.
 *
 * Upkeep is a favour. It gives way to whoever comes, and its failures are told to the log alone.
 */
import type { CancelTimer } from '../domain/clock.ts';
import { isSmall, type SizeClass } from '../domain/tier.ts';
import { elapsed, type Instant, ms } from '../domain/units.ts';
import { decideAutovacuum, decideUpkeep, usedSince } from '../policy/upkeep.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { World } from './world.ts';

type UpkeepWorld = Pick<World, 'clock' | 'host' | 'log'>;

export type UpkeepParts = {
  readonly world: UpkeepWorld;
  readonly record: Pick<TenantRecord, 'tenant'>;
  /** What the compute runs with. */
  readonly size: () => SizeClass;
  /** Called when upkeep should not wait for a suspend. */
  readonly onDue: () => void;
};

export class UpkeepWatch {
  readonly #world: UpkeepWorld;
  readonly #record: Pick<TenantRecord, 'tenant'>;
  readonly #onDue: () => void;
  readonly #size: () => SizeClass;
  /** Whether the compute vacuums itself; null when that is not known. */
  #autovacuum: boolean | null = null;
  #isAwake = false;
  #isDue = false;
  #isBusy = false;
  #usedSince: Instant;
  #keptAt: Instant;
  #idleSince: Instant | null = null;
  #underWay: AbortController | null = null;
  #cancelTimer: CancelTimer = () => {};

  constructor({ world, record, size, onDue }: UpkeepParts) {
    this.#world = world;
    this.#record = record;
    this.#size = size;
    this.#onDue = onDue;
    this.#usedSince = world.clock.now();
    this.#keptAt = world.clock.now();
  }

  /** Whether the compute was used since the last upkeep. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** A compute runs: started by us just now, or found, and then nothing is known of it. */
  awake(how: 'started' | 'found'): void {
    this.#isAwake = true;
    this.#keptAt = this.#world.clock.now();
    this.#autovacuum = how === 'started' ? false : null;
    if (how === 'found') this.#isDue = true;
    this.#ask();
  }

  asleep(): void {
    this.#isAwake = false;
    this.#cancelTimer();
  }

  /** A session holds the compute. */
  came(): void {
    this.giveWay();
    this.#isDue = true;
    if (this.#isBusy) return;
    const now = this.#world.clock.now();
    const idleSince = this.#idleSince;
    const last = idleSince === null ? null : { usedSince: this.#usedSince, idleSince };
    this.#usedSince = usedSince(last, now);
    this.#isBusy = true;
    this.#ask();
  }

  /** The last session has gone. */
  left(): void {
    this.#isBusy = false;
    this.#idleSince = this.#world.clock.now();
    this.#ask();
  }

  /**
   * Sees to the tables. Resolves when that is done, given up or failed. Not tried again before a
   * session comes, so that nothing else is held up by it twice.
   */
  async run(): Promise<void> {
    const { host, log } = this.#world;
    const { id } = this.#record.tenant;
    this.#isDue = false;
    this.#keptAt = this.#world.clock.now();
    const underWay = new AbortController();
    this.#underWay = underWay;
    try {
      await host.upkeep(id, underWay.signal);
    } catch (error) {
      log.warn('the upkeep of a tenant failed', { tenant: id, error });
    } finally {
      this.#underWay = null;
    }
  }

  /** Somebody has better things to do with the compute. */
  giveWay(): void {
    this.#underWay?.abort();
  }

  #ask(): void {
    this.#cancelTimer();
    if (!this.#isAwake || !isSmall(this.#size())) return;
    const now = this.#world.clock.now();
    const facts = {
      autovacuum: this.#autovacuum,
      busy: this.#isBusy,
      used: this.#isDue,
      usedSince: this.#usedSince,
      idleSince: this.#idleSince ?? this.#usedSince,
      keptAt: this.#keptAt,
    };
    const vacuum = decideAutovacuum(facts, now);
    const upkeep = decideUpkeep(facts, now);
    if (vacuum.kind === 'turn') this.#turn(vacuum.on);
    if (upkeep.kind === 'keepUp') this.#onDue();
    const waits = [vacuum, upkeep].filter((action) => action.kind === 'askAt');
    if (waits.length === 0) return;
    const next = Math.min(...waits.map(({ at }) => elapsed(now, at)));
    this.#cancelTimer = this.#world.clock.timer(ms(next), () => this.#ask());
  }

  /** Taken as done at once, so that it is not asked for twice. After a failure nothing is known. */
  #turn(on: boolean): void {
    const { host, log } = this.#world;
    const { id } = this.#record.tenant;
    this.#autovacuum = on;
    host.autovacuum(id, on).catch((error) => {
      this.#autovacuum = null;
      log.warn('the autovacuum of a tenant could not be turned', { tenant: id, on, error });
    });
  }
}
