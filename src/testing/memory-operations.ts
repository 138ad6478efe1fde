import type { OperationId } from '../domain/ids.ts';
import type { Operation, OperationQuery, OperationStore } from '../domain/operation.ts';
import type { Timestamp } from '../domain/units.ts';

/** Operations in memory; survives a "restart". */
export class MemoryOperations implements OperationStore {
  readonly #all = new Map<OperationId, Operation>();
  readonly #failures: Error[] = [];

  /** The next write throws `error`, and does nothing. */
  failNext(error: Error): void {
    this.#failures.push(error);
  }

  async save(operation: Operation): Promise<void> {
    const failure = this.#failures.shift();
    if (failure) throw failure;
    const known = this.#all.get(operation.id);
    if (known === undefined || known.status === 'running') this.#all.set(operation.id, operation);
  }

  async find(id: OperationId): Promise<Operation | undefined> {
    return this.#all.get(id);
  }

  async list({ after, limit, ...wanted }: OperationQuery): Promise<readonly Operation[]> {
    const { customer, tenant, status, kind } = wanted;
    return [...this.#all.values()]
      .filter((one) => customer === undefined || one.customer === customer)
      .filter((one) => tenant === undefined || one.tenant?.id === tenant)
      .filter((one) => status === undefined || one.status === status)
      .filter((one) => kind === undefined || one.kind === kind)
      .sort((a, b) => b.begunAt - a.begunAt || (a.id < b.id ? 1 : -1))
      .filter((one) => after === undefined || isBehind(one, after))
      .slice(0, limit);
  }

  async cutOff(fault: Operation['fault']): Promise<number> {
    const running = [...this.#all.values()].filter(({ status }) => status === 'running');
    for (const one of running) {
      this.#all.set(one.id, { ...one, status: 'failed', fault, endedAt: one.begunAt });
    }
    return running.length;
  }

  async forget(before: Timestamp, limit: number): Promise<number> {
    const old = [...this.#all.values()]
      .filter(({ status, begunAt }) => status !== 'running' && begunAt < before)
      .slice(0, limit);
    for (const { id } of old) this.#all.delete(id);
    return old.length;
  }
}

const isBehind = (one: Operation, place: NonNullable<OperationQuery['after']>): boolean =>
  one.begunAt < place.begunAt || (one.begunAt === place.begunAt && one.id < place.id);
