import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { OidcProvider } from '../system/identity-provider.ts';
import { type FakeWorldOptions, fakeWorld } from '../testing/fake-world.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { OidcDouble } from '../testing/oidc-double.ts';
import { buildProgram, runProgram } from './program.ts';

const CREDENTIALS = '/home/me/.config/dynabase/credentials.json';
const REDIRECT = 'http://localhost:6480/v1/auth/callback';

let oidc: OidcDouble;
let api: Api;
let apiUrl: string;

beforeEach(async () => {
  oidc = await OidcDouble.open(REDIRECT);
  const provider = new OidcProvider({
    ...{ issuer: oidc.issuer, clientId: 'dynabase', redirectUri: REDIRECT },
    clientSecret: 'client-secret-of-the-test',
  });
  const clock = new VirtualClock();
  const control = new MemoryControl(clock);
  const logins = { provider, admins: ['ann@example.com'] };
  const parts = await memoryApiParts({ clock, control, logins });
  api = await openApi({ ...parts, host: '127.0.0.1', port: 0 });
  apiUrl = `http://127.0.0.1:${api.port}`;
});

afterEach(async () => {
  await api.close();
  await oidc[Symbol.asyncDispose]();
});

function begin(args: readonly string[], options: FakeWorldOptions = {}) {
  const world = fakeWorld({ fetch: globalThis.fetch, ...options });
  const program = buildProgram({ world, version: '1.2.3', up: () => Promise.resolve() });
  return { world, ended: runProgram(program, args, world) };
}

/** What a browser does with the address: the provider, the way back, and the port of the command line. */
async function browse(url: string): Promise<void> {
  const begun = await fetch(url, { redirect: 'manual' });
  const [ticket = ''] = (begun.headers.get('set-cookie') ?? '').split(';');
  const back = new URL(await oidc.visit(begun.headers.get('location') ?? ''));
  const done = await fetch(`${apiUrl}${back.pathname}${back.search}`, {
    ...{ redirect: 'manual', headers: { cookie: ticket } },
  });
  const to = done.headers.get('location') ?? '';
  expect((await fetch(new URL('/favicon.ico', to))).status).toBe(404);
  expect(await (await fetch(to)).text()).toContain('You are logged in');
}

test('a login in a browser keeps a personal key, which is said nowhere', async () => {
  oidc.account = { email: 'ann@example.com', verified: true };
  const opened: string[] = [];
  const { world, ended } = begin(['login', '--api-url', apiUrl, '--browser'], {
    execute: ({ args }) => {
      opened.push(...args);
      return { status: 0, stdout: '', stderr: '' };
    },
  });
  await world.stderr.shows('challenge=');
  await expect.poll(() => opened).toHaveLength(1);
  await browse(opened[0] ?? '');
  expect(await ended).toBe(0);
  const { apiKey } = JSON.parse(world.files.get(CREDENTIALS) ?? '').profiles.default;
  expect(world.stdout.text() + world.stderr.text()).not.toContain(apiKey);
  const files = Object.fromEntries(world.files);
  const who = begin(['whoami', '--json'], { files });
  expect(await who.ended).toBe(0);
  expect(JSON.parse(who.world.stdout.text())).toMatchObject({ id: 'ann@example.com' });
});

test('nobody who logs in is waited for after Ctrl-C', async () => {
  const { world, ended } = begin(['login', '--api-url', apiUrl, '--browser']);
  await world.stderr.shows('challenge=');
  await expect.poll(() => world.interrupts.size).toBe(1);
  world.interrupt();
  expect(await ended).toBe(1);
  expect(world.stderr.text()).toContain('nobody logged in; nothing was kept');
  expect(world.files.has(CREDENTIALS)).toBe(false);
});
