/**
 * Checks requests as S3 does: Signature Version 4, worked out here a second time from Amazon's description
 * ("Authenticating Requests: Using the Authorization Header"), and the hashes of what was sent.
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export type Received = {
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

export type Keys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
};

const SKEW_MAX_MS = 15 * 60_000;

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;

const sha256 = (bytes: Buffer | string): Buffer => createHash('sha256').update(bytes).digest();
const hmac = (key: Buffer | string, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const one = (headers: IncomingHttpHeaders, name: string): string => String(headers[name] ?? '');

/** S3's word for what is wrong with a request; null for a good one. */
export function wrongWith(received: Received, keys: Keys, now: number): string | null {
  const { headers, body } = received;
  const [, id, day, region, signed = '', signature] =
    AUTHORIZATION.exec(one(headers, 'authorization')) ?? [];
  if (signature === undefined) return 'AccessDenied';
  if (id !== keys.accessKeyId) return 'InvalidAccessKeyId';
  if (one(headers, 'x-amz-security-token') !== (keys.sessionToken ?? '')) return 'InvalidToken';
  const stamp = one(headers, 'x-amz-date');
  const at = Date.parse(
    stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  if (!(Math.abs(at - now) <= SKEW_MAX_MS)) return 'RequestTimeTooSkewed';
  if (region !== keys.region || !stamp.startsWith(`${day}`)) {
    return 'AuthorizationHeaderMalformed';
  }
  const names = signed.split(';');
  const needed = Object.keys(headers).filter((name) =>
    /^(host|content-md5|if-.*|x-amz-.*)$/.test(name),
  );
  if (needed.some((name) => !names.includes(name))) return 'AccessDenied';
  if (sign(received, keys, { day: `${day}`, names, stamp }) !== signature) {
    return 'SignatureDoesNotMatch';
  }
  const hash = sha256(body);
  if (one(headers, 'x-amz-content-sha256') !== hash.toString('hex')) {
    return 'XAmzContentSHA256Mismatch';
  }
  const sum = headers['x-amz-checksum-sha256'];
  if (sum !== undefined && sum !== hash.toString('base64')) return 'BadDigest';
  const md5 = headers['content-md5'];
  const isWhole = md5 === undefined || md5 === createHash('md5').update(body).digest('base64');
  return isWhole ? null : 'BadDigest';
}

type Scope = { readonly day: string; readonly names: readonly string[]; readonly stamp: string };

function sign({ method, target, headers }: Received, keys: Keys, scope: Scope): string {
  const [path = '', query = ''] = target.split('?');
  const uri = path
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/');
  const pairs = [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort();
  const canonical = [
    method,
    uri,
    pairs.join('&'),
    ...scope.names.map((name) => `${name}:${one(headers, name).trim().replace(/\s+/g, ' ')}`),
    '',
    scope.names.join(';'),
    one(headers, 'x-amz-content-sha256'),
  ].join('\n');
  const place = `${scope.day}/${keys.region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', scope.stamp, place, sha256(canonical).toString('hex')].join(
    '\n',
  );
  const dayKey = hmac(`AWS4${keys.secretAccessKey}`, scope.day);
  const key = hmac(hmac(hmac(dayKey, keys.region), 's3'), 'aws4_request');
  return hmac(key, text).toString('hex');
}
