/** Keeps the audit log: begins an entry before a change, finishes it behind, and forgets what is too old. */
import type {
  AuditEnd,
  AuditEntry,
  AuditFields,
  AuditOutcome,
  AuditStore,
  AuditSubject,
} from '../../domain/audit.ts';
import type { Caller } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { type DurationMs, hours, later, ms, seconds, type Timestamp } from '../../domain/units.ts';

export type AuditWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: AuditStore;
  /** How long an entry is kept. */
  readonly keep: DurationMs;
};

/** A request as the log tells of it. */
export type Audited = {
  readonly requestId: string;
  readonly operation: string;
  readonly caller: Caller;
  readonly address: string;
  readonly subject: AuditSubject;
  /** What is asked for. */
  readonly asked: AuditFields;
};

export type AuditListing = {
  readonly entries: readonly AuditEntry[];
  /** The next page begins behind this entry; null at the end. */
  readonly next: number | null;
};

export type AuditFilter = {
  readonly tenant?: TenantId | undefined;
  readonly customer?: CustomerId | undefined;
  readonly caller?: string | undefined;
  readonly operation?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly from?: Timestamp | undefined;
  readonly to?: Timestamp | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
};

const FORGET_EVERY = hours(1);
const FORGOTTEN_AT_ONCE = 500;

/** Between two batches, so that whoever else asks the catalog is not kept waiting. */
const BATCH_PAUSE = ms(200);

/** Refused requests of one caller that are told of in a minute; a flood of them says nothing new. */
const REFUSALS_PER_MINUTE = 20;
const REFUSERS_MAX = 10_000;

export class AuditDesk {
  readonly #world: AuditWorld;
  readonly #closing = new AbortController();
  /** Since the present minute began. */
  #refusals = new Map<string, number>();
  #stop: () => void = () => {};

  constructor(world: AuditWorld) {
    this.#world = world;
  }

  /** Before anything is asked of this server: what is still begun was cut off with the one before. */
  async start(): Promise<void> {
    try {
      const cut = await this.#world.store.endBegun();
      if (cut > 0) this.#world.log.warn('audit entries were cut off', { count: cut });
    } catch (error) {
      this.#world.log.warn('audit entries that were cut off are not told of as such', { error });
    }
    this.#forgetLater();
  }

  /** Forgets old entries from now on, an hour's worth at a time. */
  #forgetLater(): void {
    this.#stop = this.#world.clock.timer(FORGET_EVERY, () => {
      void this.#forgetOld().finally(() => this.#forgetLater());
    });
  }

  close(): void {
    this.#stop();
    this.#closing.abort();
  }

  /** Throws, as the catalog does, if it cannot be written: then nothing may be changed. */
  begin(request: Audited): Promise<number> {
    const { requestId, operation, caller, address, subject, asked } = request;
    return this.#world.store.add({
      ...{ requestId, operation, address, ...subject },
      ...{ caller: shown(caller), byOperator: caller.scope.kind === 'operator' },
      ...{ outcome: 'begun', fault: null, before: null, after: asked },
    });
  }

  /** What has been done has been done: a log that cannot be written now says `begun` for ever. */
  async finish(id: number, end: AuditEnd): Promise<void> {
    try {
      await this.#world.store.finish(id, end);
    } catch (error) {
      this.#world.log.error('audit entry not finished', { entry: id, outcome: end.outcome, error });
    }
  }

  /** Somebody who is known has tried what they may not. */
  async refused(request: Audited, fault: string): Promise<void> {
    if (!this.#isNews(`${request.caller.kind} ${request.caller.id}`)) return;
    const { requestId, operation, caller, address, subject } = request;
    try {
      await this.#world.store.add({
        ...{ requestId, operation, address, ...subject },
        ...{ caller: shown(caller), byOperator: caller.scope.kind === 'operator' },
        ...{ outcome: 'failed', fault, before: null, after: null },
      });
    } catch (error) {
      this.#world.log.warn('refusal not audited', { operation, caller: caller.id, error });
    }
  }

  /** The latest first. */
  async list(filter: AuditFilter): Promise<AuditListing> {
    const found = await this.#world.store.list({ ...filter, limit: filter.limit + 1 });
    const entries = found.slice(0, filter.limit);
    return { entries, next: found.length > filter.limit ? (entries.at(-1)?.id ?? null) : null };
  }

  #isNews(caller: string): boolean {
    if (this.#refusals.size === 0) {
      this.#world.clock.timer(seconds(60), () => {
        this.#refusals = new Map();
      });
    }
    const count = (this.#refusals.get(caller) ?? 0) + 1;
    if (count > REFUSALS_PER_MINUTE) return false;
    if (count === 1 && this.#refusals.size >= REFUSERS_MAX) return false;
    this.#refusals.set(caller, count);
    return true;
  }

  async #forgetOld(): Promise<void> {
    const { clock, keep, log, store } = this.#world;
    const { signal } = this.#closing;
    try {
      for (;;) {
        const gone = await store.forget(later(clock.wall(), ms(-keep)), FORGOTTEN_AT_ONCE);
        if (gone < FORGOTTEN_AT_ONCE || signal.aborted) return;
        await clock.sleep(BATCH_PAUSE, signal);
      }
    } catch (error) {
      if (!signal.aborted) log.warn('old audit entries not forgotten', { error });
    }
  }
}

const shown = ({ kind, id, name }: Caller): Pick<Caller, 'kind' | 'id' | 'name'> => ({
  kind,
  id,
  name,
});
