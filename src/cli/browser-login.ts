/**
 * A login in a browser, for the command line: the identity provider proves there who one is, and a
 * code comes back to a port of this machine, which is good only together with what is kept here.
 * Source: RFC 8252 (loopback redirect), RFC 7636 (proof key).
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynaBase } from '../sdk/client.ts';
import { badRequest } from './failure.ts';
import type { World } from './world.ts';

/** No login takes longer, and the server forgets it then. */
const WITHIN_MS = 600_000;

const LOOPBACK = '127.0.0.1';

const OPENERS = ['xdg-open', 'open', 'wslview'] as const;

export type BrowserLogin = { readonly apiUrl: string; readonly customer: string | undefined };

/** A personal key. Throws what the server says, and `BAD_REQUEST` if nobody logs in. */
export async function browserLogin(
  world: World,
  { apiUrl, customer }: BrowserLogin,
): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  await using catcher = await codeCatcher();
  const url = new URL(`${apiUrl.replace(/\/+$/, '')}/v1/auth/cli`);
  url.searchParams.set('port', String(catcher.port));
  url.searchParams.set('challenge', challenge);
  if (customer !== undefined) url.searchParams.set('customer', customer);
  const client = new DynaBase({ apiUrl, fetch: world.fetch, retriesMax: 0 });
  // A server that is not there, or takes nobody's login, is better told of here than in a browser.
  await checkLogins(world, url);
  world.stderr.write(`log in with a browser on this machine:\n  ${url}\n`);
  void openBrowser(world, String(url));
  const code = await interruptibly(world, catcher.code);
  const { secret } = await client.access.exchangeLogin({ code, verifier });
  return secret;
}

async function checkLogins({ fetch }: World, url: URL): Promise<void> {
  const answer = await fetch(url, { redirect: 'manual' }).catch(() => null);
  if (answer === null) throw badRequest(`${url.origin} does not answer`);
  const isRedirect = answer.status >= 300 && answer.status < 400;
  if (isRedirect || answer.type === 'opaqueredirect') return;
  const told: unknown = await answer.json().catch(() => null);
  const detail = typeof told === 'object' && told !== null && 'detail' in told ? told.detail : null;
  throw badRequest(`${url.origin} takes no logins: ${detail ?? `status ${answer.status}`}`);
}

/** The first program that is there. Without one the person opens the address. */
async function openBrowser(world: World, url: string): Promise<void> {
  for (const program of OPENERS) {
    const done = await world.execute({ program, args: [url], env: {} }).catch(() => undefined);
    if (done !== undefined) return;
  }
}

async function interruptibly(world: World, code: Promise<string>): Promise<string> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = world.onInterrupt(() => reject(badRequest('nobody logged in; nothing was kept')));
  const late = setTimeout(() => {
    reject(badRequest('nobody logged in within ten minutes; nothing was kept'));
  }, WITHIN_MS);
  try {
    return await Promise.race([code, promise]);
  } finally {
    clearTimeout(late);
    stop();
  }
}

type Catcher = AsyncDisposable & { readonly port: number; readonly code: Promise<string> };

/** Listens on this machine alone for the one request that brings the code. */
async function codeCatcher(): Promise<Catcher> {
  const { promise: code, resolve } = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${LOOPBACK}`);
    const brought = searchParams.get('code');
    if (request.method !== 'GET' || pathname !== '/' || !isCode(brought)) {
      say(response, 404, 'There is nothing here.');
      return;
    }
    say(response, 200, 'You are logged in. You may close this page and go back to your terminal.');
    resolve(brought);
  });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    code,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

const isCode = (text: string | null): text is string =>
  text !== null && /^[\w-]{1,200}$/.test(text);

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
  response.end(`${text}\n`);
}
