/**
 * One server, wired: data directory, engine, catalog, orchestrator, proxy, API, in this order. Each
 * part is closed in the reverse order, also when a later one cannot be opened.
 */
import { availableParallelism } from 'node:os';
import { type Api, openApi } from '../api/listen.ts';
import type { DashboardFiles } from '../api/pages/dashboard-files.ts';
import type { ServerOptions } from '../cli/options/options.ts';
import type { ServerStatus } from '../control/control.ts';
import type { Desks } from '../control/desks.ts';
import type { EconomicsDesks } from '../control/economics/economics-desks.ts';
import type { EventBus } from '../control/event-bus.ts';
import { FirstClients } from '../control/first-clients.ts';
import { AllowanceBook } from '../control/quotas/allowance-book.ts';
import { type ControlWorld, ServerControl } from '../control/server-control.ts';
import { TicketBook } from '../control/tickets.ts';
import type { AskedScope, AwakeWatch } from '../domain/awake.ts';
import type { Catalog } from '../domain/catalog.ts';
import type { Clock } from '../domain/clock.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import type { Sessions } from '../domain/gate.ts';
import type { Log } from '../domain/log.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import type { Random } from '../domain/random.ts';
import { type DurationMs, ms, seconds } from '../domain/units.ts';
import type { UsageSink } from '../domain/usage.ts';
import type { EmbeddedEngine } from '../embedded/engine.ts';
import { Orchestrator } from '../orchestrator/orchestrator.ts';
import { WakeQueue } from '../orchestrator/wake-queue.ts';
import { HUSK_BOUNDS } from '../policy/pool.ts';
import { AskedRequests } from '../system/asked-now.ts';
import type { NativeCalls } from '../system/ffi.ts';
import { openDashboard } from './dashboard-build.ts';
import type { DataDirectory } from './data-directory.ts';
import { learningSink } from './learning-sink.ts';
import { openAccessParts } from './parts/access-parts.ts';
import { openAwake } from './parts/awake-parts.ts';
import { type Base, openBase } from './parts/base-parts.ts';
import { type OpenDesks, openDesks } from './parts/desks.ts';
import { figuresOf, openEconomics } from './parts/economics-parts.ts';
import { openInsideParts } from './parts/inside-parts.ts';
import { openMetering, usageDesk } from './parts/metering-parts.ts';
import { openHealth, openWatching, type Watching } from './parts/observability-parts.ts';
import { openQuotas, type Quotas } from './parts/quota-parts.ts';
import { RuleBook } from './policy-desk.ts';
import { portableGate } from './portable-gate.ts';
import { DataPlane } from './proxy/data-plane.ts';
import { ProxyPlace } from './proxy/proxy-place.ts';
import { proxySettings, sqlTarget } from './proxy/proxy-settings.ts';
import { growthMbOf, l2Bytes } from './rules.ts';
import { ScramPasswords } from './scram-passwords.ts';

/** Wakes that may wait for their turn. */
const WAKES_WAITING_MAX = 10_000;

/** A start may be a recovery after a crash, on a slow disk. */
const START_TIMEOUT = seconds(300);

/** Tenants brought back from the archive at once; each takes as many cores as it can have. */
const HYDRATIONS_AT_ONCE = 8;

/** Wakes under way at once, a processor; each waits for the disk some of its time. */
const WAKES_PER_PROCESSOR = 2;

export type ServerParts = {
  readonly options: ServerOptions;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failpoints: Failpoints;
  /** Tests only: sessions are parked at every idle moment. */
  readonly chaosPark: boolean;
  /** How often is counted what is used against limits, and looked for what ends. */
  readonly countEvery: DurationMs;
  /** Told what is being done, in a few words, while the server starts. */
  readonly progress: (step: string) => void;
};

/** With somebody who looks on. */
type WatchedParts = ServerParts & { readonly watching: Watching; readonly asked: AskedScope };

export type Server = {
  readonly apiUrl: string;
  readonly apiKeyFile: string;
  readonly proxyPort: number;
  /** As it was when the server was ready. */
  readonly status: ServerStatus;
  /** Stops what runs, but for data plane and computes if `detach` is set. */
  close(options: { readonly detach: boolean }): Promise<void>;
};

/** Opens everything; resolves when clients are served. Throws the faults of its parts. */
export async function openServer(given: ServerParts): Promise<Server> {
  // A start that fails leaves alone what it is told to leave at the end.
  const closing = { detach: given.options.detachComputes };
  await using stack = new AsyncDisposableStack();
  const watching = await openWatching(given);
  stack.defer(() => watching.close());
  const asked = new AskedRequests();
  const parts: WatchedParts = { ...given, log: watching.log, watching, asked };
  const { options, version, log, progress } = parts;
  const base = await openBase(parts, stack);
  const { directory, native, engine, events, catalog, archiveWork } = base;

  const dashboard = options.dashboard ? openDashboard(log, progress) : null;
  const book = await RuleBook.open({ options, store: catalog, log });
  const opened = await openDesks({ ...parts, events, catalog, archiveWork, directory });
  stack.defer(() => opened.close());
  const allowance = new AllowanceBook(parts.clock);
  const metering = await openMetering({ ...parts, ...opened.desks, catalog, engine });
  // After the orchestrator, whose computes are looked at once more when they end.
  stack.defer(() => metering.close());
  const awake = await openAwake({ ...parts, catalog });
  stack.defer(() => awake.close());
  const core = openCore(parts, { engine, catalog, book, allowance, awake: awake.book });
  stack.defer(() => core.orchestrator.close(closing));
  const quotas = await openQuotas({
    ...{ ...parts, ...core.parts, events, catalog, allowance, gauges: engine.gauges },
    ...{ lifecycle: core.orchestrator, rules: () => book.rules, sessions: () => proxies.sessions },
  });
  stack.defer(() => quotas.close());
  const sink = learningSink(catalog, { used: toEach([core.orchestrator, quotas, watching]) });
  const doorway = { directory, native, core, sink, engine, events };
  const proxies = await openDataPlane(parts, doorway);
  stack.defer(() => proxies.close(closing));
  obey(book, { core, proxies });
  await proxies.adopt();
  const { healed } = await core.orchestrator.recover();
  void healed.then(() => awake.book.settled());
  if (book.areNew) core.orchestrator.rulesAreNew();

  progress('opening the ports');
  await proxies.start();
  const { desks } = opened;
  const economics = await openEconomics({
    ...{ ...parts, ...metering, ...replayParts(core, book), events, catalog, allowance },
    ...{ lifecycle: core.orchestrator, proxyPids: () => proxies.pids() },
  });
  stack.defer(() => economics.close());
  const doors = {
    ...{ ...base, stack, book, core, quotas, desks, dashboard, proxies },
    economics: {
      ...economics.desks,
      awake: awake.desk({ ...metering, ...economics.desks, lifecycle: core.orchestrator }),
    },
  };
  const { api, control } = await openDoors(parts, doors);

  const apiUrl = `http://${inUrl(options.apiHost)}:${api.port}`;
  await directory.announce({ pid: process.pid, version, apiUrl, proxyPort: proxies.port });
  const owned = stack.move();
  return {
    apiUrl,
    apiKeyFile: directory.apiKeyFile,
    proxyPort: proxies.port,
    status: await control.status(),
    close: async ({ detach }) => {
      closing.detach = detach;
      await owned.disposeAsync();
    },
  };
}

type DoorParts = Base & {
  readonly stack: AsyncDisposableStack;
  readonly book: RuleBook;
  readonly core: Core;
  readonly quotas: Quotas;
  readonly desks: OpenDesks['desks'];
  readonly economics: EconomicsDesks & Pick<Desks, 'awake'>;
  readonly dashboard: Promise<DashboardFiles | null> | null;
  readonly proxies: Pick<DataPlane, 'port' | 'pids'>;
};

/** Whoever asks over HTTP. `stack` closes it. */
async function openDoors(
  parts: WatchedParts,
  doors: DoorParts,
): Promise<{ readonly api: Api; readonly control: ServerControl }> {
  const { options, version, clock, random, log, asked } = parts;
  const { directory, catalog, engine, stack, book, core, quotas, desks, proxies } = doors;
  const proxyPort = proxies.port;
  const control = core.control({
    version,
    startedAt: clock.wall(),
    engine: { kind: 'embedded', version: engine.version },
    isolation: engine.isolation,
    warnings: engine.warnings,
    proxy: { host: options.publicHost, port: proxyPort },
  });
  const publicUrl = options.publicUrl ?? `http://${inUrl(options.apiHost)}:${options.apiPort}`;
  const access = await openAccessParts({
    ...{ ...parts, ...desks, directory, catalog, control, publicUrl },
  });
  stack.defer(() => access.close());
  const inside = openInsideParts({
    ...{ ...parts, ...core.parts, ...desks, catalog, lifecycle: core.orchestrator },
    ...{ interior: engine.interior, rules: () => book.rules, proxyPort },
  });
  stack.defer(() => inside.close());
  const health = await openHealth({
    ...{ ...parts, events: doors.events, catalog, control, engine, directory },
    ...{ lifecycle: core.orchestrator, costs: doors.economics.costs },
    proxyPids: () => proxies.pids(),
  });
  stack.defer(() => health.close());
  const bounded = quotas.desks({ control, settings: desks.settings });
  const api = await openApi({
    ...{ clock, random, log, asked, control, version, authority: access.authority },
    desks: {
      ...{ ...desks, ...access.desks, ...inside.desks, ...bounded, ...doors.economics },
      health: health.desk,
      usage: usageDesk({ clock, catalog, control, money: () => figuresOf(clock, doors.economics) }),
    },
    trustedProxies: options.trustedProxies ?? [],
    host: options.apiHost,
    port: options.apiPort,
    names: [options.publicHost, new URL(publicUrl).hostname],
    ...(options.publicUrl === null ? {} : { publicOrigin: new URL(publicUrl).origin }),
    isSecure: publicUrl.startsWith('https:'),
    sql: await sqlTarget(options, proxyPort, directory),
    dashboard: await doors.dashboard,
    hasProvider: options.oidcIssuer !== null,
  });
  stack.defer(() => api.close());
  return { api, control };
}

/** What a replay goes by: the rules in force, and what a second is worth as it has been steered; and who goes by prices. */
const replayParts = (core: Core, book: RuleBook) => ({
  priced: { orchestrator: core.orchestrator, rules: () => book.rules },
  replayWorld: () => ({
    rules: book.rules,
    valueOfSecond: core.orchestrator.fleetPolicy().valueOfSecond,
    prices: core.orchestrator.price.decides,
  }),
});

/** Who wants to know what tenants have used. */
const toEach =
  (all: readonly Pick<Quotas, 'used'>[]): Quotas['used'] =>
  (records) => {
    for (const one of all) one.used(records);
  };

/** Rules reach whoever goes by them, now and whenever others are in force. */
function obey(
  book: RuleBook,
  { core, proxies }: { readonly core: Core; readonly proxies: DataPlane },
): void {
  proxies.setVisitorRules(book.rules.visitors);
  book.onChange((rules) => {
    core.orchestrator.setRules(rules);
    proxies.setVisitorRules(rules.visitors);
  });
}

type Core = {
  readonly orchestrator: Orchestrator;
  readonly parts: { readonly tickets: TicketBook; readonly passwords: ScramPasswords };
  /** The proxies are known: their sessions can be counted, parked and ended. */
  admit(sessions: Sessions): void;
  control(server: ControlWorld['server']): ServerControl;
};

/** What decides: orchestrator and control, over the engine and the catalog. */
function openCore(
  parts: WatchedParts,
  doors: {
    readonly engine: EmbeddedEngine;
    readonly catalog: Catalog & PolicyStore;
    readonly book: RuleBook;
    readonly allowance: AllowanceBook;
    readonly awake: AwakeWatch;
  },
): Core {
  const { options, clock, random, log, failpoints, asked } = parts;
  const { engine, catalog, book, allowance, awake } = doors;
  const { rules } = book;
  const passwords = new ScramPasswords(random);
  const tickets = new TicketBook({ clock, random, passwords, asked });
  let sessionsNow = NO_SESSIONS;
  const sessions = (): Sessions => sessionsNow;
  const queue = new WakeQueue({
    atOnce: options.wakesAtOnce ?? availableParallelism() * WAKES_PER_PROCESSOR,
    waitingMax: WAKES_WAITING_MAX,
  });
  const settings = {
    suspendAfter: options.suspendAfter === null ? null : ms(options.suspendAfter),
    wakeTimeout: ms(options.wakeTimeout),
    startTimeout: START_TIMEOUT,
    sessionsMax: options.sessionsMax,
    backendsMax: options.backendsMax,
    maxPinIdle: ms(options.maxPinIdle),
    l2Bytes: l2Bytes(),
    husks: options.husks === null ? HUSK_BOUNDS : null,
    growthMb: growthMbOf(),
  };
  const hydrations = new WakeQueue({ atOnce: HYDRATIONS_AT_ONCE, waitingMax: WAKES_WAITING_MAX });
  const { host, archive } = engine;
  const shared = {
    clock,
    log,
    catalog,
    policyStore: catalog,
    archive,
    failpoints,
    tickets,
    sessions,
    allowance,
    asked,
  };
  const orchestrator = new Orchestrator({
    ...{ ...shared, host, queue, hydrations, rules, settings, awake },
  });
  return {
    orchestrator,
    parts: { tickets, passwords },
    admit: (sessions) => {
      sessionsNow = sessions;
    },
    control: (server) =>
      new ServerControl({
        ...{
          ...shared,
          random,
          passwords,
          server,
          lifecycle: parts.watching.lifecycle(orchestrator),
        },
        policyDesk: book,
        rules: () => book.rules,
      }),
  };
}

type DataPlaneParts = {
  readonly directory: DataDirectory;
  readonly native: NativeCalls;
  readonly core: Core;
  readonly sink: UsageSink;
  readonly engine: EmbeddedEngine;
  readonly events: EventBus;
};

/** The side of the data plane that lives here. Nothing is started yet. */
async function openDataPlane(parts: WatchedParts, doors: DataPlaneParts): Promise<DataPlane> {
  const { options, version, clock, random, log, failpoints, chaosPark } = parts;
  const { directory, native, core, sink, engine, events } = doors;
  const place = await ProxyPlace.open(directory.path, (fd) => native.tryLock(fd));
  const settings = proxySettings({
    ...{ options, version, chaosPark, engineVersion: engine.version },
    token: await directory.secret('data-plane'),
    mockKey: await directory.secret('mock-salts'),
  });
  const watched = parts.watching.gate(core.orchestrator);
  const gate = portableGate(new FirstClients(events).gate(watched), place.directory);
  const proxies = new DataPlane({
    ...{ place, settings, gate, sink, clock, random, log, failpoints },
  });
  core.admit(parts.watching.sessions(proxies.sessions));
  return proxies;
}

const NO_SESSIONS: Sessions = {
  end: () => {},
  confine: () => {},
  count: () => 0,
  park: () => Promise.resolve({ kind: 'parked', sessions: 0 }),
  list: () => Promise.resolve([]),
};

const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);
