/** The API on its port. */
import type { FastifyInstance } from 'fastify';
import { admits } from '../domain/address-list.ts';
import { fault } from '../domain/faults.ts';
import { seconds } from '../domain/units.ts';
import { boundAddresses } from './access/address-bound.ts';
import { LOOPBACK } from './access/manners.ts';
import { type ApiParts, buildApp } from './app.ts';
import { openSqlDoor, type SqlTarget } from './sql-door.ts';

/** Longest wait for the headers of a request; `long-requests.ts` bounds the rest of it. */
export const HEADERS_TIMEOUT = seconds(15);

/** The framework's own bound would hold for files too. */
const NO_BOUND = 0;

/** How long requests under way may take to end when the API closes; longer than most wakes. */
const CLOSE_WITHIN = seconds(10);

/** Connections at once; beyond that the kernel's queue waits. */
const CONNECTIONS_MAX = 1_024;

/** Of these, those of one address: an office behind one has less. */
export const ADDRESS_CONNECTIONS_MAX = 256;

export type ApiOptions = Omit<ApiParts, 'callers'> & {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Further host names that the API answers to. */
  readonly names?: readonly string[];
  /** Where browsers reach it, if a proxy stands before it. */
  readonly publicOrigin?: string | undefined;
  /** Where SQL over HTTP is handed on to; it is not taken without. */
  readonly sql?: SqlTarget;
};

export type Api = {
  /** The one it listens on. */
  readonly port: number;
  /** Refuses new requests, lets those under way end within a bound, then closes. */
  close(): Promise<void>;
};

/** Listens; resolves when requests are answered. Throws `PORT_IN_USE`, `BAD_OPTION`. */
export async function openApi(options: ApiOptions): Promise<Api> {
  const { host, names = [], publicOrigin, sql, ...parts } = options;
  const stopping = new AbortController();
  const callers = { listenHost: host, names, publicOrigin };
  const app = await buildApp({ ...parts, callers }, stopping.signal);
  app.server.headersTimeout = HEADERS_TIMEOUT;
  app.server.requestTimeout = NO_BOUND;
  app.server.maxConnections = CONNECTIONS_MAX;
  const { trustedProxies = [] } = parts;
  boundAddresses(app.server, {
    max: ADDRESS_CONNECTIONS_MAX,
    isCounted: (address) =>
      !LOOPBACK.test(address) && !(trustedProxies.length > 0 && admits([trustedProxies], address)),
  });
  const closeSql =
    sql === undefined ? () => {} : openSqlDoor(app.server, { ...sql, trustedProxies });
  try {
    await app.listen({ host, port: options.port });
  } catch (error) {
    await app.close();
    throw whyNotListening(error, options);
  }
  let closed: Promise<void> | undefined;
  return {
    port: portOf(app, options.port),
    close: () => {
      stopping.abort();
      closeSql();
      closed ??= close(app, options);
      return closed;
    },
  };
}

async function close(app: FastifyInstance, { clock }: ApiOptions): Promise<void> {
  const cut = clock.timer(CLOSE_WITHIN, () => app.server.closeAllConnections());
  await app.close();
  cut();
}

function portOf(app: FastifyInstance, asked: number): number {
  const address = app.server.address();
  return address !== null && typeof address === 'object' ? address.port : asked;
}

function whyNotListening(error: unknown, options: ApiOptions): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const { port } = options;
  switch (code) {
    case 'EADDRINUSE':
      return fault('PORT_IN_USE', { port, option: '--api-port' }, { cause: error });
    case 'EACCES':
      return fault(
        'BAD_OPTION',
        { option: '--api-port', why: `this user may not listen on port ${port}` },
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return fault(
        'BAD_OPTION',
        { option: '--api-host', why: 'this machine has no such address' },
        { cause: error },
      );
    default:
      return error;
  }
}
