/**
 * One awake tenant on its way down the ladder, and up again: what the idle rule finds due is done here,
 * but for the last step, which is the suspend.
 */

import type { Tier } from '../domain/tier.ts';
import { ms, seconds } from '../domain/units.ts';
import { isWorthPrewarming } from '../policy/way-down.ts';
import { Descent } from './descent.ts';
import type { DueAction, IdleWatch } from './idle-watch.ts';
import type { TenantCompute } from './tenant-compute.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { Turns } from './transition.ts';
import type { LifeWorld } from './world.ts';
import { Yielding } from './yielding.ts';

/** How long after a start blocks are read back: behind the first queries. */
const PREWARM_AFTER = seconds(1);

export type LadderWalkParts = {
  readonly world: LifeWorld;
  readonly record: TenantRecord;
  readonly compute: TenantCompute;
  readonly idle: IdleWatch;
  readonly turns: Turns;
};

export class LadderWalk {
  readonly #parts: LadderWalkParts;
  readonly #descent: Descent;
  readonly #yielding = new Yielding();

  constructor(parts: LadderWalkParts) {
    this.#parts = parts;
    this.#descent = new Descent(parts.world, parts.record);
  }

  /** Somebody came, or there is another compute: the next way down begins anew. */
  turn(): void {
    this.#descent.turn();
  }

  /** Takes a step down, any but the suspend, or climbs back. */
  go(action: DueAction): void {
    const { compute, idle, turns } = this.#parts;
    const { because } = action;
    if (action.kind === 'climb') {
      this.#resize(because, null);
      return;
    }
    const { what } = action;
    const { round } = idle;
    switch (what.kind) {
      case 'resize':
        this.#resize(because, what.to);
        return;
      case 'shedL1':
      case 'shedL2':
        turns.ifFree('shed', async () => {
          await this.#descent.shed(what, because);
          idle.went(compute.idleTerms, what, round);
        });
        return;
      case 'suspend':
        return;
      default:
        what satisfies never;
    }
  }

  /** Reads back what was worth having, a moment after the start. */
  prewarmLater(): void {
    const { world, compute, turns } = this.#parts;
    if (!isWorthPrewarming(compute.size)) return;
    const prewarm = (): Promise<void> =>
      this.#yielding.run((signal) => this.#descent.prewarm(signal));
    world.clock.timer(PREWARM_AFTER, () => turns.ifFree('prewarm', prewarm));
  }

  /** Something better is to be done with the compute than to read back. */
  giveWay(): void {
    this.#yielding.giveWay();
  }

  /** A restart in the size of `rung`, or for null in that of its tier. Who is at work forbids it. */
  #resize(because: string, rung: Tier | null): void {
    const { world, record, compute, idle, turns } = this.#parts;
    const since = world.clock.now();
    const { idleSince } = idle;
    const { wants } = compute.idleTerms;
    const work = async (): Promise<void> => {
      await compute.restart({ within: ms(0), force: false }, because, {
        rung: rung ?? undefined,
      });
      this.#descent.restarted();
      if (rung !== null) idle.lowered(compute.idleTerms, rung, idleSince);
      else if (wants !== null) idle.goesOn(idleSince);
      const { id } = record.tenant;
      world.ladder.step(id, { kind: 'resize', bytes: 0, since, because });
      this.prewarmLater();
    };
    turns
      .exclusively('restart', work)
      .then(() => turns.exclusively('roles', () => compute.arrived()))
      .catch((error) => turns.complain('be resized', error));
  }
}
