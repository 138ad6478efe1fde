/** Opens the store that a location names. */
import type { Clock } from '../domain/clock.ts';
import { type Fault, fault } from '../domain/faults.ts';
import type { Random } from '../domain/random.ts';
import { openDirectoryStore } from './directory-store.ts';
import type { S3Location } from './s3-client.ts';
import { openS3Store } from './s3-store.ts';
import type { Store } from './store.ts';

export type StoreLocation =
  | { readonly kind: 'directory'; readonly path: string }
  | ({ readonly kind: 's3' } & S3Location);

/** From the environment or a file, never from a command line, which others can read. */
export type S3Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
};

export type StoreParts = {
  readonly clock: Clock;
  readonly random: Random;
  /** How to reach a bucket; by default Node's own. */
  readonly fetch?: typeof globalThis.fetch;
};

/** Throws `ARCHIVE_DOWN` if it cannot be used, for a bucket also if it has no conditional writes. */
export function openStore(location: StoreLocation, parts: StoreParts): Promise<Store> {
  const { clock } = parts;
  if (location.kind === 'directory') return openDirectoryStore({ path: location.path, clock });
  return openS3Store({ ...parts, location });
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^([A-Za-z0-9_-][A-Za-z0-9_.-]*\/)*$/;
const REGION = /^[a-z0-9-]{1,40}$/;
const PREFIX_LENGTH_MAX = 256;
const PARAMETERS: ReadonlySet<string> = new Set(['endpoint', 'region', 'style']);

/** Region of a store that has none: what R2 and MinIO take, too. */
const REGION_DEFAULT = 'us-east-1';

/**
 * Where `text` says that a store is: the path of a directory, or
 * `s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION&style=path`. Amazon's own buckets need no endpoint;
 * others have the bucket in the path unless `style=virtual`. Throws `BAD_OPTION` for `option`.
 */
export function parseLocation(
  text: string,
  option: string,
  credentials: S3Credentials | null,
): StoreLocation {
  const bad = (why: string): Fault => fault('BAD_OPTION', { option, why });
  if (text.startsWith('/')) return { kind: 'directory', path: text };
  if (!/^s3:\/\//i.test(text)) throw bad('give the path of a directory, from /, or s3://BUCKET');
  const url = URL.parse(text);
  if (!url) throw bad('this is no URL');
  if (url.username !== '' || url.password !== '') {
    throw bad('leave the access key out, which others could read here; set it in the environment');
  }
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.has(name)) throw bad(`there is no parameter "${name}"`);
  }
  const bucket = url.host;
  if (!BUCKET.test(bucket)) throw bad('this is no name of a bucket');
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  const prefix = path === '' ? '' : `${path}/`;
  if (!PREFIX.test(prefix) || prefix.length > PREFIX_LENGTH_MAX) {
    throw bad('a prefix is made of letters, digits, "_", "-", "." and "/"');
  }
  if (!credentials) throw bad('a bucket needs an access key; set it in the environment');
  return { kind: 's3', bucket, prefix, ...placeOf(url.searchParams, bad), ...credentials };
}

function placeOf(
  given: URLSearchParams,
  bad: (why: string) => Fault,
): Pick<S3Location, 'endpoint' | 'region' | 'style'> {
  const region = given.get('region') ?? REGION_DEFAULT;
  if (!REGION.test(region)) throw bad('this is no region');
  const named = given.get('endpoint');
  const style = given.get('style') ?? (named === null ? 'virtual' : 'path');
  if (style !== 'path' && style !== 'virtual') throw bad('style is "path" or "virtual"');
  const endpoint = URL.parse(named ?? `https://s3.${region}.amazonaws.com`);
  if (!endpoint || !/^https?:$/.test(endpoint.protocol))
    throw bad('an endpoint begins with https://');
  if (endpoint.username !== '' || endpoint.password !== '') {
    throw bad('leave the access key out of the endpoint; set it in the environment');
  }
  if (endpoint.pathname !== '/' || endpoint.search !== '') throw bad('an endpoint has no path');
  return { endpoint: endpoint.origin, region, style };
}
