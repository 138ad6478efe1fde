/** Why tenants are awake, and what that costs. */
import type { AwakeList, AwakeTime, AwakeTimes, Why } from '../contract/awake/awake.ts';
import type { QueryOf } from '../contract/routes.ts';
import { PAGE_SIZE } from './pages.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Times awake: who caused them, what kept them up, what they cost. */
export class Awake {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Why a tenant is awake, or was last, in plain sentences, and what woke it and kept it awake since a week ago. */
  why(ref: string, query: QueryOf<'whyAwake'> = {}, options?: CallOptions): Promise<Why> {
    return this.#transport.call('whyAwake', { params: { ref }, query }, options);
  }

  /** Each time awake, the latest first, fetched page by page as the loop asks for them. */
  async *times(
    ref: string,
    query: QueryOf<'listAwakeTimes'> = {},
    options?: CallOptions,
  ): AsyncGenerator<AwakeTime, void, void> {
    let place: { before?: string } = {};
    for (;;) {
      const asked = { limit: PAGE_SIZE, ...query, ...place };
      const call = { params: { ref }, query: asked };
      const page: AwakeTimes = await this.#transport.call('listAwakeTimes', call, options);
      yield* page.times;
      if (page.next === null) return;
      place = { before: page.next };
    }
  }

  /** Who is awake now, the costliest of the last day first. */
  now(query: QueryOf<'listAwake'> = {}, options?: CallOptions): Promise<AwakeList> {
    return this.#transport.call('listAwake', { query }, options);
  }
}
