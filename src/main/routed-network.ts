/**
 * The network of the first of several proxies: it has the port, and gives each client to the proxy
 * that serves the tenant it names, so that a tenant's sessions are together.
 *
 *   accepted ──enough read to tell──▶ passed on, or kept
 *       └──nothing tells it, or not in time──▶ kept
 *
 * What names a tenant is read again by the proxy itself; here it only decides who does. Two proxies
 * may serve one tenant: a client that is given to the wrong one is served as well.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import type { Listening, ListenOptions, Network, SecureChannel } from '../domain/network.ts';
import { seconds } from '../domain/units.ts';
import { readClaims } from '../proxy/route.ts';
import { readServerName } from '../wire/client-hello.ts';
import { ENCRYPTION_ACCEPTED } from '../wire/messages.ts';
import {
  type CancelKey,
  readStartupPacket,
  STARTUP_PACKET_BYTES_MAX,
  TLS_HANDSHAKE_BYTE,
} from '../wire/startup.ts';
import { leaveUnread, type Opening, present, secure } from './presented.ts';

/** For a client to say whom it means; the proxy that keeps it has its own limit. */
const DECIDE_MAX = seconds(5);

const READ_MAX = 2 * STARTUP_PACKET_BYTES_MAX + 16 * 1024;

const NOTHING = Buffer.alloc(0);

export type Others = {
  /**
   * Whether somebody else takes clients of this name. If so the socket is theirs, unless `keep` is
   * called.
   */
  give(name: string, socket: Socket, opening: Opening, keep: () => void): boolean;
  /** A query may be somebody else's. */
  cancel(key: CancelKey): void;
};

type Said =
  | { readonly kind: 'more' }
  | { readonly kind: 'agree' }
  | { readonly kind: 'told'; readonly name: string | null };

const KEEP: Said = { kind: 'told', name: null };

export class RoutedNetwork implements Network {
  readonly #inner: Network;
  readonly #others: Others;
  readonly #clock: Clock;
  readonly #hostNames: readonly string[];

  constructor(parts: {
    readonly inner: Network;
    readonly others: Others;
    readonly clock: Clock;
    readonly hostNames: readonly string[];
  }) {
    this.#inner = parts.inner;
    this.#others = parts.others;
    this.#clock = parts.clock;
    this.#hostNames = parts.hostNames;
  }

  get offersTls(): boolean {
    return this.#inner.offersTls;
  }

  listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<Listening> {
    return this.#inner.listen(options, (socket) => this.#accept(socket, onSocket));
  }

  dial(path: string): Socket {
    return this.#inner.dial(path);
  }

  secure(socket: Socket): Promise<SecureChannel> {
    return secure(socket, this.#inner);
  }

  #accept(socket: Socket, keep: (socket: Socket) => void): void {
    let head = NOTHING;
    let hello: Buffer | null = null;
    const settle = (name: string | null): void => {
      cancel();
      socket.off('data', read);
      socket.off('end', leave);
      const readOn = leaveUnread(socket);
      if (socket.destroyed) return;
      const opening = { head, hello };
      const keepIt = (): void => {
        readOn();
        keep(present(socket, opening));
      };
      if (name === null || !this.#others.give(name, socket, opening, keepIt)) keepIt();
    };
    const read = (chunk: Buffer): void => {
      if (hello === null) head = Buffer.concat([head, chunk]);
      else hello = Buffer.concat([hello, chunk]);
      const said = this.#said(head, hello);
      if (said.kind === 'agree') {
        hello = NOTHING;
        socket.write(ENCRYPTION_ACCEPTED);
      } else if (said.kind === 'told') settle(said.name);
    };
    const leave = (): void => {
      cancel();
      socket.destroy();
    };
    const cancel = this.#clock.timer(DECIDE_MAX, () => settle(null));
    socket.on('error', leave);
    socket.on('end', leave);
    socket.on('data', read);
    socket.resume();
  }

  #said(head: Buffer, hello: Buffer | null): Said {
    if (head.length + (hello?.length ?? 0) > READ_MAX) return KEEP;
    if (hello !== null) return this.#ofServerName(hello);
    if (head[0] === TLS_HANDSHAKE_BYTE) return this.#ofServerName(head);
    try {
      return this.#ofPacket(head);
    } catch {
      // Whoever keeps it says what is wrong.
      return KEEP;
    }
  }

  #ofPacket(head: Buffer): Said {
    const read = readStartupPacket(head);
    if (read === undefined) return { kind: 'more' };
    const { packet, length } = read;
    switch (packet.kind) {
      case 'sslRequest':
        // What follows unasked is for the proxy to refuse.
        return head.length === length && this.offersTls ? { kind: 'agree' } : KEEP;
      case 'gssencRequest':
        return KEEP;
      case 'cancelRequest':
        this.#others.cancel(packet.key);
        return KEEP;
      case 'startup': {
        const { parameters } = packet;
        const request = { serverName: null, hostNames: this.#hostNames, parameters };
        return { kind: 'told', name: readClaims(request).claims[0]?.name ?? null };
      }
      default:
        return packet satisfies never;
    }
  }

  #ofServerName(bytes: Buffer): Said {
    const read = readServerName(bytes);
    if (read === undefined) return { kind: 'more' };
    const { claims } = readClaims({
      serverName: read.serverName,
      hostNames: this.#hostNames,
      parameters: SOMEBODY,
    });
    const named = claims.find((claim) => claim.by === 'the TLS server name' && !claim.onlyIfExists);
    return { kind: 'told', name: named?.name ?? null };
  }
}

const SOMEBODY: ReadonlyMap<string, string> = new Map([['user', '-']]);
