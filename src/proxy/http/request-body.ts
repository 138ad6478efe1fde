import type { IncomingMessage } from 'node:http';
import { fault } from '../../domain/faults.ts';
import { ClientGone } from '../inbox.ts';

/** The body of a request as text. Throws `BODY_TOO_LARGE`, or `ClientGone`. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const tooLarge = (): void => {
    chunks = [];
    request.off('data', take);
    reject(fault('BODY_TOO_LARGE', { bytesMax }));
  };
  let chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer): void => {
    length += chunk.length;
    if (length > bytesMax) tooLarge();
    else chunks.push(chunk);
  };
  // What was declared is not waited for.
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    tooLarge();
    return promise;
  }
  request.on('data', take);
  request.once('end', () => {
    const [first] = chunks;
    const isOne = chunks.length === 1 && first !== undefined;
    resolve((isOne ? first : Buffer.concat(chunks)).toString('utf8'));
  });
  const gone = (): void => {
    if (!request.complete) reject(new ClientGone());
  };
  request.once('close', gone);
  request.once('error', gone);
  return promise;
}
