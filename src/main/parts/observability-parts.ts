/** What looks on while the server works: counts, days, traces, and the desk where they can be seen. */
import { createHmac } from 'node:crypto';
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import type { Control } from '../../control/control.ts';
import type { CostDesk } from '../../control/economics/cost-desk.ts';
import type { EventBus } from '../../control/event-bus.ts';
import { HealthDesk } from '../../control/service/health-desk.ts';
import { EventWatch } from '../../control/service/metrics-events.ts';
import { PortWatch, watchedLifecycle } from '../../control/service/metrics-ports.ts';
import { TenantTraces } from '../../control/service/metrics-traces.ts';
import { FleetWatch } from '../../control/service/metrics-watch.ts';
import { ServiceKeeper } from '../../control/service/slo-keeper.ts';
import { MoneyWatch } from '../../control/service/slo-money.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Gate, Sessions } from '../../domain/gate.ts';
import type { Host } from '../../domain/host.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Log } from '../../domain/log.ts';
import type { Tracer } from '../../domain/tracing.ts';
import type { UsageMinute } from '../../domain/usage.ts';
import type { HookSender } from '../../domain/webhook.ts';
import { openOtlpTracer } from '../../system/tracing.ts';
import type { DataDirectory } from '../data-directory.ts';
import { processSource } from '../observability-process.ts';

/** Of a link to the page of a tenant: 128 bits, which nobody guesses. */
const PROOF_BYTES = 16;

export type WatchParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly options: Pick<ServerOptions, 'metricsTenants' | 'otlpUrl'>;
  readonly version: string;
};

/** Ports with somebody who looks on; see `control/service/metrics-ports.ts`. */
export type Watching = {
  readonly log: Log;
  readonly fleet: FleetWatch;
  readonly ports: PortWatch;
  readonly events: EventWatch;
  readonly tracer: Tracer | null;
  catalog(catalog: PgCatalog): PgCatalog;
  host(host: Host): Host;
  sessions(sessions: Sessions): Sessions;
  gate(gate: Gate): Gate;
  lifecycle(lifecycle: Lifecycle): Lifecycle;
  sender(sender: HookSender): HookSender;
  used(records: readonly UsageMinute[]): void;
  close(): Promise<void>;
};

/** Throws `BAD_OPTION` if traces are wanted and cannot be told. */
export async function openWatching(parts: WatchParts): Promise<Watching> {
  const { clock, options, version } = parts;
  const fleet = new FleetWatch({ clock, tenantsMax: options.metricsTenants });
  const ports = new PortWatch(clock);
  const events = new EventWatch();
  const tracer =
    options.otlpUrl === null ? null : await openOtlpTracer({ url: options.otlpUrl, version });
  const traces = tracer === null ? null : new TenantTraces(tracer);
  const told = {
    saw: fleet.saw.bind(fleet),
    step: fleet.step.bind(fleet),
    levels: fleet.levels.bind(fleet),
    moved: (...[before, after]: Parameters<FleetWatch['moved']>) => {
      fleet.moved(before, after);
      traces?.moved(before, after);
    },
    removed: (...[id]: Parameters<FleetWatch['removed']>) => {
      fleet.removed(id);
      traces?.removed(id);
    },
  };
  return {
    ...{ fleet, ports, events, tracer },
    log: events.log(parts.log),
    catalog: (catalog) => ports.catalog(catalog, told),
    host: (host) => ports.host(traces?.host(host) ?? host),
    sessions: (sessions) => ports.sessions(traces?.sessions(sessions) ?? sessions),
    gate: (gate) => {
      const traced = traces?.gate(gate, (tenant) => fleet.isAsleep(tenant)) ?? gate;
      return ports.gate(traced, fleet);
    },
    lifecycle: (lifecycle) => watchedLifecycle(lifecycle, fleet),
    sender: (sender) => events.sender(sender),
    used: (records) => fleet.used(records),
    close: async () => await tracer?.close(),
  };
}

export type HealthParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly options: Pick<ServerOptions, 'statusPage' | 'dataDir' | 'tlsCert'>;
  readonly version: string;
  readonly watching: Watching;
  readonly events: EventBus;
  readonly catalog: PgCatalog;
  readonly control: Control;
  readonly engine: { readonly version: string; readonly host: Host };
  readonly lifecycle: Lifecycle;
  readonly directory: Pick<DataDirectory, 'secret'>;
  readonly costs: CostDesk;
  readonly proxyPids: () => Promise<readonly number[]>;
};

/** Beats from now on. Throws `CATALOG_DOWN`. */
export async function openHealth(
  parts: HealthParts,
): Promise<{ readonly desk: HealthDesk; close(): Promise<void> }> {
  const { watching, options, catalog, clock, lifecycle, engine } = parts;
  const store = catalog.stores.service;
  const prewarms = () => lifecycle.fleetPolicy().prewarms;
  const keeper = await ServiceKeeper.open({ ...parts, store, watch: watching.fleet, prewarms });
  const stopListening = watching.events.listen(parts.events, watching.fleet);
  const key = await parts.directory.secret('status-links');
  const processes = processSource({
    ...{ version: parts.version, engineVersion: engine.version, host: engine.host },
    ...{ dataDir: options.dataDir, startedAt: clock.wall(), certFile: options.tlsCert },
    proxyPids: parts.proxyPids,
  });
  const money = new MoneyWatch(parts.costs, clock);
  const counted = [watching.fleet, watching.ports, watching.events, money];
  const desk = new HealthDesk({
    ...{ ...parts, store, keeper, events: watching.events, tracer: watching.tracer },
    watch: watching.fleet,
    sources: [...counted.map((one) => () => one.families()), processes.source],
    money: () => money.figures(),
    pages: options.statusPage,
    sign: (text) =>
      createHmac('sha256', key).update(text).digest().subarray(0, PROOF_BYTES).toString('hex'),
  });
  return {
    desk,
    close: async () => {
      stopListening();
      processes.close();
      await keeper.close();
    },
  };
}
