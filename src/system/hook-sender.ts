/**
 * Sends a webhook to a server on the internet, and to none of ours.
 *
 * Where to is somebody else's choice, so nothing is sent to addresses that only this machine or its network reaches:
 * the name is looked up here, every address it has is looked at, and the connection is made to one that was looked at,
 * whatever the name means a moment later. Redirects are answers like any other. Source: OWASP, "Server-Side Request
 * Forgery Prevention"; IANA, special-purpose address registries.
 */
import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { fault } from '../domain/faults.ts';
import type { HookSender, Parcel, Receipt } from '../domain/webhook.ts';

/** Of an answer that nobody reads. */
const ANSWER_BYTES_MAX = 65_536;

type Address = { readonly address: string; readonly family: number };

export type HookSenderOptions = {
  /** Also to this machine and its network, and without TLS. */
  readonly toPrivate: boolean;
  readonly version: string;
  /** Addresses of a name; those that the system knows if not given. */
  readonly resolve?: (host: string) => Promise<readonly Address[]>;
};

export class InternetSender implements HookSender {
  readonly #options: HookSenderOptions;

  constructor(options: HookSenderOptions) {
    this.#options = options;
  }

  check(text: string): void {
    const refuse = (why: string): never => {
      throw fault('BAD_WEBHOOK_URL', { why });
    };
    const url = URL.parse(text) ?? refuse('it is no URL');
    const { toPrivate } = this.#options;
    const schemes = toPrivate ? ['https:', 'http:'] : ['https:'];
    if (!schemes.includes(url.protocol)) refuse('it must begin with https');
    if (url.username !== '' || url.password !== '') refuse('it must not hold a password');
    const host = bare(url.hostname);
    if (!toPrivate && isIP(host) !== 0 && !isPublic(host)) refuse('its address is not public');
  }

  async send(parcel: Parcel): Promise<Receipt> {
    const signal = AbortSignal.any([parcel.signal, AbortSignal.timeout(parcel.within)]);
    try {
      this.check(parcel.url);
      const url = new URL(parcel.url);
      const host = bare(url.hostname);
      const { resolve = (name) => lookup(name, { all: true }) } = this.#options;
      const literal = { address: host, family: isIP(host) };
      const found = literal.family === 0 ? await unless(signal, resolve(host)) : [literal];
      const [first] = found;
      if (first === undefined) return { error: 'its name has no address' };
      if (!this.#options.toPrivate && !found.every(({ address }) => isPublic(address))) {
        return { error: 'its address is not public' };
      }
      return await post(url, first, { ...parcel, signal }, this.#options.version);
    } catch (error) {
      return { error: wordsOf(error) };
    }
  }
}

/** A lookup cannot be ended, but it need not be waited for. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((done, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    if (signal.aborted) fail(signal.reason);
    work.then(done, fail);
  });
}

function post(url: URL, to: Address, parcel: Parcel, version: string): Promise<Receipt> {
  const timestamp = String(Math.floor(parcel.at / 1_000));
  const options: RequestOptions = {
    method: 'POST',
    agent: false,
    signal: parcel.signal,
    lookup: (_name, { all }, found) => {
      if (all) found(null, [{ ...to }]);
      else found(null, to.address, to.family);
    },
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(parcel.payload),
      'user-agent': `DynaBase/${version}`,
      'webhook-id': parcel.id,
      'webhook-timestamp': timestamp,
      'webhook-signature': parcel.secrets
        .map((secret) => `v1,${signature(secret, `${parcel.id}.${timestamp}.${parcel.payload}`)}`)
        .join(' '),
    },
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = send(url, options, (answer) => {
      let bytes = 0;
      answer.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > ANSWER_BYTES_MAX) answer.destroy();
      });
      answer.once('close', () => resolve({ status: answer.statusCode ?? 0 }));
      answer.once('error', () => {});
    });
    sent.once('error', reject);
    sent.end(parcel.payload);
  });
}

function signature(secret: string, text: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(text).digest('base64');
}

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
  ] as const),
  ...([
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
  ] as const),
  ...([
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
  ] as const),
  ...([
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ] as const),
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}

/** Of what is global unicast, that which stands for something else: tunnels, translations, examples. */
for (const [network, bits] of [
  ...([
    ['2001::', 23],
    ['2001:db8::', 32],
    ['2002::', 16],
    ['3fff::', 20],
  ] as const),
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv6');
}

const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !PRIVATE.check(address, 'ipv4');
  return GLOBAL.check(address, 'ipv6') && !PRIVATE.check(address, 'ipv6');
}

const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

function wordsOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    return 'it has not answered in time';
  }
  return WORDS[code] ?? 'it could not be reached';
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'it has cut the connection',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};
