/**
 * The way of a browser through a login: to the identity provider, back, and out again.
 *
 * These answer with redirects and cookies, so they are no operations of the contract. The ticket of a login lives in a
 * cookie for the ten minutes that it may take; a session's cookie is for this host alone and no script can read it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../contract/problem.ts';
import type { LoginAim, LoginDesk } from '../../control/access/login-desk.ts';
import { fault } from '../../domain/faults.ts';
import { cookieCalled, cookieNames } from '../doors.ts';
import { bearerOf } from './access.ts';
import { type Admit, callerOf } from './admission.ts';
import { auditNoteOf } from './audit.ts';

export type LoginParts = {
  readonly logins: LoginDesk;
  /** Whether browsers reach the server over TLS. */
  readonly isSecure: boolean;
  /** Whether there is a page where one logs in. */
  readonly hasPages: boolean;
  readonly admit: Admit;
};

const TICKET_S = 600;
const SESSION_S = 43_200;

/** Whoever may look at anything. */
const READS = { scope: 'tenant', right: 'read' } as const;

/** The first status that is a failure. */
const FAILED = 400;

/** Of a SHA-256 in base64url. */
const CHALLENGE = /^[\w-]{43}$/;

type Query = Readonly<Record<string, string | undefined>>;

export function addLogins(
  app: FastifyInstance,
  { logins, isSecure, hasPages, admit }: LoginParts,
): void {
  const { session: sessionCookie, ticket: ticketCookie } = cookieNames(isSecure);
  const secure = isSecure ? '; Secure' : '';
  const hidden = { schema: { hide: true } };
  // The prefix of their names wants a path of all.
  const cookie = (name: string, value: string, ageS: number): string =>
    `${name}=${value}; Path=/; Max-Age=${ageS}; HttpOnly; SameSite=Lax${secure}`;

  const begin = async (request: FastifyRequest, reply: FastifyReply, aim: LoginAim) => {
    const { customer, signUp, anew } = request.query as Query;
    const isSigningUp = signUp === 'true';
    const wish = { aim, customer: customer ?? null, isSigningUp, isAnew: anew === 'true' };
    const { url, ticket } = await logins.begin(wish);
    reply.header('set-cookie', cookie(ticketCookie, ticket, TICKET_S));
    return reply.redirect(url, 302);
  };
  const meant = (request: FastifyRequest): string =>
    logins.pageOf(cookieCalled(ticketCookie, request.headers.cookie)) ??
    pathOf(request.query as Query);
  const told = hasPages ? { ...hidden, onSend: tellOnPage(meant) } : hidden;
  app.get('/v1/auth/login', told, (request, reply) =>
    begin(request, reply, { kind: 'page', path: pathOf(request.query as Query) }),
  );
  app.get('/v1/auth/cli', hidden, (request, reply) =>
    begin(request, reply, cliOf(request.query as Query)),
  );
  app.get('/v1/auth/callback', told, async (request, reply) => {
    const url = new URL(request.url, 'http://localhost');
    const ticket = cookieCalled(ticketCookie, request.headers.cookie);
    reply.header('set-cookie', cookie(ticketCookie, '', 0));
    const done = await logins.finish(url, ticket, whoAsks(request));
    if (done.kind === 'code') return reply.redirect(done.url, 302);
    reply.header('set-cookie', cookie(sessionCookie, done.made.secret, SESSION_S));
    return reply.redirect(done.path, 302);
  });
  // Whoever has a session already would only lengthen it: what opens one is a key, sent as a bearer.
  const opening = { schema: { hide: true, operationId: 'login' }, ...admit(READS) };
  app.post('/v1/auth/session', opening, async (request, reply) => {
    if (bearerOf(request.headers.authorization) === undefined) throw fault('KEY_MISSING', {});
    const made = await logins.open(callerOf(request));
    auditNoteOf(request).about({ target: made.key.id });
    reply.header('set-cookie', cookie(sessionCookie, made.secret, SESSION_S));
    return reply.code(204).send();
  });
  app.post('/v1/auth/logout', hidden, async (request, reply) => {
    const { cookie: sent, origin } = request.headers;
    const isOurs = request.headers['x-dynabase-csrf'] === '1' && origin !== undefined;
    if (!isOurs) throw fault('CSRF_MISSING', {});
    const session = cookieCalled(sessionCookie, sent);
    if (session !== undefined) await logins.logout(session, whoAsks(request));
    reply.header('set-cookie', cookie(sessionCookie, '', 0));
    return reply.code(204).send();
  });
}

/**
 * Whom a browser has led here reads no JSON: they are told on the page where one logs in, whatever it was, and go on from
 * there to the page that was `meant`.
 */
const tellOnPage =
  (meant: (request: FastifyRequest) => string) =>
  async (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> => {
    const isPerson = request.headers.accept?.includes('text/html') === true;
    if (!isPerson || reply.statusCode < FAILED || typeof payload !== 'string') return payload;
    const { code } = JSON.parse(payload) as Problem;
    const to = meant(request);
    const search = new URLSearchParams({ failed: code, ...(to === '/' ? {} : { to }) });
    reply.code(302).removeHeader('content-type').header('location', `/login?${search}`);
    return '';
  };

const whoAsks = (request: FastifyRequest) => ({ requestId: request.id, address: request.ip });

/** A page of this server only: else a link could lead from a login to anywhere. */
function pathOf({ to }: Query): string {
  return to !== undefined && /^\/(?![/\\])[!-[\]-~]*$/.test(to) ? to : '/';
}

function cliOf({ port, challenge }: Query): LoginAim {
  const read = /^\d{1,5}$/.test(port ?? '') ? Number(port) : 0;
  if (read < 1 || read > 65_535) throw fault('BAD_REQUEST', { why: '"port" must be a port' });
  if (challenge === undefined || !CHALLENGE.test(challenge)) {
    throw fault('BAD_REQUEST', { why: '"challenge" must be a SHA-256 in base64url' });
  }
  return { kind: 'cli', port: read, challenge };
}
