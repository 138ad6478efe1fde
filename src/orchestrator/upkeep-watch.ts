/**
 * Watches over the upkeep of one awake compute: whether it was used since its tables were last seen
 * to, and whether it should vacuum itself. Keeps one timer while it is awake, none while it sleeps.
 *
 * Upkeep is a favour. It gives way to whoever comes, and its failures are told to the log alone.
 */
import type { CancelTimer } from '../domain/clock.ts';
import type { Tenant } from '../domain/tenant.ts';
import { isSmall, SIZE_OF_TIER } from '../domain/tier.ts';
import { elapsed, type Instant } from '../domain/units.ts';
import { decideAutovacuum, usedSince } from '../policy/upkeep.ts';
import type { World } from './world.ts';

type UpkeepWorld = Pick<World, 'clock' | 'host' | 'log'>;

export class UpkeepWatch {
  readonly #world: UpkeepWorld;
  readonly #tenant: () => Tenant;
  /** Whether the compute vacuums itself; null when that is not known. */
  #autovacuum: boolean | null = null;
  #isAwake = false;
  #isDue = false;
  #isBusy = false;
  #usedSince: Instant;
  #idleSince: Instant | null = null;
  #underWay: AbortController | null = null;
  #cancelTimer: CancelTimer = () => {};

  constructor(world: UpkeepWorld, tenant: () => Tenant) {
    this.#world = world;
    this.#tenant = tenant;
    this.#usedSince = world.clock.now();
  }

  /** Whether the compute was used since the last upkeep. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** A compute runs: started by us just now, or found, and then nothing is known of it. */
  awake(how: 'started' | 'found'): void {
    this.#isAwake = true;
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
    const { id } = this.#tenant();
    this.#isDue = false;
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
    if (!this.#isAwake || !isSmall(SIZE_OF_TIER[this.#tenant().tier])) return;
    const now = this.#world.clock.now();
    const idleSince = this.#idleSince ?? this.#usedSince;
    const facts = {
      autovacuum: this.#autovacuum,
      busy: this.#isBusy,
      usedSince: this.#usedSince,
      idleSince,
    };
    const action = decideAutovacuum(facts, now);
    if (action.kind === 'turn') this.#turn(action.on);
    if (action.kind !== 'askAt') return;
    this.#cancelTimer = this.#world.clock.timer(elapsed(now, action.at), () => this.#ask());
  }

  /** Taken as done at once, so that it is not asked for twice. After a failure nothing is known. */
  #turn(on: boolean): void {
    const { host, log } = this.#world;
    const { id } = this.#tenant();
    this.#autovacuum = on;
    host.autovacuum(id, on).catch((error) => {
      this.#autovacuum = null;
      log.warn('the autovacuum of a tenant could not be turned', { tenant: id, on, error });
    });
  }
}
