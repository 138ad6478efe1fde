/** The thread of the page cache: does what `page-cache.ts` asks, several things by turns. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { Answer, Request } from './page-cache.ts';
import { PageCacheCalls } from './page-cache-calls.ts';
import { PageCacheWork } from './page-cache-work.ts';

/** Whoever is served goes first. On Linux this is the thread's own; elsewhere it would be the program's. */
const NICE = 10;
if (process.platform === 'linux') setPriority(NICE);

const work = new PageCacheWork(new PageCacheCalls());
/** Reads under way, and whether the answer is still wanted. */
const wanted = new Map<number, boolean>();

function answerTo(request: Request): Promise<Answer['value']> {
  const { id, kind, directory } = request;
  switch (kind) {
    case 'survey':
      return work.survey(directory);
    case 'drop':
      return work.drop(directory, request.ranges, request.bytesMin);
    case 'read':
      return work.read(directory, request.ranges, {
        bytesMax: request.bytesMax,
        isOver: () => wanted.get(id) !== true,
      });
    default:
      return request satisfies never;
  }
}

parentPort?.on('message', async (request: Request | { readonly over: number }) => {
  if ('over' in request) {
    if (wanted.has(request.over)) wanted.set(request.over, false);
    return;
  }
  const { id } = request;
  wanted.set(id, true);
  const answer: Answer = await answerTo(request).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, value: 0, error: String(error) }),
  );
  wanted.delete(id);
  parentPort?.postMessage(answer);
});
