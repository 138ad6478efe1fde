/**
 * A strict server of the part of Stripe's API that we use, which can be made to fail in every way that networks do.
 *
 * The unmodified package talks to it. Shapes and rules: Stripe's OpenAPI v2596; docs.stripe.com "Idempotent requests" (a key
 * is known for 24 hours, the same body gets the same answer, another one is an error), "Meter events" (identifiers are unique
 * within 24 hours, times within 35 days and five minutes), "Webhook signatures".
 */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import { type Form, StripeBooks, StripeRefusal } from './stripe-books.ts';

/** What is done to a request instead of answering it. */
export type StripeMishap =
  /** Answers this; nothing has happened. */
  | 429
  | 500
  /** Ends the connection; nothing has happened. */
  | 'reset'
  /** Does it, and ends the connection. */
  | 'lost answer';

type Kept = { readonly body: string; readonly at: number; readonly answer: object };

const KEY_KNOWN_MS = 24 * 3_600_000;

export class StripeDouble {
  readonly books: StripeBooks;
  /** Every request that was let in, such as `POST /v1/customers`, in order. */
  readonly log: string[] = [];
  readonly url: URL;
  readonly key = 'sk_test_double';
  /** Asked before each request is done; null lets it pass. */
  mishap: (request: string) => StripeMishap | null = () => null;
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #keys = new Map<string, Kept>();

  static async start(clock: Clock): Promise<StripeDouble> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new StripeDouble(clock, server, port);
  }

  private constructor(clock: Clock, server: Server, port: number) {
    this.#clock = clock;
    this.#server = server;
    this.books = new StripeBooks(clock);
    this.url = new URL(`http://127.0.0.1:${port}`);
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** A message as Stripe would send it: its body, and how it is signed. */
  message(type: string, object: object, secret: string, age = 0) {
    const at = Math.floor(this.#clock.wall() / 1_000) - age;
    const event = { id: this.books.newId('evt'), object: 'event', type, created: at };
    const body = JSON.stringify({ ...event, api_version: '2026-01-28', data: { object } });
    const digest = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    return { body: Buffer.from(body), signature: `t=${at},v1=${digest},v0=none` };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const url = new URL(request.url ?? '/', this.url);
    const name = `${request.method} ${url.pathname}`;
    const mishap = this.mishap(name);
    if (mishap === 'reset') return void request.socket.destroy();
    try {
      if (mishap === 429) throw new StripeRefusal(429, 'rate_limit', 'Too many requests');
      if (mishap === 500) throw new StripeRefusal(500, 'api_error', 'Something went wrong');
      const answer = this.#answer(request, url, body);
      if (mishap === 'lost answer') return void request.socket.destroy();
      send(response, 200, answer);
    } catch (error) {
      if (!(error instanceof StripeRefusal)) throw error;
      const { status, code, message } = error;
      const type = status === 500 ? 'api_error' : 'invalid_request_error';
      send(response, status, { error: { type, code, message } });
    }
  }

  #answer(request: IncomingMessage, url: URL, body: string): object {
    const { authorization, 'content-type': type, 'idempotency-key': key } = request.headers;
    if (authorization !== `Bearer ${this.key}`) {
      throw new StripeRefusal(401, 'api_key_invalid', 'Invalid API Key provided: sk_test_****uble');
    }
    this.log.push(`${request.method} ${url.pathname}`);
    if (request.method === 'GET') return this.books.get(url.pathname, formOf(url.search.slice(1)));
    if (type?.split(';')[0] !== 'application/x-www-form-urlencoded') {
      throw new StripeRefusal(400, 'parameter_invalid', 'The body must be a form');
    }
    if (typeof key !== 'string') return this.books.post(url.pathname, formOf(body));
    const whole = `${url.pathname} ${body}`;
    const kept = this.#keys.get(key);
    if (kept !== undefined && this.#clock.wall() - kept.at < KEY_KNOWN_MS) {
      if (kept.body === whole) return kept.answer;
      const message = 'Keys for idempotent requests can only be used with the same parameters';
      throw new StripeRefusal(400, 'idempotency_error', message);
    }
    const answer = this.books.post(url.pathname, formOf(body));
    this.#keys.set(key, { body: whole, at: this.#clock.wall(), answer });
    return answer;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** `payload[value]=1` under `payload[value]`. */
const formOf = (text: string): Form => new Map(new URLSearchParams(text));

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_double' });
  response.end(JSON.stringify(body));
}
