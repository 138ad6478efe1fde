/** A strict server of the S3 API for one bucket, which can be made to fail in every way that networks do. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Location } from '../archive/s3-client.ts';
import type { Clock } from '../domain/clock.ts';
import {
  type BucketAnswer,
  BucketDouble,
  type BucketRequest,
  refusal,
} from './s3-double-bucket.ts';
import { type Received, wrongWith } from './s3-double-signature.ts';

/** What is done to a request instead of answering it. */
export type Mishap =
  /** Answers this; nothing has happened. */
  | { readonly status: number; readonly code: string; readonly headers?: Record<string, string> }
  /** Ends the connection; nothing has happened. */
  | 'reset'
  /** Does it, and ends the connection. */
  | 'lost answer'
  /** Does it, and says that it failed. */
  | 'done but 500'
  /** Ends the connection, and does it when `deliver` is called. */
  | 'late'
  /** Never answers. */
  | 'silence'
  /** Sends half of the body. */
  | 'cut';

type Scripted = {
  readonly matches: (request: BucketRequest) => boolean;
  readonly mishap: Mishap;
  times: number;
};

type DoubleParts = {
  readonly clock: Clock;
  /** Objects in a page of a list. */
  readonly pageMax?: number;
  readonly sessionToken?: string;
};

const BUCKET = 'double';

export class S3Double {
  readonly bucket: BucketDouble;
  /** Every request, such as `PUT heads/1`, in order. */
  readonly log: string[] = [];
  readonly location: S3Location;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #script: Scripted[] = [];
  readonly #late: BucketRequest[] = [];
  readonly #silent: (() => void)[] = [];

  static async start(parts: DoubleParts): Promise<S3Double> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new S3Double(server, parts);
  }

  constructor(server: Server, { clock, pageMax = 1_000, sessionToken }: DoubleParts) {
    this.#server = server;
    this.#clock = clock;
    this.bucket = new BucketDouble(() => clock.wall(), pageMax);
    this.location = {
      bucket: BUCKET,
      prefix: 'some/prefix/',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'eu-test-1',
      style: 'path',
      accessKeyId: 'AKIADOUBLE',
      secretAccessKey: 'the/secret+of=the double',
      sessionToken,
    };
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      this.#serve(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
    });
  }

  /** Lets the next `times` requests that match meet with `mishap`. */
  next(matches: (request: BucketRequest) => boolean, mishap: Mishap, times = 1): void {
    this.#script.push({ matches, mishap, times });
  }

  /** Does what came `late`. */
  deliver(): void {
    for (const request of this.#late.splice(0)) this.bucket.answer(request);
  }

  /** Resolves when a request has met with silence. */
  silenced(): Promise<void> {
    return new Promise((resolve) => this.#silent.push(resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url: target = '/', headers } = incoming;
    const received: Received = { method, target, headers, body: Buffer.concat(chunks) };
    const request = this.#requestOf(received);
    this.log.push(`${method} ${request?.key}${received.target.replace(/^[^?]*/, '')}`);
    const wrong = wrongWith(received, this.location, this.#clock.wall());
    if (wrong !== null) return this.#send(outgoing, refusal(403, wrong));
    if (!request) return this.#send(outgoing, refusal(404, 'NoSuchBucket'));
    const scripted = this.#script.find(({ times, matches }) => times > 0 && matches(request));
    if (!scripted) return this.#send(outgoing, this.bucket.answer(request));
    scripted.times--;
    this.#meet(scripted.mishap, request, outgoing);
  }

  #meet(mishap: Mishap, request: BucketRequest, outgoing: ServerResponse): void {
    if (typeof mishap === 'object') {
      const answer = refusal(mishap.status, mishap.code);
      this.#send(outgoing, { ...answer, headers: { ...answer.headers, ...mishap.headers } });
      return;
    }
    if (mishap === 'silence') {
      for (const resolve of this.#silent.splice(0)) resolve();
      return;
    }
    if (mishap === 'late') this.#late.push(request);
    if (mishap === 'reset' || mishap === 'late') {
      outgoing.destroy();
      return;
    }
    const answer = this.bucket.answer(request);
    if (mishap === 'lost answer') outgoing.destroy();
    else if (mishap === 'done but 500') this.#send(outgoing, refusal(500, 'InternalError'));
    else this.#cut(outgoing, answer);
  }

  #cut(
    outgoing: ServerResponse,
    { status, headers = {}, body = Buffer.alloc(0) }: BucketAnswer,
  ): void {
    outgoing.writeHead(status, { ...headers, 'content-length': String(body.length) });
    outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
  }

  /** Undefined if it is for another bucket. */
  #requestOf({ method, target, headers, body }: Received): BucketRequest | undefined {
    const [path = '', query = ''] = target.split('?');
    const isVirtual = `${headers.host}`.startsWith(`${BUCKET}.`);
    const [, bucket, key = ''] = isVirtual
      ? ['', BUCKET, path.slice(1)]
      : (/^\/([^/]*)\/?(.*)$/.exec(path) ?? []);
    if (bucket !== BUCKET) return undefined;
    const flat = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        value === undefined ? value : `${value}`,
      ]),
    );
    const params = new URLSearchParams(query);
    return { method, key: decodeURIComponent(key), query: params, headers: flat, body };
  }

  #send(outgoing: ServerResponse, { status, headers, body }: BucketAnswer): void {
    const date = new Date(this.#clock.wall()).toUTCString();
    outgoing.writeHead(status, { ...headers, date }).end(body);
  }
}
