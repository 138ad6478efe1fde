/**
 * The data plane: a process that has the clients' port and the clients, and nothing else to do.
 *
 * Started by the control plane, which it outlives. Its working directory is `data-plane/` of the
 * data directory; its settings come by standard input, and how the start went is said on the fourth
 * descriptor; the fifth holds the lock of the port as long as this process lives.
 */
import { closeSync, writeSync } from 'node:fs';
import { plainFault } from '../channel/plain-fault.ts';
import { RemoteGate } from '../channel/remote-gate.ts';
import { LogRoute, RemoteLog } from '../channel/remote-log.ts';
import { ms } from '../domain/units.ts';
import { openProxy, type RunningProxy } from '../proxy/proxy.ts';
import { openCertificate } from '../system/certificate.ts';
import { SystemClock } from '../system/clock.ts';
import { openLog } from '../system/log.ts';
import { SystemNetwork } from '../system/network.ts';
import { SystemRandom } from '../system/random.ts';
import { boundedFile } from './bounded-file.ts';
import { ProxyControl } from './proxy-control.ts';
import type { ProxySettings } from './proxy-settings.ts';

const STATUS_FD = 3;

const LOG_FILE = '../log/proxy.log';

const settings = await readSettings();
// Whoever started this process died before it could say what for.
if (settings === undefined) process.exit(1);
await start(settings);

async function start(settings: ProxySettings): Promise<void> {
  try {
    const port = await open(settings);
    report({ port });
  } catch (error) {
    report({ fault: plainFault(error), cause: String(error) });
    process.exit(1);
  }
}

/** Opens the proxy and its control socket. Returns the clients' port. */
async function open(settings: ProxySettings): Promise<number> {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const route = new LogRoute(openLog(boundedFile(LOG_FILE), settings.logLevel));
  const log = new RemoteLog(route, { proxy: settings.id });
  const { lookUp, wake } = settings.patience;
  const gate = new RemoteGate({ clock, patience: { lookUp: ms(lookUp), wake: ms(wake) } });
  const { tls } = settings;
  const hostNames = settings.proxy.hostNames;
  const certificate = await openCertificate({ clock, log, hostNames, ...tls });
  const proxy = await openProxy({
    proxyId: settings.id,
    network: new SystemNetwork(log, certificate),
    ...{ gate, clock, random, log },
    usageSink: gate,
    options: { ...settings.proxy, mockKey: Buffer.from(settings.mockKey, 'base64') },
  });
  await openControl({ settings, clock, gate, route, proxy });
  return proxy.port;
}

type Opened = {
  readonly settings: ProxySettings;
  readonly clock: SystemClock;
  readonly gate: RemoteGate;
  readonly route: LogRoute;
  readonly proxy: RunningProxy;
};

async function openControl({ proxy, ...opened }: Opened): Promise<void> {
  const control = new ProxyControl({
    ...opened,
    sessions: proxy.sessions,
    port: proxy.port,
    isFirst: true,
    stop: () => proxy.close(),
    exit: () => process.exit(0),
  });
  await control.open();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void control.stop());
  }
  // There is no terminal whose end would concern it.
  process.on('SIGHUP', () => {});
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
