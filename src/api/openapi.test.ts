import type { FastifyInstance } from 'fastify';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as limits from '../contract/limits.ts';
import {
  DECISION_KINDS as CONTRACTED_KINDS,
  TIER_SETTERS as CONTRACTED_SETTERS,
  VISITOR_CLASSES as CONTRACTED_VISITORS,
  SESSION_PIN_REASONS,
  TENANT_PLANS,
  TENANT_STATES,
  TENANT_TIERS,
} from '../contract/limits.ts';
import { OPERATIONS, type Operation } from '../contract/operations.ts';
import type { Route } from '../contract/route.ts';
import { ROUTES } from '../contract/routes.ts';
import { CALLER_KINDS, ROLES } from '../domain/caller.ts';
import { TENANT_SORTS } from '../domain/catalog.ts';
import { DECISION_KINDS } from '../domain/decision.ts';
import { EVENT_TYPES } from '../domain/events.ts';
import { FAULTS } from '../domain/faults.ts';
import { PIN_REASONS } from '../domain/gate.ts';
import { WORK_KINDS, WORK_STATUSES } from '../domain/operation.ts';
import { TENANT_MOVES } from '../domain/tenant.ts';
import { PLANS, TIER_SETTERS, TIERS } from '../domain/tier.ts';
import { VISITOR_CLASSES } from '../domain/visitors.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { buildApp } from './app.ts';
import { defining, namedShapes } from './shapes.ts';

type Json = Record<string, unknown>;

let app: FastifyInstance;
let document: Json;

beforeAll(async () => {
  const clock = new VirtualClock();
  app = await buildApp({
    ...(await memoryApiParts({ clock, control: new MemoryControl(clock) })),
    callers: { listenHost: '127.0.0.1', names: [] },
  });
  document = (await app.inject({ url: '/openapi.json' })).json();
});

afterAll(() => app.close());

const operations = Object.entries(OPERATIONS) as [keyof typeof OPERATIONS, Operation][];

const inDocument = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

test('the document has exactly the operations of the contract', () => {
  const paths = document.paths as Record<string, Record<string, Json>>;
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, entry]) => [entry.operationId, method, path]),
  );
  const contracted = operations.map(([name, { method, path }]) => [
    name,
    method.toLowerCase(),
    inDocument(path),
  ]);
  expect(documented.sort()).toEqual(contracted.sort());
});

test.each(operations)('%s is documented as the contract has it', (name, operation) => {
  const route: Route = ROUTES[name];
  const paths = document.paths as Record<string, Record<string, Json>>;
  const entry = paths[inDocument(operation.path)]?.[operation.method.toLowerCase()] ?? {};
  expect(entry.summary).toBe(route.summary);
  expect(entry.security).toEqual(route.access ? [{ key: [] }, { token: [] }, { session: [] }] : []);
  const responses = entry.responses as Record<string, { content?: Record<string, Json> }>;
  const success = responses[route.success.status]?.content?.['application/json'];
  const shape = route.success.shape as { $id?: string } | null;
  expect(success?.schema).toEqual(
    shape === null ? undefined : { $ref: `#/components/schemas/${shape.$id}` },
  );
  for (const code of route.faults) {
    expect(Object.keys(FAULTS)).toContain(code);
    const { http } = FAULTS[code as keyof typeof FAULTS];
    expect(responses[http]).toMatchObject({ description: expect.stringContaining(`\`${code}\``) });
  }
});

test('each named shape stands once among the components, as the contract has it', () => {
  const documented = (document.components as { schemas: Record<string, Json> }).schemas;
  const contracted = [...namedShapes()].map(([name, shape]) => {
    const { $id: _, ...rest } = defining(shape) as Json;
    return [name, referred(rest)];
  });
  const bare = Object.entries(documented).map(([name, { title: _, ...shape }]) => [name, shape]);
  expect(Object.fromEntries(bare)).toEqual(Object.fromEntries(contracted));
});

/** References and constants as the document writes them. */
function referred(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/"\$ref":"(\w+)#"/g, '"$ref":"#/components/schemas/$1"')
    // Of a record, any name is meant by both.
    .replaceAll('"patternProperties":{"^.*$":', '"additionalProperties":{"^.*$":');
  return JSON.parse(text, (_, part) => {
    if (typeof part !== 'object' || part === null) return part;
    const any = part.additionalProperties?.['^.*$'];
    const shape = any === undefined ? part : { ...part, additionalProperties: any };
    if (!('const' in shape)) return shape;
    const { const: only, ...rest } = shape;
    return { ...rest, enum: [only] };
  });
}

test('the contract knows the states, tiers, plans and pins of the domain', () => {
  expect([...TENANT_STATES].sort()).toEqual(Object.keys(TENANT_MOVES).sort());
  expect(TENANT_TIERS).toEqual(TIERS);
  expect(TENANT_PLANS).toEqual(PLANS);
  expect(limits.EVENT_TYPES).toEqual(EVENT_TYPES);
  expect(limits.CALLER_KINDS).toEqual(CALLER_KINDS);
  expect(limits.CALLER_ROLES).toEqual(ROLES);
  expect(limits.WORK_KINDS).toEqual(WORK_KINDS);
  expect(limits.WORK_STATUSES).toEqual(WORK_STATUSES);
  expect(limits.TENANT_SORTS).toEqual(TENANT_SORTS);
  expect(SESSION_PIN_REASONS).toEqual(PIN_REASONS);
  expect(CONTRACTED_KINDS).toEqual(DECISION_KINDS);
  expect(CONTRACTED_VISITORS).toEqual(VISITOR_CLASSES);
  expect(CONTRACTED_SETTERS).toEqual(TIER_SETTERS);
});

test('the reference page shows every operation, runs no script and loads nothing', async () => {
  const page = await app.inject({ url: '/docs' });
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-security-policy']).toBe(
    "default-src 'none'; style-src 'unsafe-inline'",
  );
  for (const [name] of operations) expect(page.body).toContain(`<section id="${name}">`);
  expect(page.body).not.toMatch(/<script|https?:\/\/(?!localhost)/);
});

test.each(operations)('%s has examples that fit', (name, { method, path }) => {
  const route: Route = ROUTES[name];
  const paths = document.paths as Record<string, Record<string, Described>>;
  const described = paths[inDocument(path)]?.[method.toLowerCase()];
  const { status, shape } = route.success;
  const answer = described?.responses?.[status]?.content?.['application/json']?.example;
  const body = described?.requestBody?.content?.['application/json']?.example;
  if (shape !== null) expect(Value.Errors(shape, answer)).toEqual([]);
  if (route.body) expect(Value.Errors(route.body, body)).toEqual([]);
});

test('events are described, and every way to say who asks', () => {
  const { schemas, securitySchemes } = document.components as Record<string, Json>;
  expect(Object.keys(schemas ?? {})).toContain('Event');
  expect(Object.keys(securitySchemes ?? {})).toEqual(['key', 'token', 'session']);
});

type Content = { content?: Record<string, { example?: unknown }> };

type Described = { requestBody?: Content; responses?: Record<string, Content> };
