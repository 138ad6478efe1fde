/**
 * Threads for what would hold up the event loop: reading, hashing, compressing, sealing.
 *
 * They are started when there is work for them and ended after a while without. A job whose content
 * is small is done in place, since the way to a thread and back takes as long.
 */
import { Worker } from 'node:worker_threads';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { seconds } from '../domain/units.ts';
import { type Answer, type Job, perform } from './chunk-jobs.ts';
import { Damage } from './damage.ts';

const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? './chunk-worker.ts' : './chunk-worker.js',
  import.meta.url,
);

const REST_AFTER = seconds(30);

type Task = {
  readonly job: Job;
  readonly memory: readonly ArrayBuffer[];
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
};

type Reply =
  | { readonly answer: unknown }
  | { readonly error: unknown; readonly code: string | undefined; readonly isDamage: boolean };

type Hand = { readonly worker: Worker; task: Task | null };

export class ChunkWorkers {
  readonly #clock: Clock;
  /** 0 does all in place. */
  readonly #countMax: number;
  readonly #hands = new Set<Hand>();
  readonly #waiting: Task[] = [];
  #cancelRest: CancelTimer = () => {};
  #isClosed = false;

  constructor(clock: Clock, countMax: number) {
    this.#clock = clock;
    this.#countMax = countMax;
  }

  /** How many jobs can be under way at once. */
  get width(): number {
    return Math.max(1, this.#countMax);
  }

  /** Does the job in a thread. What is in `memory` belongs to the job from now on. */
  run<J extends Job>(job: J, memory: readonly ArrayBuffer[] = []): Promise<Answer<J>> {
    if (this.#countMax === 0) return this.here(job);
    if (this.#isClosed) return Promise.reject(new Error('the archive is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, memory, resolve, reject });
      this.#hand();
    });
  }

  /** Does the job in place, after others have had their turn. */
  async here<J extends Job>(job: J): Promise<Answer<J>> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    return perform(job) as Answer<J>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const task of this.#waiting.splice(0)) task.reject(new Error('the archive is closed'));
    await this.#endAll();
  }

  #hand(): void {
    this.#cancelRest();
    let free = [...this.#hands].find((hand) => hand.task === null);
    if (!free && this.#hands.size < this.#countMax) free = this.#start();
    const task = free && this.#waiting.shift();
    if (!free || !task) return;
    free.task = task;
    free.worker.ref();
    free.worker.postMessage(task.job, [...task.memory]);
  }

  #start(): Hand {
    const worker = new Worker(PROGRAM, { execArgv: [], env: {} });
    const hand: Hand = { worker, task: null };
    this.#hands.add(hand);
    worker.on('message', (reply: Reply) => this.#done(hand, reply));
    worker.on('error', (error) => this.#lost(hand, error));
    worker.on('exit', () => this.#lost(hand, new Error('a worker of the archive ended')));
    return hand;
  }

  #done(hand: Hand, reply: Reply): void {
    const task = hand.task;
    hand.task = null;
    hand.worker.unref();
    if ('answer' in reply) task?.resolve(reply.answer as never);
    else task?.reject(revived(reply));
    if (this.#waiting.length > 0) this.#hand();
    if ([...this.#hands].some(({ task }) => task !== null)) return;
    this.#cancelRest();
    this.#cancelRest = this.#clock.timer(REST_AFTER, () => {
      this.#endAll().catch(() => {});
    });
  }

  #lost(hand: Hand, error: unknown): void {
    if (!this.#hands.delete(hand)) return;
    hand.task?.reject(error);
    if (this.#waiting.length > 0) this.#hand();
  }

  async #endAll(): Promise<void> {
    this.#cancelRest();
    await Promise.all([...this.#hands].map(({ worker }) => worker.terminate()));
  }
}

/** A copy between threads is an `Error` of no class, without the code of the system. */
function revived({ error, code, isDamage }: Extract<Reply, { error: unknown }>): unknown {
  if (!(error instanceof Error)) return error;
  if (isDamage) return new Damage(error.message, { cause: error });
  return code === undefined ? error : Object.assign(error, { code });
}
