import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import type { CustomerId } from '../domain/ids.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { fakeWorld } from '../testing/fake-world.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { buildProgram, runProgram } from './program.ts';

const CUSTOMER = 'cu_000000000001' as CustomerId;

let api: Api;

beforeAll(async () => {
  const clock = new VirtualClock();
  const control = new MemoryControl(clock);
  api = await openApi({
    ...(await memoryApiParts({ clock, control })),
    ...{ host: '127.0.0.1', port: 0 },
  });
  await control.createTenant({ name: 'shop-c', plan: 'starter', customer: CUSTOMER });
  await control.createTenant({ name: 'shop-b', plan: 'starter' });
  for (const name of ['shop-a', 'other']) await control.createTenant({ name });
  await control.wakeTenant('shop-b');
});

afterAll(() => api.close());

async function list(flags: string) {
  const world = fakeWorld({
    fetch: globalThis.fetch,
    env: { DYNABASE_API_URL: `http://127.0.0.1:${api.port}`, DYNABASE_API_KEY: 'key' },
  });
  const program = buildProgram({ world, version: '1.2.3', up: () => Promise.resolve() });
  const status = await runProgram(program, ['tenants', 'list', ...flags.split(' ')], world);
  return { status, out: world.stdout.text(), err: world.stderr.text() };
}

test.each([
  ['--tier warm', 'shop-b shop-c'],
  ['--plan free', 'other shop-a'],
  ['--home none --search shop --desc', 'shop-c shop-a'],
  ['--home local', 'shop-b'],
  [`--customer ${CUSTOMER}`, 'shop-c'],
  ['--state running', 'shop-b'],
  ['--sort state', 'shop-b other shop-a shop-c'],
  ['--sort state --desc --search p', 'shop-c shop-a shop-b'],
])('tenants list %s: %s', async (flags, names) => {
  const { out } = await list(`${flags} --json`);
  const found: readonly { readonly name: string }[] = JSON.parse(out);
  expect(found.map(({ name }) => name)).toEqual(names.split(' '));
});

test('where none is like that it says so, and not how to make the first', async () => {
  expect((await list('--home archive --sort tierSince')).out).toBe('no tenant is like that\n');
});

test.each([
  ['--tier auto', '"AUTO" is not one of COLD, WARM, HOT, PERSISTENT'],
  ['--plan big', '"big" is not one of free, starter, professional, enterprise'],
  ['--home away', '"away" is not one of none, local, archive'],
  ['--sort size', '"size" is not one of name, createdAt, tierSince, stateSince, state'],
])('tenants list %s is refused: %s', async (flags, why) => {
  const [flag = ''] = flags.split(' ');
  const { status, err } = await list(flags);
  expect([status, err]).toEqual([1, `error: option ${flag}: ${why} [BAD_OPTION]\n`]);
});
