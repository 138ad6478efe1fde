/** Why tenants are awake, kept in memory. */
import { AwakeBook } from '../control/awake/awake-book.ts';
import { AwakeDesk } from '../control/awake/awake-desk.ts';
import { costPrice } from '../control/awake/awake-price.ts';
import { type AwakeInterval, type AwakeStore, NOBODY_ASKED } from '../domain/awake.ts';
import type { Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { UseMinute } from '../domain/metering.ts';
import type { Timestamp } from '../domain/units.ts';
import { PRICE_BOOKS } from '../economics/price-presets.ts';
import type { MemoryControl } from './memory-control.ts';

/** As the catalog keeps them: what has ended is not changed any more. */
export class MemoryAwakeStore implements AwakeStore {
  readonly rows = new Map<string, AwakeInterval>();
  seenAt: Timestamp | null = null;
  /** What it throws while it is down. */
  failure: Error | null = null;

  async lasting(): ReturnType<AwakeStore['lasting']> {
    const intervals = [...this.rows.values()].filter(({ ended }) => ended === null);
    return { intervals, seenAt: this.seenAt };
  }

  async save(intervals: readonly AwakeInterval[], seenAt: Timestamp): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.seenAt = seenAt;
    for (const interval of intervals) {
      const key = `${interval.tenant} ${interval.from}`;
      if (this.rows.get(key)?.ended == null) this.rows.set(key, interval);
    }
  }

  async of(
    tenant: TenantId,
    { from, to, before, limit }: Parameters<AwakeStore['of']>[1],
  ): Promise<readonly AwakeInterval[]> {
    const end = before === null ? to : Math.min(to, before);
    return [...this.rows.values()]
      .filter((row) => row.tenant === tenant && row.from < end)
      .filter((row) => row.to > from || row.ended === null)
      .sort((one, other) => other.from - one.from)
      .slice(0, limit);
  }
}

export type MemoryAwakeWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly control: Pick<MemoryControl, 'tenants'>;
  readonly minutes?: () => readonly UseMinute[];
};

/** The desk, and the book and the store behind it. */
export function memoryAwake({ clock, log, control, minutes = () => [] }: MemoryAwakeWorld): {
  readonly desk: AwakeDesk;
  readonly book: AwakeBook;
  readonly store: MemoryAwakeStore;
} {
  const store = new MemoryAwakeStore();
  const book = new AwakeBook({ clock, log, store, asked: NOBODY_ASKED });
  const price = costPrice(PRICE_BOOKS['own-hardware']);
  const desk = new AwakeDesk({
    ...{ clock, store, book },
    catalog: {
      tenantById: async (id) => control.tenants().find((tenant) => tenant.id === id),
      tenantByName: async (name) => control.tenants().find((tenant) => tenant.name === name),
    },
    lifecycle: { live: () => NOTHING_LIVE },
    ledger: {
      minutes: async (_, { from, to }) =>
        minutes().filter(({ minute }) => minute >= from && minute < to),
    },
    price: () => price,
  });
  return { desk, book, store };
}

const NOTHING_LIVE = {
  ...{ sessions: 0, bound: 0, heldBy: null, idleSince: null, suspendAt: null },
  ...{ lastSuspendRefusal: null, descent: null },
};
