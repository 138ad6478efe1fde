import { expect, test } from 'vitest';
import type { Event } from '../../domain/events.ts';
import type { CustomerId, ProxyId } from '../../domain/ids.ts';
import { type GaugeReading, monthStart, type Quota } from '../../domain/quota.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { hours, minutes, ms, seconds, timestamp } from '../../domain/units.ts';
import { PRESETS } from '../../policy/rules.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { SimulatedWorld } from '../../sim/simulated-world.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { MemoryQuotas } from '../../testing/memory-quotas.ts';
import { EventBus } from '../event-bus.ts';
import { tellingCatalog } from '../telling-catalog.ts';
import { AllowanceBook } from './allowance-book.ts';
import { COUNT_EVERY, QuotaKeeper } from './quota-keeper.ts';

const START = timestamp(Date.parse('2027-01-30T12:00:00Z'));
const RULES = { ...PRESETS.machine, descentSteps: 0, archiveAfter: null, snapshotEvery: null };
const CUSTOMER = 'cu_000000000001' as CustomerId;

/** The real orchestrator and the real keeper, over everything else simulated. */
class Kept {
  readonly log = new MemoryLog();
  readonly tenants: Tenant[] = [];
  readonly store = new MemoryQuotas(() => this.tenants);
  readonly told: Event[] = [];
  readonly readings = new Map<string, GaugeReading>();
  readonly readOnly = new Map<string, boolean>();
  readonly world: SimulatedWorld<MemoryLog>;
  book: AllowanceBook;
  keeper: QuotaKeeper;
  #bus: EventBus;

  constructor(suspendAfter = minutes(5)) {
    const allowance = {
      holdOf: (who: Tenant) => this.book.holdOf(who),
      refusalOf: (who: Tenant) => this.book.refusalOf(who),
      sessionsMaxOf: (who: Tenant) => this.book.sessionsMaxOf(who),
      addressesOf: (who: Tenant) => this.book.addressesOf(who),
    };
    const view = <T extends object>(part: T): T =>
      part === (this.world?.catalog as object)
        ? (tellingCatalog(part as never, { events: this.#events, log: this.log }) as T)
        : part;
    const settings = { suspendAfter };
    this.world = new SimulatedWorld({
      ...{ log: this.log, seed: 5, wallStart: START, startsAtOnce: 4, rules: RULES },
      ...{ settings, allowance: allowance as never },
    });
    this.#bus = new EventBus(this.#parts);
    this.#bus.subscribe({}, (event) => this.told.push(event));
    this.world.restart({
      ...{ startsAtOnce: 4, rules: RULES, settings, allowance: allowance as never, view },
    });
    this.book = new AllowanceBook(this.world.clock);
    this.keeper = this.#keeper();
  }

  get #events(): EventBus {
    return this.#bus;
  }

  get #parts() {
    return { clock: this.world.clock, log: this.log };
  }

  #keeper(): QuotaKeeper {
    return new QuotaKeeper({
      ...{ ...this.#parts, store: this.store, book: this.book, events: this.#bus },
      random: new SeededRandom(3),
      lifecycle: this.world.orchestrator,
      ...{ rules: () => RULES, countEvery: COUNT_EVERY },
      gauges: {
        read: async (id) => this.readings.get(id) ?? { walPosition: null, logicalBytes: null },
        setReadOnly: async (id, is) => {
          this.readOnly.set(id, is);
        },
      },
    });
  }

  async start(): Promise<void> {
    await this.keeper.start(this.world.catalog);
  }

  /** What a crash leaves of the keeper: its store. Computes run on. */
  async crash(): Promise<void> {
    this.book = new AllowanceBook(this.world.clock);
    const bus = new EventBus(this.#parts);
    bus.subscribe({}, (event) => this.told.push(event));
    this.#bus = bus;
    this.keeper = this.#keeper();
    await this.start();
  }

  async tenant(
    name: string,
    quota: Quota = {},
    customer: CustomerId | null = null,
  ): Promise<Tenant> {
    const making = this.world.tenant(name, 'COLD');
    await this.pass(seconds(1));
    const made = await making;
    const tenant = { ...made, customer };
    await this.world.catalog.configure(tenant.id, { customer });
    this.tenants.push(tenant);
    await this.store.setTenantQuota(tenant.id, { operator: quota, own: {} });
    return tenant;
  }

  /** A session asks for the tenant; what becomes of it. */
  async comes(tenant: Tenant, proxy = 'p' as ProxyId): Promise<unknown> {
    const cause = {
      kind: 'session',
      role: tenant.name,
      applicationName: '',
      from: '127.0.0.1',
      visitor: 'person',
    } as const;
    const { orchestrator } = this.world;
    const asked = orchestrator
      .wake({ tenant: tenant.id, proxy, cause })
      .then(() => 'awake')
      .catch((error: unknown) => error);
    await this.pass(seconds(1));
    return await asked;
  }

  /** It goes, and the compute is suspended when it is time. */
  leaves(tenant: Tenant, proxy = 'p' as ProxyId): void {
    const use = { sessions: 0, bound: 0, heldBy: null, idleFor: ms(0) };
    this.world.orchestrator.use(tenant.id, proxy, use);
  }

  pass(length: number): Promise<void> {
    return this.world.clock.advance(ms(length));
  }

  types(): readonly string[] {
    return this.told.filter(({ type }) => type.startsWith('quota.')).map(({ type }) => type);
  }

  used(tenant: Tenant, month: string) {
    return this.store.consumption(tenant.id, monthStart(timestamp(Date.parse(month))));
  }
}

async function kept(): Promise<Kept> {
  const one = new Kept();
  await one.start();
  return one;
}

test('active time is the time awake, to the millisecond, in the month in which it was', async () => {
  const world = await kept();
  const acme = await world.tenant('acme');
  expect(await world.comes(acme)).toBe('awake');
  await world.pass(hours(60));
  world.leaves(acme);
  await world.pass(minutes(7));
  const moved = (to: string): number =>
    world.told.find(({ type, data }) => type === 'tenant.state' && data.to === to)?.at ?? 0;
  const turn = Date.parse('2027-02-01T00:00:00Z');
  // The stop itself takes a moment, in which it still runs.
  const slept = world.told.findLast(({ data }) => data.to === 'suspended')?.at ?? 0;
  const january = await world.used(acme, '2027-01-01');
  const february = await world.used(acme, '2027-02-01');
  expect(january.activeMs).toBe(turn - moved('running'));
  expect(february.activeMs).toBe(slept - turn);
  expect(january.computeMs).toBeCloseTo(january.activeMs / 4, -4);
});

test('a tenant that wakes and sleeps between two counts is counted', async () => {
  const world = await kept();
  const acme = await world.tenant('acme');
  const { orchestrator } = world.world;
  for (let turn = 0; turn < 3; turn++) {
    await world.comes(acme);
    await world.pass(seconds(5));
    world.leaves(acme);
    const suspended = orchestrator.suspend(acme.id);
    await world.pass(seconds(1));
    await suspended;
    await world.pass(seconds(3));
  }
  await world.pass(minutes(1));
  const { activeMs } = await world.used(acme, '2027-01-01');
  expect(activeMs).toBeGreaterThanOrEqual(15_000);
  expect(activeMs).toBeLessThan(22_000);
});

test('a count whose outcome is not known is counted once', async () => {
  const world = await kept();
  const acme = await world.tenant('acme');
  world.readings.set(acme.id, { walPosition: 1_000, logicalBytes: 10 });
  await world.comes(acme);
  await world.pass(minutes(1));
  world.readings.set(acme.id, { walPosition: 1_500, logicalBytes: 10 });
  world.keeper.used([{ tenant: acme.id, bytesIn: 1 } as never]);
  world.store.failAfterCount = new Error('the connection was lost');
  await world.pass(minutes(3));
  const used = await world.used(acme, '2027-01-01');
  expect(used.writtenBytes).toBe(500);
  expect(used.activeMs).toBeLessThanOrEqual(minutes(4));
  expect(used.activeMs).toBeGreaterThan(minutes(2));
});

test('data that a restore has put further back is not counted, and what follows is', async () => {
  const world = await kept();
  const acme = await world.tenant('acme');
  await world.comes(acme);
  for (const walPosition of [5_000, 1_000, 1_200]) {
    world.readings.set(acme.id, { walPosition, logicalBytes: 10 });
    world.keeper.used([{ tenant: acme.id, bytesIn: 1 } as never]);
    await world.pass(minutes(1));
  }
  expect((await world.used(acme, '2027-01-01')).writtenBytes).toBe(200);
});

test('a crash loses at most a minute, and a compute that ran on is counted meanwhile', async () => {
  const world = await kept();
  const acme = await world.tenant('acme');
  await world.comes(acme);
  await world.pass(minutes(10) + seconds(30));
  await world.crash();
  await world.pass(minutes(10));
  const { activeMs } = await world.used(acme, '2027-01-01');
  expect(activeMs).toBeGreaterThan(minutes(19));
  expect(activeMs).toBeLessThanOrEqual(minutes(21));
});

test('a soft limit is told of once a month; a hard one stops until the month turns', async () => {
  const world = await kept();
  const quota = { activeTimeSeconds: { soft: 120, hard: 300 } };
  const acme = await world.tenant('acme', quota);
  await world.comes(acme);
  await world.pass(minutes(4));
  expect(world.types()).toEqual(['quota.soft']);
  await world.pass(minutes(2));
  expect(world.types()).toEqual(['quota.soft', 'quota.hard']);
  expect((await world.world.catalog.tenantById(acme.id))?.state.kind).toBe('suspended');
  const refused = await world.comes(acme);
  expect(refused).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  expect(String(refused)).toContain('2027-02-01T00:00:00.000Z');
  // What nobody asks for does not wake it either.
  world.world.orchestrator.expect(acme.id, { kind: 'operator' });
  await world.pass(minutes(1));
  expect((await world.world.catalog.tenantById(acme.id))?.state.kind).toBe('suspended');
  await world.pass(hours(40));
  expect(await world.comes(acme)).toBe('awake');
  expect(world.types()).toEqual(
    ['quota.soft', 'quota.hard', 'quota.lifted', 'quota.lifted'].slice(0, 3),
  );
});

test('what holds a tenant holds it after a crash', async () => {
  const world = await kept();
  const acme = await world.tenant('acme', { activeTimeSeconds: { soft: null, hard: 60 } });
  await world.comes(acme);
  await world.pass(minutes(3));
  await world.crash();
  expect(await world.comes(acme)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
});

test('a raised limit lets go at once', async () => {
  const world = await kept();
  const acme = await world.tenant('acme', { activeTimeSeconds: { soft: null, hard: 60 } });
  await world.comes(acme);
  await world.pass(minutes(3));
  expect(await world.comes(acme)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  const raised = { activeTimeSeconds: { soft: null, hard: 6_000 } };
  await world.store.setTenantQuota(acme.id, { operator: raised, own: {} });
  await world.keeper.review(acme.id);
  expect(await world.comes(acme)).toBe('awake');
  expect(world.types()).toEqual(['quota.hard', 'quota.lifted']);
});

test('a limit of a customer holds all its tenants, and nobody else', async () => {
  const world = await kept();
  const [one, two] = [
    await world.tenant('one', {}, CUSTOMER),
    await world.tenant('two', {}, CUSTOMER),
  ];
  const other = await world.tenant('other');
  const operator = { activeTimeSeconds: { soft: null, hard: 300 } };
  await world.store.setCustomerQuota(CUSTOMER, { operator, own: {} });
  for (const tenant of [one, two, other]) await world.comes(tenant);
  await world.pass(minutes(4));
  for (const tenant of [one, two]) {
    expect(await world.comes(tenant)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  }
  expect(await world.comes(other)).toBe('awake');
  expect(world.types()).toEqual(['quota.hard']);
});

test('one that is too large is read-only, a tenth above it stops, and may come again to delete', async () => {
  const world = await kept();
  const acme = await world.tenant('acme', { logicalSizeBytes: { soft: null, hard: 1_000 } });
  const grows = async (logicalBytes: number): Promise<void> => {
    world.readings.set(acme.id, { walPosition: 1, logicalBytes });
    world.keeper.used([{ tenant: acme.id, bytesIn: 1 } as never]);
    await world.pass(minutes(1));
  };
  await world.comes(acme);
  await grows(999);
  expect(world.readOnly.get(acme.id)).toBeUndefined();
  await grows(1_050);
  expect(world.readOnly.get(acme.id)).toBe(true);
  expect(await world.comes(acme)).toBe('awake');
  await grows(1_200);
  expect(await world.comes(acme)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await world.pass(minutes(10));
  expect(await world.comes(acme)).toBe('awake');
  await grows(1_150);
  expect(await world.comes(acme)).toBe('awake');
  // Instead of becoming smaller it grows, and stops for longer.
  await grows(1_300);
  expect(await world.comes(acme)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await world.pass(minutes(11));
  expect(await world.comes(acme)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await world.pass(minutes(10));
  expect(await world.comes(acme)).toBe('awake');
  await grows(500);
  expect(world.readOnly.get(acme.id)).toBe(false);
  expect(world.types().at(-1)).toBe('quota.lifted');
});

test('sessions beyond a limit are refused with its name', async () => {
  const world = await kept();
  const acme = await world.tenant('acme');
  const limits = { operator: { sessions: { soft: null, hard: 2 } }, own: {} };
  world.book.setSessionLimit({ kind: 'tenant', id: acme.id }, limits);
  expect((await world.world.orchestrator.door(acme.name))?.refusal).toBeNull();
  const use = { sessions: 2, bound: 0, heldBy: null, idleFor: ms(0) };
  world.world.orchestrator.use(acme.id, 'p' as ProxyId, use);
  const door = await world.world.orchestrator.door(acme.name);
  expect(door).toMatchObject({ sessionsMax: 2, refusal: { quota: 'sessions', limit: 2 } });
});
