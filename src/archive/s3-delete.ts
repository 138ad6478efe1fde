/** Deletions, a thousand in a request where the store can. */
import { createHash } from 'node:crypto';
import { isDone, refused, type S3Answer, type S3Client } from './s3-client.ts';
import { childrenOf, escapeXml, parseXml, textIn } from './s3-xml.ts';

const KEYS_MAX = 1_000;
const DELETES_AT_ONCE = 16;

/** Stores that cannot delete many at once, as Google's, say so with one of these. */
const UNKNOWN_REQUEST: ReadonlySet<number> = new Set([400, 404, 405, 501]);

/** Deletes what is there of `keys`, which `prefix` comes before in the bucket. */
export async function deleteObjects(
  client: S3Client,
  prefix: string,
  keys: readonly string[],
): Promise<void> {
  for (let from = 0; from < keys.length; from += KEYS_MAX) {
    const left = await deleteMany(client, prefix, keys.slice(from, from + KEYS_MAX));
    for (let at = 0; at < left.length; at += DELETES_AT_ONCE) {
      const batch = left.slice(at, at + DELETES_AT_ONCE);
      await Promise.all(batch.map((key) => deleteOne(client, key)));
    }
  }
}

/** Returns those that it has not deleted, to be deleted one by one, which says why. */
async function deleteMany(
  client: S3Client,
  prefix: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  if (keys.length === 1) return keys;
  const listed = keys.map((key) => `<Object><Key>${escapeXml(prefix + key)}</Key></Object>`);
  const body = Buffer.from(`<Delete><Quiet>true</Quiet>${listed.join('')}</Delete>`);
  const answer = await client.send({
    method: 'POST',
    query: { delete: '' },
    headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
    body,
  });
  if (isDone(answer)) return notDeleted(answer, prefix, keys);
  if (UNKNOWN_REQUEST.has(answer.status) && answer.code !== 'NoSuchBucket') return keys;
  throw refused(answer);
}

function notDeleted(answer: S3Answer, prefix: string, keys: readonly string[]): readonly string[] {
  const root = parseXml(answer.body.toString('utf8'));
  const failed = new Set(childrenOf(root, 'Error').map((error) => textIn(error, 'Key')));
  return keys.filter((key) => failed.has(prefix + key));
}

async function deleteOne(client: S3Client, key: string): Promise<void> {
  const answer = await client.send({ method: 'DELETE', key });
  if (!isDone(answer) && answer.status !== 404) throw refused(answer);
}
