/**
 * The HTTP application: every route of the contract, checked, called and answered in one way.
 *
 * A request passes in this order: is the server stopping, may this host name and origin call, is
 * the key right, is the input right, has it been done already; then control is called. Whatever
 * is thrown on the way becomes a problem document in one place.
 */
import swagger from '@fastify/swagger';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type preParsingHookHandler,
} from 'fastify';
import type { TSchema } from 'typebox';
import { OPERATIONS, type Operation, STREAMED } from '../contract/operations.ts';
import { PROBLEM_TYPE } from '../contract/problem.ts';
import type { Route } from '../contract/route.ts';
import { ROUTES } from '../contract/routes.ts';
import type { Control } from '../control/control.ts';
import type { Desks } from '../control/desks.ts';
import { Begun, type Run } from '../control/operations.ts';
import type { AskedScope } from '../domain/awake.ts';
import type { Clock } from '../domain/clock.ts';
import { fault, toFault } from '../domain/faults.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';
import { Serial } from '../domain/serial.ts';
import { elapsed, type Instant, seconds } from '../domain/units.ts';
import { type Authority, type Callers, foreign } from './access/access.ts';
import { type Admit, admission, callerOf } from './access/admission.ts';
import { addAudit, auditNoteOf, noteAnswer, noteFault } from './access/audit.ts';
import { Idempotency, type Keep } from './access/idempotency.ts';
import { BODY_BYTES_MAX, LargeBodies } from './access/large-bodies.ts';
import { addLogins } from './access/login-routes.ts';
import {
  directory,
  hasHead,
  isKnown,
  limitRates,
  methodsOf,
  requestId,
  requireSeen,
  tagOf,
} from './access/manners.ts';
import { type ActionName, type Actions, actionsOf, type Call } from './actions/actions.ts';
import { addEventStreams } from './event-stream.ts';
import { goneOf } from './gone.ts';
import { boundArrival, telling } from './long-requests.ts';
import { documentOptions, schemaOf } from './openapi.ts';
import { addBillingPages } from './pages/billing-pages.ts';
import { openToPages } from './pages/claim-pages.ts';
import { addDashboard } from './pages/dashboard.ts';
import type { DashboardFiles } from './pages/dashboard-files.ts';
import { addMetrics, meterFault, meterRequests } from './pages/metrics.ts';
import { referencePage } from './pages/reference-page.ts';
import { addStatusPage } from './pages/status-page.ts';
import { faultOfFramework, RETRY_AFTER_S, toProblem } from './problem.ts';
import { defining, namedShapes } from './shapes.ts';
import { addStreams } from './streams.ts';
import { checker, type RequestPart } from './validation.ts';
import { answerWork, beginWork, waitOf, workOf } from './work.ts';

/** Node would look for connections that send slowly or nothing every 30 s. */
const SLOW_LOOKED_FOR_EVERY = seconds(5);

const JSON_TYPE = 'application/json; charset=utf-8';

/** A name of 63 characters may be sent with every one of them percent-encoded. */
const PARAM_LENGTH_MAX = 63 * 3;

export type ApiParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly asked: AskedScope;
  readonly control: Control;
  readonly desks: Desks;
  readonly authority: Authority;
  readonly callers: Callers;
  /** Whether browsers reach it over TLS; not so if not given. */
  readonly isSecure?: boolean;
  /** Addresses and networks of proxies, which are believed who they ask for; none if not given. */
  readonly trustedProxies?: readonly string[];
  /** Of DynaBase, for the OpenAPI document. */
  readonly version: string;
  /** Served beside; none if not given. */
  readonly dashboard?: DashboardFiles | null;
  /** Whether somebody can log in with an identity provider. */
  readonly hasProvider?: boolean;
};

/** Builds the application without listening. `stopping` makes it refuse what comes from then on. */
export async function buildApp(
  parts: ApiParts,
  stopping: AbortSignal = new AbortController().signal,
): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    return503OnClosing: false,
    http: { connectionsCheckingInterval: SLOW_LOOKED_FOR_EVERY },
    trustProxy: parts.trustedProxies?.length ? [...parts.trustedProxies] : false,
    genReqId: (request) => requestId(request, parts.random),
    frameworkErrors: (error, request, reply) => answerFault(error, request, reply, parts.log),
  });
  useShapes(app);
  acceptEmptyJson(app);
  meterRequests(app, { clock: parts.clock, health: parts.desks.health });
  watch(app, parts, stopping);
  await app.register(swagger, documentOptions(parts.version));
  addAudit(app, parts.desks.audit);
  limitRates(app, parts);
  const admit = admission(parts);
  addOperations(app, parts, admit);
  addStreams(app, parts, admit);
  addEventStreams(app, parts, { admit, stopping });
  addMetrics(app, parts.desks.health, admit);
  addStatusPage(app, parts.desks.health);
  const { dashboard: files, random, hasProvider = false, isSecure = false } = parts;
  const hasPages = files !== undefined && files !== null;
  addLogins(app, { logins: parts.desks.logins, isSecure, hasPages, admit });
  addBillingPages(app, parts.desks);
  addDocuments(app);
  if (files) addDashboard(app, { files, random, hasProvider });
  await app.ready();
  return app;
}

/** Named shapes are defined once, and requests are checked against the contract's own objects. */
function useShapes(app: FastifyInstance): void {
  const shapes = namedShapes();
  for (const shape of shapes.values()) app.addSchema(defining(shape));
  app.setValidatorCompiler<TSchema & { $ref?: string }>(({ schema, httpPart }) => {
    const shape = shapes.get(schema.$ref?.replace('#', '') ?? '') ?? schema;
    const check = checker(shape, (httpPart ?? 'body') as RequestPart);
    return (value) => tried(() => check(value));
  });
  // Answers are made of nothing but what the contract names. A serialiser compiled for each route would cost every
  // start seconds: it compiles all named shapes again.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
}

function tried(check: () => unknown): { value: unknown } | { error: Error } {
  try {
    return { value: check() };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Many clients announce JSON on a POST or DELETE that has no body; that is no body, not an error. */
function acceptEmptyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = String(body).trim();
    if (text === '') return done(null, undefined);
    const read = tried(() => JSON.parse(text));
    if ('error' in read) return done(fault('BAD_REQUEST', { why: 'the body is not valid JSON' }));
    done(null, read.value);
  });
}

/** Refuses who may not call, logs what was answered, and tells every failure as a problem. */
function watch(app: FastifyInstance, parts: ApiParts, stopping: AbortSignal): void {
  const { clock, log } = parts;
  const startedAt = new WeakMap<FastifyRequest, Instant>();
  app.addHook('onRequest', async (request, reply) => {
    startedAt.set(request, clock.now());
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    if (request.routeOptions.url !== OPERATIONS.importTenant.path) boundArrival(clock, request);
    if (stopping.aborted) throw fault('SERVER_STOPPING', {});
    const refused = foreign(request.headers, parts.callers);
    const isOpen = openToPages(request, reply, parts.desks.claims);
    if (refused && !(isOpen && refused.code === 'ORIGIN_FOREIGN')) throw refused;
  });
  app.addHook('onResponse', async (request, reply) => {
    const say = request.method === 'GET' || request.method === 'HEAD' ? log.debug : log.info;
    say.call(log, 'request answered', {
      requestId: request.id,
      operation: request.routeOptions.schema?.operationId ?? request.routeOptions.url ?? null,
      status: reply.statusCode,
      ms: Math.round(elapsed(startedAt.get(request) ?? clock.now(), clock.now())),
    });
  });
  app.setErrorHandler((error, request, reply) => answerFault(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = methodsOf(path);
    if (methods.length > 0) reply.header('allow', methods.join(', '));
    if (methods.length > 0 && request.method === 'OPTIONS') return reply.code(204).send();
    // Of a path that is known and a method that it takes the router has refused the length.
    const told = methods.includes(request.method)
      ? fault('BAD_REQUEST', { why: 'a part of the path is too long' })
      : methods.length > 0
        ? fault('METHOD_UNKNOWN', { method: request.method, allowed: methods.join(', ') })
        : fault('NOT_FOUND', { what: `route ${request.method} ${path.slice(0, 200)}` });
    return answerFault(told, request, reply, log);
  });
}

function answerFault(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  const told =
    faultOfFramework(error, request.routeOptions.bodyLimit ?? BODY_BYTES_MAX) ?? toFault(error);
  noteFault(request, told.code);
  meterFault(request, told.code);
  if (told.code === 'INTERNAL') {
    log.error('request failed', { requestId: request.id, url: request.routeOptions.url, error });
  }
  if (told.spec.http === 401) reply.header('www-authenticate', 'Bearer');
  if (told.spec.retry === 'soon' && !reply.hasHeader('retry-after')) {
    reply.header('retry-after', RETRY_AFTER_S);
  }
  const problem = toProblem(told, request.id);
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

function addOperations(app: FastifyInstance, parts: ApiParts, admit: Admit): void {
  const once = new Idempotency({ ...parts, store: parts.desks.doneRequests });
  const turns = new Serial<string>();
  const bodies = new LargeBodies();
  const actions = actionsOf(parts);
  const isStreamed = (name: string): boolean => STREAMED.some((streamed) => streamed === name);
  for (const name of Object.keys(OPERATIONS).filter((all) => !isStreamed(all)) as ActionName[]) {
    const operation: Operation = OPERATIONS[name];
    const route: Route = ROUTES[name];
    const handle = handlerOf(name, { ...parts, actions, once, turns });
    app.route({
      method: operation.method,
      url: operation.path,
      schema: schemaOf(name, route),
      exposeHeadRoute: hasHead(name),
      ...admit(route.access),
      ...longerBody(route, bodies),
      handler: async (request, reply) => {
        const answer = async () =>
          await answeredWork(await handle(request, reply), request, reply, parts);
        const isLong = operation.long || workOf(name) !== null;
        const told = await (isLong ? telling(parts.clock, reply, answer) : answer());
        if ('accepted' in told) {
          noteAnswer(request, told.accepted);
          return reply.code(202).send(told.accepted);
        }
        noteAnswer(request, told.answer);
        if (operation.method === 'GET') {
          // Made once, for the tag and for the wire.
          const text = JSON.stringify(told.answer);
          const tag = tagOf(text);
          reply.header('etag', tag);
          if (isKnown(request, tag)) return reply.code(304).send();
          return reply.code(route.success.status).type(JSON_TYPE).send(text);
        }
        return reply.code(route.success.status).send(told.answer);
      },
    });
  }
}

/** What lets a route take more than most may send, who asks being known by then. */
function longerBody({ bodyBytesMax: most }: Route, bodies: LargeBodies) {
  if (most === undefined) return {};
  const preParsing: preParsingHookHandler = (request, reply, _body, done) => {
    bodies.hold(request, reply, most);
    done();
  };
  return { bodyLimit: most, preParsing };
}

type Handling = Pick<ApiParts, 'control' | 'desks'> & {
  readonly actions: Actions;
  readonly once: Idempotency;
  /** By what is changed. */
  readonly turns: Serial<string>;
};

/** Does what the request asks; the validator has made sure of the shapes. */
function handlerOf(
  name: ActionName,
  { actions, once, turns, control, desks }: Handling,
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const answer = actions[name] as (call: Call<ActionName>) => Promise<unknown>;
  const kind = workOf(name);
  const showing = actionShowing(name, actions);
  const work = { control, operations: desks.operations };
  const act = async (call: Call<ActionName>, keep?: Keep): Promise<unknown> => {
    const answered = async (run?: Run): Promise<unknown> => {
      const told = await answer(run === undefined ? call : { ...call, run });
      await keep?.(told);
      return told;
    };
    return kind === null ? await answered() : await beginWork(work, kind, call, answered);
  };
  const keyed = OPERATIONS[name].repeat === 'keyed';
  return async (request, reply) => {
    const { params, query, body, headers } = request;
    const caller = callerOf(request);
    const audit = auditNoteOf(request);
    const gone = (): AbortSignal => goneOf(reply);
    const whence = { requestId: request.id, address: request.ip };
    const call = { params, query, body, caller, audit, gone, ...whence } as Call<ActionName>;
    const done = async (): Promise<unknown> => {
      const key = headers['idempotency-key'];
      if (!keyed || typeof key !== 'string') return await act(call);
      // A key is its caller's own: nobody gets the answer to somebody else's request.
      const whole = JSON.stringify([caller.kind, caller.id, caller.scope, key]);
      return await once.once({ key: whole, name, params, body }, (keep) => act(call, keep));
    };
    if (showing === undefined) return await done();
    // Of one thing one change after the other: between the look and the change nobody else makes one.
    return await turns.run(JSON.stringify([OPERATIONS[name].path, params]), async () => {
      await requireSeen(request, () => showing(call));
      return await done();
    });
  };
}

/** What shows the thing that `name` changes, where there is such a route. */
function actionShowing(
  name: ActionName,
  actions: Actions,
): ((call: Call<ActionName>) => Promise<unknown>) | undefined {
  const { method, path }: Operation = OPERATIONS[name];
  if (method === 'GET' || method === 'POST') return undefined;
  const names = Object.keys(actions) as ActionName[];
  const shows = names.find(
    (one) => OPERATIONS[one].path === path && OPERATIONS[one].method === 'GET',
  );
  return shows && (actions[shows] as (call: Call<ActionName>) => Promise<unknown>);
}

/** What comes of it, waited for as long as was asked. */
async function answeredWork(
  done: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { desks }: Pick<ApiParts, 'desks'>,
): ReturnType<typeof answerWork> {
  if (!(done instanceof Begun)) return { answer: done };
  const how = { caller: callerOf(request), wait: waitOf(request.query), reply };
  return await answerWork(done, desks, how);
}

/** The OpenAPI document and the page made from it. */
function addDocuments(app: FastifyInstance): void {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  app.get('/v1', { schema: { hide: true } }, async () => directory());
  let page: string | undefined;
  app.get('/docs', { schema: { hide: true } }, async (_request, reply) => {
    page ??= referencePage(app.swagger());
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    return reply.type('text/html; charset=utf-8').send(page);
  });
}
