/** What a bucket of S3 does with its objects, in memory: conditions, ranges, parts and pages. */
import { createHash } from 'node:crypto';
import { childrenOf, escapeXml, parseXml, textIn } from '../archive/s3-xml.ts';

export type BucketRequest = {
  readonly method: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
};

export type BucketAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
};

/** What stores that call themselves compatible leave out. */
export type Lacking = {
  /** Passes over If-None-Match and If-Match, or only over the latter. */
  readonly conditions?: 'all' | 'if-match';
  /** Says 501 to conditions. */
  readonly conditionsRefused?: boolean;
  readonly conditionalParts?: boolean;
  /** Says 400 to `x-amz-checksum-sha256`. */
  readonly checksums?: boolean;
  readonly manyDeletes?: boolean;
};

type Stored = {
  readonly bytes: Buffer;
  readonly tag: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly modified: number;
};

type Upload = {
  readonly begun: number;
  readonly key: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly tag: string }>;
};

const PART_BYTES_MIN = 5 * 1_024 * 1_024;

const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();

const xml = (status: number, body: string): BucketAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`),
});

export const refusal = (status: number, code: string): BucketAnswer =>
  xml(status, `<Error><Code>${code}</Code><Message>${code}, says the double</Message></Error>`);

export class BucketDouble {
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, Upload>();
  readonly #now: () => number;
  readonly #pageMax: number;
  lacking: Lacking = {};
  #uploadCount = 0;

  constructor(now: () => number, pageMax: number) {
    this.#now = now;
    this.#pageMax = pageMax;
  }

  answer(request: BucketRequest): BucketAnswer {
    const { method, key, query, headers } = request;
    if (this.lacking.checksums && headers['x-amz-checksum-sha256'] !== undefined) {
      return refusal(400, 'InvalidArgument');
    }
    if (key === '') {
      if (method === 'GET' && query.get('list-type') === '2') return this.#list(query);
      if (method === 'GET' && query.has('uploads')) return this.#listUploads(query);
      if (method === 'POST' && query.has('delete')) return this.#deleteMany(request);
      return refusal(405, 'MethodNotAllowed');
    }
    if (method === 'POST' && query.has('uploads')) return this.#begin(request);
    if (query.has('uploadId')) return this.#inParts(request, query.get('uploadId') ?? '');
    if (method === 'PUT') return this.#put(request);
    if (method === 'GET' || method === 'HEAD') return this.#get(request);
    if (method !== 'DELETE') return refusal(405, 'MethodNotAllowed');
    this.objects.delete(key);
    return { status: 204 };
  }

  /** Why a write may not be done; null if it may. */
  #unmet({ key, headers }: BucketRequest): BucketAnswer | null {
    const found = this.objects.get(key);
    const [none, match] = [headers['if-none-match'], headers['if-match']];
    if (none === undefined && match === undefined) return null;
    if (this.lacking.conditionsRefused) return refusal(501, 'NotImplemented');
    if (this.lacking.conditions === 'all') return null;
    if (none !== undefined && none !== '*') return refusal(501, 'NotImplemented');
    if (none === '*' && found) return refusal(412, 'PreconditionFailed');
    if (match === undefined || this.lacking.conditions === 'if-match') return null;
    if (!found) return refusal(404, 'NoSuchKey');
    return found.tag === match ? null : refusal(412, 'PreconditionFailed');
  }

  #put(request: BucketRequest): BucketAnswer {
    const unmet = this.#unmet(request);
    if (unmet) return unmet;
    const { key, body } = request;
    const tag = `"${md5(body).toString('hex')}"`;
    this.#store(key, { bytes: body, tag, metadata: metadataOf(request) });
    return { status: 200, headers: { etag: tag } };
  }

  #store(key: string, stored: Omit<Stored, 'modified'>): void {
    this.objects.set(key, { ...stored, modified: this.#now() });
  }

  #get({ method, key, headers }: BucketRequest): BucketAnswer {
    const found = this.objects.get(key);
    if (!found) return method === 'HEAD' ? { status: 404 } : refusal(404, 'NoSuchKey');
    const about = {
      ...found.metadata,
      etag: found.tag,
      'last-modified': new Date(found.modified).toUTCString(),
      'content-type': 'application/octet-stream',
    };
    const { length } = found.bytes;
    if (method === 'HEAD')
      return { status: 200, headers: { ...about, 'content-length': `${length}` } };
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    if (!range) return { status: 200, headers: about, body: found.bytes };
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]), length - 1)];
    if (from >= length) return refusal(416, 'InvalidRange');
    const part = { 'content-range': `bytes ${from}-${to}/${length}` };
    return {
      status: 206,
      headers: { ...about, ...part },
      body: found.bytes.subarray(from, to + 1),
    };
  }

  #begin(request: BucketRequest): BucketAnswer {
    if (request.headers['if-none-match'] !== undefined) return refusal(400, 'InvalidArgument');
    const id = `upload&${++this.#uploadCount}`;
    this.uploads.set(id, {
      key: request.key,
      begun: this.#now(),
      metadata: metadataOf(request),
      parts: new Map(),
    });
    const said = `<UploadId>${escapeXml(id)}</UploadId>`;
    return xml(
      200,
      `<InitiateMultipartUploadResult xmlns="x">${said}</InitiateMultipartUploadResult>`,
    );
  }

  #inParts(request: BucketRequest, id: string): BucketAnswer {
    const upload = this.uploads.get(id);
    if (!upload || upload.key !== request.key) return refusal(404, 'NoSuchUpload');
    const { method, query, body } = request;
    if (method === 'DELETE') {
      this.uploads.delete(id);
      return { status: 204 };
    }
    if (method === 'POST') return this.#complete(request, id, upload);
    const number = Number(query.get('partNumber'));
    if (method !== 'PUT' || !(number >= 1 && number <= 10_000))
      return refusal(400, 'InvalidArgument');
    const tag = `"${md5(body).toString('hex')}"`;
    upload.parts.set(number, { bytes: body, tag });
    return { status: 200, headers: { etag: tag } };
  }

  #complete(request: BucketRequest, id: string, upload: Upload): BucketAnswer {
    const named = childrenOf(parseXml(request.body.toString()), 'Part').map((part) => ({
      number: Number(textIn(part, 'PartNumber')),
      tag: textIn(part, 'ETag'),
      sum: textIn(part, 'ChecksumSHA256'),
    }));
    const parts = named.flatMap(({ number }) => upload.parts.get(number) ?? []);
    const isKnown = named.every(({ number, tag, sum }) => {
      const part = upload.parts.get(number);
      const hash = createHash('sha256')
        .update(part?.bytes ?? '')
        .digest('base64');
      return part?.tag === tag && (sum === undefined || sum === hash);
    });
    if (named.length === 0 || !isKnown) return refusal(400, 'InvalidPart');
    const isOrdered = named.every(
      ({ number }, at) => at === 0 || number > (named[at - 1]?.number ?? 0),
    );
    if (!isOrdered) return refusal(400, 'InvalidPartOrder');
    if (parts.slice(0, -1).some(({ bytes }) => bytes.length < PART_BYTES_MIN)) {
      return refusal(400, 'EntityTooSmall');
    }
    const unmet = this.lacking.conditionalParts ? null : this.#unmet(request);
    if (unmet) return unmet;
    const bytes = Buffer.concat(parts.map((part) => part.bytes));
    const tags = Buffer.concat(parts.map((part) => md5(part.bytes)));
    const tag = `"${md5(tags).toString('hex')}-${parts.length}"`;
    this.#store(upload.key, { bytes, tag, metadata: upload.metadata });
    this.uploads.delete(id);
    const said = `<ETag>${escapeXml(tag)}</ETag>`;
    return xml(200, `<CompleteMultipartUploadResult>${said}</CompleteMultipartUploadResult>`);
  }

  #list(query: URLSearchParams): BucketAnswer {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const keys = [...this.objects.keys()]
      .sort()
      .filter((key) => key.startsWith(prefix) && key > after);
    const page = keys.slice(0, this.#pageMax);
    const isTruncated = page.length < keys.length;
    const listed = page.map((key) => {
      const found = this.objects.get(key);
      const modified = new Date(found?.modified ?? 0).toISOString();
      return `<Contents><Key>${escapeXml(key)}</Key><LastModified>${modified}</LastModified><Size>${found?.bytes.length}</Size></Contents>`;
    });
    const next = isTruncated
      ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? '')}</NextContinuationToken>`
      : '';
    return xml(
      200,
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${isTruncated}</IsTruncated>${next}${listed.join('')}</ListBucketResult>`,
    );
  }

  #listUploads(query: URLSearchParams): BucketAnswer {
    const listed = [...this.uploads]
      .filter(([, { key }]) => key.startsWith(query.get('prefix') ?? ''))
      .map(([id, { key, begun }]) => {
        const names = `<Key>${escapeXml(key)}</Key><UploadId>${escapeXml(id)}</UploadId>`;
        return `<Upload>${names}<Initiated>${new Date(begun).toISOString()}</Initiated></Upload>`;
      });
    return xml(200, `<ListMultipartUploadsResult>${listed.join('')}</ListMultipartUploadsResult>`);
  }

  #deleteMany({ headers, body }: BucketRequest): BucketAnswer {
    if (this.lacking.manyDeletes) return refusal(501, 'NotImplemented');
    if (headers['content-md5'] === undefined) return refusal(400, 'InvalidRequest');
    const keys = childrenOf(parseXml(body.toString()), 'Object').map(
      (one) => textIn(one, 'Key') ?? '',
    );
    if (keys.length === 0 || keys.length > 1_000) return refusal(400, 'MalformedXML');
    for (const key of keys) this.objects.delete(key);
    return xml(200, '<DeleteResult/>');
  }
}

const metadataOf = ({ headers }: BucketRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') && value !== undefined ? [[name, value]] : [],
    ),
  );
