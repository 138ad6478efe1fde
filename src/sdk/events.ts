/** Events as they happen, over connections that are made anew whenever one ends. */
import type { Event } from '../contract/events/events.ts';
import type { QueryOf } from '../contract/routes.ts';
import { DynaBaseError } from './error.ts';
import { type CallOptions, type FileParts, LONG_TIMEOUT_MS, type Transport } from './transport.ts';

/** The server says something every 15 s. One that is silent for longer is gone, whatever TCP thinks. */
const SILENT_AT_MOST_MS = 45_000;

export type EventQuery = QueryOf<'listenEvents'>;

/** Where to listen: all that the caller may hear, or one tenant. */
type Place = { readonly query: EventQuery; readonly ref?: string };

/** What happens, as it happens. */
export class EventFeed {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Everything that the caller may hear, from now on or behind `after`, until the loop is left or the signal aborts.
   * When a connection ends, another goes on behind the last event: what happened meanwhile comes first. An event of
   * type `events.missed` says that some of it is no longer known.
   */
  listen(query: EventQuery = {}, options?: CallOptions): AsyncGenerator<Event, void> {
    return this.#heard({ query }, options);
  }

  /** The same of one tenant, by name or id: all that a key for this tenant alone may hear. */
  listenTenant(
    ref: string,
    query: QueryOf<'listenTenantEvents'> = {},
    options?: CallOptions,
  ): AsyncGenerator<Event, void> {
    return this.#heard({ query, ref }, options);
  }

  async *#heard(place: Place, options: CallOptions = {}): AsyncGenerator<Event, void> {
    let { after } = place.query;
    for (let failures = 0; ; failures++) {
      try {
        const query = { ...place.query, ...(after === undefined ? {} : { after }) };
        for await (const event of this.#connection({ ...place, query }, options)) {
          failures = 0;
          if (event.id !== '') after = event.id;
          yield event;
        }
      } catch (error) {
        if (!(error instanceof DynaBaseError) || error.retry === 'never') throw error;
      }
      options.signal?.throwIfAborted();
      await this.#transport.pause(failures);
    }
  }

  async *#connection({ query, ref }: Place, options: CallOptions): AsyncGenerator<Event, void> {
    const silent = new AbortController();
    const { signal } = silent;
    const given = options.signal;
    const either = given === undefined ? signal : AbortSignal.any([given, signal]);
    const patience = { timeoutMs: LONG_TIMEOUT_MS, ...options, signal: either };
    const watch = watchdog(() => silent.abort(new Error('silent')));
    try {
      const name = ref === undefined ? 'listenEvents' : 'listenTenantEvents';
      const parts = await this.#transport.receive(name, { query, params: { ref } }, patience);
      yield* eventsOf(parts, watch.seen);
    } catch (error) {
      // Who was silent is asked again; who was told to end ends.
      given?.throwIfAborted();
      if (!signal.aborted) throw error;
    } finally {
      watch.end();
    }
  }
}

function watchdog(bark: () => void): { readonly seen: () => void; readonly end: () => void } {
  let timer = setTimeout(bark, SILENT_AT_MOST_MS);
  return {
    seen: () => {
      clearTimeout(timer);
      timer = setTimeout(bark, SILENT_AT_MOST_MS);
    },
    end: () => clearTimeout(timer),
  };
}

/** Source: HTML Standard, 9.2.6 "Interpreting an event stream"; what the server does not send is not read. */
async function* eventsOf(parts: FileParts, seen: () => void): AsyncGenerator<Event, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of parts) {
    seen();
    const frames = (rest + decoder.decode(part, { stream: true })).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const event = eventOf(frame);
      if (event !== null) yield event;
    }
  }
}

/** Null for a comment. One without an id of its own does not say where to go on. */
function eventOf(frame: string): Event | null {
  const lines = frame.split('\n');
  const data = lines.find((line) => line.startsWith('data: '));
  if (data === undefined) return null;
  const event: Event = JSON.parse(data.slice('data: '.length));
  return lines.some((line) => line.startsWith('id: ')) ? event : { ...event, id: '' };
}
