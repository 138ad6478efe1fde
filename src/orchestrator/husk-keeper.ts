/**
 * How many husks are kept ready: as many as new tenants are expected in this hour, within bounds.
 *
 * A husk is wanted when a tenant gets its first files. Each hour's number is learned from (`policy/pool.ts`), and
 * kept with what else is learned of the fleet, so that a restart forgets at most the hour under way. Hours in
 * which no server ran had no new tenants.
 */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { Host } from '../domain/host.ts';
import type { HuskView } from '../domain/lifecycle.ts';
import type { Log } from '../domain/log.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import { hours, ms } from '../domain/units.ts';
import { type HuskBounds, husksWanted, PoolForecast } from '../policy/pool.ts';

const HOUR = hours(1);

/** What is known repeats after so many hours at the latest. */
const WEEK = 7 * 24;

/** The hour that `counted` began in comes first, as four bytes. */
const HOUR_BYTES = 4;

export type HuskKeeperParts = {
  readonly world: {
    readonly clock: Clock;
    readonly log: Log;
    readonly host: Pick<Host, 'husks' | 'keepHusks'>;
    readonly policyStore: Pick<PolicyStore, 'fleet' | 'saveFleet'>;
  };
  /** Null if a person has said how many. */
  readonly bounds: HuskBounds | null;
};

export class HuskKeeper {
  readonly #parts: HuskKeeperParts;
  #forecast = new PoolForecast();
  /** The hour that is being counted, since 1970. */
  #hour: number;
  #count = 0;
  #last: number | null = null;
  #cancelTimer: CancelTimer = () => {};
  #saving: Promise<void> = Promise.resolve();

  constructor(parts: HuskKeeperParts) {
    this.#parts = parts;
    this.#hour = this.#hourNow();
  }

  get view(): HuskView {
    const { world, bounds } = this.#parts;
    return { ...world.host.husks(), wantedLastHour: this.#last, isFixed: bounds === null };
  }

  /** Takes in what is known, and begins to keep. Without the catalog it is learned anew. Never rejects. */
  async open(): Promise<void> {
    const { world, bounds } = this.#parts;
    if (bounds === null) return;
    try {
      const bytes = await world.policyStore.fleet('husks');
      if (bytes !== undefined && bytes.length > HOUR_BYTES) this.#takeIn(Buffer.from(bytes));
    } catch (error) {
      world.log.warn('what is known of new tenants could not be read', { error });
    }
    this.#keep();
    this.#later();
  }

  /** A tenant gets its first files. */
  wanted(): void {
    this.#catchUp();
    this.#count += 1;
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#cancelTimer();
    await this.#saving;
  }

  #takeIn(bytes: Buffer): void {
    const hour = bytes.readUInt32LE(0);
    // Written by a clock that was ahead.
    if (hour > this.#hour) return;
    this.#forecast = PoolForecast.decode(bytes.subarray(HOUR_BYTES));
    this.#hour = hour;
    this.#catchUp();
    this.#last = null;
  }

  /** Learns of the hours that have ended. */
  #catchUp(): void {
    const now = this.#hourNow();
    const ended = now - this.#hour;
    if (ended <= 0) return;
    this.#hour = now;
    this.#forecast.observe(this.#count);
    this.#last = ended === 1 ? this.#count : 0;
    this.#count = 0;
    const silent = ended - 1;
    // The hours of the week stay where they are.
    const told = silent <= WEEK ? silent : WEEK + (silent % WEEK);
    for (let i = 0; i < told; i++) this.#forecast.observe(0);
  }

  #later(): void {
    const { clock } = this.#parts.world;
    const left = (this.#hour + 1) * HOUR - clock.wall();
    this.#cancelTimer = clock.timer(ms(Math.max(1, left)), () => {
      this.#catchUp();
      this.#keep();
      this.#save();
      this.#later();
    });
  }

  #keep(): void {
    const { world, bounds } = this.#parts;
    if (bounds !== null) world.host.keepHusks(husksWanted(this.#forecast, bounds));
  }

  #save(): void {
    const { policyStore, log } = this.#parts.world;
    const head = Buffer.alloc(HOUR_BYTES);
    head.writeUInt32LE(this.#hour);
    const bytes = Buffer.concat([head, this.#forecast.encode()]);
    this.#saving = this.#saving
      .then(() => policyStore.saveFleet('husks', bytes))
      .catch((error: unknown) => {
        log.warn('what is known of new tenants could not be written', { error });
      });
  }

  #hourNow(): number {
    return Math.floor(this.#parts.world.clock.wall() / HOUR);
  }
}
