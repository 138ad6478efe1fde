import type { DoneRequest, DoneRequests } from '../domain/done-request.ts';
import type { Timestamp } from '../domain/units.ts';

/** Requests that have been done, in memory; survive a "restart". */
export class MemoryDoneRequests implements DoneRequests {
  readonly #all = new Map<string, { readonly done: DoneRequest; readonly at: Timestamp }>();
  readonly #failures: Error[] = [];

  /** The next write throws `error`, and does nothing. */
  failNext(error: Error): void {
    this.#failures.push(error);
  }

  /** All that is kept, as text. */
  get text(): string {
    return JSON.stringify([...this.#all.values()]);
  }

  async find(keyHash: Uint8Array, since: Timestamp): Promise<DoneRequest | undefined> {
    const found = this.#all.get(nameOf(keyHash));
    return found !== undefined && found.at > since ? found.done : undefined;
  }

  async save(done: DoneRequest, at: Timestamp): Promise<void> {
    const failure = this.#failures.shift();
    if (failure) throw failure;
    this.#all.set(nameOf(done.keyHash), { done: structuredClone(done), at });
  }

  async forget(before: Timestamp, limit: number): Promise<number> {
    const old = [...this.#all].filter(([, { at }]) => at < before).slice(0, limit);
    for (const [name] of old) this.#all.delete(name);
    return old.length;
  }
}

const nameOf = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
