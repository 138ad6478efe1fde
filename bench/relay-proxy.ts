/**
 * The proxy as a process of its own, in front of one PostgreSQL, for `bench/relay.ts`.
 *
 * Reads one line of JSON from stdin (no secret belongs among the arguments), prints its port, and
 * ends with its stdin.
 */

import { createInterface } from 'node:readline';
import type { Door } from '../src/domain/gate.ts';
import type { ProxyId, TenantName } from '../src/domain/ids.ts';
import { openProxy } from '../src/proxy/proxy.ts';
import { PROXY_DEFAULTS } from '../src/proxy/proxy-options.ts';
import { openCertificate } from '../src/system/certificate.ts';
import { SystemClock } from '../src/system/clock.ts';
import { SystemHttp } from '../src/system/http.ts';
import { SystemNetwork } from '../src/system/network.ts';
import { SystemRandom } from '../src/system/random.ts';
import { FakeGate } from '../src/testing/fake-gate.ts';
import { MemoryLog } from '../src/testing/memory-log.ts';

/** What the proxy is to stand in front of: a role, its database of the same name, its verifier. */
export type RelayProxySetUp = {
  readonly socketPath: string;
  readonly role: string;
  readonly verifier: string;
  /** Where the certificate is, or is to be made. */
  readonly certificateDir: string;
  /** Backends that all sessions share; without, each session has its own. */
  readonly backendsMax?: number;
};

const SESSIONS_MAX = 1_100;

const [line] = await new Promise<string[]>((resolve) => {
  const lines = createInterface({ input: process.stdin });
  lines.once('line', (first) => resolve([first]));
});
const setUp = JSON.parse(line ?? '') as RelayProxySetUp;

/** Lets every session have a backend, as PgBouncer's session mode does. */
class WideGate extends FakeGate {
  override async door(name: TenantName): Promise<Door | undefined> {
    const door = await super.door(name);
    return door && { ...door, backendsMax: setUp.backendsMax ?? SESSIONS_MAX };
  }
}

const gate = new WideGate(setUp.socketPath);
gate.addRole(gate.addTenant(setUp.role, SESSIONS_MAX), setUp.role, { verifier: setUp.verifier });
const log = new MemoryLog();
const random = new SystemRandom();
const clock = new SystemClock();
const directory = setUp.certificateDir;
const certificate = await openCertificate({ clock, log, directory, files: null, hostNames: [] });
const proxy = await openProxy({
  proxyId: 'proxy' as ProxyId,
  network: new SystemNetwork(log, certificate),
  gate,
  clock,
  random,
  log,
  http: new SystemHttp(),
  usageSink: { add: () => Promise.resolve() },
  options: { ...PROXY_DEFAULTS, port: 0, mockKey: random.bytes(32) },
});
console.log(proxy.port);

process.stdin.once('end', async () => {
  await proxy.close();
  process.exit(0);
});
