/**
 * The page cache of this machine, asked and moved in a thread of its own: a tenant has a thousand files,
 * and the control plane has others to serve meanwhile. Where the system lacks the calls nothing is
 * resident, nothing is dropped and nothing is read.
 */
import { Worker } from 'node:worker_threads';
import type { FileFacts, FileRange } from './page-cache-work.ts';

const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? './page-cache-thread.ts' : './page-cache-thread.js',
  import.meta.url,
);

/** In MB. What it allocates is short-lived. */
const NEW_OBJECTS_MB = 4;

type Asked =
  | { readonly kind: 'survey'; readonly directory: string }
  | {
      readonly kind: 'drop';
      readonly directory: string;
      readonly ranges: readonly FileRange[];
      readonly bytesMin: number;
    }
  | {
      readonly kind: 'read';
      readonly directory: string;
      readonly ranges: readonly FileRange[];
      readonly bytesMax: number;
    };

export type Request = { readonly id: number } & Asked;

export type Answer = {
  readonly id: number;
  readonly value: number | readonly FileFacts[];
  readonly error?: string;
};

type Waiting = { resolve(value: Answer['value']): void; reject(error: Error): void };

export class ThreadedPageCache {
  #thread: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isClosed = false;

  /** Has the thread started now rather than when it is needed first. */
  open(): void {
    this.#running();
  }

  async survey(directory: string): Promise<readonly FileFacts[]> {
    const facts = await this.#ask({ kind: 'survey', directory });
    return typeof facts === 'number' ? [] : facts;
  }

  async drop(directory: string, ranges: readonly FileRange[], bytesMin: number): Promise<number> {
    return Number(await this.#ask({ kind: 'drop', directory, ranges, bytesMin }));
  }

  async read(
    directory: string,
    ranges: readonly FileRange[],
    bytesMax: number,
    signal: AbortSignal,
  ): Promise<number> {
    if (signal.aborted) return 0;
    const id = this.#lastId + 1;
    const stop = (): void => this.#thread?.postMessage({ over: id });
    signal.addEventListener('abort', stop, { once: true });
    try {
      return Number(await this.#ask({ kind: 'read', directory, ranges, bytesMax }));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Ends the thread; what is under way fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.terminate();
  }

  #ask(asked: Asked): Promise<Answer['value']> {
    const thread = this.#running();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Answer['value']>();
    this.#waiting.set(id, { resolve, reject });
    // The program ends when nothing but an idle thread is left of it.
    thread.ref();
    thread.postMessage({ id, ...asked } satisfies Request);
    return promise;
  }

  #running(): Worker {
    if (this.#isClosed) throw new Error('the page cache is not asked any more');
    if (this.#thread) return this.#thread;
    const thread = new Worker(PROGRAM, {
      name: 'page cache',
      // It opens files by calls that Node does not see.
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: NEW_OBJECTS_MB },
    });
    thread.unref();
    thread.on('message', (answer: Answer) => this.#answered(thread, answer));
    // The next request starts another.
    thread.on('error', (error) => this.#ended(thread, error));
    thread.on('exit', () => this.#ended(thread, new Error('the thread of the page cache ended')));
    this.#thread = thread;
    return thread;
  }

  #answered(thread: Worker, { id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) thread.unref();
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }

  #ended(thread: Worker, error: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error('the page cache is lost', { cause: error }));
  }
}
