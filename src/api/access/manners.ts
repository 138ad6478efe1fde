/**
 * What every route does alike: how often it may be asked, tags of what was seen, and what it says of itself.
 *
 * Sources: RFC 9110 (conditional requests, `Allow`); IETF draft "RateLimit header fields for HTTP".
 */
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OPERATIONS, type Operation, STREAMED } from '../../contract/operations.ts';
import { ROUTES } from '../../contract/routes.ts';
import { type Allowance, RateLimits } from '../../control/access/rate-limits.ts';
import type { SettingsDesk } from '../../control/settings.ts';
import { addressKey } from '../../domain/address-key.ts';
import type { Clock } from '../../domain/clock.ts';
import { fault } from '../../domain/faults.ts';
import type { Random } from '../../domain/random.ts';
import type { Rate } from '../../domain/settings.ts';
import { callerOf } from './admission.ts';

/** What a client may call its request; it goes into our log. */
const REQUEST_ID = /^[\w.-]{8,64}$/;

/** This machine's own addresses. */
export const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** The client's own id for a request, or a new one. */
export function requestId({ headers }: IncomingMessage, random: Random): string {
  const given = headers['x-request-id'];
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
  return `req_${Buffer.from(random.bytes(9)).toString('base64url')}`;
}

type LimitParts = { readonly clock: Clock; readonly desks: { readonly settings: SettingsDesk } };

/**
 * Bounds requests by address, by caller, and those that fail to prove who they are from, by address. This machine
 * itself may be a proxy before all others, so its own address bounds nobody.
 */
export function limitRates(app: FastifyInstance, { clock, desks }: LimitParts): void {
  const limits = new RateLimits(clock);
  const rates = () => desks.settings.current().rates;
  app.addHook('onRequest', async (request, reply) => {
    if (LOOPBACK.test(request.ip)) return;
    const { failedLogins, perAddress } = rates();
    const address = addressKey(request.ip);
    const failed = limits.look(`failed ${address}`, failedLogins);
    demand(failed, 'failed attempts from this address', reply);
    demand(limits.take(`address ${address}`, perAddress), 'requests from this address', reply);
  });
  app.addHook('preValidation', async (request, reply) => {
    const { kind, id } = callerOf(request);
    if (kind === 'anybody') return;
    const { perCaller } = rates();
    const allowance = limits.take(`caller ${kind} ${id}`, perCaller);
    tell(reply, allowance, perCaller);
    demand(allowance, 'requests by this caller', reply);
  });
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode === 401)
      limits.take(`failed ${addressKey(request.ip)}`, rates().failedLogins);
  });
}

function tell(reply: FastifyReply, { left, waitSeconds }: Allowance, rate: Rate): void {
  const window = Math.ceil((rate.burst * 60) / rate.perMinute);
  reply.header('ratelimit-policy', `"caller";q=${rate.burst};w=${window}`);
  reply.header('ratelimit', `"caller";r=${left};t=${waitSeconds}`);
}

function demand({ isLeft, waitSeconds }: Allowance, of: string, reply: FastifyReply): void {
  if (isLeft) return;
  reply.header('retry-after', waitSeconds);
  throw fault('RATE_LIMITED', { of, waitSeconds });
}

/** Names an answer by its JSON. Weak: equal in meaning, not byte for byte. */
export const tagOf = (text: string): string =>
  `W/"${hash('sha256', text, 'base64url').slice(0, 22)}"`;

/** Whether the client has the answer with this tag already. */
export const isKnown = ({ headers }: FastifyRequest, tag: string): boolean =>
  listed(headers['if-none-match'], tag);

/** Throws `CHANGED_SINCE` unless what `look` finds is what the client has seen. */
export async function requireSeen(
  { headers }: FastifyRequest,
  look: () => Promise<unknown>,
): Promise<void> {
  const given = headers['if-match'];
  if (given === undefined) return;
  if (!listed(given, tagOf(JSON.stringify(await look())))) throw fault('CHANGED_SINCE', {});
}

function listed(tags: string | undefined, tag: string): boolean {
  if (tags === undefined) return false;
  if (tags.trim() === '*') return true;
  return tags.split(',').some((one) => bare(one) === bare(tag));
}

const bare = (tag: string): string => tag.trim().replace(/^W\//, '');

/** Whether headers can be asked for alone: of a stream, and of what is told once, that would take the answer away. */
export const hasHead = (name: string): boolean =>
  name !== 'getOperation' && !STREAMED.some((streamed) => streamed === name);

const NAMED = Object.entries(OPERATIONS) as readonly (readonly [string, Operation])[];

const PATHS = [...new Set(NAMED.map(([, { path }]) => path))].map((path) => {
  const all = NAMED.filter(([, one]) => one.path === path);
  const methods = all.flatMap(([name, { method }]) =>
    method === 'GET' && hasHead(name) ? ['GET', 'HEAD'] : [method],
  );
  return { pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`), methods };
});

/** The methods that a path takes; none if there is no such path. */
export function methodsOf(path: string): readonly string[] {
  const taken = PATHS.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
  return taken.length === 0 ? [] : [...new Set([...taken, 'OPTIONS'])];
}

/** What there is below `/v1`. */
export function directory(): object {
  const operations = Object.entries(OPERATIONS).map(([name, { method, path }]) => {
    const { summary, tag } = ROUTES[name as keyof typeof ROUTES];
    return { name, method, path, tag, summary };
  });
  return { document: '/openapi.json', reference: '/docs', operations };
}
