/**
 * Objects in a bucket, by the part of the S3 API that MinIO, R2, Ceph and the like share.
 *
 * `create` is a PUT with `If-None-Match: *`, `swap` one with `If-Match`; a version is an entity tag. That is
 * a hash of the bytes, so what `swap` writes must never be the same twice, which holds for all that
 * names its snapshot.
 *
 * A request whose answer was lost may have been done, and its repetition is then refused as if
 * another had been first. Each write therefore carries a random name of its own in the object's
 * metadata, and who is refused after a lost answer looks whose object is there.
 */
import { fault } from '../domain/faults.ts';
import { hours } from '../domain/units.ts';
import { isDone, refused, type S3Answer, S3Client, type S3Parts, sha256 } from './s3-client.ts';
import { deleteObjects } from './s3-delete.ts';
import { createInParts, sweepUploads } from './s3-multipart.ts';
import { probe, type S3Features } from './s3-probe.ts';
import { childrenOf, parseXml, textIn } from './s3-xml.ts';
import type { ObjectInfo, Range, Store, StoredObject, Version } from './store.ts';
import { assertKey, assertPrefix, freshName, isKey } from './store-key.ts';

/** Larger objects are sent in parts. */
const PUT_BYTES_MAX = 16 * 1_024 * 1_024;

/** An upload this old has no writer any more. */
const UPLOAD_AGE_MAX = hours(24);

const WRITER = 'x-amz-meta-writer';

/** What an entity tag may be; anything else would be another header. */
const TAG = /^(W\/)?"[\x21\x23-\x7e]{1,128}"$/;

type S3StoreParts = S3Parts & {
  /** What the bucket can do, if that is known; it is tried otherwise. */
  readonly features?: S3Features;
};

/** Opens a bucket. Throws `ARCHIVE_DOWN` if it cannot be used or has no conditional writes. */
export async function openS3Store(parts: S3StoreParts): Promise<Store> {
  const client = new S3Client(parts);
  const name = `the bucket ${parts.location.bucket}`;
  const probeKey = `.probe-${freshName()}`;
  const { prefix } = parts.location;
  const features = parts.features ?? (await probe(client, probeKey));
  await sweepUploads(client, prefix, parts.clock.wall() - UPLOAD_AGE_MAX);
  return new S3Store({ client, name, prefix, features });
}

type Opened = {
  readonly client: S3Client;
  readonly name: string;
  readonly prefix: string;
  readonly features: S3Features;
};

class S3Store implements Store {
  readonly name: string;
  readonly #client: S3Client;
  readonly #prefix: string;
  readonly #features: S3Features;

  constructor({ client, name, prefix, features }: Opened) {
    this.name = name;
    this.#client = client;
    this.#prefix = prefix;
    this.#features = features;
  }

  async create(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    assertKey(key);
    signal?.throwIfAborted();
    const writer = freshName();
    const { checksums, conditionalParts } = this.#features;
    const inParts = conditionalParts && bytes.length > PUT_BYTES_MAX;
    const metadata = { [WRITER]: writer };
    const answer = inParts
      ? await createInParts({ client: this.#client, key, bytes, metadata, checksums, signal })
      : await this.#put(key, bytes, { ...metadata, 'if-none-match': '*' }, signal);
    if (isDone(answer)) return true;
    const isLost = answer.status === 404 && answer.code === 'NoSuchUpload';
    if (answer.status !== 412 && !(isLost && answer.unsure)) throw refused(answer);
    if (!answer.unsure) return false;
    return (await this.#head(key))?.headers.get(WRITER) === writer;
  }

  async swap(key: string, bytes: Uint8Array, expected: Version | null): Promise<Version | null> {
    assertKey(key);
    if (expected !== null && !TAG.test(expected)) return null;
    const writer = freshName();
    const condition = expected === null ? { 'if-none-match': '*' } : { 'if-match': expected };
    const answer = await this.#put(key, bytes, { [WRITER]: writer, ...condition });
    if (isDone(answer)) return tagOf(answer);
    const isOther = answer.status === 412 || (answer.status === 404 && answer.code === 'NoSuchKey');
    if (!isOther) throw refused(answer);
    if (!answer.unsure) return null;
    const found = await this.#head(key);
    if (found?.headers.get(WRITER) === writer) return tagOf(found);
    throw fault('ARCHIVE_DOWN', { why: 'the answer to a write was lost, and another has written' });
  }

  async read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    assertKey(key);
    const answer = await this.#client.send({ method: 'GET', key, signal });
    if (isMissing(answer)) return undefined;
    if (!isDone(answer)) throw refused(answer);
    return { bytes: answer.body, version: tagOf(answer) };
  }

  async readRange(
    key: string,
    { offset, length }: Range,
    signal?: AbortSignal,
  ): Promise<Buffer | undefined> {
    assertKey(key);
    signal?.throwIfAborted();
    if (length === 0) return (await this.#head(key)) && Buffer.alloc(0);
    const headers = { range: `bytes=${offset}-${offset + length - 1}` };
    const answer = await this.#client.send({ method: 'GET', key, headers, signal });
    if (isMissing(answer)) return undefined;
    if (answer.status === 416) return Buffer.alloc(0);
    if (!isDone(answer)) throw refused(answer);
    return answer.status === 206 ? answer.body : answer.body.subarray(offset, offset + length);
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    assertKey(key);
    const found = await this.#head(key);
    if (!found) return undefined;
    const size = Number(found.headers.get('content-length') ?? 0);
    return infoFrom(key, size, found.headers.get('last-modified'));
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    assertPrefix(prefix);
    let next: string | undefined;
    do {
      const answer = await this.#client.send({
        method: 'GET',
        query: {
          'list-type': '2',
          prefix: this.#prefix + prefix,
          ...(next !== undefined && { 'continuation-token': next }),
        },
      });
      if (!isDone(answer)) throw refused(answer);
      const page = parseXml(answer.body.toString('utf8'));
      for (const one of childrenOf(page, 'Contents')) {
        const key = (textIn(one, 'Key') ?? '').slice(this.#prefix.length);
        if (!isKey(key)) continue;
        yield infoFrom(key, Number(textIn(one, 'Size')), textIn(one, 'LastModified'));
      }
      const isTruncated = textIn(page, 'IsTruncated') === 'true';
      const token = textIn(page, 'NextContinuationToken');
      if (isTruncated && (token === undefined || token === next)) throw badList();
      next = isTruncated ? token : undefined;
    } while (next !== undefined);
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) assertKey(key);
    await deleteObjects(this.#client, this.#prefix, keys);
  }

  #put(
    key: string,
    bytes: Uint8Array,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<S3Answer> {
    const checksum = this.#features.checksums
      ? { 'x-amz-checksum-sha256': sha256(bytes).toString('base64') }
      : {};
    const all = { ...headers, ...checksum };
    return this.#client.send({ method: 'PUT', key, headers: all, body: bytes, signal });
  }

  async #head(key: string): Promise<S3Answer | undefined> {
    const answer = await this.#client.send({ method: 'HEAD', key });
    if (answer.status === 404) return undefined;
    if (!isDone(answer)) throw refused(answer);
    return answer;
  }
}

/** The object is missing; a missing bucket is another matter. */
const isMissing = ({ status, code }: S3Answer): boolean =>
  status === 404 && (code === 'NoSuchKey' || code === '');

function tagOf({ headers }: S3Answer): Version {
  const tag = headers.get('etag');
  if (tag !== null) return tag;
  throw fault('ARCHIVE_DOWN', { why: 'its bucket answers without an entity tag' });
}

const badList = (): Error => fault('ARCHIVE_DOWN', { why: 'its bucket lists without an end' });

/** To the second, which is what all answers agree on. */
function infoFrom(key: string, size: number, modified: string | null | undefined): ObjectInfo {
  const writtenAt = Math.floor(Date.parse(modified ?? '') / 1_000) * 1_000;
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(writtenAt)) throw badList();
  return { key, size, writtenAt };
}
