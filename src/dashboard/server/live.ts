/**
 * What happens, as it happens: one stream for the page, turned into what is known.
 *
 * An event patches what it says all about (the state of a tenant, in lists too: a list of thousands is not asked for
 * again), and marks what it only touches. What is marked is asked for again together, once a second at most and only where
 * somebody looks: a fleet with a thousand wakes a minute costs each reader one question a second.
 */
import type { QueryClient } from '@tanstack/react-query';
import type { Caller, Event, Tenant } from '../../sdk/index.ts';
import { dynabase } from './client.ts';
import { lost } from './connection.ts';
import { happened } from './history.ts';
import { type Key, type Listed, moved, movedIn, touchedBy } from './touched.ts';

const ASKED_AGAIN_EVERY_MS = 1_000;

/** Before a stream that was refused is asked for once more. */
const REFUSED_FOR_MS = 30_000;

/** All that the caller may hear, until `signal` aborts. */
export async function follow(
  client: QueryClient,
  caller: Caller,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await followOnce(client, caller, signal).catch(lost);
    // Refused for good, as it seemed then: nobody is told when that changes.
    await rest(REFUSED_FOR_MS, signal);
  }
}

async function followOnce(
  client: QueryClient,
  { scope }: Caller,
  signal: AbortSignal,
): Promise<void> {
  const marks = new Marks(client, signal);
  const events =
    scope.kind === 'tenant'
      ? dynabase.events.listenTenant(scope.tenant, {}, { signal })
      : dynabase.events.listen({}, { signal });
  for await (const event of events) {
    happened(event);
    for (const key of touchedBy(event)) marks.add(key);
    patch(client, event);
  }
}

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Asks again for what was marked, together. */
class Marks {
  readonly #client: QueryClient;
  readonly #marked = new Map<string, Key>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushedAt = 0;

  constructor(client: QueryClient, signal: AbortSignal) {
    this.#client = client;
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  add(key: Key): void {
    this.#marked.set(JSON.stringify(key), key);
    if (this.#timer !== undefined) return;
    const rest = this.#flushedAt + ASKED_AGAIN_EVERY_MS - Date.now();
    this.#timer = setTimeout(() => this.#flush(), Math.max(rest, 50));
  }

  #flush(): void {
    this.#timer = undefined;
    this.#flushedAt = Date.now();
    const keys = [...this.#marked.values()];
    this.#marked.clear();
    for (const queryKey of keys) void this.#client.invalidateQueries({ queryKey });
  }
}

function patch(client: QueryClient, event: Event): void {
  const { tenant } = event;
  if (event.type !== 'tenant.state' || tenant === null) return;
  for (const ref of [tenant.id, tenant.name]) {
    client.setQueryData<Tenant>(['tenant', ref], (known) => known && moved(known, event));
  }
  client.setQueriesData<Listed>(
    { queryKey: ['tenants'] },
    (known) => known && movedIn(known, event),
  );
}
