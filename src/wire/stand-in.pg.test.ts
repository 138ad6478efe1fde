/** What the stand-in says is what PostgreSQL says, byte for byte. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FrameClient } from '../testing/frame-client.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import {
  type Bind,
  bind,
  close,
  describe as describes,
  execute,
  flush,
  parse,
  query,
  sync,
} from '../testing/requests.ts';
import { StandIn } from './stand-in.ts';

const RUNS = 60;

let server: RealPostgres;
let real: FrameClient;
beforeAll(async () => {
  server = await realPostgres();
  const { socketDir: host, port, user, password, database } = server.connection;
  real = await FrameClient.open({ place: { host, port }, user, password, database });
});
afterAll(async () => {
  await real?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

type Step = { readonly says: string; readonly bytes: Buffer };

const ofReal = async (bytes: Buffer, readies: number): Promise<string[]> =>
  (await real.ask(bytes, readies)).map(({ type, body }) => `${type} ${body.toString('hex')}`);

function ofStandIn(standIn: StandIn, bytes: Buffer): string[] {
  expect(standIn.take(bytes)).toBe('taken');
  const said = standIn.said();
  const messages: string[] = [];
  for (let at = 0; at < said.length; ) {
    const next = at + 1 + said.readUInt32BE(at + 1);
    messages.push(`${said.toString('latin1', at, at + 1)} ${said.toString('hex', at + 5, next)}`);
    at = next;
  }
  return messages;
}

const open = (): StandIn =>
  new StandIn({
    refusal: Buffer.from('E\0\0\0\u0004'),
    answersPings: true,
    prepared: () => undefined,
    onTaken: () => {},
  });

const PINGS = ['select 1', 'SELECT 1 AS Alive;', 'select 1 as "Is It"', '', ';', '-- ping'];

test.each(PINGS)('%j as a simple query', async (sql) => {
  expect(ofStandIn(open(), query(sql))).toEqual(await ofReal(query(sql), 1));
});

const runOf = (sql: string, how: Bind, maximum = 0): Buffer =>
  Buffer.concat([
    parse(sql),
    describes('S'),
    bind(how),
    describes('P'),
    execute('', maximum),
    close('P'),
    sync(),
  ]);

test.each(PINGS)('%j by the extended protocol, in text and in binary', async (sql) => {
  for (const bytes of [runOf(sql, {}), runOf(sql, { resultFormat: 1 }), runOf(sql, {}, 2)]) {
    // A statement without columns has no formats either.
    const standIn = open();
    expect(ofStandIn(standIn, bytes)).toEqual(await ofReal(bytes, 1));
    expect(standIn.isAtRest).toBe(true);
  }
});

const steps = fc.constantFrom<Step>(
  ...PINGS.map((sql) => ({ says: `query ${sql}`, bytes: query(sql) })),
  ...PINGS.map((sql) => ({ says: `parse ${sql}`, bytes: parse(sql) })),
  { says: 'describe statement', bytes: describes('S') },
  { says: 'bind', bytes: bind({}) },
  { says: 'bind for binary', bytes: bind({ resultFormat: 1 }) },
  { says: 'describe portal', bytes: describes('P') },
  { says: 'execute', bytes: execute() },
  { says: 'execute up to two', bytes: execute('', 2) },
  { says: 'close portal', bytes: close('P') },
  { says: 'close statement', bytes: close('S') },
  { says: 'flush', bytes: flush() },
  { says: 'sync', bytes: sync() },
);

test('whatever is asked in whatever order: where it answers at all it answers as PostgreSQL', async () => {
  let answered = 0;
  const property = fc.asyncProperty(fc.array(steps, { maxLength: 12 }), async (asked) => {
    const script = [{ says: 'begin', bytes: query('') }, ...asked, { says: 'sync', bytes: sync() }];
    const bytes = Buffer.concat(script.map((step) => step.bytes));
    const standIn = open();
    const said = ofStandIn(standIn, bytes);
    const readies = said.filter((one) => one.startsWith('Z')).length;
    const heard = await ofReal(bytes, readies);
    if (standIn.hasRefused) return;
    answered++;
    expect(said).toEqual(heard);
  });
  await fc.assert(property, { numRuns: RUNS, seed: 5 });
  expect(answered).toBeGreaterThan(RUNS / 10);
});
