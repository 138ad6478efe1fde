import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../contract/operations.ts';
import { EVENT_STREAM_TYPE } from '../../contract/route.ts';
import { ROUTES } from '../../contract/routes.ts';
import { RIGHTS_OF } from '../../domain/caller.ts';
import { type Sample, sampleRequests } from '../../testing/sample-request.ts';
import { TwoCustomers } from '../../testing/two-customers.ts';

let world: TwoCustomers;
let strangers: Readonly<Record<string, string | undefined>>;
let foreigners: Readonly<Record<string, string>>;

beforeAll(async () => {
  world = await TwoCustomers.open();
  strangers = await world.strangers();
  foreigners = await world.foreigners();
});

afterAll(() => world.close());

type Asked = { readonly status: number; readonly text: string };

async function ask(sample: Sample, secret: string | undefined): Promise<Asked> {
  const { operation, url, payload, route } = sample;
  const isFile = route.file?.in === 'body';
  const response = await world.api.app.inject({
    method: operation.method,
    url,
    headers: {
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      ...(isFile ? { 'content-type': 'application/octet-stream' } : {}),
    },
    ...(isFile ? { payload: 'file' } : payload === undefined ? {} : { payload: payload as object }),
  });
  return { status: response.statusCode, text: response.body };
}

/** Everything of ours that a request can name, and the same of what does not exist. */
const oursNamed = (by: 'id' | 'name') => ({
  ref: by === 'id' ? world.ours.tenant : world.ours.tenantName,
  ...{ tenant: world.ours.tenant, customer: world.ours.customer },
  ...{ key: world.ours.key, email: world.ours.email },
});

const nothingNamed = (by: 'id' | 'name') => ({
  ref: by === 'id' ? 'tn_zzzzzzzzzzzz' : 'tenant-of-nobody',
  ...{ tenant: 'tn_zzzzzzzzzzzz', customer: 'cu_zzzzzzzzzzzz' },
  ...{ key: 'key_zzzzzzzzzzzz', email: 'person@nobody.example' },
});

const guarded = (samples: readonly Sample[]) =>
  samples.filter(({ route }) => route.access !== null);

/** One that goes on until its reader has enough. */
const isEndless = ({ route }: Sample): boolean => route.file?.type === EVENT_STREAM_TYPE;

const namesOurs = ({ operation }: Sample): boolean => /:(ref|customer|key)\b/.test(operation.path);

/** What was named differs, and so does each request; what was not named is left to be seen. */
const plain = (text: string, by: 'id' | 'name'): string =>
  [...Object.entries(oursNamed(by)), ...Object.entries(nothingNamed(by))]
    .reduce((left, [name, value]) => left.replaceAll(value, `<${name}>`), text)
    .replaceAll(/req_[\w-]+/g, '<request>')
    .replaceAll(/<(?:ref|tenant)>/g, '<tenant>');

const picture = () => JSON.stringify(world.api.control.tenants().filter(isOurs));
const isOurs = ({ id }: { readonly id: string }): boolean => id === world.ours.tenant;

test('every operation is walked', () => {
  expect(
    sampleRequests({})
      .map(({ name }) => name)
      .sort(),
  ).toEqual(Object.keys(OPERATIONS).sort());
  expect(Object.keys(ROUTES).sort()).toEqual(Object.keys(OPERATIONS).sort());
});

test('who proves nothing is answered with 401 everywhere, and nothing is done', async () => {
  const calls = world.api.control.calls.length;
  for (const [who, secret] of Object.entries(strangers)) {
    for (const sample of guarded(sampleRequests(oursNamed('id')))) {
      const { status, text } = await ask(sample, secret);
      expect([who, sample.name, status]).toEqual([who, sample.name, 401]);
      expect(text).not.toContain('tenant-of-');
    }
  }
  expect(world.api.control.calls.length).toBe(calls);
});

describe.each(['id', 'name'] as const)('what is named by %s', (by) => {
  test('is answered to foreigners as if it did not exist, and stays as it is', async () => {
    const before = picture();
    const ours = guarded(sampleRequests(oursNamed(by))).filter(namesOurs);
    const nothing = new Map(sampleRequests(nothingNamed(by)).map((one) => [one.name, one]));
    for (const [who, secret] of Object.entries(foreigners)) {
      for (const sample of ours) {
        const same = nothing.get(sample.name);
        if (same === undefined) continue;
        const there = await ask(sample, secret);
        const absent = await ask(same, secret);
        const told = [who, sample.name, there.status, plain(there.text, by)];
        expect(told).toEqual([who, sample.name, absent.status, plain(absent.text, by)]);
        expect([who, sample.name, there.status >= 400]).toEqual([who, sample.name, true]);
      }
    }
    expect(picture()).toBe(before);
  });
});

test('what names nothing of ours tells nothing of it, and gives nothing to us', async () => {
  const before = picture();
  const marks = [...Object.values(oursNamed('id')), world.ours.tenantName, 'key of ours'];
  for (const [who, secret] of Object.entries(foreigners)) {
    const named = { name: `made-by-${who.replaceAll(/\W/g, '-')}` };
    for (const sample of guarded(sampleRequests(named)).filter((one) => !isEndless(one))) {
      if (namesOurs(sample)) continue;
      const { text } = await ask(sample, secret);
      for (const mark of marks) expect([who, sample.name, text.includes(mark)]).toContain(false);
    }
    for (const sample of guarded(sampleRequests({ ...oursNamed('id'), ...named }))) {
      if (namesOurs(sample) || isEndless(sample)) continue;
      const { status, text } = await ask(sample, secret);
      const made = status < 300 && text.includes(world.ours.customer);
      expect([who, sample.name, made]).toEqual([who, sample.name, false]);
    }
  }
  expect(picture()).toBe(before);
  const { body } = await world.api.ask('GET', `/v1/tenants?customer=${world.ours.customer}`);
  expect(body.tenants).toHaveLength(1);
});

test('within its scope a caller does what its role allows, and nothing else', async () => {
  const { customer } = world.ours;
  const roles = ['viewer', 'billing', 'operator', 'claimer'] as const;
  for (const role of roles) {
    const secret = await world.key({ kind: 'customer', customer }, role);
    for (const sample of guarded(sampleRequests(oursNamed('id')))) {
      const { access } = sample.route;
      if (access === null || access.scope === 'operator') continue;
      const own: readonly string[] = RIGHTS_OF[role];
      if (own.includes(access.right) || own.includes(access.orRight ?? access.right)) continue;
      expect([role, sample.name, (await ask(sample, secret)).status]).toEqual([
        role,
        sample.name,
        403,
      ]);
    }
  }
  const readOnly = await world.key({ kind: 'customer', customer }, 'admin', { readOnly: true });
  for (const sample of guarded(sampleRequests(oursNamed('id')))) {
    if (sample.route.access?.right === 'read') continue;
    expect([sample.name, (await ask(sample, readOnly)).status]).toEqual([sample.name, 403]);
  }
});

test('what is for the operator is refused to everybody else', async () => {
  const { customer } = world.ours;
  const admin = await world.key({ kind: 'customer', customer }, 'admin');
  for (const sample of guarded(sampleRequests(oursNamed('id')))) {
    if (sample.route.access?.scope !== 'operator') continue;
    expect([sample.name, (await ask(sample, admin)).status]).toEqual([sample.name, 403]);
  }
});
