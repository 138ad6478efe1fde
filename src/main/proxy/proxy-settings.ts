/**
 * What a proxy process is told at its start. It crosses a pipe, never a command line or an
 * environment, which other users of the machine could read.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ServerOptions } from '../../cli/options/options.ts';
import type { ProxyId } from '../../domain/ids.ts';
import type { Random } from '../../domain/random.ts';
import { ms, seconds } from '../../domain/units.ts';
import { PROXY_DEFAULTS, type ProxyOptions } from '../../proxy/proxy-options.ts';
import type { CertificateFiles } from '../../system/certificate.ts';
import type { LogLevel } from '../../system/log.ts';

export type ProxySettings = {
  readonly id: ProxyId;
  /** Of the program: proxy and control plane belong to one version. */
  readonly version: string;
  /** Equal for processes that serve in the same way. */
  readonly fingerprint: string;
  /** Whoever speaks to the proxy has to know it. */
  readonly token: string;
  readonly logLevel: LogLevel;
  /** Processes that share the clients, this one included. */
  readonly workers: number;
  readonly tls: { readonly directory: string; readonly files: CertificateFiles | null };
  /** Time for a look-up, and for a wake, until a client is told that nobody answers. */
  readonly patience: { readonly lookUp: number; readonly wake: number };
  readonly proxy: Omit<ProxyOptions, 'mockKey'>;
  /** As `ProxyOptions.engineVersion`: a proxy may outlive the engine that it was started with. */
  readonly engineVersion: string;
  /** `ProxyOptions.mockKey`, in base64. */
  readonly mockKey: string;
};

export type SettingsParts = {
  readonly options: ServerOptions;
  readonly version: string;
  readonly chaosPark: boolean;
  readonly engineVersion: string;
  readonly token: Buffer;
  readonly mockKey: Buffer;
};

/** The proxy waits a little longer than the orchestrator, which knows better what to say. */
const START_MARGIN = seconds(5);

/** So that a client hears why, before its own time is over. */
const SAY_WHY_BEFORE = seconds(2);

/** All but what is another in each process. */
export function proxySettings(parts: SettingsParts): Omit<ProxySettings, 'id'> {
  const { options, version, token, mockKey } = parts;
  const { tlsCert, tlsKey } = options;
  const same = {
    version,
    workers: options.proxyWorkers,
    tls: {
      directory: join(options.dataDir, 'tls'),
      files: tlsCert !== null && tlsKey !== null ? { certFile: tlsCert, keyFile: tlsKey } : null,
    },
    patience: {
      lookUp: Math.max(options.loginTimeout - SAY_WHY_BEFORE, options.loginTimeout / 2),
      wake: options.wakeTimeout + START_MARGIN - SAY_WHY_BEFORE,
    },
    proxy: {
      ...PROXY_DEFAULTS,
      host: options.host,
      port: options.proxyPort,
      hostNames: [options.publicHost],
      requireTls: options.requireTls,
      httpInsecure: options.httpInsecure,
      forwardToken: forwardTokenOf(token),
      httpBytesMax: options.httpBytesMax,
      loginTimeout: ms(options.loginTimeout),
      bindTimeout: ms(options.wakeTimeout + START_MARGIN),
      sessionsMax: options.sessionsMaxTotal,
      sessionsOfAddressMax: options.sessionsMaxPerAddress,
      parkAfter: ms(options.parkAfter),
      queryWaitTimeout: ms(options.queryWaitTimeout),
      chaosPark: parts.chaosPark,
    },
    mockKey: mockKey.toString('base64'),
  };
  const fingerprint = createHash('sha256').update(JSON.stringify(same)).digest('hex');
  const own = { token: token.toString('base64'), logLevel: options.logLevel };
  return { ...same, ...own, fingerprint, engineVersion: parts.engineVersion };
}

/** Where the API's port hands SQL over HTTP on to: the clients' port, as it is reached from here. */
export async function sqlTarget(
  { host }: Pick<ServerOptions, 'host'>,
  port: number,
  directory: { secret(name: string): Promise<Buffer> },
): Promise<{ readonly host: string; readonly port: number; readonly token: string }> {
  const reached = ANY_ADDRESS[host] ?? host;
  return { host: reached, port, token: forwardTokenOf(await directory.secret('data-plane')) };
}

const ANY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Not the secret itself: it is sent to whoever has the clients' port. */
const forwardTokenOf = (token: Buffer): string =>
  createHash('sha256').update('forwarded').update(token).digest('base64url');

const ID_BYTES = 6;

export const newProxyId = (random: Random): ProxyId =>
  `px_${Buffer.from(random.bytes(ID_BYTES)).toString('hex')}` as ProxyId;
