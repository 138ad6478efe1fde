/** What is seen to inside a tenant's running compute, by us and not by a session. */
import type { AwakeCause } from '../domain/awake.ts';
import { fault } from '../domain/faults.ts';
import type { Address } from '../domain/host.ts';
import type { RestartRequest } from '../domain/lifecycle.ts';
import type { TenantCompute } from './tenant-compute.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { Turns } from './transition.ts';
import type { LifeWorld } from './world.ts';

/** Wakes that may be undone by somebody else before the work has had its turn. */
const TURNS_MAX = 10;

export type InsideParts = {
  readonly world: Pick<LifeWorld, 'awake'>;
  readonly record: TenantRecord;
  readonly compute: TenantCompute;
  readonly turns: Turns;
};

export class TenantInside {
  readonly #parts: InsideParts;

  constructor(parts: InsideParts) {
    this.#parts = parts;
  }

  /** As `Lifecycle.halt`. */
  halt(request: RestartRequest, because: string): Promise<void> {
    const { compute, turns } = this.#parts;
    return turns.exclusively('suspend', () => compute.drain(request, because, 'quota'));
  }

  /** As `Lifecycle.inside`. */
  async run<T>(work: (address: Address) => Promise<T>, cause: AwakeCause): Promise<T> {
    const { world, compute, record, turns } = this.#parts;
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await turns.wake(cause);
      let done: { readonly answer: T } | undefined;
      await turns.exclusively('inside', async () => {
        // Somebody may have stopped it since it woke.
        if (compute.address === null) return;
        world.awake.kept(record.tenant.id, { kind: 'inside' });
        try {
          done = { answer: await work(compute.address) };
        } finally {
          await compute.saveRoles();
        }
      });
      if (done !== undefined) return (done as { readonly answer: T }).answer;
    }
    throw fault('TENANT_BUSY', { tenant: record.tenant.name, why: 'keeps changing; try again' });
  }
}
