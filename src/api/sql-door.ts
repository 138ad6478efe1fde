/**
 * SQL over HTTP on the API's port: `/sql`, and WebSocket at `/v2`, handed on to the data plane as they come.
 *
 * The data plane does all the rest, the passwords too; the keys of the API have nothing to do with these. A
 * request is streamed both ways, and given up when its client goes.
 */
import { Agent, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { admits } from '../domain/address-list.ts';
import { fault } from '../domain/faults.ts';
import { FORWARDED_HEADER, forwardedText } from '../domain/forwarded.ts';

/** Requests under way at once; the others wait. */
const REQUESTS_MAX = 256;

const SQL_PATH = '/sql';

export type SqlTarget = { readonly host: string; readonly port: number; readonly token: string };

/** With the addresses and networks of proxies that are believed who they ask for. */
type Target = SqlTarget & { readonly trustedProxies: readonly string[] };

/** Takes what is for the data plane away from `server`'s own listeners. Returns how to close. */
export function openSqlDoor(server: Server, target: Target): () => void {
  const agent = new Agent({ keepAlive: true, maxSockets: REQUESTS_MAX });
  const own = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (asked: IncomingMessage, answer: ServerResponse) => {
    if (asked.url?.split('?', 1)[0] === SQL_PATH) handOn(asked, answer, { agent, target });
    else for (const listener of own) listener.call(server, asked, answer);
  });
  server.on('upgrade', (asked, socket, head) => splice(asked, { socket, head }, target));
  return () => agent.destroy();
}

function handOn(
  asked: IncomingMessage,
  answer: ServerResponse,
  { agent, target }: { readonly agent: Agent; readonly target: Target },
): void {
  const { host, port } = target;
  const { method = 'GET', url: path = '' } = asked;
  const headers = { ...asked.headers, [FORWARDED_HEADER]: forwardedBy(asked, target) };
  const onwards = request({ agent, host, port, method, path, headers });
  onwards.on('response', (heard) => {
    answer.writeHead(heard.statusCode ?? 0, heard.headers);
    heard.pipe(answer);
    // What was cut off is to look so: an answer that never ends would keep its client waiting.
    heard.once('close', () => {
      if (!heard.complete) answer.destroy();
    });
  });
  onwards.on('error', () => {
    if (answer.headersSent) answer.destroy();
    else {
      const { message, spec, code } = fault('SERVER_STOPPING', {});
      answer.writeHead(spec.http, { 'Content-Type': 'application/json' });
      answer.end(JSON.stringify({ message, code: spec.sqlstate, fault: code }));
    }
  });
  answer.on('close', () => {
    if (!answer.writableFinished) onwards.destroy();
  });
  asked.pipe(onwards);
}

type Upgraded = { readonly socket: Duplex; readonly head: Buffer };

function splice(asked: IncomingMessage, { socket, head }: Upgraded, target: Target): void {
  const onwards = connect({ host: target.host, port: target.port });
  const lines = [`${asked.method} ${asked.url} HTTP/1.1`];
  for (let at = 0; at + 1 < asked.rawHeaders.length; at += 2) {
    const name = asked.rawHeaders[at] ?? '';
    if (name.toLowerCase() !== FORWARDED_HEADER) lines.push(`${name}: ${asked.rawHeaders[at + 1]}`);
  }
  lines.push(`${FORWARDED_HEADER}: ${forwardedBy(asked, target)}`);
  onwards.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  onwards.write(head);
  onwards.pipe(socket);
  socket.pipe(onwards);
  for (const [one, other] of [
    [socket, onwards],
    [onwards, socket],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

function forwardedBy(asked: IncomingMessage, { token, trustedProxies }: Target): string {
  const { remoteAddress = '' } = asked.socket;
  const isPrivate = /^(?:::ffff:)?127\.|^::1$/.test(remoteAddress);
  return forwardedText(token, { address: clientOf(asked, trustedProxies), isPrivate });
}

/** The last address on the way here that no proxy of ours has: what is said before it, anybody could have said. */
function clientOf({ socket, headers }: IncomingMessage, trusted: readonly string[]): string {
  const said = String(headers['x-forwarded-for'] ?? '').split(',');
  let { remoteAddress: address = '' } = socket;
  while (trusted.length > 0 && admits([trusted], address)) {
    const before = said.pop()?.trim() ?? '';
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}
