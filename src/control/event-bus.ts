/**
 * Hands events to who listens in this process, and keeps the last ones for who was away for a moment.
 *
 * To publish costs an object and a place in a ring, and a look at each listener's filter. Nothing is stored: a new
 * start begins with an empty ring, and says so to who asks for what was before it.
 */
import type { Clock } from '../domain/clock.ts';
import {
  type Event,
  type EventFilter,
  type EventListener,
  type Events,
  type NewEvent,
  wanted,
} from '../domain/events.ts';
import type { Log } from '../domain/log.ts';

/** Events that are kept for who comes back; about half a kilobyte each. */
export const KEPT_MAX = 4_096;

type Subscription = { readonly filter: EventFilter; readonly listener: EventListener };

/** What a listener has missed, or that nobody knows. */
export type Missed =
  | { readonly kind: 'kept'; readonly events: readonly Event[] }
  | { readonly kind: 'gone' };

export class EventBus implements Events {
  readonly #clock: Clock;
  readonly #log: Log;
  /** What the ids of this run begin with. */
  readonly #run: string;
  readonly #kept: (Event | undefined)[] = new Array(KEPT_MAX);
  readonly #subscriptions = new Set<Subscription>();
  /** Number of the next; none has 0, which is the place of who has heard nothing yet. */
  #next = 1;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
    this.#run = `ev_${clock.wall().toString(36)}_`;
  }

  publish({ type, tenant = null, customer = null, data = {} }: NewEvent): void {
    const number = this.#next++;
    const at = this.#clock.wall();
    const event: Event = { id: this.#run + number.toString(36), at, type, tenant, customer, data };
    this.#kept[number % KEPT_MAX] = event;
    for (const subscription of this.#subscriptions) this.#tell(subscription, event);
  }

  subscribe(filter: EventFilter, listener: EventListener): () => void {
    const subscription = { filter, listener };
    this.#subscriptions.add(subscription);
    return () => this.#subscriptions.delete(subscription);
  }

  /** An event that is told to one listener alone; it is not kept. */
  aside({ type, data = {} }: NewEvent): Event {
    const at = this.#clock.wall();
    // With the number of the last one: who comes back with it has missed what came after that.
    const id = this.#run + (this.#next - 1).toString(36);
    return { id, at, type, tenant: null, customer: null, data };
  }

  /** What was published after the event `id`, as far as `filter` lets it through. */
  since(id: string, filter: EventFilter): Missed {
    const text = id.startsWith(this.#run) ? id.slice(this.#run.length) : '';
    const last = /^[0-9a-z]{1,10}$/.test(text) ? Number.parseInt(text, 36) : Number.NaN;
    const oldest = Math.max(1, this.#next - KEPT_MAX);
    // The one before the oldest was the last that they have heard: nothing is missing yet.
    if (!(last >= oldest - 1 && last < this.#next)) return { kind: 'gone' };
    const events: Event[] = [];
    for (let number = last + 1; number < this.#next; number++) {
      const event = this.#kept[number % KEPT_MAX];
      if (event !== undefined && wanted(filter, event)) events.push(event);
    }
    return { kind: 'kept', events };
  }

  /** How many listen. */
  get listeners(): number {
    return this.#subscriptions.size;
  }

  #tell({ filter, listener }: Subscription, event: Event): void {
    if (!wanted(filter, event)) return;
    try {
      listener(event);
    } catch (error) {
      this.#log.error('event not taken', { type: event.type, error });
    }
  }
}
