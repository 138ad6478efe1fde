/** Signed requests to a bucket, and what became of them. */
import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import type { Clock } from '../domain/clock.ts';
import { type Fault, fault } from '../domain/faults.ts';
import type { Random } from '../domain/random.ts';
import { ms } from '../domain/units.ts';
import { parseXml, textIn } from './s3-xml.ts';
import { type Outcome, untilAnswered } from './store-retry.ts';

/** Where a bucket is, and who we are there. */
export type S3Location = {
  readonly bucket: string;
  /** What all keys begin with; empty, or ending in a slash. */
  readonly prefix: string;
  /** Such as `https://s3.eu-central-1.amazonaws.com`, without the bucket. */
  readonly endpoint: string;
  readonly region: string;
  /** `path`: the bucket is in the path. `virtual`: it is in the host name. */
  readonly style: 'path' | 'virtual';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
};

export type S3Parts = {
  readonly location: S3Location;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch?: typeof globalThis.fetch;
};

export type S3Request = {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Without the prefix; undefined for the bucket itself. */
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whether a conflict with another writer is an answer, or to be tried again. */
  readonly conflict?: 'answer' | 'again';
  readonly signal?: AbortSignal | undefined;
};

export type S3Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** S3's word for an error, such as `NoSuchKey`; empty without one. */
  readonly code: string;
  /** An earlier attempt, whose answer was lost, may have done the same already. */
  readonly unsure: boolean;
};

/** How long nothing may come. Writing takes longer by what is written. */
const SILENCE_MAX_MS = 30_000;
const UPLOAD_BYTES_PER_MS_MIN = 100;

/** Refusals that only say that the request has not arrived as it was sent, or not in time. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'RequestTimeout',
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
]);
const CONFLICT_CODES: ReadonlySet<string> = new Set([
  'ConditionalRequestConflict',
  'OperationAborted',
]);

const FULL =
  /^(QuotaExceeded|InsufficientStorage|EntityTooLargeForQuota|XMinio\w*(Full|Quota\w*))$/;

export const isDone = ({ status }: S3Answer): boolean => status >= 200 && status < 300;

/** The fault of an answer that nobody expects. Names no host, path or key. */
export function refused({ status, code, headers }: S3Answer): Fault {
  if (status === 507 || FULL.test(code)) {
    return fault('DISK_FULL', { what: 'the archive’s bucket takes no more' });
  }
  const said = `${status}${code === '' ? '' : ` ${code}`}`;
  const region = /^[a-z0-9-]{1,40}$/.exec(headers.get('x-amz-bucket-region') ?? '')?.[0];
  const hint = status >= 300 && status < 400 && region ? `; it is in region ${region}` : '';
  return fault('ARCHIVE_DOWN', { why: `its bucket answers ${said}${hint}` });
}

export class S3Client {
  /** Private, so that no log of this object has the secret in it. */
  readonly #location: S3Location;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #fetch: typeof globalThis.fetch;
  /** Keys derived from the secret, one a day. */
  #signingKeys = new Map<string, ArrayBuffer>();
  /** What the server's clock is ahead of ours, in milliseconds. */
  #skewMs = 0;

  constructor({ location, clock, random, fetch = globalThis.fetch }: S3Parts) {
    this.#location = location;
    this.#clock = clock;
    this.#random = random;
    this.#fetch = fetch;
  }

  /**
   * Sends a request until it is answered, by an error too. Throws `ARCHIVE_DOWN` after the last attempt
   * that was not, and the signal's reason.
   */
  send(request: S3Request): Promise<S3Answer> {
    let unsure = false;
    const { signal } = request;
    return untilAnswered({ clock: this.#clock, random: this.#random, signal }, async () => {
      let answer: S3Answer;
      try {
        answer = await this.#attempt(request, unsure);
      } catch (error) {
        unsure = true;
        return { failure: unreachable(error) };
      }
      const outcome = this.#judged(request, answer);
      if ('failure' in outcome && mayHaveHappened(answer)) unsure = true;
      return outcome;
    });
  }

  /** Whether to be content with `answer`. */
  #judged(request: S3Request, answer: S3Answer): Outcome<S3Answer> {
    const { status, code } = answer;
    if (code === 'RequestTimeTooSkewed' && this.#learnSkew(answer)) {
      return { failure: refused(answer) };
    }
    const isConflict = CONFLICT_CODES.has(code) && request.conflict !== 'answer';
    const isTrouble = status === 429 || (status >= 500 && status !== 501 && status !== 507);
    if (!isTrouble && !isConflict && !TRANSIENT_CODES.has(code)) return { answer };
    const waitMs = Number(answer.headers.get('retry-after')) * 1_000;
    return { failure: refused(answer), ...(waitMs > 0 && { waitMs }) };
  }

  /** Takes the server's time for ours. Returns false if that is no news. */
  #learnSkew({ headers }: S3Answer): boolean {
    const skew = Date.parse(headers.get('date') ?? '') - this.#clock.wall();
    if (Number.isNaN(skew) || Math.abs(skew - this.#skewMs) < SILENCE_MAX_MS) return false;
    this.#skewMs = skew;
    return true;
  }

  async #attempt(request: S3Request, unsure: boolean): Promise<S3Answer> {
    const stop = new AbortController();
    const { body, method, signal } = request;
    const stopped = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    let cancel = (): void => {};
    const expect = (waitMs: number): void => {
      cancel();
      cancel = this.#clock.timer(ms(waitMs), () => stop.abort(new Error('no answer in time')));
    };
    try {
      expect(SILENCE_MAX_MS + (body?.length ?? 0) / UPLOAD_BYTES_PER_MS_MIN);
      const { url, headers } = await this.#signed(request);
      const response = await this.#fetch(url, {
        method,
        headers,
        redirect: 'manual',
        signal: stopped,
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      });
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body ?? []) {
        chunks.push(chunk);
        expect(SILENCE_MAX_MS);
      }
      const { status } = response;
      const whole = Buffer.concat(chunks);
      const code = status >= 300 ? codeIn(whole) : '';
      return { status, headers: response.headers, body: whole, code, unsure };
    } finally {
      cancel();
    }
  }

  async #signed({ method, key, query = {}, headers = {}, body }: S3Request) {
    const { accessKeyId, secretAccessKey, sessionToken, region } = this.#location;
    const now = new Date(this.#clock.wall() + this.#skewMs).toISOString();
    if (this.#signingKeys.size > 1) this.#signingKeys = new Map();
    const signer = new AwsV4Signer({
      method,
      url: this.#urlOf(key, query),
      headers: { ...headers, 'x-amz-content-sha256': sha256(body ?? '').toString('hex') },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      service: 's3',
      region,
      cache: this.#signingKeys,
      datetime: now.replace(/[:-]|\.\d{3}/g, ''),
    });
    const signed = await signer.sign();
    // After signing: what is between us and the bucket may change it. Nothing is to be unpacked on the way.
    signed.headers.set('accept-encoding', 'identity');
    return signed;
  }

  #urlOf(key: string | undefined, query: Readonly<Record<string, string>>): string {
    const { bucket, prefix, endpoint, style } = this.#location;
    const url = new URL(endpoint);
    const path = key === undefined ? '' : `${prefix}${key}`;
    if (style === 'virtual') url.host = `${bucket}.${url.host}`;
    url.pathname = style === 'virtual' ? `/${path}` : `/${bucket}/${path}`;
    url.search = new URLSearchParams(query).toString();
    return url.href;
  }
}

export const sha256 = (bytes: Uint8Array | string): Buffer =>
  createHash('sha256').update(bytes).digest();

/** A server in trouble may have done what it was asked before it said so; one that is busy has not. */
const mayHaveHappened = ({ status, code }: S3Answer): boolean =>
  status >= 500 && code !== 'SlowDown' && code !== 'ServiceUnavailable';

/** Only S3's word of an error: the message may name what a stranger should not read. */
function codeIn(body: Buffer): string {
  try {
    const code = textIn(parseXml(body.toString('utf8')), 'Code') ?? '';
    return /^\w{1,64}$/.test(code) ? code : '';
  } catch {
    return '';
  }
}

function unreachable(error: unknown): Fault {
  const { cause, message } = error instanceof Error ? error : { cause: undefined, message: '' };
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  const reason = message === 'no answer in time' ? message : (code ?? 'the connection was lost');
  return fault(
    'ARCHIVE_DOWN',
    { why: `its bucket cannot be reached (${reason})` },
    { cause: error },
  );
}
