import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { minutes, seconds } from '../domain/units.ts';
import { DynaBase } from '../sdk/client.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type Api, openApi } from './listen.ts';

let clock: VirtualClock;
let log: MemoryLog;
let control: MemoryControl;
let api: Api;
/** Timers of a server at rest. */
let atRest: number;

beforeEach(async () => {
  clock = new VirtualClock();
  log = new MemoryLog();
  control = new MemoryControl(clock);
  const parts = await memoryApiParts({ clock, control, log });
  api = await openApi({ ...parts, host: '127.0.0.1', port: 0 });
  await control.createTenant({ name: 'acme' });
  atRest = clock.pending;
});

afterEach(() => api.close());

const sdk = () => new DynaBase({ apiUrl: `http://127.0.0.1:${api.port}`, apiKey: 'key' });

function ask(method: string, path: string, headers: Record<string, string> = {}): ClientRequest {
  const asked = request({
    ...{ host: '127.0.0.1', port: api.port, method, path, agent: false },
    headers: { authorization: 'Bearer key', ...headers },
  });
  // What becomes of it is told by the answer, or by what the server does.
  asked.on('error', () => undefined);
  return asked;
}

const answered = async (asked: ClientRequest): Promise<IncomingMessage> =>
  (await once(asked, 'response'))[0];

async function textOf(parts: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all).toString('latin1');
}

const PART = Buffer.alloc(65_536, 'x');

describe('an export', () => {
  test('is a file, called as its tenant', async () => {
    const asked = ask('GET', '/v1/tenants/acme/export');
    asked.end();
    const answer = await answered(asked);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      200,
      'application/octet-stream',
    ]);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="acme.tar.zst"');
    expect(await textOf(answer)).toBe('exported');
  });

  test('is made no faster than it is read, and ends with its reader', async () => {
    const ended = Promise.withResolvers<void>();
    let made = 0;
    control.exported = async function* () {
      try {
        for (; made < 100_000; made++) yield PART;
      } finally {
        ended.resolve();
      }
    };
    const parts = (await sdk().tenants.export('acme'))[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i++) await parts.next();
    await parts.return?.();
    await ended.promise;
    expect(made).toBeLessThan(1_000);
  });

  test('whose reader leaves before it begins is ended all the same', async () => {
    const made = Promise.withResolvers<void>();
    const called = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const exportTenant = control.exportTenant.bind(control);
    control.exportTenant = async (ref) => {
      const { tenant } = await exportTenant(ref);
      called.resolve();
      await made.promise;
      const stop = async () => {
        ended.resolve();
        return { done: true, value: undefined } as const;
      };
      const next = () => new Promise<never>(() => {});
      return { tenant, content: { [Symbol.asyncIterator]: () => ({ next, return: stop }) } };
    };
    const asked = ask('GET', '/v1/tenants/acme/export');
    asked.end();
    await called.promise;
    const closed = new Promise((resolve) => asked.once('close', resolve));
    asked.destroy();
    await closed;
    made.resolve();
    await ended.promise;
    expect(log.alarming).toEqual([]);
  });

  test('that is refused is a problem', async () => {
    control.failNext('SNAPSHOT_UNKNOWN', { snapshot: 'sn_1' });
    await expect(sdk().tenants.export('acme')).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
    await expect(sdk().tenants.export('nobody')).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' });
  });

  test('that fails on its way is cut off, and its cause is in the log', async () => {
    control.exported = async function* () {
      yield PART;
      throw fault('ARCHIVE_CORRUPT', { snapshot: 'sn_1', why: 'a chunk is missing' });
    };
    await expect(textOf(await sdk().tenants.export('acme'))).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringContaining('the file was cut off'),
    });
    expect(log.alarming).toEqual([expect.stringContaining('export failed')]);
  });

  test('needs the key, and is not made for who asks for its headers', async () => {
    const stranger = ask('GET', '/v1/tenants/acme/export', { authorization: 'Bearer other' });
    stranger.end();
    expect((await answered(stranger)).statusCode).toBe(401);
    const head = ask('HEAD', '/v1/tenants/acme/export');
    head.end();
    expect((await answered(head)).statusCode).toBe(405);
    expect(control.calls.some((call) => call.startsWith('export'))).toBe(false);
  });
});

describe('an import', () => {
  test('takes a body of any size and type, and answers with the password', async () => {
    const file = async function* () {
      for (let i = 0; i < 100; i++) yield PART;
    };
    const made = await sdk().tenants.import({ name: 'copy', plan: 'starter' }, file());
    expect([made.name, made.plan, made.password]).toEqual(['copy', 'starter', 'secret-2']);
    expect(control.imported.map((text) => text.length)).toEqual([100 * PART.length]);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const asked = ask('POST', '/v1/tenants/import?name=other', form);
    asked.end('file');
    expect((await answered(asked)).statusCode).toBe(201);
    expect(control.imported.at(-1)).toBe('file');
  });

  test('without a body is one of an empty file', async () => {
    const asked = ask('POST', '/v1/tenants/import?name=copy');
    asked.end();
    expect((await answered(asked)).statusCode).toBe(201);
    expect(control.imported).toEqual(['']);
  });

  test('that is refused at once is a problem, however much is still to come', async () => {
    control.failNext('TENANT_EXISTS', { name: 'acme' });
    let sent = 0;
    const endless = async function* () {
      for (; sent < 100_000; sent++) yield PART;
    };
    const refused = sdk().tenants.import({ name: 'acme' }, endless());
    await expect(refused).rejects.toMatchObject({ code: 'TENANT_EXISTS' });
    expect(sent).toBeLessThan(100_000);
    const unnamed = ask('POST', '/v1/tenants/import');
    unnamed.end('file');
    const answer = await answered(unnamed);
    expect([answer.statusCode, JSON.parse(await textOf(answer)).code]).toEqual([
      400,
      'BAD_REQUEST',
    ]);
  });

  test('of a file that cannot be read to its end fails for that reason', async () => {
    const torn = async function* () {
      yield PART;
      throw new Error('the disk has a fault');
    };
    const importing = sdk().tenants.import({ name: 'copy' }, torn());
    await expect(importing).rejects.toThrow('the disk has a fault');
    await expect(sdk().tenants.get('copy')).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' });
  });

  const begun = async () => {
    const failed = Promise.withResolvers<unknown>();
    const first = Promise.withResolvers<AbortSignal>();
    control.importTenant = async ({ file, signal }) => {
      try {
        for await (const _ of file) first.resolve(signal);
        return await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      } catch (error) {
        failed.resolve(error);
        throw error;
      }
    };
    const asked = ask('POST', '/v1/tenants/import?name=copy');
    asked.write('the beginning');
    return { asked, failed: failed.promise, signal: await first.promise };
  };

  test('is given up when its client leaves in the middle', async () => {
    const { asked, failed, signal } = await begun();
    asked.destroy();
    expect(await failed).toMatchObject({ code: 'BAD_REQUEST' });
    await expect.poll(() => signal.aborted).toBe(true);
  });

  test('is given up when its client leaves before the answer', async () => {
    const { asked, failed } = await begun();
    asked.end();
    await once(asked, 'finish');
    asked.destroy();
    expect(await failed).toMatchObject({ code: 'BAD_REQUEST' });
  });

  test('is given up when nothing comes any more', async () => {
    const { failed } = await begun();
    await clock.advance(minutes(2));
    expect(await failed).toMatchObject({
      code: 'BAD_REQUEST',
      message: 'the file ended before it was whole',
    });
  });
});

describe('long requests', () => {
  test('are told every so often that they are under way, until they are answered', async () => {
    const waiting = Promise.withResolvers<void>();
    const called = Promise.withResolvers<void>();
    control.archiveTenant = async (ref) => {
      called.resolve();
      await waiting.promise;
      return control.showTenant(ref);
    };
    const asked = ask('POST', '/v1/tenants/acme/archive');
    const told: number[] = [];
    asked.on('information', ({ statusCode }) => told.push(statusCode));
    asked.end();
    await called.promise;
    for (let i = 1; i <= 3; i++) {
      await clock.advance(seconds(20));
      await expect.poll(() => told.length).toBe(i);
    }
    waiting.resolve();
    expect([(await answered(asked)).statusCode, told]).toEqual([200, [102, 102, 102]]);
    expect(clock.pending).toBe(atRest);
  });

  test('of HTTP/1.0 are not', async () => {
    const waiting = Promise.withResolvers<void>();
    const called = Promise.withResolvers<void>();
    control.archiveTenant = async (ref) => {
      called.resolve();
      await waiting.promise;
      return control.showTenant(ref);
    };
    const socket = connect(api.port, '127.0.0.1');
    socket.write(
      'POST /v1/tenants/acme/archive HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer key\r\n\r\n',
    );
    await called.promise;
    await clock.advance(minutes(1));
    waiting.resolve();
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});

test('a body that is no file must arrive in time', async () => {
  const socket = connect(api.port, '127.0.0.1');
  socket.write(
    'POST /v1/tenants HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer key\r\n' +
      'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name":',
  );
  await expect.poll(() => clock.pending).toBe(atRest + 1);
  await clock.advance(seconds(30));
  expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

test('elsewhere a file is not taken', async () => {
  const asked = ask('POST', '/v1/tenants', { 'content-type': 'application/octet-stream' });
  asked.end('file');
  expect((await answered(asked)).statusCode).toBe(415);
});
