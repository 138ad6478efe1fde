/** Which statements take the time of tenants. */
import type { Caller } from '../../domain/caller.ts';
import type { StatementCounts, StatementOrder } from '../../domain/interior.ts';
import type { TenantRef } from '../control.ts';
import { goInside, type InsideWorld, mustReadData } from './inside.ts';

export class StatementDesk {
  readonly #world: InsideWorld;

  constructor(world: InsideWorld) {
    this.#world = world;
  }

  /** A statement tells of the data that it asks for. Throws `FORBIDDEN`. */
  async list(
    ref: TenantRef,
    wish: { readonly order: StatementOrder; readonly limit: number },
    caller: Caller,
  ): Promise<StatementCounts> {
    mustReadData(caller);
    return await goInside(this.#world, ref, ({ interior, place }) =>
      interior.statements(place, wish),
    );
  }

  forget(ref: TenantRef): Promise<void> {
    return goInside(this.#world, ref, ({ interior, place }) => interior.forgetStatements(place));
  }
}
