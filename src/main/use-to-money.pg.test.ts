/**
 * From what computes have used to what customers pay, with a crash before or after every write: nothing is lost, nothing
 * counted twice, to the byte and to the cent.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCatalog } from '../catalog/open-catalog.ts';
import type { PgCatalog } from '../catalog/pg-catalog.ts';
import { subscriptionsOf } from '../control/billing/billing-history.ts';
import { InvoiceDesk } from '../control/billing/invoice-desk.ts';
import { readInvoice } from '../control/billing/invoice-file.ts';
import { CostDays } from '../control/economics/cost-days.ts';
import { PriceDesk } from '../control/economics/price-desk.ts';
import { EventBus } from '../control/event-bus.ts';
import { Metering } from '../control/metering/metering.ts';
import type { Clock } from '../domain/clock.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { ComputeSample, UseStore } from '../domain/metering.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, later, minutes, ms, type Timestamp } from '../domain/units.ts';
import { addedUse, NO_USE, type Use, type UseRow } from '../domain/use.ts';
import { NOTHING } from '../economics/money.ts';
import { monthOf } from '../economics/month.ts';
import { chargedIn, chargesOf } from '../economics/plans.ts';
import { parseTariffs } from '../economics/tariffs.ts';
import { costOf, hoursOf } from '../economics/usage-cost.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { draft } from '../testing/drafts.ts';
import { dyingStore } from '../testing/dying-store.ts';
import { customerNumber, utc } from '../testing/ledger-rows.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';

/** Near the end of a month, so that few days are to be settled. */
const BEGIN = utc('2030-11-29T22:00Z');
const NOVEMBER = monthOf(BEGIN);
const FOR_EVER = { minutes: hours(24 * 40_000), hours: hours(24 * 40_000) };
const CUSTOMERS = [1, 2].map(customerNumber);

const tariffs = parseTariffs(
  JSON.stringify({
    versions: [
      {
        plans: {
          starter: { included: { egress: '0.000001' }, overage: { egress: '90', memory: '700' } },
          professional: { overage: { wakes: '0.013', stored: '3000', cpu: '33' } },
        },
      },
    ],
  }),
);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

let postgres: RealPostgres;
let catalog: PgCatalog;

/** The catalog goes by a clock that the test holds: what counts use, and what notes plans. */
beforeAll(async () => {
  postgres = await realPostgres();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
  await postgres.sql(`create table public.moment as select to_timestamp(${BEGIN / 1_000}) as at`);
  await postgres.sql(`create or replace function dynabase.use_clock() returns timestamptz
    language sql stable as 'select at from public.moment'`);
  await postgres.sql(`do $do$ begin
    execute replace(pg_get_functiondef('dynabase.note_plan()'::regprocedure),
      'clock_timestamp()', 'dynabase.use_clock()');
  end $do$`);
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

/** Tenants that live, and computes whose counters only grow while they run. */
class Fleet {
  readonly tenants: Tenant[] = [];
  /** What each was really used for. */
  readonly used = new Map<TenantId, { cpu: bigint; written: bigint; egress: bigint }>();
  readonly #computes = new Map<TenantId, ComputeSample>();
  #metering: Metering | null = null;
  #store: UseStore = catalog.stores.use;
  #now: Timestamp = BEGIN;
  #names = 0;

  readonly #clock = {
    wall: () => this.#now,
    now: () => this.#now,
    timer: () => () => {},
  } as unknown as Clock;

  async open(): Promise<void> {
    for (const [n, plan] of (['starter', 'professional', 'starter'] as const).entries()) {
      const inserted = await catalog.insertTenant(draft(`db${n}`, { plan }));
      this.tenants.push(await catalog.move(inserted, { kind: 'suspended' }));
      this.used.set(inserted.id, { cpu: 0n, written: 0n, egress: 0n });
    }
    await this.serve();
  }

  /** A server begins to count; one that was there before is gone without a word. */
  async serve(): Promise<void> {
    this.#store = catalog.stores.use;
    const samples = {
      all: async () => new Map(this.#computes),
      onLast: (listener: (tenant: TenantId, sample: ComputeSample) => void) => {
        this.#last = listener;
      },
    };
    this.#metering = new Metering({
      ...{ clock: this.#clock, random: new SeededRandom(++this.#names), log: new MemoryLog() },
      ...{ samples, reads: { onRead: () => {} }, retention: async () => FOR_EVER },
      store: new Proxy(this.#store, {
        get: (_, name) => Reflect.get(this.#store, name, this.#store).bind(this.#store),
      }),
    });
    await this.#metering.start();
  }

  #last: (tenant: TenantId, sample: ComputeSample) => void = () => {};

  async pass(length: number): Promise<void> {
    this.#now = later(this.#now, ms(length));
    await postgres.sql(`update public.moment set at = to_timestamp(${this.#now} / 1000.0)`);
    for (const [tenant, sample] of this.#computes) {
      const [cpu, written] = [length * 7 + 3, (length % 97) * 8_192];
      const used = this.#usedBy(tenant);
      used.cpu += BigInt(cpu);
      used.written += BigInt(written);
      this.#computes.set(tenant, {
        ...{ ...sample, age: ms(sample.age + length), memoryBytes: 6_000_000 + (length % 5) },
        ...{
          cpuUs: sample.cpuUs + cpu,
          diskWrittenBytes: (sample.diskWrittenBytes ?? 0) + written,
        },
      });
    }
  }

  async count(): Promise<void> {
    await this.#metering?.count();
  }

  /** The next write of what is counted fails; a `crash` is the end of the server besides. */
  async countBadly(when: 'before' | 'after', isCrash: boolean): Promise<void> {
    this.#store = dyingStore(catalog.stores.use, 0, when);
    await this.count();
    this.#store = catalog.stores.use;
    if (isCrash) await this.serve();
    await this.count();
  }

  async toggle(who: number): Promise<void> {
    const tenant = this.#tenant(who);
    if (tenant.state.kind === 'running') {
      const sample = this.#computes.get(tenant.id);
      this.#computes.delete(tenant.id);
      if (sample !== undefined) this.#last(tenant.id, sample);
      await this.#move(who, ['suspending', 'suspended']);
      return;
    }
    const run = `run ${++this.#names}`;
    await this.#move(who, ['waking', 'running']);
    const nothing = { age: ms(0), memoryBytes: 6_000_000, cpuUs: 0, diskWrittenBytes: 0 };
    this.#computes.set(tenant.id, { run, ...nothing });
  }

  /** Offered twice, as it is when the outcome of the first time is not known. */
  async send(who: number, bytesOut: number): Promise<void> {
    const { id } = this.#tenant(who);
    const minute = later(this.#now, ms(-(this.#now % minutes(1))));
    const counted = { sessions: 1, queries: 1, byRobots: 0, transactions: 1, errors: {} };
    const rest = { bytesIn: 1, bytesOut, latency: [1], classes: [1], latencySumUs: 5 };
    const name = `sent ${id} ${++this.#names}`;
    for (const _ of ['once', 'again'])
      await catalog.add([{ tenant: id, minute, ...counted, ...rest }], name);
    this.#usedBy(id).egress += BigInt(bytesOut);
  }

  async change(who: number, what: Parameters<PgCatalog['configure']>[1]): Promise<void> {
    await catalog.configure(this.#tenant(who).id, what);
  }

  async end(): Promise<Timestamp> {
    for (const [who, { state }] of this.tenants.entries())
      if (state.kind === 'running') await this.toggle(who);
    await this.count();
    return this.#now;
  }

  #tenant(who: number): Tenant {
    return this.tenants[who] ?? expect.fail(`no tenant ${who}`);
  }

  #usedBy(tenant: TenantId): { cpu: bigint; written: bigint; egress: bigint } {
    return this.used.get(tenant) ?? expect.fail('nobody’s use');
  }

  async #move(who: number, kinds: readonly ('waking' | 'running' | 'suspending' | 'suspended')[]) {
    for (const kind of kinds) {
      const to = kind === 'waking' ? { kind, attempt: 1 } : { kind };
      this.tenants[who] = await catalog.move(this.#tenant(who), to);
    }
  }
}

type Kind = 'toggle' | 'send' | 'plan' | 'customer' | 'grow' | 'count' | 'fail' | 'crash';

const KINDS: readonly Kind[] = [
  ...(['toggle', 'toggle', 'toggle', 'send', 'send', 'plan', 'customer', 'grow'] as const),
  ...(['count', 'count', 'fail', 'crash', 'crash'] as const),
];

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    who: fc.nat(2),
    // A compute that nobody has looked at for five minutes is not believed to have run.
    length: fc.integer({ min: 1_000, max: 280_000 }),
    size: fc.integer({ min: 1, max: 5_000_000 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  { minLength: 70, maxLength: 90 },
);

type Step = { kind: Kind; who: number; length: number; size: number; when: 'before' | 'after' };

async function done(fleet: Fleet, { kind, who, length, size, when }: Step): Promise<void> {
  await fleet.pass(length);
  const [customer = null] = CUSTOMERS.slice(size % 3);
  if (kind === 'toggle') await fleet.toggle(who);
  if (kind === 'send') await fleet.send(who, size);
  if (kind === 'plan') await fleet.change(who, { plan: size % 2 ? 'starter' : 'professional' });
  if (kind === 'customer') await fleet.change(who, { customer });
  if (kind === 'grow')
    await catalog.noteLevels(fleet.tenants[who]?.id ?? expect.fail(), { l3: size });
  // Who is not counted for long is not believed; and what was stopped since a crash would be lost.
  await fleet.count();
  if (kind !== 'fail' && kind !== 'crash') return;
  await fleet.pass(Math.floor(length / 2));
  await fleet.countBadly(when, kind === 'crash');
}

async function rowsOf(customer?: CustomerId | null): Promise<UseRow[]> {
  const span = { from: NOVEMBER.from, to: NOVEMBER.to, customer };
  const rows: UseRow[] = [];
  for await (const row of catalog.stores.use.rows(span)) rows.push(row);
  return rows;
}

const totalOf = (rows: readonly { readonly use: Use }[]): Use =>
  rows.reduce((sum, { use }) => addedUse(sum, use), NO_USE);

const secondsOf = (rows: readonly UseRow[]): bigint =>
  rows.reduce((sum, { seconds }) => sum + seconds, 0n);

/** Every sum of the ledger is the same, and what was really used. */
async function expectCounted(fleet: Fleet): Promise<readonly UseRow[]> {
  const rows = await rowsOf();
  for (const [tenant, used] of fleet.used)
    expect(totalOf(rows.filter((row) => row.tenant === tenant))).toMatchObject(used);
  const whole = totalOf(rows);
  const parts = [...(await Promise.all([null, ...CUSTOMERS].map((one) => rowsOf(one))))].flat();
  expect(totalOf(parts)).toEqual(whole);
  expect(secondsOf(parts)).toBe(secondsOf(rows));
  const { useHistory } = catalog.stores;
  for (const step of ['hour', 'day'] as const) {
    const used = await useHistory.used({ from: NOVEMBER.from, to: NOVEMBER.to, step });
    expect(totalOf(used)).toEqual(whole);
  }
  const minute = totalOf(
    await useHistory.used({ from: NOVEMBER.from, to: NOVEMBER.to, step: 'minute' }),
  );
  const { cpu, memory, written, egress, wakes, awake } = whole;
  expect(minute).toMatchObject({ cpu, memory, written, egress, wakes, awake });
  return rows;
}

const CRASHES = [0, 1, 2, 3, 4].flatMap((n) =>
  (['before', 'after'] as const).map((when) => [n, when] as const),
);

/** Days that were settled, some of them while the catalog died, cost what the rows do. */
async function expectCosted(rows: readonly UseRow[], clock: VirtualClock): Promise<void> {
  const { costs, use: ledger, prices: store } = catalog.stores;
  const log = new MemoryLog();
  await costs.addOverhead(BEGIN, { ...NO_USE, cpu: 1_000_003n, memory: 10n ** 13n });
  const prices = await PriceDesk.open({ clock, store, settledUntil: () => costs.settledUntil() });
  await prices.use('vision-metered');
  for (const [n, when] of CRASHES)
    await new CostDays({
      clock,
      log,
      ledger,
      prices,
      store: dyingStore(costs, n, when),
      pause: async () => {},
    }).settle();
  await new CostDays({ clock, log, ledger, prices, store: costs, pause: async () => {} }).settle();
  const span = { from: NOVEMBER.from, to: NOVEMBER.to };
  const days = await costs.days(span);
  expect(days.length).toBe(2);
  const overhead = new Map((await costs.overhead(span)).map(({ hour, use }) => [hour, use]));
  const byDay = Map.groupBy(rows, ({ hour }) => hour - (hour % hours(24)));
  for (const { day, book, total, unborne } of days) {
    expect(book.name).toBe('vision-metered');
    const fleetHours = hoursOf(byDay.get(day) ?? []).map((hour) => ({
      ...{ ...hour, overhead: overhead.get(hour.hour) ?? NO_USE },
    }));
    const { book: priced } = prices.at(day);
    expect(total).toBe(costOf(priced, fleetHours).total);
    const shares = await costs.byMonth({ from: day, to: later(day, hours(24)) });
    const borne = shares.reduce((sum, share) => sum + share.attributed + share.shared, 0n);
    expect(borne + unborne).toBe(total);
    expect(totalOf(shares)).toEqual(totalOf(byDay.get(day) ?? []));
  }
}

/** Each customer has one invoice, which is what its rows are charged with, however often closing has died. */
async function expectBilled(rows: readonly UseRow[], clock: VirtualClock): Promise<void> {
  const { billing, use: ledger } = catalog.stores;
  const log = new MemoryLog();
  const desk = (store = billing) =>
    new InvoiceDesk({
      ...{ store, ledger, digest, clock, log, tariffs: async () => tariffs },
      events: new EventBus({ clock, log }),
    });
  const settings = await billing.settings();
  await billing.saveSettings({ ...settings, seller: { ...settings.seller, name: 'Ogel' } });
  for (const [n, when] of CRASHES)
    await desk(dyingStore(billing, n, when))
      .close(NOVEMBER)
      .catch(() => undefined);
  await desk().close(NOVEMBER);
  expect((await desk().close(NOVEMBER)).numbers).toEqual([]);
  const invoices = await billing.walk(0, 10);
  expect(new Set(invoices.map(({ customer }) => customer)).size).toBe(invoices.length);
  const changes = await billing.planChanges({}, NOVEMBER);
  const subscriptions = subscriptionsOf(changes, tariffs);
  const charges = chargesOf({ tariffs, month: NOVEMBER, subscriptions, rows });
  for (const customer of CUSTOMERS) {
    const own = chargedIn(charges.filter((one) => one.customer === customer));
    const stored = invoices.find((one) => one.customer === customer);
    const invoice = stored && readInvoice(stored.text);
    // Each line is a whole number of cents.
    const lines = invoice?.lines.filter(({ details }) => details.length > 0).length ?? 0;
    const off = (invoice?.charged ?? NOTHING) - own;
    expect(Math.abs(Number(off))).toBeLessThanOrEqual(lines * 5e9);
    expect(invoice?.charged ?? 0n).toBeGreaterThan(0n);
  }
  for await (const verdict of desk().verify({}, false))
    expect(verdict).toMatchObject({ isIntact: true, isSame: true, difference: 0n });
}

test('what was used is what is counted, and what is counted is what is paid, whatever crashes', async () => {
  for (const id of CUSTOMERS)
    await catalog.stores.customers.insert({
      ...{ id, name: id, externalId: null, plan: 'starter', tenantsMax: null },
    });
  const fleet = new Fleet();
  await fleet.open();
  // Whatever else happens, both have something to pay for.
  await fleet.change(0, { customer: CUSTOMERS[0] ?? null });
  await fleet.change(1, { customer: CUSTOMERS[1] ?? null });
  await fleet.pass(hours(3));
  await fleet.toggle(0);
  await fleet.toggle(1);
  const history = fc.asyncProperty(steps, async (all) => {
    for (const step of all) await done(fleet, step);
    await fleet.end();
    const rows = await expectCounted(fleet);
    const clock = new VirtualClock(later(NOVEMBER.to, hours(7)));
    await expectCosted(rows, clock);
    await expectBilled(rows, clock);
  });
  // What was written stays: one history, a different one each time.
  await fc.assert(history, { numRuns: 1, endOnFailure: true });
});
