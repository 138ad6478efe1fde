/**
 * Remembers the outcome of requests that must not be done twice.
 *
 * A client that lost an answer sends the request again with the same `Idempotency-Key` and gets
 * the same answer, or waits for the one that is under way. Failures are forgotten, so that they
 * can be tried again. What was done is written to the catalog before it is answered: after a
 * restart the answer is there again, but for one that holds a secret, which is never stored; that
 * one's repeat is told so, and how to get a new secret. Should the server end between the work and
 * that write, a repeat is a new request, and a create then meets what it made.
 * Source: IETF draft "The Idempotency-Key HTTP Header Field".
 */
import { createHash } from 'node:crypto';
import { OPERATIONS, type OperationName } from '../../contract/operations.ts';
import { SECRET_ANSWERS } from '../../contract/secret-answers.ts';
import { Begun } from '../../control/operations.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Json } from '../../domain/decision.ts';
import type { DoneRequest, DoneRequests } from '../../domain/done-request.ts';
import { fault } from '../../domain/faults.ts';
import type { Log } from '../../domain/log.ts';
import { type DurationMs, elapsed, hours, type Instant, later, ms } from '../../domain/units.ts';

/** How long an outcome is remembered. */
export const REMEMBERED_FOR: DurationMs = hours(24);

/** Outcomes remembered at most; the oldest is forgotten first. */
export const REMEMBERED_MAX = 1_000;

/** Forgotten in the catalog with each one that is written: more than one, so that they end. */
const FORGOTTEN_AT_ONCE = 20;

export type KeyedRequest = {
  /** Its own key, which nobody else's request can have. */
  readonly key: string;
  readonly name: OperationName;
  readonly params: unknown;
  readonly body: unknown;
};

type Memory = {
  readonly since: Instant;
  readonly request: string;
  readonly outcome: Promise<unknown>;
  /** Not while it is under way: a repeat would be done beside it. */
  mayBeForgotten: boolean;
};

type World = { readonly clock: Clock; readonly log: Log; readonly store: DoneRequests };

/** Writes down what was answered; never throws. */
export type Keep = (answer: unknown) => Promise<void>;

export class Idempotency {
  readonly #world: World;
  readonly #memories = new Map<string, Memory>();

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * The outcome of `run`, or of the earlier run of the same request under the same key. `run` has its answer kept.
   * Throws `IDEMPOTENCY_KEY_REUSED` if the key belongs to another request, `IDEMPOTENT_ANSWER_LOST`.
   */
  async once(asked: KeyedRequest, run: (keep: Keep) => Promise<unknown>): Promise<unknown> {
    this.#forgetOld();
    const { key, name, params, body } = asked;
    const digest = sha256(JSON.stringify([name, params, body ?? null]));
    const request = digest.toString('base64');
    const known = this.#memories.get(key);
    if (known) {
      if (known.request !== request) throw fault('IDEMPOTENCY_KEY_REUSED', {});
      return await known.outcome;
    }
    const outcome = this.#found(asked, digest, run);
    const since = this.#world.clock.now();
    const memory: Memory = { since, request, outcome, mayBeForgotten: false };
    this.#memories.set(key, memory);
    // Work that has begun may still fail.
    const ended = outcome.then((value) => (value instanceof Begun ? value.outcome : value));
    ended.then(
      () => {
        memory.mayBeForgotten = true;
      },
      () => {
        if (this.#memories.get(key) === memory) this.#memories.delete(key);
      },
    );
    return await outcome;
  }

  async #found(
    { key, name, params }: KeyedRequest,
    requestHash: Uint8Array,
    run: (keep: Keep) => Promise<unknown>,
  ): Promise<unknown> {
    const { clock, log, store } = this.#world;
    const keyHash = sha256(key);
    const oldest = () => later(clock.wall(), ms(-REMEMBERED_FOR));
    const done = await store.find(keyHash, oldest());
    if (done !== undefined) {
      if (Buffer.compare(done.requestHash, requestHash) !== 0) {
        throw fault('IDEMPOTENCY_KEY_REUSED', {});
      }
      return answerOf(done);
    }
    return await run(async (answer) => {
      const kept = isSecret(name) ? null : ((answer ?? null) as Json);
      const subject = subjectOf(params, answer);
      const row: DoneRequest = { keyHash, requestHash, operation: name, answer: kept, subject };
      try {
        await store.save(row, clock.wall());
        await store.forget(oldest(), FORGOTTEN_AT_ONCE);
      } catch (error) {
        // It is done: to fail now would have it tried again.
        log.warn('an answer is not kept for its repeats', { operation: name, error });
      }
    });
  }

  /** Memories are in order of age, so the first that is young enough ends the search. */
  #forgetOld(): void {
    const now = this.#world.clock.now();
    for (const [key, memory] of this.#memories) {
      const young = elapsed(memory.since, now) < REMEMBERED_FOR;
      if (young && this.#memories.size < REMEMBERED_MAX) return;
      if (memory.mayBeForgotten) this.#memories.delete(key);
    }
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const isSecret = (name: string): name is keyof typeof SECRET_ANSWERS =>
  Object.hasOwn(SECRET_ANSWERS, name);

/** The parameters of the path of what was made or changed: an id for those that the path has not. */
function subjectOf(params: unknown, answer: unknown): DoneRequest['subject'] {
  const { id, name } = (answer ?? {}) as { readonly id?: unknown; readonly name?: unknown };
  const given = Object.entries((params ?? {}) as Record<string, string>);
  return {
    ...Object.fromEntries(given),
    ...(typeof id === 'string' && { id }),
    ...(typeof name === 'string' && { name }),
  };
}

function answerOf({ operation, answer, subject }: DoneRequest): unknown {
  if (!isSecret(operation)) return answer ?? undefined;
  const { method, path } = OPERATIONS[SECRET_ANSWERS[operation]];
  const { id, name } = subject;
  const isNew = operation === 'createTenant' || operation === 'forkTenant';
  const way = path.replaceAll(/:(\w+)/g, (_, param: string) => {
    const known = isNew ? id : subject[param];
    return encodeURIComponent(known ?? (param === 'role' ? name : id) ?? '');
  });
  const what = name === undefined ? (id ?? '') : `${name}${id === undefined ? '' : ` (${id})`}`;
  throw fault('IDEMPOTENT_ANSWER_LOST', { what, way: `${method} ${way}` });
}
