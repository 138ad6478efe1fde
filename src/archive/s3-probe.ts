/**
 * Finds out at the start what a bucket can do. That nothing is lost rests on conditional writes, and a
 * store that does not know their headers passes over them in silence: so it is tried.
 */
import { fault } from '../domain/faults.ts';
import { isDone, refused, type S3Answer, type S3Client, sha256 } from './s3-client.ts';
import { abortUpload, beginUpload, completeUpload, sendPart, type Upload } from './s3-multipart.ts';

export type S3Features = {
  /** Takes `x-amz-checksum-sha256`; the signature covers the bytes in any case. */
  readonly checksums: boolean;
  /** Completes an upload in parts only if no object is there. Large objects go in one request otherwise. */
  readonly conditionalParts: boolean;
};

/** No entity tag of anything. */
const NO_TAG = '"00000000000000000000000000000000"';

/** Throws `ARCHIVE_DOWN` if the bucket cannot be used, or has no conditional writes. `key` must be unused. */
export async function probe(client: S3Client, key: string): Promise<S3Features> {
  try {
    const checksums = await writeFirst(client, key);
    await expectRefusal(client, key, { 'if-none-match': '*' });
    await expectRefusal(client, key, { 'if-match': NO_TAG });
    const head = await client.send({ method: 'HEAD', key });
    const tag = head.headers.get('etag');
    if (!isDone(head) || tag === null) throw refused(head);
    const swapped = await put(client, key, 'swapped', { 'if-match': tag });
    if (!isDone(swapped)) throw swapped.status === 403 ? refused(swapped) : unconditional();
    return { checksums, conditionalParts: await refusesParts(client, key, checksums) };
  } finally {
    await client.send({ method: 'DELETE', key }).catch(() => undefined);
  }
}

/** Returns whether the bucket takes checksums. */
async function writeFirst(client: S3Client, key: string): Promise<boolean> {
  const condition = { 'if-none-match': '*' };
  const checksum = { 'x-amz-checksum-sha256': sha256('first').toString('base64') };
  const first = await put(client, key, 'first', { ...condition, ...checksum });
  if (isDone(first) || (first.status === 412 && first.unsure)) return true;
  if (first.status !== 400 && first.status !== 501) throw refused(first);
  const second = await put(client, key, 'first', condition);
  if (isDone(second) || (second.status === 412 && second.unsure)) return false;
  throw second.status === 501 ? unconditional() : refused(second);
}

async function expectRefusal(
  client: S3Client,
  key: string,
  condition: Readonly<Record<string, string>>,
): Promise<void> {
  const answer = await put(client, key, 'overwritten', condition);
  if (answer.status === 412) return;
  throw isDone(answer) || answer.status === 501 ? unconditional() : refused(answer);
}

function put(
  client: S3Client,
  key: string,
  text: string,
  headers: Readonly<Record<string, string>>,
): Promise<S3Answer> {
  return client.send({ method: 'PUT', key, headers, body: Buffer.from(text) });
}

/** Whether an upload in parts is refused where an object is. */
async function refusesParts(client: S3Client, key: string, checksums: boolean): Promise<boolean> {
  const upload: Upload = { client, key, bytes: Buffer.from('parts'), metadata: {}, checksums };
  let uploadId: string | undefined;
  try {
    uploadId = await beginUpload(upload);
    const part = await sendPart(upload, uploadId, 1);
    return (await completeUpload(upload, uploadId, [part])).status === 412;
  } catch {
    return false;
  } finally {
    if (uploadId !== undefined) await abortUpload(upload, uploadId);
  }
}

const unconditional = (): Error =>
  fault('ARCHIVE_DOWN', {
    why: 'its bucket does not support conditional writes (If-None-Match, If-Match); use a store that does',
  });
