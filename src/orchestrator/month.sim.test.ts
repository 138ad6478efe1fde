/**
 * A month of hundreds of tenants under the rules of one machine, in their real lengths: office hours and
 * weekends, nightly jobs, some that are always busy, many that nearly nobody uses. Once an hour all
 * that must hold in a simulation is looked at, and that nobody is awake for longer than the rules let him; at
 * the end every write must be there, in the archive.
 */
import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { STEP_KINDS, type StepKind } from '../domain/levels.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import { elapsed, hours, type Instant, minutes, ms, seconds } from '../domain/units.ts';
import { PRESETS } from '../policy/rules.ts';
import { AlarmLog } from '../sim/alarm-log.ts';
import { Invariants, LATE_MAX } from '../sim/invariants.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import type { SimulatedProxy, SimulatedSession } from '../sim/simulated-proxies.ts';
import { SimulatedWorld } from '../sim/simulated-world.ts';

const SEED = 1;
/** A part of a thousand: what goes wrong in a month does so for one of a few hundred, too. */
const SHARE = process.env.DYNABASE_SWEEP === 'all' ? 1 : 0.4;
const TENANTS = 1_000 * SHARE;
const DAYS = 30;
const DAY = hours(24);

type Habit = 'office' | 'nightly' | 'rare' | 'busy' | 'once';

type Client = {
  readonly tenant: Tenant;
  readonly habit: Habit;
  readonly proxy: SimulatedProxy;
  session: SimulatedSession | null;
  usedAt: Instant;
};

/** How many of a thousand live how, and in which tier. */
const PEOPLE: readonly (readonly [count: number, habit: Habit, tier: Tier])[] = [
  [120, 'office', 'WARM'],
  [60, 'office', 'COLD'],
  [70, 'nightly', 'COLD'],
  [60, 'busy', 'HOT'],
  [10, 'busy', 'PERSISTENT'],
  [480, 'rare', 'COLD'],
  [100, 'rare', 'WARM'],
  [100, 'once', 'COLD'],
];

/** How long each tier may be awake with nobody at work. */
const longestIdle: Readonly<Record<Tier, number>> = {
  COLD: minutes(15),
  WARM: minutes(15),
  HOT: hours(24) + minutes(25),
  PERSISTENT: Number.POSITIVE_INFINITY,
};

class Month {
  readonly world = new SimulatedWorld({
    ...{ rules: PRESETS.machine, seed: SEED, startsAtOnce: 8, log: new AlarmLog() },
  });
  readonly #invariants = new Invariants(this.world);
  readonly clients: Client[] = [];
  readonly #random = new SeededRandom(SEED);
  #isOver = false;
  /** Timers of our own. */
  #appointments = 0;
  #burstsUnderWay = 0;
  awakeMax = 0;

  async begin(): Promise<void> {
    const { world } = this;
    world.archive.saveTakes = ms(500);
    world.archive.loadTakes = ms(300);
    const proxies = [world.proxies.make('proxy-0'), world.proxies.make('proxy-1')];
    await world.orchestrator.recover();
    for (const [count, habit, tier] of PEOPLE) {
      for (let i = 0; i < count * SHARE; i++) {
        const tenant = await world.tenant(`t${this.clients.length}`, tier);
        const proxy = proxies[i % proxies.length] as SimulatedProxy;
        const client: Client = { tenant, habit, proxy, session: null, usedAt: world.clock.now() };
        this.clients.push(client);
        this.#later(this.#random.next() * DAY, () => this.#burst(client));
      }
    }
  }

  async day(): Promise<void> {
    for (let hour = 0; hour < 24; hour++) {
      await this.world.clock.advance(LATE_MAX);
      // What was written before the last hour began must be safe by now.
      await this.#check();
      await this.world.clock.advance(ms(hours(1) - LATE_MAX));
      await this.#check();
    }
    // A month of these would only fill the memory.
    this.world.host.calls.length = 0;
    this.world.catalog.moves.length = 0;
  }

  /** Nobody comes any more; whoever is awake for long sleeps, and rests for long. */
  async end(): Promise<void> {
    const { clock, catalog } = this.world;
    this.#isOver = true;
    await clock.advance(ms(longestIdle.HOT + DAY + hours(2)));
    await this.#check();
    expect(this.#burstsUnderWay).toBe(0);
    const rows = await this.#rows();
    const isAway = ({ tier, home }: Tenant): boolean =>
      home.kind === (tier === 'PERSISTENT' ? 'local' : 'archive');
    expect(rows.filter((row) => !isAway(row))).toEqual([]);
    await this.#invariants.end();
    expect(this.#invariants.violations).toEqual([]);
    expect(rows.filter(({ id }) => this.world.host.acknowledged(id) === 0)).toEqual([]);
    for (const row of rows) if (row.tier !== 'PERSISTENT') await this.#checkForgotten(row);
    const kinds = new Set(
      (await Promise.all(rows.map(({ id }) => catalog.steps(id, 10_000)))).flatMap((steps) =>
        steps.map(({ kind }) => kind),
      ),
    );
    const never: readonly StepKind[] = ['restore'];
    expect(STEP_KINDS.filter((kind) => !kinds.has(kind))).toEqual(never);
    await this.world.orchestrator.close({ detach: true });
    expect(clock.pending - this.#appointments).toBeLessThanOrEqual(this.world.host.running.length);
  }

  async #check(): Promise<void> {
    const { host, clock } = this.world;
    await this.#invariants.look(this.#appointments);
    expect(this.#invariants.violations).toEqual([]);
    const running = new Set(host.running);
    this.awakeMax = Math.max(this.awakeMax, running.size);
    const now = clock.now();
    const overslept = this.clients.filter(
      ({ tenant, usedAt, session }) =>
        running.has(tenant.id) &&
        session?.state !== 'busy' &&
        elapsed(usedAt, now) > longestIdle[tenant.tier] + LATE_MAX,
    );
    expect(overslept.map(({ tenant }) => tenant.name)).toEqual([]);
  }

  /** Who is at rest has no life in the orchestrator: whatever is asked of it, the catalog is asked first. */
  async #checkForgotten({ id }: Tenant): Promise<void> {
    const { catalog, orchestrator } = this.world;
    catalog.failNext('tenantById', fault('CATALOG_DOWN', {}));
    await expect(orchestrator.measure(id)).rejects.toMatchObject({ code: 'CATALOG_DOWN' });
  }

  async #rows(): Promise<readonly Tenant[]> {
    const query = { after: null, limit: TENANTS, state: null };
    return (await this.world.catalog.listTenants(query)).tenants;
  }

  /** A few queries, some seconds apart; then the session is closed, or stays open for the next time. */
  #burst(client: Client): void {
    if (this.#isOver) return;
    this.#burstsUnderWay += 1;
    if (client.session === null) client.session = client.proxy.open(client.tenant.id);
    else client.proxy.ask(client.session);
    this.#answer(client, client.session, Math.floor(this.#random.next() * 3));
    this.#later(this.#untilNext(client.habit), () => this.#burst(client));
  }

  #answer(client: Client, session: SimulatedSession, more: number): void {
    this.#later(200 + this.#random.next() ** 4 * 20_000, () => {
      if (session.state === 'waiting') return this.#answer(client, session, more);
      client.proxy.answered(session, 'idle');
      client.usedAt = this.world.clock.now();
      if (more === 0) return this.#part(client);
      this.#later(this.#random.next() * seconds(60), () => {
        client.proxy.ask(session);
        this.#answer(client, session, more - 1);
      });
    });
  }

  #part(client: Client): void {
    this.#burstsUnderWay -= 1;
    if (client.session === null || this.#random.next() < 0.5) return;
    client.proxy.close(client.session);
    client.session = null;
  }

  /** How long it is from now to the next time that a client with this habit comes, in ms. */
  #untilNext(habit: Habit): number {
    const next = (): number => this.#random.next();
    const gap = (mean: number): number => minutes(2) - Math.log(1 - next()) * mean;
    switch (habit) {
      case 'office':
        return this.#inOfficeHours(gap(hours(4)));
      case 'busy':
        return this.#inOfficeHours(gap(minutes(90)));
      case 'nightly': {
        const wall = this.world.clock.wall();
        return DAY - (wall % DAY) + hours(3) + next() * minutes(10);
      }
      case 'rare':
        return gap(10 * DAY);
      case 'once':
        return DAYS * DAY * 2;
      default:
        return habit satisfies never;
    }
  }

  /** From 9 to 17 of a working day, else early on the next. */
  #inOfficeHours(wait: number): number {
    const wall = this.world.clock.wall();
    let at = wall + wait;
    const hour = (at % DAY) / hours(1);
    if (hour < 9 || hour > 17) {
      const day = Math.floor(at / DAY) + (hour > 17 ? 1 : 0);
      at = day * DAY + hours(9) + this.#random.next() ** 2 * hours(2);
    }
    // The first of January 1970 was a Thursday.
    while ([0, 6].includes((Math.floor(at / DAY) + 4) % 7)) at += DAY;
    return at - wall;
  }

  #later(wait: number, run: () => void): void {
    this.#appointments += 1;
    this.world.clock.timer(ms(wait), () => {
      this.#appointments -= 1;
      run();
    });
  }
}

/** A thousand take half a minute of a processor, which on a busy machine is long in coming. */
const TAKES_AT_MOST_MS = 600_000;

test(
  'a month of hundreds of tenants keeps every promise of the ladder',
  async () => {
    const month = new Month();
    await month.begin();
    expect(month.clients.length).toBe(TENANTS);
    for (let day = 0; day < DAYS; day++) await month.day();
    await month.end();
    // At no time is more than a part of them awake.
    expect(month.awakeMax).toBeGreaterThan(70 * SHARE);
    expect(month.awakeMax).toBeLessThan(300 * SHARE);
  },
  TAKES_AT_MOST_MS,
);
