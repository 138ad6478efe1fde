/** The machine's sockets, as the proxy takes them: `domain/network.ts` for real. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { fault } from '../domain/faults.ts';
import type { Log } from '../domain/log.ts';
import type { Listening, ListenOptions, Network, SecureChannel } from '../domain/network.ts';
import { seconds } from '../domain/units.ts';
import type { Certificate } from './certificate.ts';
import { dialDirect, directly } from './direct-socket.ts';

/** Quiet time after which the kernel asks whether a client still lives. */
const KEEP_ALIVE_AFTER = seconds(60);

/** Connections that wait to be accepted; the kernel may allow fewer. */
const BACKLOG = 4_096;

const APPLICATION_PROTOCOLS = ['postgresql', 'http/1.1'];

export class SystemNetwork implements Network {
  readonly #log: Log;
  readonly #certificate: Certificate | null;

  /** Without a certificate there is no TLS. */
  constructor(log: Log, certificate: Certificate | null) {
    this.#log = log;
    this.#certificate = certificate;
  }

  get offersTls(): boolean {
    return this.#certificate !== null;
  }

  async listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<Listening> {
    const server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_AFTER,
      pauseOnConnect: true,
    });
    server.on('connection', (accepted) => onSocket(directly(accepted)));
    await listening(server, options);
    // Out of descriptors, most likely. Those who are connected stay; the next one may fit again.
    server.on('error', (error) => this.#log.error('a client could not be accepted', { error }));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
    return { port, close: () => closed(server) };
  }

  dial(path: string): Socket {
    return dialDirect(path);
  }

  async secure(socket: Socket): Promise<SecureChannel> {
    const identity = this.#certificate?.identity;
    if (identity === undefined) throw new Error('there is no certificate');
    let serverName: string | null = null;
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: identity.context,
      ALPNProtocols: APPLICATION_PROTOCOLS,
      SNICallback: (name, answer) => {
        serverName = name;
        answer(null);
      },
    });
    await handshaken(secured);
    return {
      socket: secured,
      serverName,
      applicationProtocol: secured.alpnProtocol || null,
      channelBinding: identity.channelBinding,
    };
  }
}

async function listening(server: Server, options: ListenOptions): Promise<void> {
  server.listen({ ...options, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw error;
    throw fault('PORT_IN_USE', { port: options.port, option: '--proxy-port' }, { cause: error });
  }
}

/** Open sockets do not belong to the listener, so that nobody waits for them here. */
function closed(server: Server): Promise<void> {
  server.close();
  return Promise.resolve();
}

/** Rejects when the client gives up; the socket is then gone. */
function handshaken(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error?: Error): void => {
      socket.destroy();
      reject(error ?? new Error('the client left during the handshake'));
    };
    const onClose = (): void => fail();
    socket.once('error', fail);
    socket.once('close', onClose);
    socket.once('secure', () => {
      socket.off('error', fail);
      socket.off('close', onClose);
      resolve();
    });
  });
}
