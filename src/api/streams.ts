/**
 * Files of any size, in and out: passed on as they come, at the speed of the slower side, and never
 * held as a whole.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OPERATIONS } from '../contract/operations.ts';
import { FILE_TYPE } from '../contract/route.ts';
import { type ParamsOf, type QueryOf, ROUTES } from '../contract/routes.ts';
import type { Control } from '../control/control.ts';
import type { Desks } from '../control/desks.ts';
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import type { Log } from '../domain/log.ts';
import { minutes } from '../domain/units.ts';
import { type Admit, callerOf } from './access/admission.ts';
import { telling } from './long-requests.ts';
import { schemaOf } from './openapi.ts';
import { printSecret } from './print/print.ts';
import { counted, doneWith } from './work.ts';

/** Longest wait for the next part of a file; the client is taken for gone then. */
const STALLED_AFTER = minutes(2);

/** Read ahead of a client that is slow for a moment. */
const AHEAD_BYTES = 262_144;

type StreamParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly control: Control;
  readonly desks: Pick<Desks, 'operations' | 'customers'>;
};

export function addStreams(app: FastifyInstance, parts: StreamParts, admit: Admit): void {
  const shared = (name: 'exportTenant' | 'importTenant') => ({
    method: OPERATIONS[name].method,
    url: OPERATIONS[name].path,
    schema: schemaOf(name, ROUTES[name]),
    // Asking for the headers alone would make the whole file.
    exposeHeadRoute: false,
    ...admit(ROUTES[name].access),
  });
  app.route({
    ...shared('exportTenant'),
    handler: (request, reply) => exportTenant(request, reply, parts),
  });
  // In a scope of its own: everywhere else a body that is not JSON is refused.
  app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    scope.route({
      ...shared('importTenant'),
      handler: (request, reply) => importTenant(request, reply, parts),
    });
    registered();
  });
}

async function exportTenant(
  request: FastifyRequest,
  reply: FastifyReply,
  { clock, log, control }: StreamParts,
): Promise<FastifyReply> {
  const { ref } = request.params as ParamsOf<'exportTenant'>;
  const { tenant, content } = await telling(clock, reply, () => control.exportTenant(ref));
  const file = Readable.from(content, { objectMode: false, highWaterMark: AHEAD_BYTES });
  // The status is sent; all that is left is to cut the answer, which the framework does.
  file.once('error', (error) => {
    log.error('export failed', { requestId: request.id, tenant: tenant.id, error });
  });
  reply.header('content-disposition', `attachment; filename="${tenant.name}.tar.zst"`);
  return reply.type(FILE_TYPE).send(file);
}

async function importTenant(
  request: FastifyRequest,
  reply: FastifyReply,
  { clock, control, desks }: StreamParts,
): Promise<FastifyReply> {
  const { name, plan } = request.query as QueryOf<'importTenant'>;
  const gone = new AbortController();
  // Nobody would learn the password.
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(cutOff());
  });
  const caller = callerOf(request);
  const place = await desks.customers.placeOf(caller, { plan });
  const wish = { kind: 'import', caller, tenant: null, customer: place.customer } as const;
  const begun = desks.operations.begin(wish, async (run) => {
    const signal = AbortSignal.any([gone.signal, run.signal]);
    const file = counted(arriving(request.raw, clock), request, run);
    const secret = await control.importTenant({ name, ...place, file, signal });
    return doneWith(printSecret(secret));
  });
  const secret = await telling(clock, reply, () => begun.outcome);
  desks.operations.takeAnswer(begun.id, caller);
  return reply.code(ROUTES.importTenant.success.status).send(secret);
}

/** The body as it comes. Throws `BAD_REQUEST` if it ends early or stalls. */
async function* arriving(body: Readable, clock: Clock): AsyncGenerator<Uint8Array, void, void> {
  let ended = false;
  const parts: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  try {
    while (!ended) {
      // Only the client is timed, not what is done with the file.
      const stalled = clock.timer(STALLED_AFTER, () => body.destroy(cutOff()));
      const next = await parts.next().finally(stalled);
      ended = next.done === true;
      if (next.done !== true) yield next.value;
    }
  } catch (error) {
    throw cutOff(error);
  }
}

const cutOff = (cause?: unknown): Error =>
  fault('BAD_REQUEST', { why: 'the file ended before it was whole' }, { cause });
