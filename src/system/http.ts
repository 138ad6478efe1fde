/** HTTP/1.1 and WebSocket by Node's own server, which here listens on no port: `domain/http.ts` for real. */
import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { Http, HttpHandlers, HttpListener, Upgrade } from '../domain/http.ts';
import { seconds } from '../domain/units.ts';

const HEADERS_WITHIN = seconds(15);
const REQUEST_WITHIN = seconds(120);
/** Longer than what is common on the other side, so that a client is seldom told that its connection has just closed. */
const KEEP_ALIVE = seconds(75);

/** Of a client that has proven nothing: frames of a login, and of what drivers send along with it. */
const STRANGER_BYTES_MAX = 64 * 1024;

/** One message. */
const FRAME_BYTES_MAX = 16 * 1024 * 1024;

/** RFC 6455 §7.4.1: a kind of data that cannot be accepted. */
const UNSUPPORTED_DATA = 1003;

export class SystemHttp implements Http {
  open(handlers: HttpHandlers): HttpListener {
    const server = createServer({
      headersTimeout: HEADERS_WITHIN,
      requestTimeout: REQUEST_WITHIN,
      keepAliveTimeout: KEEP_ALIVE,
      noDelay: true,
    });
    const sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
    });
    server.on('request', handlers.onRequest);
    server.on('upgrade', (request, socket, head) => {
      handlers.onUpgrade(request, upgradeOf(sockets, { request, socket, head }));
    });
    // Else nobody looks after connections that never finish what they began: see `node:_http_server`.
    server.emit('listening');
    return {
      take: (socket) => {
        server.emit('connection', socket);
        // It was paused while it was nobody's.
        socket.resume();
      },
      closeIdle: () => server.closeIdleConnections(),
      close: () => {
        server.closeAllConnections();
        // Ends the looking after; there is no port to give back, and that is not worth an error.
        server.close(() => {});
      },
    };
  }
}

type Asked = { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

function upgradeOf(server: WebSocketServer, { request, socket, head }: Asked): Upgrade {
  socket.on('error', () => {});
  return {
    accept: (onSocket) => {
      server.handleUpgrade(request, socket, head, (opened) => {
        onSocket(streamOf(opened), boundStranger(opened, socket, head.length));
      });
    },
    refuse: (status, body) => {
      const lines = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
        'Connection: close',
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(body)}`,
      ];
      socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
    },
  };
}

/** Cuts off who sends too much. Returns how to let it send as much as it likes. */
function boundStranger(opened: WebSocket, socket: Duplex, already: number): () => void {
  let sent = already;
  const count = (chunk: Buffer): void => {
    sent += chunk.length;
    if (sent > STRANGER_BYTES_MAX) opened.terminate();
  };
  socket.on('data', count);
  return () => socket.off('data', count);
}

/** What its users take for a socket: they read, write, pause and close it. */
function streamOf(opened: WebSocket): Socket {
  opened.on('message', (_data, isBinary) => {
    if (!isBinary) opened.close(UNSUPPORTED_DATA, 'only binary frames are understood');
  });
  const stream = createWebSocketStream(opened, { allowHalfOpen: false });
  stream.on('error', () => {});
  return stream as unknown as Socket;
}
