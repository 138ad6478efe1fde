/**
 * Deletes tenants whose time is over, and warns a day and an hour before.
 *
 * Once a minute a few are looked for by their index, so that it costs nothing where there are none. What a crash cuts off
 * is found again: the warning was noted before it was told, and a tenant that is half deleted is finished by its recovery.
 */

import type { Ending, EndingStore } from '../../domain/claim.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import { isFault } from '../../domain/faults.ts';
import type { Log } from '../../domain/log.ts';
import { Rounds } from '../../domain/rounds.ts';
import { type DurationMs, hours, later } from '../../domain/units.ts';
import type { Control } from '../control.ts';
import { fewAtOnce } from '../few-at-once.ts';

const BATCH = 100;
const AT_ONCE = 4;

/** The earliest first; the number of a warning is its place here, from 1. */
const WARNED_BEFORE: readonly DurationMs[] = [hours(24), hours(1)];

export type EndingsWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
  readonly store: EndingStore;
  readonly control: Pick<Control, 'deleteTenant' | 'findTenant'>;
  readonly lookEvery: DurationMs;
};

export class Endings {
  readonly #world: EndingsWorld;
  readonly #rounds: Rounds;

  constructor(world: EndingsWorld) {
    this.#world = world;
    const { clock, log, lookEvery: every } = world;
    const failed = 'tenants that end were not looked for; it is tried again';
    this.#rounds = new Rounds({ clock, log, every, work: () => this.#round(), failed });
  }

  start(): void {
    this.#rounds.start();
  }

  async close(): Promise<void> {
    await this.#rounds.close();
  }

  async #round(): Promise<void> {
    const { clock, store } = this.#world;
    const now = clock.wall();
    // Who is in the last hour already hears of that, and not of the day besides.
    for (const [place, length] of [...WARNED_BEFORE.entries()].toReversed()) {
      const span = { now, before: later(now, length) };
      for (const ending of await store.warn(span, place + 1, BATCH)) this.#warn(ending);
    }
    await fewAtOnce(await store.over(now, BATCH), AT_ONCE, (ending) => this.#delete(ending));
  }

  #warn({ id, name, customer, expiresAt }: Ending): void {
    const data = { expiresAt: new Date(expiresAt).toISOString() };
    this.#world.events.publish({ type: 'tenant.expiring', tenant: { id, name }, customer, data });
  }

  async #delete({ id, name }: Ending): Promise<void> {
    const { control, clock, log } = this.#world;
    if (this.#rounds.isClosed) return;
    try {
      const { expiresAt } = await control.findTenant(id);
      // It may have been given more time since it was found.
      if (expiresAt === null || expiresAt > clock.wall()) return;
      log.info('a tenant is deleted, since its time is over', { tenant: id, name });
      await control.deleteTenant(id);
    } catch (error) {
      if (isFault(error, 'TENANT_UNKNOWN')) return;
      log.warn('a tenant whose time is over could not be deleted', { tenant: id, error });
    }
  }
}
