/** On whose request something is done, however deep in it: what is begun for a request knows it, what begins by itself does not. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AskedScope, Asking } from '../domain/awake.ts';

export class AskedRequests implements AskedScope {
  readonly #store = new AsyncLocalStorage<Asking>();

  get asking(): Asking | null {
    return this.#store.getStore() ?? null;
  }

  within<T>(asking: Asking, work: () => T): T {
    return this.#store.run(asking, work);
  }
}
