/**
 * The port to HTTP: requests and WebSocket connections, over sockets that somebody else accepted.
 *
 * Requests and answers are Node's own, for what they save; the proxy makes none of them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A client that wants to go on in WebSocket frames. Nothing happens until one of the two is called. */
export interface Upgrade {
  /**
   * Calls back with what its binary frames carry, as a socket. Not at all if the handshake fails. Until `trust`
   * is called, a client that sends more than a login takes is cut off: a frame is held until it is whole.
   */
  accept(onSocket: (socket: Socket, trust: () => void) => void): void;
  /** Answers with this status, and closes. */
  refuse(status: number, body: string): void;
}

export type HttpHandlers = {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade: (request: IncomingMessage, upgrade: Upgrade) => void;
};

export interface HttpListener {
  /** Serves requests on `socket`, of which nothing is read that was not put back. */
  take(socket: Socket): void;
  /** Closes connections on which nothing is under way. */
  closeIdle(): void;
  close(): void;
}

export interface Http {
  open(handlers: HttpHandlers): HttpListener;
}
