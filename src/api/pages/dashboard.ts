/**
 * The dashboard, served beside the API that it asks.
 *
 * Its files have names that say what is in them and are kept by browsers for ever; they were compressed when they were
 * built. The page is made anew each time, for the number that its styles are let in by. Any other path that a browser asks
 * a page for is one of the dashboard's own, since it finds its way itself.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Random } from '../../domain/random.ts';
import type { DashboardFiles, Encoding } from './dashboard-files.ts';

export type DashboardParts = {
  readonly files: DashboardFiles;
  readonly random: Random;
  /** Whether somebody can log in with an identity provider. */
  readonly hasProvider: boolean;
};

const NONCE_BYTES = 16;

const A_YEAR_S = 31_536_000;

/** Of the API: no page is ever to be found there. */
const OWN_PATHS = /^\/(v1|sql|docs|openapi\.json|healthz|readyz|metrics)(\/|$)/;

export function addDashboard(app: FastifyInstance, parts: DashboardParts): void {
  const { files } = parts;
  const hidden = { schema: { hide: true } };
  for (const path of files.paths) {
    app.get(path, hidden, (request, reply) => sendFile(files, path, { request, reply }));
  }
  app.get('/', hidden, (_request, reply) => sendPage(parts, reply));
  app.get('/*', hidden, (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const wantsPage = request.headers.accept?.includes('text/html') === true;
    if (OWN_PATHS.test(path) || !wantsPage) return reply.callNotFound();
    return sendPage(parts, reply);
  });
}

function sendPage({ files, random, hasProvider }: DashboardParts, reply: FastifyReply) {
  const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('base64url');
  const page = files.page
    .replace('name="csp-nonce" content=""', `name="csp-nonce" content="${nonce}"`)
    .replace('data-login="key"', `data-login="${hasProvider ? 'oidc' : 'key'}"`);
  reply.header('content-security-policy', policy(nonce));
  reply.header('cross-origin-opener-policy', 'same-origin');
  reply.header('referrer-policy', 'no-referrer');
  return reply.type('text/html; charset=utf-8').send(page);
}

/** Nothing from other hosts, nothing inline but styles that the page itself makes, and no frame around it. */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

function sendFile(
  files: DashboardFiles,
  path: string,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
) {
  const file = files.file(path);
  if (file === undefined) return reply.callNotFound();
  const encoding = encodingFor(request.headers['accept-encoding'], file.encodings);
  const age = file.isImmutable ? `public, max-age=${A_YEAR_S}, immutable` : 'no-cache';
  reply.header('cache-control', age);
  if (file.encodings.length > 0) reply.header('vary', 'accept-encoding');
  if (encoding !== undefined) reply.header('content-encoding', encoding.name);
  return reply.type(file.type).send(files.read(path, encoding));
}

/** The best of those that a client takes. Source: RFC 9110, 12.5.3; a weight of zero forbids. */
function encodingFor(
  accepted: string | undefined,
  encodings: readonly Encoding[],
): Encoding | undefined {
  const names = (accepted ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => !/;\s*q=0(\.0*)?$/.test(one))
    .map((one) => one.split(';', 1)[0]);
  return encodings.find(({ name }) => names.includes(name));
}
