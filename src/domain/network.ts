/**
 * The port to sockets: what the proxy needs of the machine's network.
 *
 * A socket here is Node's own, since every byte of every tenant passes through it and a wrapper
 * would be paid for each time. The proxy never makes one.
 */
import type { Socket } from 'node:net';

export type ListenOptions = { readonly host: string; readonly port: number };

export type Listening = {
  /** The port in use, also where 0 was asked for. */
  readonly port: number;
  /** Accepts no more. Sockets already accepted stay open. */
  close(): Promise<void>;
};

/** A client's connection after its TLS handshake. */
export type SecureChannel = {
  readonly socket: Socket;
  /** The server name the client asked for (SNI); null if it gave none. */
  readonly serverName: string | null;
  /** The application protocol agreed on (ALPN); null if the client offered none. */
  readonly applicationProtocol: string | null;
  /** RFC 5929 `tls-server-end-point`; null where the certificate's signature defines none. */
  readonly channelBinding: Uint8Array | null;
};

export interface Network {
  /** Throws `PORT_IN_USE`. */
  listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<Listening>;

  /** Connects to a Unix socket. Errors come as the socket's events. */
  dial(path: string): Socket;

  /** Whether `secure` can be called: there is a certificate. */
  readonly offersTls: boolean;

  /**
   * Takes the server's part of a TLS handshake on `socket`, whose unread bytes belong to it.
   * Rejects when the handshake fails or the socket closes; `socket` is then destroyed.
   */
  secure(socket: Socket): Promise<SecureChannel>;
}
