/**
 * Every route with whatever its shapes allow, and with what they do not: an answer that is documented, no failure of
 * ours, and nothing told that is nobody's business.
 */
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATIONS, type Operation, STREAMED } from '../contract/operations.ts';
import type { Route } from '../contract/route.ts';
import { ROUTES } from '../contract/routes.ts';
import { InjectedApi } from '../testing/injected-api.ts';
import { KnownThings } from '../testing/known-things.ts';
import { sampleRequests } from '../testing/sample-request.ts';

type Shape = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly unknown[];
};

/** What a schema allows, small and often near its bounds. */
function valid(shape: Shape): fc.Arbitrary<unknown> {
  if (shape.const !== undefined) return fc.constant(shape.const);
  if (shape.enum) return fc.constantFrom(...shape.enum);
  if (shape.anyOf) return fc.oneof(...shape.anyOf.map(valid));
  switch (shape.type) {
    case 'object':
      return objectOf(shape);
    case 'array':
      return fc.array(valid(shape.items ?? {}), {
        minLength: shape.minItems ?? 0,
        maxLength: Math.min(shape.maxItems ?? 3, 3),
      });
    case 'string':
      return textOf(shape);
    case 'integer':
      return fc.integer(boundsOf(shape));
    case 'number':
      return fc.double({ ...boundsOf(shape), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

const boundsOf = ({ minimum = 0, maximum = 1_000_000 }: Shape) => ({
  min: Math.max(minimum, -1_000_000),
  max: Math.max(Math.min(maximum, 2_000_000_000), Math.max(minimum, -1_000_000)),
});

function objectOf({ properties = {}, required = [] }: Shape): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, shape]) => [name, valid(shape)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
}

function textOf({ pattern, format, minLength = 0, maxLength = 63, examples }: Shape) {
  if (format === 'date-time')
    return fc.constantFrom('2026-05-04T09:30:00.000Z', '1970-01-01T00:00:00Z');
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const some = fc.string({ minLength, maxLength: Math.min(maxLength, 80), unit: 'grapheme' });
  return fc.oneof(some, fc.constantFrom('acme', 'tn_000000000001', 'beta', ...(examples ?? [])));
}

const HOSTILE: readonly unknown[] = [
  ...[null, true, -1, 1e308, '', '\0', '../../etc/passwd', "'; drop table tenants; --", [], {}],
  ...['x'.repeat(5_000), '%00', '{{7*7}}', '\ud800', { __proto__: { a: 1 }, constructor: 1 }],
];

/** The same with one field wrong, missing or too many. */
const invalid = (shape: Shape): fc.Arbitrary<unknown> =>
  fc.tuple(valid(shape), fc.constantFrom(...HOSTILE), fc.nat()).map(([good, bad, place]) => {
    const fields = Object.keys(shape.properties ?? {});
    const field = fields[place % (fields.length + 1)];
    return field === undefined ? bad : { ...(good as object), [field]: bad };
  });

type Request = { readonly params: unknown; readonly query: unknown; readonly body: unknown };

/** In place of parameters: those of what there is. */
const KNOWN = 'known';

function requests({ params, query, body }: Route): fc.Arbitrary<Request> {
  const either = (schema: TSchema | undefined) =>
    schema === undefined
      ? fc.constant(undefined)
      : fc.oneof(
          { weight: 3, arbitrary: valid(schema) },
          { weight: 1, arbitrary: invalid(schema) },
        );
  const place = fc.oneof(
    { weight: 2, arbitrary: fc.constant(KNOWN) },
    { weight: 1, arbitrary: either(params) },
  );
  return fc.record({
    params: params ? place : fc.constant(undefined),
    query: either(query),
    body: either(body),
  });
}

/** Streams of a server do not end by themselves. */
const names = (Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]).filter(
  (name) => !STREAMED.some((streamed) => streamed === name),
);

/** What no answer may hold: traces, paths of ours, hashes of passwords. */
const OURS = /\bat \S+ \(|node_modules|\/work\/|\/root\/|\/home\/|\.ts:\d+|SCRAM-SHA-256\$/;

const paramsOf = ({ path }: Operation): string[] => path.match(/(?<=:)\w+/g) ?? [];

let api: InjectedApi;
let known: KnownThings;
/** Asked for nothing but what makes sense. */
let calm: InjectedApi;
let document: { paths: Record<string, Record<string, { responses: Record<string, unknown> }>> };

beforeAll(async () => {
  api = await InjectedApi.open();
  known = new KnownThings(api);
  calm = await InjectedApi.open();
  document = (await api.app.inject({ url: '/openapi.json' })).json();
});

afterAll(async () => {
  await api.close();
  await calm.close();
});

test('the document is valid OpenAPI 3.1', async () => {
  const { valid: isValid, errors } = await new Validator().validate(
    structuredClone(document) as never,
  );
  expect(errors).toBeUndefined();
  expect(isValid).toBe(true);
});

test.each(names)('%s answers whatever it is sent as its documentation says', async (name) => {
  const operation: Operation = OPERATIONS[name];
  const documented =
    document.paths[operation.path.replaceAll(/:(\w+)/g, '{$1}')]?.[operation.method.toLowerCase()];
  const statuses = new Set([...Object.keys(documented?.responses ?? {}), '304', '404']);
  await fc.assert(
    fc.asyncProperty(requests(ROUTES[name]), async (request) => {
      const things = await known.of(paramsOf(operation));
      const params = request.params === KNOWN ? things : request.params;
      const { status, body } = await sent(operation, { ...request, params });
      const text = JSON.stringify(body);
      expect(api.log.alarming, text).toEqual([]);
      expect([...statuses], `${status} ${text}`).toContain(String(status));
      expect([429, 500], text).not.toContain(status);
      expect(text).not.toMatch(OURS);
    }),
    { numRuns: 15, seed: 7, endOnFailure: true },
  );
});

/** Bodies that mean something, where the first that the schema allows does not. */
const BODIES: Readonly<Record<string, object>> = {
  createTenant: { name: 'beta' },
  forkTenant: { name: 'gamma' },
  createTokenIssuer: {
    ...{ name: 'app', issuer: 'https://app.example', audience: 'dynabase' },
    keysUrl: 'https://app.example/keys',
  },
  verifyInvoices: {},
  setTariffs: { currency: 'USD' },
  changeTenantSettings: { settings: { work_mem: '16MB' } },
};

/** What a world in memory has nothing to answer with, and why. */
const NOT_HERE: Readonly<Record<string, string>> = {
  exchangeLogin: 'a browser has to bring a code from an identity provider first',
  claim: 'only callers of a customer may',
  whatIf: 'nothing was ever used there that could be replayed',
};

test.each(names.filter((name) => !Object.hasOwn(NOT_HERE, name)))(
  '%s does what it is asked to of what there is',
  async (name) => {
    const operation: Operation = OPERATIONS[name];
    const things = await new KnownThings(calm).of(paramsOf(operation));
    const sample = sampleRequests(things).find((one) => one.name === name);
    const payload = BODIES[name] ?? sample?.payload;
    const given = payload === undefined ? {} : { payload: payload as object };
    const { required = [] } = ((ROUTES[name] as Route).query ?? {}) as Shape;
    const url = (required.length > 0 ? sample?.url : sample?.url.split('?', 1)[0]) ?? '';
    const { status, body } = await calm.ask(operation.method, url, given);
    expect(status, JSON.stringify(body)).toBe(ROUTES[name].success.status);
    expect(calm.log.alarming).toEqual([]);
  },
);

async function sent(operation: Operation, { params, query, body }: Request) {
  const given = new Map(Object.entries(Object(params)));
  const segment = (name: string): string => {
    const value = given.get(name);
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? 'acme');
    return encodeURIComponent(text.toWellFormed()) || 'x';
  };
  const path = operation.path.replaceAll(/:(\w+)/g, (_, name) => segment(name));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(Object(query))) {
    if (value !== undefined)
      search.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  // Nobody waits here.
  if (search.has('wait')) search.set('wait', '0s');
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  return await api.ask(operation.method, `${path}?${search}`, {
    ...payload,
    headers: { 'content-type': 'application/json' },
  });
}
