/** The proxy in front of a real PostgreSQL, on this machine's own sockets and time. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProxyId, TenantId } from '../domain/ids.ts';
import type { UsageMinute } from '../domain/usage.ts';
import { openProxy, type RunningProxy } from '../proxy/proxy.ts';
import { PROXY_DEFAULTS, type ProxyOptions } from '../proxy/proxy-options.ts';
import { openCertificate } from '../system/certificate.ts';
import { SystemClock } from '../system/clock.ts';
import { SystemHttp } from '../system/http.ts';
import { SystemNetwork } from '../system/network.ts';
import { SystemRandom } from '../system/random.ts';
import { verifierOf } from '../wire/verifier.ts';
import { FakeGate } from './fake-gate.ts';
import { MemoryLog } from './memory-log.ts';
import { type RealPostgres, realPostgres } from './real-postgres.ts';

const HOST = '127.0.0.1';
const PASSWORD = 'pencil';
const NAME = 'acme';

export class RealProxy implements AsyncDisposable {
  readonly postgres: RealPostgres;
  readonly proxy: RunningProxy;
  readonly gate: FakeGate;
  readonly log: MemoryLog;
  readonly tenant: TenantId;
  /** What the meter gave away; complete once the proxy is closed. */
  readonly usage: readonly UsageMinute[];
  /** As clients take it: the owner of the only tenant, and of a database of the same name. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  readonly #close: () => Promise<void>;

  constructor(
    parts: Pick<RealProxy, 'postgres' | 'proxy' | 'gate' | 'log' | 'usage' | 'tenant'>,
    close: () => Promise<void>,
  ) {
    this.postgres = parts.postgres;
    this.proxy = parts.proxy;
    this.gate = parts.gate;
    this.log = parts.log;
    this.usage = parts.usage;
    this.tenant = parts.tenant;
    this.#close = close;
    const { port } = parts.proxy;
    this.connection = { host: HOST, port, user: NAME, password: PASSWORD, database: NAME };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

export async function realProxy(
  options: Partial<ProxyOptions> = {},
  backendsMax = 100,
): Promise<RealProxy> {
  const [clock, random, log] = [new SystemClock(), new SystemRandom(), new MemoryLog()];
  const postgres = await realPostgres();
  const verifier = await verifierOf(PASSWORD, random.bytes(16));
  await postgres.sql(`create role ${NAME} login createrole createdb password '${verifier}'`);
  // As every database of ours has it.
  await postgres.sql(
    'grant execute on function pg_get_backend_memory_contexts() to public',
    [],
    'template1',
  );
  await postgres.sql(`create database ${NAME} owner ${NAME}`);
  const directory = await mkdtemp(join(tmpdir(), 'real-proxy-'));
  const certificate = await openCertificate({ clock, log, directory, files: null, hostNames: [] });
  const { socketDir, port } = postgres.connection;
  const gate = new FakeGate(`${socketDir}/.s.PGSQL.${port}`);
  const tenant = gate.addTenant(NAME, 100, backendsMax);
  gate.addRole(tenant, NAME, { verifier });
  const usage: UsageMinute[] = [];
  const proxy = await openProxy({
    proxyId: 'proxy' as ProxyId,
    network: new SystemNetwork(log, certificate),
    gate,
    clock,
    random,
    log,
    http: new SystemHttp(),
    usageSink: { add: async (records) => void usage.push(...records) },
    options: { ...PROXY_DEFAULTS, host: HOST, port: 0, mockKey: random.bytes(32), ...options },
  });
  const close = async (): Promise<void> => {
    await proxy.close();
    certificate.close();
    await postgres[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  };
  return new RealProxy({ postgres, proxy, gate, log, usage, tenant }, close);
}
