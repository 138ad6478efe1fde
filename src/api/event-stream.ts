/**
 * Events as they happen, over HTTP. Source: HTML Standard, 9.2 "Server-sent events".
 *
 * A reader costs a connection, a filter and what it has not taken yet, which is bounded: one that is slower than
 * the events is cut, told so, and comes again. What it may hear was decided when it came, so it proves itself again
 * with every heartbeat: a key that was revoked hears no more.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OPERATIONS } from '../contract/operations.ts';
import { EVENT_STREAM_TYPE } from '../contract/route.ts';
import { type QueryOf, ROUTES } from '../contract/routes.ts';
import type { Control } from '../control/control.ts';
import type { Desks } from '../control/desks.ts';
import { eventJson } from '../control/event-json.ts';
import { type Caller, customerOf } from '../domain/caller.ts';
import type { Clock } from '../domain/clock.ts';
import { type Event, type EventFilter, isEventPattern } from '../domain/events.ts';
import { fault } from '../domain/faults.ts';
import { seconds } from '../domain/units.ts';
import { requireCovered } from './access/access.ts';
import { type Admit, callerOf } from './access/admission.ts';
import { schemaOf } from './openapi.ts';

/** Shorter than what proxies in between allow to be silent. */
const HEARTBEAT_EVERY = seconds(15);

/** Bytes that a reader may be behind; about a thousand events. */
export const BACKLOG_BYTES_MAX = 262_144;

/** How long one that was cut may take to read its last event. */
const CUT_WITHIN = seconds(5);

/** Streams of one caller at once: connections are few. A key may be shown in the browsers of many. */
export const STREAMS_MAX = 64;

/** What a reader should wait before it comes again, in milliseconds. */
const COME_AGAIN_AFTER_MS = 1_000;

type StreamParts = {
  readonly clock: Clock;
  readonly control: Control;
  readonly desks: Pick<Desks, 'events'>;
};

export function addEventStreams(
  app: FastifyInstance,
  parts: StreamParts,
  { admit, stopping }: { readonly admit: Admit; readonly stopping: AbortSignal },
): void {
  const streams = new EventStreams(parts, admit);
  stopping.addEventListener('abort', () => streams.end(), { once: true });
  for (const name of ['listenEvents', 'listenTenantEvents'] as const) {
    app.route({
      method: OPERATIONS[name].method,
      url: OPERATIONS[name].path,
      schema: schemaOf(name, ROUTES[name]),
      exposeHeadRoute: false,
      ...admit(ROUTES[name].access),
      handler: (request, reply) => streams.open(request, reply),
    });
  }
}

class EventStreams {
  readonly #parts: StreamParts;
  readonly #admit: Admit;
  readonly #open = new Set<EventStream>();
  readonly #ofCaller = new Map<string, number>();

  constructor(parts: StreamParts, admit: Admit) {
    this.#parts = parts;
    this.#admit = admit;
    // Else who has lost a key would hear on until the next beat.
    parts.desks.events.subscribe({ types: ['key.rotated', 'key.deleted'] }, () => this.#ask());
  }

  async open(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const caller = callerOf(request);
    const filter = await this.#filterOf(request, caller);
    const whose = `${caller.kind} ${caller.id}`;
    const count = this.#ofCaller.get(whose) ?? 0;
    if (count >= STREAMS_MAX) throw fault('STREAMS_FULL', { max: STREAMS_MAX });
    this.#ofCaller.set(whose, count + 1);
    const { clock, desks } = this.#parts;
    const stream = new EventStream({
      ...{ clock, events: desks.events, filter, after: afterOf(request) },
      stillMay: () => this.#admit.again(request),
    });
    this.#open.add(stream);
    stream.out.once('close', () => {
      this.#open.delete(stream);
      const left = (this.#ofCaller.get(whose) ?? 1) - 1;
      if (left > 0) this.#ofCaller.set(whose, left);
      else this.#ofCaller.delete(whose);
    });
    // A proxy that collects an answer before it passes it on would keep all to itself.
    reply.header('x-accel-buffering', 'no');
    return reply.type(EVENT_STREAM_TYPE).send(stream.out);
  }

  /** Each ends as if all had been said. */
  end(): void {
    for (const stream of this.#open) stream.end();
  }

  #ask(): void {
    for (const stream of this.#open) void stream.ask();
  }

  async #filterOf(request: FastifyRequest, caller: Caller): Promise<EventFilter> {
    const { types, tenant } = request.query as QueryOf<'listenEvents'>;
    const patterns = types?.split(',');
    const unknown = patterns?.find((pattern) => !isEventPattern(pattern));
    if (unknown !== undefined) {
      throw fault('BAD_REQUEST', { why: `there are no events of type "${unknown}"` });
    }
    const ref = (request.params as { readonly ref?: string }).ref ?? tenant;
    const found = ref === undefined ? undefined : await this.#parts.control.findTenant(ref);
    if (found !== undefined) requireCovered(caller, found, ref);
    const customer = caller.scope.kind === 'tenant' ? null : customerOf(caller);
    return { types: patterns, tenant: found?.id, customer: customer ?? undefined };
  }
}

const afterOf = (request: FastifyRequest): string | undefined => {
  const header = request.headers['last-event-id'];
  if (typeof header === 'string' && header !== '') return header;
  return (request.query as QueryOf<'listenEvents'>).after;
};

type EventStreamParts = {
  readonly clock: Clock;
  readonly events: Desks['events'];
  readonly filter: EventFilter;
  readonly after: string | undefined;
  /** Throws if the reader may not hear any more. */
  readonly stillMay: () => Promise<void>;
};

/** What one reader is sent. */
class EventStream {
  readonly out: Readable;
  readonly #parts: EventStreamParts;
  #unsubscribe = (): void => {};
  #cancelTimer = (): void => {};
  #ended = false;

  constructor(parts: EventStreamParts) {
    this.#parts = parts;
    this.out = new Readable({ read: () => {} });
    this.out.once('close', () => this.#stop());
    this.#say(`retry: ${COME_AGAIN_AFTER_MS}\n\n`);
    this.#catchUp();
    this.#unsubscribe = parts.events.subscribe(parts.filter, (event) => this.#tell(event));
    this.#beat();
  }

  end(): void {
    if (this.#ended) return;
    this.#stop();
    this.out.push(null);
  }

  /** Ends it if its reader may not hear any more. */
  async ask(): Promise<void> {
    try {
      await this.#parts.stillMay();
    } catch {
      this.end();
    }
  }

  #catchUp(): void {
    const { events, filter, after } = this.#parts;
    if (after === undefined) return;
    const missed = events.since(after, filter);
    if (missed.kind === 'gone') this.#say(frameOf(events.aside({ type: 'events.missed' })));
    else for (const event of missed.events) this.#tell(event);
  }

  #tell(event: Event): void {
    if (this.#ended) return;
    if (this.out.readableLength > BACKLOG_BYTES_MAX) this.#cut();
    else this.#say(frameOf(event));
  }

  #cut(): void {
    const { clock, events } = this.#parts;
    const data = { why: 'events come faster than they are read' };
    // Where it stands was said with the last event that it was told: this one has no id of its own.
    const frame = frameOf(events.aside({ type: 'events.cut', data })).replace(/^id: .*\n/, '');
    this.#say(frame);
    this.end();
    const destroy = clock.timer(CUT_WITHIN, () => this.out.destroy());
    this.out.once('close', destroy);
  }

  #beat(): void {
    this.#cancelTimer = this.#parts.clock.timer(HEARTBEAT_EVERY, () => {
      void this.ask().then(() => {
        if (this.#ended) return;
        this.#say(':\n\n');
        this.#beat();
      });
    });
  }

  #say(text: string): void {
    if (!this.#ended) this.out.push(text);
  }

  #stop(): void {
    this.#ended = true;
    this.#unsubscribe();
    this.#cancelTimer();
  }
}

/** Made once, however many hear of it. */
const FRAMES = new WeakMap<Event, string>();

function frameOf(event: Event): string {
  const known = FRAMES.get(event);
  if (known !== undefined) return known;
  const json = JSON.stringify(eventJson(event));
  const frame = `id: ${event.id}\nevent: ${event.type}\ndata: ${json}\n\n`;
  FRAMES.set(event, frame);
  return frame;
}
