/**
 * Queries of the API, put to tenants' databases.
 *
 * A session stays open for a moment after its query, so that a sequence of them logs in once. It is given
 * back as it was at the login, or not at all.
 */
import type { Clock } from '../../domain/clock.ts';
import { fault } from '../../domain/faults.ts';
import type { QueryLogin, QueryOutcome, QueryRequest, QueryRunner } from '../../domain/query.ts';
import { elapsed, ms, seconds } from '../../domain/units.ts';
import { type ProxyPlace, QuerySession } from './session.ts';

/** How long a session is kept for the next query. */
const KEPT_FOR = seconds(10);

/** Sessions kept for one tenant's database, and of all. */
const KEPT_OF_ONE_MAX = 4;
const KEPT_MAX = 100;

type Kept = {
  readonly session: QuerySession;
  /** Whether it is as it was at the login; known in a moment. */
  readonly isReset: Promise<boolean>;
  readonly cancel: () => void;
};

export class PooledQueries implements QueryRunner {
  readonly #clock: Clock;
  readonly #place: ProxyPlace;
  readonly #kept = new Map<string, Kept[]>();
  #count = 0;
  #isClosed = false;

  constructor(clock: Clock, place: ProxyPlace) {
    this.#clock = clock;
    this.#place = place;
  }

  async run(
    request: QueryRequest,
    login: () => Promise<QueryLogin>,
    signal: AbortSignal,
  ): Promise<QueryOutcome> {
    signal.throwIfAborted();
    const began = this.#clock.now();
    const { tenant, rights, database, caller } = request;
    const key = JSON.stringify([tenant, rights, database, caller]);
    const known = await this.#take(key);
    const session = known ?? (await this.#opened(request, await login(), signal));
    const asked = this.#clock.now();
    const told = await this.#bounded(session, request, signal).catch((error: unknown) => {
      this.#giveBack(key, session);
      throw error;
    });
    const took = elapsed(asked, this.#clock.now());
    this.#giveBack(key, session);
    return { ...told, took, connecting: known ? ms(0) : elapsed(began, asked) };
  }

  close(): void {
    this.#isClosed = true;
    for (const { session, cancel } of [...this.#kept.values()].flat()) {
      cancel();
      session.close();
    }
    this.#kept.clear();
  }

  /** A login cannot be called back; whoever gives up does not wait for it. */
  async #opened(
    { database }: QueryRequest,
    login: QueryLogin,
    signal: AbortSignal,
  ): Promise<QuerySession> {
    const opening = QuerySession.open(this.#place, login, database);
    const gone = abortOf(signal);
    try {
      return await Promise.race([opening, gone.promise]);
    } catch (error) {
      opening.then((session) => session.close()).catch(() => {});
      throw error;
    } finally {
      gone.forget();
    }
  }

  async #bounded(session: QuerySession, request: QueryRequest, signal: AbortSignal) {
    const gone = abortOf(signal);
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.timer(request.timeout, () =>
      late.reject(fault('QUERY_TIMEOUT', { waited: request.timeout })),
    );
    let isOver = false;
    const answer = session.run(request).finally(() => {
      isOver = true;
    });
    answer.catch(() => {});
    try {
      return await Promise.race([answer, gone.promise, late.promise]);
    } finally {
      cancel();
      gone.forget();
      if (!isOver) session.destroy();
    }
  }

  async #take(key: string): Promise<QuerySession | undefined> {
    for (;;) {
      const last = this.#kept.get(key)?.at(-1);
      if (last === undefined) return undefined;
      this.#drop(key, last);
      last.cancel();
      if ((await last.isReset) && last.session.isOpen) return last.session;
    }
  }

  #giveBack(key: string, session: QuerySession): void {
    if (!session.isOpen) return;
    const kept = this.#kept.get(key) ?? [];
    if (this.#isClosed || kept.length >= KEPT_OF_ONE_MAX || this.#count >= KEPT_MAX) {
      session.close();
      return;
    }
    const isReset = session.reset().then(
      () => true,
      () => {
        session.destroy();
        return false;
      },
    );
    const entry: Kept = {
      ...{ session, isReset },
      cancel: this.#clock.timer(KEPT_FOR, () => {
        this.#drop(key, entry);
        session.close();
      }),
    };
    this.#kept.set(key, [...kept, entry]);
    this.#count += 1;
  }

  #drop(key: string, entry: Kept): void {
    const rest = (this.#kept.get(key) ?? []).filter((one) => one !== entry);
    if (rest.length === 0) this.#kept.delete(key);
    else this.#kept.set(key, rest);
    this.#count -= 1;
  }
}

/** A promise that rejects with the reason of `signal`; `forget` lets go of the signal. */
function abortOf(signal: AbortSignal): {
  readonly promise: Promise<never>;
  readonly forget: () => void;
} {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return { promise, forget: () => signal.removeEventListener('abort', onAbort) };
}
