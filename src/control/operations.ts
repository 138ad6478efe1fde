/**
 * Long work as operations: begun, looked at, waited for, cancelled, and found again after a restart.
 *
 * An operation is written twice, when it begins and when it has ended; how far it is, is known in memory only. Its
 * writes are on nobody's way but of who wants to be answered before it is done, since only that one is told its id.
 * What an earlier run has left running has failed, and its tenant heals by itself.
 */
import { type Caller, mayDo } from '../domain/caller.ts';
import type { Clock } from '../domain/clock.ts';
import type { Json } from '../domain/decision.ts';
import type { Events, EventTenant } from '../domain/events.ts';
import { type Fault, fault, isFault, toFault } from '../domain/faults.ts';
import { type CustomerId, isId, newId, type OperationId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Operation, OperationQuery, OperationStore, WorkKind } from '../domain/operation.ts';
import type { Random } from '../domain/random.ts';
import { type DurationMs, hours, later, ms, seconds } from '../domain/units.ts';
import type { ArchiveWork, Followed } from './archive-work.ts';

/** Ended ones that are known without the catalog, and whose answers can still be had. */
const KEPT_MAX = 1_000;

/** How long the answer of one that nobody waited for is kept for who asked. */
const ANSWER_KEPT_FOR = hours(1);

/** How long ended operations can be looked at. */
const FORGOTTEN_AFTER = hours(24 * 30);

/** Forgotten with each one that ends: more than one, so that they end. */
const FORGOTTEN_AT_ONCE = 20;

const SAVE_AGAIN_AFTER = seconds(2);

/** What can be stopped, and at which step that ends. */
const STOPPABLE: Readonly<Partial<Record<WorkKind, Followed['commitsAt']>>> = {
  archive: 'save',
  snapshot: 'save',
  restore: 'share',
  fork: 'share',
};

/** What is done for all who wait for it: who cancels one stops waiting, and it goes on for the others. */
const LEAVABLE: ReadonlySet<WorkKind> = new Set(['wake']);

export type Wish = {
  readonly kind: WorkKind;
  readonly caller: Caller;
  readonly tenant: EventTenant | null;
  readonly customer: CustomerId | null;
};

/** What of an answer may be stored. */
export type Done<T> = {
  readonly answer: T;
  readonly result: { readonly [key: string]: Json } | null;
  /** Of one that has come to be. */
  readonly tenant?: EventTenant;
};

/** What the work can say of itself, and how it learns that it is to stop. */
export type Run = {
  readonly signal: AbortSignal;
  progress(done: number, all: number | null): void;
};

export class Begun<T = unknown> {
  readonly id: OperationId;
  /** What came of it. */
  readonly outcome: Promise<T>;
  /** Resolves when it would be found after a crash. Throws `CATALOG_DOWN`. */
  readonly recorded: Promise<void>;

  constructor(parts: Pick<Begun<T>, 'id' | 'outcome' | 'recorded'>) {
    this.id = parts.id;
    this.outcome = parts.outcome;
    this.recorded = parts.recorded;
  }
}

type Entry = {
  operation: Operation;
  readonly followed: Followed;
  readonly canStop: boolean;
  readonly stop: AbortController;
  readonly outcome: Promise<unknown>;
  /** For who asked, once. */
  answer: { readonly value: unknown; readonly until: number } | null;
};

export type OperationWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: Events;
  readonly store: OperationStore;
  readonly archiveWork: ArchiveWork;
};

export class OperationDesk {
  readonly #world: OperationWorld;
  readonly #entries = new Map<OperationId, Entry>();
  readonly #unsaved = new Map<OperationId, Operation>();
  #saving = false;
  #isClosed = false;

  /** Throws `CATALOG_DOWN`. */
  static async open(world: OperationWorld): Promise<OperationDesk> {
    const { code, message } = fault('OPERATION_CUT_OFF', {});
    const cut = await world.store.cutOff({ code, message });
    if (cut > 0) world.log.warn('operations were cut off by the end of the last run', { cut });
    return new OperationDesk(world);
  }

  private constructor(world: OperationWorld) {
    this.#world = world;
  }

  begin<T>(wish: Wish, work: (run: Run) => Promise<Done<T>>): Begun<T> {
    const { clock, random, store, events } = this.#world;
    const { kind, caller, tenant, customer } = wish;
    const id = newId('op', random);
    const operation: Operation = {
      ...{ id, kind, status: 'running', tenant, customer, caller: callerName(caller) },
      ...{ progress: null, result: null, fault: null, begunAt: clock.wall(), endedAt: null },
    };
    const stop = new AbortController();
    const commitsAt = STOPPABLE[kind] ?? 'save';
    const followed: Followed = {
      ...{ signal: stop.signal, progress: null, isCommitted: false, commitsAt },
    };
    const recorded = store.save(operation);
    // Who does not wait for it does not hear of it either.
    recorded.catch(() => undefined);
    events.publish({ type: 'operation.begun', tenant, customer, data: { operation: id, kind } });
    const outcome = this.#done(id, followed, { wish, stop: stop.signal, recorded, work });
    outcome.catch(() => undefined);
    const canStop = STOPPABLE[kind] !== undefined || kind === 'import' || LEAVABLE.has(kind);
    this.#entries.set(id, { operation, followed, canStop, stop, outcome, answer: null });
    return new Begun({ id, outcome, recorded });
  }

  /** As it is now, for one who may see it. Throws `OPERATION_UNKNOWN`. */
  async find(id: string, caller: Caller): Promise<Operation> {
    const entry = isId('op', id) ? this.#entries.get(id) : undefined;
    const found = entry
      ? shown(entry)
      : isId('op', id)
        ? await this.#world.store.find(id)
        : undefined;
    if (found === undefined || !covers(caller, found))
      throw fault('OPERATION_UNKNOWN', { operation: id });
    return found;
  }

  /** What was to be answered, for who asked for it, once; undefined if that is nobody's any more. */
  takeAnswer(id: OperationId, caller: Caller): unknown {
    const entry = this.#entries.get(id);
    if (!entry?.answer || entry.operation.caller !== callerName(caller)) return undefined;
    const { value, until } = entry.answer;
    entry.answer = null;
    return until > this.#world.clock.now() ? value : undefined;
  }

  /** Resolves when it has ended, or `wait` is over. */
  async ended(id: OperationId, wait: DurationMs): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined || wait <= 0) return;
    const giveUp = new AbortController();
    const over = this.#world.clock.sleep(wait, giveUp.signal).catch(() => undefined);
    await Promise.race([entry.outcome.catch(() => undefined), over]);
    giveUp.abort();
  }

  /** The latest first. */
  async list(query: OperationQuery): Promise<readonly Operation[]> {
    const found = await this.#world.store.list(query);
    return found.map((operation) => {
      const entry = this.#entries.get(operation.id);
      return entry ? shown(entry) : operation;
    });
  }

  /** Has it stopped where it can be. Throws `OPERATION_UNKNOWN`, `CANNOT_CANCEL`. */
  async cancel(id: string, caller: Caller): Promise<Operation> {
    const operation = await this.find(id, caller);
    const entry = this.#entries.get(operation.id);
    const refuse = (why: string): Fault => fault('CANNOT_CANCEL', { operation: id, why });
    if (!mayDo(caller, 'change')) throw fault('FORBIDDEN', { why: 'it may only look' });
    if (entry === undefined || operation.status !== 'running') throw refuse('it has ended');
    if (!entry.canStop) throw refuse(`to ${operation.kind} cannot be stopped half way`);
    if (entry.followed.isCommitted) throw refuse('there is no way back any more');
    entry.stop.abort(fault('CANCELLED', { operation: id }));
    await this.ended(operation.id, seconds(1));
    return shown(entry);
  }

  /** What has ended and is not written yet is tried once more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#saveAll().catch((error: unknown) => {
      this.#world.log.warn('how operations ended is not written', { error });
    });
  }

  async #done<T>(
    id: OperationId,
    followed: Followed,
    parts: {
      readonly wish: Wish;
      readonly stop: AbortSignal;
      readonly recorded: Promise<void>;
      readonly work: (run: Run) => Promise<Done<T>>;
    },
  ): Promise<T> {
    const { wish, stop, recorded, work } = parts;
    const unfollow = wish.tenant
      ? this.#world.archiveWork.follow(wish.tenant.id, followed)
      : () => {};
    const run: Run = {
      signal: stop,
      progress: (doneBytes, allBytes) => {
        followed.progress = { step: 'the file arrives', doneBytes, allBytes };
      },
    };
    try {
      const doing = work(run);
      const isLeft = LEAVABLE.has(wish.kind);
      const { answer, result, tenant } = await (isLeft ? orLeft(doing, stop) : doing);
      this.#end(id, { status: 'done', result, ...(tenant ? { tenant } : {}) }, recorded);
      const entry = this.#entries.get(id);
      if (entry) {
        const until = this.#world.clock.now() + ANSWER_KEPT_FOR;
        entry.answer = { value: answer, until };
      }
      return answer;
    } catch (error) {
      const { code, message } = toFault(error);
      const status = isFault(error, 'CANCELLED') ? 'cancelled' : 'failed';
      this.#end(id, { status, fault: { code, message } }, recorded);
      throw error;
    } finally {
      unfollow();
    }
  }

  #end(id: OperationId, how: Partial<Operation>, recorded: Promise<void>): void {
    const { clock, events } = this.#world;
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { progress } = shown(entry);
    entry.operation = { ...entry.operation, ...how, progress, endedAt: clock.wall() };
    const { kind, status, tenant, customer, fault: why } = entry.operation;
    const data = { operation: id, kind, status, ...(why ? { fault: why.code } : {}) };
    events.publish({ type: 'operation.ended', tenant, customer, data });
    this.#unsaved.set(id, entry.operation);
    // Not before its beginning is written, or the end would be written over.
    void recorded.catch(() => undefined).then(() => this.#saveLater(ms(0)));
    this.#forgetOld();
  }

  #saveLater(wait: DurationMs): void {
    if (this.#saving || this.#isClosed) return;
    this.#saving = true;
    const save = (): void => {
      this.#saveAll().then(
        () => {
          this.#saving = false;
          if (this.#unsaved.size > 0) this.#saveLater(ms(0));
        },
        () => {
          this.#saving = false;
          this.#saveLater(SAVE_AGAIN_AFTER);
        },
      );
    };
    if (wait === 0) save();
    else this.#world.clock.timer(wait, save);
  }

  async #saveAll(): Promise<void> {
    const { store, clock } = this.#world;
    for (const [id, operation] of this.#unsaved) {
      await store.save(operation);
      this.#unsaved.delete(id);
      await store.forget(later(clock.wall(), ms(-FORGOTTEN_AFTER)), FORGOTTEN_AT_ONCE);
    }
  }

  #forgetOld(): void {
    if (this.#entries.size <= KEPT_MAX) return;
    for (const [id, { operation }] of this.#entries) {
      if (operation.status === 'running' || this.#unsaved.has(id)) continue;
      this.#entries.delete(id);
      if (this.#entries.size <= KEPT_MAX) return;
    }
  }
}

/** What comes of `work`, unless nobody waits for that any more. */
async function orLeft<T>(work: Promise<T>, left: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>();
  const leave = (): void => over.reject(left.reason);
  left.addEventListener('abort', leave, { once: true });
  // Whoever else waits for it is told of its failure.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    left.removeEventListener('abort', leave);
  }
}

const callerName = ({ kind, id }: Caller): string => `${kind} ${id}`;

const shown = ({ operation, followed }: Entry): Operation =>
  operation.status === 'running' ? { ...operation, progress: followed.progress } : operation;

/** As `requireCovered` does for tenants. */
function covers({ scope }: Caller, { customer, tenant }: Operation): boolean {
  switch (scope.kind) {
    case 'operator':
      return true;
    case 'customer':
      return customer === scope.customer;
    case 'tenant':
      return tenant?.id === scope.tenant;
    case 'nothing':
      return false;
  }
}
