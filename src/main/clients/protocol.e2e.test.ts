/** What the protocol fixes message by message, with and without parking in between. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { FrameClient } from '../../testing/frame-client.ts';
import * as request from '../../testing/requests.ts';
import type { WireMessage } from '../../testing/wire-peer.ts';

const QUERIES = 50;
const PIPELINED = 10_000;

describe.each([false, 'parks'] as const)('the protocol, chaos %s', (chaos) => {
  let tenant: ClientTenant;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos });
  });

  afterAll(() => tenant[Symbol.asyncDispose]());

  const connected = (): Promise<FrameClient> => {
    const { host, port, ...login } = tenant.connection;
    return FrameClient.open({ place: { host, port }, ...login });
  };

  const typesOf = (frames: readonly WireMessage[]): string =>
    frames.map(({ type }) => type).join('');

  const textOf = ({ body }: WireMessage): string => body.toString('utf8', 6);

  test('fifty queries in one write are fifty times ready', async () => {
    await using client = await connected();
    const numbers = Array.from({ length: QUERIES }, (_, n) => n);
    for (let round = 0; round < 3; round++) {
      await tenant.rest();
      const all = Buffer.concat(numbers.map((n) => request.query(`select ${n}`)));
      const frames = await client.ask(all, QUERIES);
      expect(typesOf(frames)).toBe('TDCZ'.repeat(QUERIES));
      expect(frames.filter(({ type }) => type === 'D').map(textOf)).toEqual(numbers.map(String));
    }
  });

  test('ten thousand pipelined statements are answered in order', async () => {
    await using client = await connected();
    const numbers = Array.from({ length: PIPELINED }, (_, n) => n);
    const head = [request.parse('select $1::int', 'number'), request.sync()];
    expect(typesOf(await client.ask(Buffer.concat(head)))).toBe('1Z');
    await tenant.rest();
    const each = numbers.flatMap((n) => [
      request.bind({ statement: 'number', values: [`${n}`] }),
      request.execute(),
      request.sync(),
    ]);
    const frames = await client.ask(Buffer.concat(each), PIPELINED);
    expect(typesOf(frames)).toBe('2DCZ'.repeat(PIPELINED));
    expect(frames.filter(({ type }) => type === 'D').map(textOf)).toEqual(numbers.map(String));
  });

  test('a conversation cut at every byte has the same answers', async () => {
    const conversation = Buffer.concat([
      request.parse('select $1::int + 1'),
      request.describe('S'),
      request.bind({ values: ['41'] }),
      request.execute(),
      request.sync(),
      request.query('select 1/0; select 2'),
      request.query('copy (select 1) to stdout'),
    ]);
    await using client = await connected();
    const whole = await client.ask(conversation, 3);
    expect(typesOf(whole)).toBe('1tT2DCZEZHdcCZ');
    for (let cut = 1; cut < conversation.length; cut++) {
      if (cut % 20 === 0) await tenant.rest();
      await client.sendApart([conversation.subarray(0, cut), conversation.subarray(cut)]);
      expect(await client.until('Z', 3)).toEqual(whole);
    }
  });

  test('a session that has sent half a message is not taken for one at rest', async () => {
    await using client = await connected();
    const asked = request.query(`select 'whole'`);
    client.send(asked.subarray(0, 9));
    await tenant.rest();
    client.send(asked.subarray(9));
    expect(typesOf(await client.until('Z'))).toBe('TDCZ');
  });

  test('an unnamed statement and the parameters of a session outlive a rest', async () => {
    await using client = await connected();
    const set = await client.ask(request.query(`set datestyle = 'German'; set search_path = ''`));
    expect(typesOf(set)).toBe('CCSSZ');
    const parsed = Buffer.concat([request.parse('select $1::date'), request.sync()]);
    expect(typesOf(await client.ask(parsed))).toBe('1Z');
    for (let round = 0; round < 3; round++) {
      await tenant.rest();
      const bound = [request.bind({ values: ['2026-02-01'] }), request.execute(), request.sync()];
      const frames = await client.ask(Buffer.concat(bound));
      expect(typesOf(frames)).toBe('2DCZ');
      expect(frames.filter(({ type }) => type === 'D').map(textOf)).toEqual(['01.02.2026']);
    }
  });

  test('a Parse that is skipped after an error does not become the unnamed statement', async () => {
    await using client = await connected();
    const run = Buffer.concat([request.bind({}), request.execute(), request.sync()]);
    const skipped = Buffer.concat([
      request.bind({ statement: 'missing' }),
      request.parse('select 42'),
      request.sync(),
    ]);
    await client.ask(request.query('select 1'));
    expect(typesOf(await client.ask(skipped))).toBe('EZ');
    await tenant.rest();
    expect(typesOf(await client.ask(run))).toBe('EZ');
    const parsed = Buffer.concat([request.parse('select 7'), request.sync()]);
    expect(typesOf(await client.ask(parsed))).toBe('1Z');
    expect(typesOf(await client.ask(skipped))).toBe('EZ');
    await tenant.rest();
    const frames = await client.ask(run);
    expect(frames.filter(({ type }) => type === 'D').map(textOf)).toEqual(['7']);
  });

  test('what a session hears of its own backend stays as it was told', async () => {
    await using client = await connected();
    await client.ask(request.query('listen own'));
    for (let round = 0; round < 3; round++) {
      await tenant.rest();
      const frames = await client.ask(request.query(`notify own, 'me'`));
      expect(typesOf(frames)).toBe('CAZ');
      expect(frames[1]?.body.readInt32BE(0)).toBe(client.key.processId);
    }
  });
});
