/** Large objects: sent in parts, several at once, and there as a whole when the last request says so. */
import { fault } from '../domain/faults.ts';
import { isDone, refused, type S3Answer, type S3Client, sha256 } from './s3-client.ts';
import { childrenOf, escapeXml, parseXml, textIn } from './s3-xml.ts';

/** Sent at once; with four at a time at most 32 MB are on the way. */
const PART_BYTES = 8 * 1_024 * 1_024;
const PARTS_MAX = 10_000;
const PARTS_AT_ONCE = 4;

/** How often all is sent again because another writer came between. */
const CONFLICTS_MAX = 3;

export type Upload = {
  readonly client: S3Client;
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Kept with the object. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksums: boolean;
  readonly signal?: AbortSignal | undefined;
};

type Part = { readonly number: number; readonly etag: string; readonly checksum: string };

/**
 * Sends an object that must not be there. Returns the last answer: done, 412, or 404 where an earlier
 * answer was lost. A failed upload is taken back as far as the store can be reached.
 */
export async function createInParts(upload: Upload): Promise<S3Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await uploadOnce(upload);
    if (answer.status !== 409) return answer;
    if (tries === CONFLICTS_MAX) throw refused(answer);
  }
}

async function uploadOnce(upload: Upload): Promise<S3Answer> {
  const uploadId = await beginUpload(upload);
  let answer: S3Answer | undefined;
  try {
    answer = await completeUpload(upload, uploadId, await sendParts(upload, uploadId));
    return answer;
  } finally {
    if (!answer || !isDone(answer)) await abortUpload(upload, uploadId);
  }
}

/** Begins an upload; no object is there before it is completed. */
export async function beginUpload(upload: Upload): Promise<string> {
  const { client, key, metadata, checksums, signal } = upload;
  const headers = { ...metadata, ...(checksums && { 'x-amz-checksum-algorithm': 'SHA256' }) };
  const answer = await client.send({
    method: 'POST',
    key,
    query: { uploads: '' },
    headers,
    signal,
  });
  if (!isDone(answer)) throw refused(answer);
  return wordIn(answer, 'UploadId');
}

async function sendParts(upload: Upload, uploadId: string): Promise<readonly Part[]> {
  const stop = new AbortController();
  const signal = upload.signal ? AbortSignal.any([upload.signal, stop.signal]) : stop.signal;
  const partBytes = Math.max(PART_BYTES, Math.ceil(upload.bytes.length / PARTS_MAX));
  const count = Math.max(1, Math.ceil(upload.bytes.length / partBytes));
  const parts: Part[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const bytes = upload.bytes.subarray(at * partBytes, (at + 1) * partBytes);
      parts[at] = await sendPart({ ...upload, bytes, signal }, uploadId, at + 1);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, work));
  } finally {
    stop.abort();
  }
  return parts;
}

/** Sends one part, which is all of the upload's bytes here. */
export async function sendPart(upload: Upload, uploadId: string, number: number): Promise<Part> {
  const { client, key, bytes, checksums, signal } = upload;
  const checksum = checksums ? sha256(bytes).toString('base64') : '';
  const answer = await client.send({
    method: 'PUT',
    key,
    query: { partNumber: String(number), uploadId },
    headers: checksums ? { 'x-amz-checksum-sha256': checksum } : {},
    body: bytes,
    signal,
  });
  if (!isDone(answer)) throw refused(answer);
  return { number, etag: answer.headers.get('etag') ?? '', checksum };
}

/** Makes the parts an object if none is there: 412 otherwise. */
export async function completeUpload(
  { client, key, signal }: Upload,
  uploadId: string,
  parts: readonly Part[],
): Promise<S3Answer> {
  const listed = parts.map(({ number, etag, checksum }) => {
    const sum = checksum === '' ? '' : `<ChecksumSHA256>${checksum}</ChecksumSHA256>`;
    return `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag>${sum}</Part>`;
  });
  const answer = await client.send({
    method: 'POST',
    key,
    query: { uploadId },
    headers: { 'if-none-match': '*' },
    body: Buffer.from(`<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`),
    conflict: 'answer',
    signal,
  });
  return isDone(answer) ? honest(answer) : answer;
}

/** S3 may begin to answer 200 before it knows, and then say in the body that it failed. */
function honest(answer: S3Answer): S3Answer {
  let failed: string | undefined;
  try {
    const root = parseXml(answer.body.toString('utf8').trim());
    if (root.name === 'CompleteMultipartUploadResult') return answer;
    failed = textIn(root, 'Code');
  } catch {
    failed = undefined;
  }
  if (failed === 'PreconditionFailed') return { ...answer, status: 412, code: failed };
  if (failed === 'ConditionalRequestConflict') return { ...answer, status: 409, code: failed };
  return { ...answer, status: 500, code: /^\w{1,64}$/.exec(failed ?? '')?.[0] ?? '' };
}

/** Takes an upload back, so that its parts cost nothing. What cannot be is the bucket's lifecycle rule's. */
export async function abortUpload({ client, key }: Upload, uploadId: string): Promise<void> {
  await client.send({ method: 'DELETE', key, query: { uploadId } }).catch(() => undefined);
}

/**
 * Takes back uploads that were begun before `before`, in milliseconds since 1970: their writers are dead.
 * A store that cannot list them keeps them.
 */
export async function sweepUploads(
  client: S3Client,
  prefix: string,
  before: number,
): Promise<void> {
  try {
    const answer = await client.send({ method: 'GET', query: { uploads: '', prefix } });
    if (!isDone(answer)) return;
    for (const upload of childrenOf(parseXml(answer.body.toString('utf8')), 'Upload')) {
      const [key, uploadId] = [textIn(upload, 'Key') ?? '', textIn(upload, 'UploadId') ?? ''];
      const isOld = Date.parse(textIn(upload, 'Initiated') ?? '') < before;
      if (!isOld || !key.startsWith(prefix)) continue;
      await client.send({ method: 'DELETE', key: key.slice(prefix.length), query: { uploadId } });
    }
  } catch {
    // They cost a little, and nothing rests on their absence.
  }
}

function wordIn(answer: S3Answer, name: string): string {
  const word = textIn(parseXml(answer.body.toString('utf8')), name);
  if (word) return word;
  throw fault('ARCHIVE_DOWN', { why: `its bucket answers without ${name}` });
}
