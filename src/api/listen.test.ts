import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { type Api, openApi } from './listen.ts';

const open: Api[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()));
});

async function listen(port = 0, host = '127.0.0.1') {
  const clock = new VirtualClock();
  const control = new MemoryControl(clock);
  const api = await openApi({
    ...(await memoryApiParts({ clock, control })),
    host,
    port,
  });
  open.push(api);
  return { api, control, clock, url: `http://127.0.0.1:${api.port}` };
}

const authorized = { headers: { authorization: 'Bearer key' } };

test('it answers on the port it says', async () => {
  const { url } = await listen();
  expect((await fetch(`${url}/v1/status`, authorized)).status).toBe(200);
});

test('a port in use is said with the option that changes it', async () => {
  const { api } = await listen();
  await expect(listen(api.port)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `port ${api.port} is in use by another program; stop it, or choose another with --api-port`,
  });
});

test('an address that this machine does not have is a bad option', async () => {
  await expect(listen(0, '192.0.2.1')).rejects.toMatchObject({ code: 'BAD_OPTION' });
});

test('closing lets a request under way end, and frees the port', async () => {
  const { api, control, clock, url } = await listen();
  const waking = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  control.wakeTenant = async (ref) => {
    called.resolve();
    await waking.promise;
    return control.showTenant(ref);
  };
  await control.createTenant({ name: 'acme' });
  const before = clock.pending;
  const answer = fetch(`${url}/v1/tenants/acme/wake`, { method: 'POST', ...authorized });
  await called.promise;
  const closed = api.close();
  waking.resolve();
  expect((await answer).status).toBe(200);
  await closed;
  expect(clock.pending).toBe(before);
  const taken = createServer().listen(api.port, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  await new Promise((resolve) => taken.close(resolve));
});

test('closing twice is closing once', async () => {
  const { api } = await listen();
  await Promise.all([api.close(), api.close()]);
});
