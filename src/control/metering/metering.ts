/**
 * Counts what computes use: looks at all that run once a minute, and at each once more before it is stopped.
 *
 *   full minute ─▶ look ─▶ batch ──counted──▶ gone
 *                            ▲          │
 *                            └── failed ┘     the next minute, under the same name, before anything else
 *
 * What is learned meanwhile of pages that were read is written in the same round. It is told since each run began, so
 * that it needs no name: to write the same again adds nothing.
 *
 * How every compute stood is kept with what was counted. A server that comes after a crash goes on from there: its
 * computes ran on, and so did their counters.
 */
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type {
  PageReading,
  PageReads,
  SamplePoint,
  Samples,
  UseBatch,
  UsePiece,
  UseRetention,
  UseStore,
} from '../../domain/metering.ts';
import type { Random } from '../../domain/random.ts';
import { minutes, ms } from '../../domain/units.ts';
import { type Look, pointAfter, usedBetween } from './metering-pieces.ts';

const MINUTE = minutes(1);

/** 96 bits name a batch. */
const NAME_BYTES = 12;

/** Of one tenant, while the catalog does not answer. */
const RUNS_MAX = 8;

/** Of what is forgotten: so that a round has an end. */
const FORGET_AT_MOST = 20;

export type MeteringWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly samples: Samples;
  readonly reads: PageReads;
  readonly store: UseStore;
  readonly retention: () => Promise<UseRetention>;
};

export class Metering {
  readonly #world: MeteringWorld;
  readonly #points = new Map<TenantId, SamplePoint>();
  /** Last looks at computes that were stopped since the last round. */
  #lasts: Look[] = [];
  /** The last of each run, the runs of a tenant in order. */
  #readings = new Map<TenantId, PageReading[]>();
  #unsent: UseBatch | null = null;
  #counting: Promise<void> = Promise.resolve();
  #cancel: CancelTimer = () => {};

  constructor(world: MeteringWorld) {
    this.#world = world;
  }

  /** Counts from now on. Throws `CATALOG_DOWN`. */
  async start(): Promise<void> {
    const { store, samples, reads, clock } = this.#world;
    for (const point of await store.points()) this.#points.set(point.tenant, point);
    samples.onLast((tenant, sample) => {
      this.#lasts.push({ tenant, sample, at: clock.wall() });
    });
    reads.onRead((tenant, reading) => this.#read(tenant, reading));
    this.#later();
  }

  /** Counts until now. Never rejects: what could not be stored is tried again in a minute. */
  count(): Promise<void> {
    this.#counting = this.#counting
      .then(() => this.#round())
      .catch((error: unknown) => {
        this.#world.log.warn('what computes use was not stored; it is tried again', { error });
      });
    return this.#counting;
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.count();
  }

  #later(): void {
    const { clock } = this.#world;
    this.#cancel = clock.timer(ms(MINUTE - (clock.wall() % MINUTE)), () => {
      this.#later();
      void this.count().then(() => this.#forget());
    });
  }

  async #round(): Promise<void> {
    const { samples } = this.#world;
    if (this.#unsent !== null) await this.#send(this.#unsent);
    const found = await samples.all();
    this.#unsent = this.#batch(found);
    await this.#send(this.#unsent);
    await this.#sendReadings();
  }

  #read(tenant: TenantId, reading: PageReading): void {
    const known = this.#readings.get(tenant) ?? [];
    const others = known.filter(({ run }) => run !== reading.run);
    this.#readings.set(tenant, [...others, reading].slice(-RUNS_MAX));
  }

  /** Those that could not be written are offered again, unless later ones of the same run are there by then. */
  async #sendReadings(): Promise<void> {
    const readings = this.#readings;
    this.#readings = new Map();
    try {
      await this.#world.store.countPages(readings);
    } catch (error) {
      const newer = this.#readings;
      this.#readings = readings;
      for (const [tenant, all] of newer) for (const one of all) this.#read(tenant, one);
      throw error;
    }
  }

  /** From here on what is in it is counted, sooner or later, and not a second time. */
  #batch(found: Awaited<ReturnType<Samples['all']>>): UseBatch {
    const { clock, random } = this.#world;
    const until = clock.wall();
    const lasts = this.#lasts;
    this.#lasts = [];
    const used: UsePiece[] = [];
    for (const look of lasts) {
      used.push(...this.#used(look));
      // Its run is over; who reads on from here would do so for another.
      this.#points.delete(look.tenant);
    }
    const seen: SamplePoint[] = [];
    for (const [tenant, sample] of found) {
      used.push(...this.#used({ tenant, sample, at: until }));
      const point = this.#points.get(tenant);
      if (point !== undefined) seen.push(point);
    }
    for (const tenant of this.#points.keys()) if (!found.has(tenant)) this.#points.delete(tenant);
    const name = Buffer.from(random.bytes(NAME_BYTES)).toString('base64url');
    return { name, until, seen, used: used.filter(isSomething) };
  }

  #used(look: Look): UsePiece[] {
    const known = this.#points.get(look.tenant) ?? null;
    const before = known?.run === look.sample.run ? known : null;
    const now = pointAfter(before, look);
    this.#points.set(look.tenant, now);
    return usedBetween(before, now, look.sample.age);
  }

  async #send(batch: UseBatch): Promise<void> {
    await this.#world.store.count(batch);
    this.#unsent = null;
  }

  async #forget(): Promise<void> {
    const { store, retention, log } = this.#world;
    try {
      const kept = await retention();
      for (let times = 0; times < FORGET_AT_MOST; times++) {
        if (!(await store.forget(kept))) return;
      }
    } catch (error) {
      log.warn('what was used long ago could not be forgotten', { error });
    }
  }
}

const isSomething = ({ use }: UsePiece): boolean =>
  use.memory > 0n || use.cpu > 0n || use.written > 0n;
