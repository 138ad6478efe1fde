/**
 * The door that clients come in by who speak HTTP: SQL at `/sql`, and PostgreSQL's own protocol over
 * WebSocket at any path.
 *
 *   connection ──POST /sql──▶ who asks? ──▶ a call (`http-run.ts`) ──▶ JSON; the next request
 *       └──Upgrade: websocket──▶ a session as any other, which says its password in the clear
 *
 * A connection comes from the listener of PostgreSQL clients, whose first byte tells the two apart
 * (`greeting.ts`). Passwords are sent as they are, so that whoever is not on this machine must encrypt.
 * See docs/decisions/0013-sql-over-http.md.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Fault, fault } from '../../domain/faults.ts';
import { FORWARDED_HEADER, readForwarded } from '../../domain/forwarded.ts';
import type { Http, HttpListener, Upgrade } from '../../domain/http.ts';
import type { SessionId } from '../../domain/ids.ts';
import { isSameSecret } from '../../wire/cancel-request.ts';
import { type Call, type CallHeaders, readCall } from '../../wire/http-call.ts';
import { Descriptions } from '../../wire/http-description.ts';
import { faultJson } from '../../wire/http-error.ts';
import { CONNECTION_STRING } from '../../wire/http-known-head.ts';
import { BackendRefused } from '../backend.ts';
import { addressKey } from '../client-address.ts';
import type { SessionParts } from '../session.ts';
import { Departure } from './departure.ts';
import {
  answered,
  type HttpReply,
  headersOf,
  NO_SUCH_PAGE,
  NO_SUCH_WAY,
  PREFLIGHT,
  refused,
  replyBytes,
  statusOf,
} from './http-replies.ts';
import { HttpRun } from './http-run.ts';
import { HttpUser } from './http-user.ts';
import { HttpUsers } from './http-users.ts';
import { PlainLane } from './plain-lane.ts';
import { readBody } from './request-body.ts';
import { RequestIds } from './request-ids.ts';

const SQL_PATH = '/sql';

/** A login to the compute that it refused although we had seen the password proven. */
const INVALID_PASSWORD = '28P01';

/** Where a connection comes from. */
export type HttpOrigin = {
  /** As `addressKey` makes it. */
  readonly address: string;
  /** As its socket reported it, or who handed it on. */
  readonly clientAddress: string;
  /** Nobody on the way can read along. */
  readonly isPrivate: boolean;
  /** Not null: every request is told this. */
  readonly refusal: Fault | null;
  /** The connection goes on as something else, and is counted there. */
  readonly becomes: () => void;
};

export type HttpDoorOptions = {
  readonly http: Http;
  readonly parts: SessionParts;
  readonly nextId: () => SessionId;
  /** A client whose WebSocket frames carry PostgreSQL's protocol. */
  readonly onWebSocket: (socket: Socket, from: WebSocketFrom) => void;
};

export type WebSocketFrom = Pick<HttpOrigin, 'address' | 'clientAddress'> & {
  readonly serverName: string | null;
  /** To be called once its password is proven: until then little is taken from it. */
  readonly trust: () => void;
};

/** What a call is read from, whoever has read it. */
type SqlRequest = {
  readonly headers: CallHeaders;
  readonly connectionString: string | undefined;
  /** Read when it is known who asks, if it is not there yet. */
  readonly body: string | (() => Promise<string>);
};

/** Who waits for an answer, and hears it once; null if it is not to be had any more. */
type Caller = {
  readonly origin: HttpOrigin;
  readonly gone: Departure;
  readonly then: (reply: HttpReply | null) => void;
};

const SECOND_MS = 1_000;

/** What is under way on a connection of which Node reads the requests. */
class Connection {
  readonly origin: HttpOrigin;
  readonly #socket: Socket;
  #underWay = 0;
  #isEnding = false;

  constructor(socket: Socket, origin: HttpOrigin) {
    this.#socket = socket;
    this.origin = origin;
  }

  begins(): void {
    this.#underWay++;
  }

  ends(): void {
    this.#underWay--;
    if (this.#isEnding) this.end();
  }

  /** Takes no more; what is under way is answered. */
  end(): void {
    this.#isEnding = true;
    if (this.#underWay === 0) this.#socket.destroySoon();
  }
}

export class HttpDoor {
  readonly #options: HttpDoorOptions;
  readonly #users: HttpUsers;
  readonly #listener: HttpListener;
  readonly #ids: RequestIds;
  readonly #descriptions = new Descriptions();
  readonly #connections = new WeakMap<Socket, Connection>();
  #second = 0;
  #dateText = '';

  constructor(options: HttpDoorOptions) {
    this.#options = options;
    this.#users = new HttpUsers(options.parts);
    this.#ids = new RequestIds(options.parts.random);
    this.#listener = options.http.open({
      onRequest: (request, response) => this.#serve(request, response),
      onUpgrade: (request, upgrade) => this.#upgrade(request, upgrade),
    });
  }

  /** Serves what comes on `socket`, of which `head` was read already. Returns how to end that. */
  take(socket: Socket, head: Buffer, origin: HttpOrigin): { end(): void } {
    const connection = new Connection(socket, origin);
    const { clock } = this.#options.parts;
    const lane = new PlainLane(socket, {
      clock,
      reply: (request, gone, then) => this.#reply(request, { origin, gone, then }),
      bytesOf: (reply) => replyBytes(reply, this.#ids.next(), this.#date()),
      onLeft: () => {
        this.#connections.set(socket, connection);
        this.#listener.take(socket);
      },
    });
    lane.begin(head);
    return { end: () => (lane.isOver ? connection : lane).end() };
  }

  /** Every call that is under way is told `because`. */
  endAll(because: Fault): void {
    this.#users.endAll(because);
  }

  close(): void {
    this.#listener.close();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) {
      request.destroy();
      return;
    }
    const gone = new Departure();
    connection.begins();
    response.once('close', () => {
      if (!response.writableFinished) gone.happened();
      connection.ends();
    });
    const then = (reply: HttpReply | null): void => {
      if (reply === null || gone.isGone) return;
      if (!request.complete) response.shouldKeepAlive = false;
      response.writeHead(reply.status, headersOf(reply, this.#ids.next()));
      response.end(reply.body.bytes);
      // What it still sends is read and thrown away: on unread bytes a connection would be reset.
      if (!request.complete) request.resume();
    };
    const other = otherThanSql(request);
    if (other !== null) then(other);
    else {
      const { headers } = request;
      const said = headers[CONNECTION_STRING];
      const connectionString = typeof said === 'string' ? said : undefined;
      const body = (): Promise<string> =>
        readBody(request, this.#options.parts.options.httpBytesMax);
      this.#reply({ headers, connectionString, body }, { origin: connection.origin, gone, then });
    }
  }

  /** As Node's server says it; made once a second. */
  #date(): string {
    const second = Math.floor(this.#options.parts.clock.wall() / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#dateText = new Date(second * SECOND_MS).toUTCString();
    }
    return this.#dateText;
  }

  /** Most who ask are known and have said all: they are answered without a promise, each of which costs every call. */
  #reply(request: SqlRequest, caller: Caller): void {
    try {
      const user = this.#userOf(request, caller.origin);
      const { headers, body } = request;
      if (user instanceof HttpUser && typeof body === 'string') {
        this.#run(user, readCall(body, headers), caller);
      } else void this.#replyLater(request, user, caller);
    } catch (error) {
      this.#refuse(error, caller);
    }
  }

  async #replyLater(
    { headers, body }: SqlRequest,
    asked: HttpUser | Promise<HttpUser>,
    caller: Caller,
  ): Promise<void> {
    try {
      const user = await asked;
      const call = readCall(typeof body === 'string' ? body : await body(), headers);
      this.#run(user, call, caller);
    } catch (error) {
      this.#refuse(error, caller);
    }
  }

  /** Throws a fault, or `LoginRefused`. */
  #userOf(request: SqlRequest, connected: HttpOrigin): HttpUser | Promise<HttpUser> {
    const { headers, connectionString } = request;
    const origin = this.#originOf(headers, connected);
    if (origin.refusal !== null) throw origin.refusal;
    if (!origin.isPrivate) throw fault('HTTPS_REQUIRED', {});
    if (connectionString === undefined) throw noConnectionString(headers);
    return this.#users.of(connectionString, origin);
  }

  #run(user: HttpUser, call: Call, caller: Caller): void {
    const { parts, nextId } = this.#options;
    const { gone, then } = caller;
    const run = new HttpRun({
      ...{ id: nextId(), user, call, parts, descriptions: this.#descriptions },
      onAnswer: (answer) => {
        gone.whenGone(null);
        then(answered(call, answer));
      },
      onFailed: (error) => {
        const isOutdated = error instanceof BackendRefused && error.sqlstate === INVALID_PASSWORD;
        if (isOutdated) this.#users.outdated(user);
        this.#refuse(error, caller);
      },
    });
    run.start();
    gone.whenGone(() => run.abandon());
  }

  #refuse(error: unknown, { gone, then }: Caller): void {
    gone.whenGone(null);
    then(refused(error, this.#options.parts));
  }

  /** Where a request comes from that somebody whom we believe hands on. */
  #originOf(headers: CallHeaders, connected: HttpOrigin): HttpOrigin {
    const { forwardToken, httpInsecure, requireTls } = this.#options.parts.options;
    const said = headers[FORWARDED_HEADER];
    if (typeof said !== 'string' || forwardToken === null) return connected;
    const token = Buffer.from(forwardToken);
    const forwarded = readForwarded(said, (other) => isSameSecret(Buffer.from(other), token));
    if (forwarded === undefined) return connected;
    const isPrivate = httpInsecure || (forwarded.isPrivate && !requireTls);
    const { address: clientAddress } = forwarded;
    return { ...connected, address: addressKey(clientAddress), clientAddress, isPrivate };
  }

  #upgrade(request: IncomingMessage, upgrade: Upgrade): void {
    const connected = this.#connections.get(request.socket)?.origin;
    if (connected === undefined) {
      request.destroy();
      return;
    }
    const origin = this.#originOf(request.headers, connected);
    const refusal = origin.isPrivate ? origin.refusal : fault('HTTPS_REQUIRED', {});
    if (refusal !== null) {
      this.#options.parts.gate.refused?.({ [refusal.code]: 1 });
      upgrade.refuse(statusOf(refusal), faultJson(refusal));
      return;
    }
    const { address, clientAddress } = origin;
    const serverName = hostOf(request.headers.host);
    upgrade.accept((socket, trust) => {
      origin.becomes();
      this.#options.onWebSocket(socket, { address, clientAddress, serverName, trust });
    });
  }
}

/** Null for what is to be answered with rows. */
function otherThanSql({ method, url = '' }: IncomingMessage): HttpReply | null {
  if (url.split('?', 1)[0] !== SQL_PATH) return NO_SUCH_PAGE;
  if (method === 'OPTIONS') return PREFLIGHT;
  return method === 'POST' ? null : NO_SUCH_WAY;
}

function noConnectionString({ authorization }: CallHeaders): Fault {
  if (authorization !== undefined) {
    return fault('FEATURE_UNSUPPORTED', { feature: 'a token in place of a password' });
  }
  return fault('BAD_REQUEST', { why: 'the header Neon-Connection-String is missing' });
}

/** Without its port. What an address is in brackets, names no tenant. */
const hostOf = (host: string | undefined): string | null => host?.replace(/:\d+$/, '') ?? null;
