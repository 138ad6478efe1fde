/**
 * The data plane: a process that has the clients' port and the clients, and nothing else to do.
 *
 * Started by the control plane, which it outlives. Its working directory is `data-plane/` of the
 * data directory; its settings come by standard input, and how the start went is said on the fourth
 * descriptor; the fifth holds the lock of the port as long as this process lives.
 *
 * With several workers this is the first, which starts the others: the same program, whose settings
 * and clients come by the channel that Node gives to a forked process. They end with the first.
 */
import { closeSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { plainFault } from '../../channel/plain-fault.ts';
import { RemoteGate } from '../../channel/remote-gate.ts';
import { LogRoute, RemoteLog } from '../../channel/remote-log.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { Network } from '../../domain/network.ts';
import { ms, seconds } from '../../domain/units.ts';
import { openProxy, type RunningProxy } from '../../proxy/proxy.ts';
import { openCertificate } from '../../system/certificate.ts';
import { SystemClock } from '../../system/clock.ts';
import { SystemHttp } from '../../system/http.ts';
import { openLog } from '../../system/log.ts';
import { SystemNetwork } from '../../system/network.ts';
import { SystemRandom } from '../../system/random.ts';
import { boundedFile } from '../bounded-file.ts';
import { PassedNetwork } from '../passed-network.ts';
import { RoutedNetwork } from '../routed-network.ts';
import { ProxyControl } from './proxy-control.ts';
import type { ProxySettings } from './proxy-settings.ts';
import { type FromWorker, ProxyWorkers, type ToWorker } from './proxy-workers.ts';

const STATUS_FD = 3;

const LOG_FILE = '../log/proxy.log';

/** How often a worker says how many sessions it has. */
const COUNT_EVERY = seconds(2);

const clock = new SystemClock();
const random = new SystemRandom();

if (process.send === undefined) await first();
else worker();

async function first(): Promise<void> {
  const settings = await readSettings();
  // Whoever started this process died before it could say what for.
  if (settings === undefined) process.exit(1);
  try {
    report({ port: await openFirst(settings) });
  } catch (error) {
    report({ fault: plainFault(error), cause: String(error) });
    process.exit(1);
  }
}

/** Opens the port, the control socket and the other workers. Returns the clients' port. */
async function openFirst(settings: ProxySettings): Promise<number> {
  const world = openWorld(settings);
  const { log } = world;
  const program = fileURLToPath(import.meta.url);
  const others = new ProxyWorkers({ program, settings, clock, random, log });
  const { hostNames } = settings.proxy;
  const routed = (inner: Network): Network =>
    settings.workers === 1 ? inner : new RoutedNetwork({ inner, others, clock, hostNames });
  const proxy = await openOn(world, routed);
  others.start(proxy.port);
  const control = await openControl(world, {
    proxy,
    isFirst: true,
    count: () => proxy.sessions.count() + others.sessions,
    stop: async () => {
      await Promise.all([proxy.close(), others.stop()]);
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void control.stop());
  }
  // There is no terminal whose end would concern it.
  process.on('SIGHUP', () => {});
  return proxy.port;
}

/** Serves the clients that the first gives it. */
function worker(): void {
  const { promise: network, resolve } = Promise.withResolvers<PassedNetwork>();
  let control: Promise<ProxyControl> | null = null;
  let taker: PassedNetwork | null = null;
  const stop = async (): Promise<void> => {
    if (control === null) process.exit(0);
    await (await control).stop();
  };
  process.on('message', (heard: ToWorker, socket?: Socket) => {
    switch (heard.kind) {
      case 'settings':
        control = openWorker(heard.settings, resolve);
        void network.then((opened) => {
          taker = opened;
        });
        return;
      case 'client':
        // Without a socket the client has left meanwhile.
        if (socket === undefined) say({ kind: 'taken', id: heard.id });
        else give(taker, socket, heard);
        return;
      case 'cancel':
        taker?.cancel({ processId: heard.processId, secret: Buffer.from(heard.secret, 'base64') });
        return;
      case 'stop':
        void stop();
        return;
      default:
        heard satisfies never;
    }
  });
  // The first is gone, and with it the way by which clients come.
  process.once('disconnect', () => void stop());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
}

function give(
  taker: PassedNetwork | null,
  socket: Socket,
  { id, head, hello }: ToWorker & { kind: 'client' },
): void {
  if (taker === null) {
    socket.destroy();
    return;
  }
  // Said before the client hears anything from here.
  say({ kind: 'taken', id });
  const opening = {
    head: Buffer.from(head, 'base64'),
    hello: hello === null ? null : Buffer.from(hello, 'base64'),
  };
  taker.take(socket, opening);
}

async function openWorker(
  settings: ProxySettings,
  onNetwork: (network: PassedNetwork) => void,
): Promise<ProxyControl> {
  const world = openWorld(settings);
  const proxy = await openOn(world, (inner) => {
    const passed = new PassedNetwork(inner);
    onNetwork(passed);
    return passed;
  });
  const count = (): number => proxy.sessions.count();
  const control = await openControl(world, {
    ...{ proxy, count },
    isFirst: false,
    stop: () => proxy.close(),
  });
  say({ kind: 'opened' });
  const sayCount = (): void => {
    say({ kind: 'sessions', count: count() });
    clock.timer(COUNT_EVERY, sayCount);
  };
  sayCount();
  return control;
}

/** The first may have ended; `disconnect` tells that. */
const say = (message: FromWorker): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
};

type ProxyWorld = {
  readonly settings: ProxySettings;
  readonly clock: Clock;
  readonly route: LogRoute;
  readonly log: Log;
  readonly gate: RemoteGate;
};

function openWorld(settings: ProxySettings): ProxyWorld {
  const route = new LogRoute(openLog(boundedFile(LOG_FILE), settings.logLevel));
  const log = new RemoteLog(route, { proxy: settings.id });
  const { lookUp, wake } = settings.patience;
  const gate = new RemoteGate({ clock, patience: { lookUp: ms(lookUp), wake: ms(wake) } });
  return { settings, clock, route, log, gate };
}

async function openOn(
  { settings, gate, log }: ProxyWorld,
  network: (inner: Network) => Network,
): Promise<RunningProxy> {
  const { tls } = settings;
  const { hostNames } = settings.proxy;
  const certificate = await openCertificate({ clock, log, hostNames, ...tls });
  return await openProxy({
    proxyId: settings.id,
    network: network(new SystemNetwork(log, certificate)),
    ...{ gate, clock, random, log },
    usageSink: gate,
    http: new SystemHttp(),
    options: {
      ...settings.proxy,
      engineVersion: settings.engineVersion,
      mockKey: Buffer.from(settings.mockKey, 'base64'),
    },
  });
}

async function openControl(
  { settings, gate, route }: ProxyWorld,
  opened: {
    readonly proxy: RunningProxy;
    readonly isFirst: boolean;
    readonly count: () => number;
    readonly stop: () => Promise<void>;
  },
): Promise<ProxyControl> {
  const { proxy, isFirst, count, stop } = opened;
  const control = new ProxyControl({
    ...{ settings, clock, gate, route, isFirst, count, stop },
    sessions: proxy.sessions,
    setVisitorRules: (rules) => proxy.setVisitorRules(rules),
    port: proxy.port,
    exit: () => process.exit(0),
  });
  await control.open();
  return control;
}

async function readSettings(): Promise<ProxySettings | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : (JSON.parse(text) as ProxySettings);
}

/** Nobody reads it if the control plane has died meanwhile. */
function report(status: object): void {
  try {
    writeSync(STATUS_FD, JSON.stringify(status));
    closeSync(STATUS_FD);
  } catch {
    // The next control plane will find the announcement, or start another.
  }
}
