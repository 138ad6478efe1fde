/** Work that takes long: begun, watched, waited for, stopped. */

import type { AnswerOf, QueryOf } from '../contract/routes.ts';
import type { WorkName } from '../contract/work/operations-work.ts';
import type { WorkOperation, WorkPage } from '../contract/work/work.ts';
import { DynaBaseError, unreachable } from './error.ts';
import { onPages, PAGE_SIZE } from './pages.ts';
import type { CallOptions, Input, Transport } from './transport.ts';

/** How often who wants to hear of progress is told. */
const TOLD_EVERY = '1s';

/** How long one request waits for the end. */
const WATCHED_FOR = '30s';

/** What the server answers with when the work goes on without us. */
const AT_ONCE = '0s';

/** How to wait. */
export type WaitOptions = CallOptions & {
  /** Is told at the beginning, about once a second, and at the end. */
  readonly onProgress?: (operation: WorkOperation) => void;
};

/** What is given to a kind of work: `params`, `query` and `body` of its request. */
export type WorkInput<N extends WorkName> = Partial<Input<N>>;

/** Long work of the API. It goes on when the connection is lost, and can be found again. */
export class Operations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The latest first, fetched page by page as the loop asks for them. */
  list(
    query: Omit<QueryOf<'listOperations'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<WorkOperation, void, void> {
    return onPages(
      (place) => {
        const asked = { limit: PAGE_SIZE, ...query, ...place };
        return this.#transport.call('listOperations', { query: asked }, options);
      },
      ({ operations }: WorkPage) => operations,
    );
  }

  /** How it stands. Its `answer` is given once: who waits for it asks `wait`. */
  get(operation: string, options?: CallOptions): Promise<WorkOperation> {
    return this.#transport.call('getOperation', { params: { operation } }, options);
  }

  /** Where that leaves all as it was; else `CANNOT_CANCEL`. */
  cancel(operation: string, options?: CallOptions): Promise<WorkOperation> {
    return this.#transport.call('cancelOperation', { params: { operation } }, options);
  }

  /** Begins something and does not wait for it. */
  async begin<N extends WorkName>(
    name: N,
    input: WorkInput<N>,
    options?: CallOptions,
  ): Promise<WorkOperation> {
    const begun = await this.#start(name, input, { wait: AT_ONCE, options });
    if ('operation' in begun) return begun.operation;
    // A delete that was repeated since its first answer was lost.
    throw unreachable('the work is over, and which operation it was is not known');
  }

  /** Does something to its end, telling meanwhile how far it is. Throws what the work failed with. */
  async run<N extends WorkName>(
    name: N,
    input: WorkInput<N>,
    options: WaitOptions = {},
  ): Promise<AnswerOf<N>> {
    const wait = options.onProgress === undefined ? WATCHED_FOR : TOLD_EVERY;
    const begun = await this.#start(name, input, { wait, options });
    if ('answer' in begun) return begun.answer;
    options.onProgress?.(begun.operation);
    const { id, answer } = await this.wait(begun.operation.id, options);
    if (answer !== undefined || name === 'deleteTenant') return answer as AnswerOf<N>;
    throw unreachable(`operation ${id} is done, but its answer was lost on the way`);
  }

  /** Until it is done. Throws what it failed with, `CANCELLED` among that. */
  async wait(operation: string, options?: WaitOptions): Promise<WorkOperation> {
    const ended = await this.ended(operation, options);
    if (ended.status !== 'done') throw failureOf(ended);
    return ended;
  }

  /** Until it has ended, however that is. `answer` is there for who has begun it, once. */
  async ended(operation: string, options: WaitOptions = {}): Promise<WorkOperation> {
    const wait = options.onProgress === undefined ? WATCHED_FOR : TOLD_EVERY;
    for (;;) {
      const call = { params: { operation }, query: { wait } };
      const now: WorkOperation = await this.#transport.call('getOperation', call, options);
      options.onProgress?.(now);
      if (now.status !== 'running') return now;
    }
  }

  async #start<N extends WorkName>(
    name: N,
    input: WorkInput<N>,
    { wait, options }: { readonly wait: string; readonly options: CallOptions | undefined },
  ): Promise<Begun<N>> {
    const query = { ...input.query, wait };
    const { answer, isAccepted } = await this.#transport.exchange(
      name,
      { ...input, query } as WorkInput<N>,
      options,
    );
    // `202`: the answer is the operation, in place of what the route answers with.
    return isAccepted ? { operation: answer as unknown as WorkOperation } : { answer };
  }
}

type Begun<N extends WorkName> =
  | { readonly answer: AnswerOf<N> }
  | { readonly operation: WorkOperation };

/** What an operation keeps of its failure; a `Problem` says more. */
function failureOf({ id, status, fault }: WorkOperation): DynaBaseError {
  const isCancelled = status === 'cancelled';
  return new DynaBaseError({
    code: fault?.code ?? (isCancelled ? 'CANCELLED' : 'INTERNAL'),
    message: fault?.message ?? `operation "${id}" ${isCancelled ? 'was cancelled' : 'failed'}`,
    sqlstate: isCancelled ? '57014' : 'XX000',
    http: isCancelled ? 409 : 500,
    retry: 'never',
  });
}
