/** What the generated OpenAPI document says around the routes, and each route's entry in it. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { OPERATIONS, type Operation } from '../contract/operations.ts';
import { PROBLEM_TYPE, Problem } from '../contract/problem.ts';
import { FILE_TYPE, type Route } from '../contract/route.ts';
import {
  FAULTS_OF_ALL,
  FAULTS_OF_BODY,
  FAULTS_OF_CHANGE,
  FAULTS_OF_GUARDED,
  FAULTS_OF_INPUT,
  FAULTS_OF_SECRETS,
} from '../contract/route-faults.ts';
import { ROUTES } from '../contract/routes.ts';
import { SECRET_ANSWERS } from '../contract/secret-answers.ts';
import { WorkOperation } from '../contract/work/work.ts';
import { FAULTS, type FaultCode } from '../domain/faults.ts';
import { cookieNames } from './doors.ts';
import { addExamples, type Described } from './examples.ts';
import { referring } from './shapes.ts';
import { workOf } from './work.ts';

/** By what a caller proves who it is. */
const SECURITY_SCHEMES = {
  key: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, or the one in the file `api-key` of the data directory, which may do everything.',
  },
  token: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A token that an application has signed for one of its customers; see `createTokenIssuer`.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: cookieNames(true).session,
    description:
      'Of a person who has logged in with the identity provider (OpenID Connect). What changes something needs the header `x-dynabase-csrf` besides.',
  },
} as const;

export const documentOptions = (version: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'DynaBase',
      version,
      description:
        'Tenants, each a PostgreSQL of its own, awake only while it is used. Every failure is a ' +
        '`Problem` with a `code`; times are RFC 3339 in UTC, lengths of time are milliseconds.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as { name: string },
    },
    tags: [
      { name: 'tenants', description: 'Create, wake, suspend, connect.' },
      { name: 'customers', description: 'Whose the tenants are, and what they pay for.' },
      { name: 'access', description: 'Keys, people, tokens, and who did what.' },
      { name: 'server', description: 'The server itself.' },
      { name: 'events', description: 'What happens, as it happens.' },
      { name: 'operations', description: 'Work that takes long.' },
      { name: 'economics', description: 'What it costs, what is charged, prices and budgets.' },
      { name: 'webhooks', description: 'Events, sent to your servers.' },
      { name: 'billing', description: 'Invoices, credits, and the payment provider.' },
    ],
    components: {
      securitySchemes: SECURITY_SCHEMES,
    },
  },
  // Only for the document: the framework would compile a serialiser for each.
  transform: ({ schema, url }) => {
    const route = routeCalled(schema?.operationId);
    const response = {
      ...Object(schema?.response),
      ...(route ? problemsOf(route, schema?.operationId) : {}),
    };
    const body = route?.file?.in === 'body' ? { body: FILE, consumes: [FILE_TYPE] } : {};
    return { schema: { ...schema, ...body, response }, url };
  },
  transformObject: (document) => {
    if (!('openapiObject' in document)) return document.swaggerObject;
    for (const methods of Object.values(document.openapiObject.paths ?? {})) {
      for (const described of Object.values(methods ?? {}) as Described[]) {
        const route = routeCalled(described.operationId);
        if (route === undefined) continue;
        const { body, success } = route;
        const wanted = { status: success.status, answer: success.shape };
        addExamples(described, body === undefined ? wanted : { ...wanted, body });
      }
    }
    return document.openapiObject;
  },
  refResolver: {
    buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `shape-${index}`),
  },
});

const FILE = { type: 'string', format: 'binary' } as const;

const routeCalled = (name: string | undefined): Route | undefined =>
  Object.entries(ROUTES).find(([known]) => known === name)?.[1];

/** The schema of a route as the framework takes it. */
export function schemaOf(operationId: string, route: Route): FastifySchema {
  return {
    operationId,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [route.tag],
    security: route.access ? [{ key: [] }, { token: [] }, { session: [] }] : [],
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.body === undefined ? {} : { body: referring(route.body) }),
    ...(route.headers === undefined ? {} : { headers: route.headers }),
    response: {
      [route.success.status]: successOf(route),
      ...(workOf(operationId) === null ? {} : { 202: ACCEPTED }),
    },
  };
}

/** Work that goes on. */
const ACCEPTED = {
  description: 'It goes on. `Location` says where to look.',
  content: { 'application/json': { schema: referring(WorkOperation) } },
};

function successOf(route: Route): object {
  if (route.file?.in === 'answer') {
    return {
      description: route.file.description,
      content: { [route.file.type ?? FILE_TYPE]: { schema: FILE } },
    };
  }
  if (route.success.shape === null) return { description: 'Done.', type: 'null' };
  return {
    description: 'Done.',
    content: { 'application/json': { schema: referring(route.success.shape) } },
  };
}

/** One entry for each HTTP status, naming the codes that come with it. */
function problemsOf(route: Route, name: string | undefined): Readonly<Record<string, object>> {
  const codesOf = new Map<number, string[]>();
  for (const code of codesOfRoute(route, name)) {
    const { http } = FAULTS[code as FaultCode];
    codesOf.set(http, [...(codesOf.get(http) ?? []), code]);
  }
  return Object.fromEntries(
    [...codesOf].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        content: { [PROBLEM_TYPE]: { schema: referring(Problem) } },
      },
    ]),
  );
}

/** Whether it changes what a route of the same path shows. */
function isShown(name: string | undefined): boolean {
  const all: readonly [string, Operation][] = Object.entries(OPERATIONS);
  const path = all.find(
    ([one, { method }]) => one === name && method !== 'GET' && method !== 'POST',
  );
  return all.some(([, { method, path: other }]) => method === 'GET' && other === path?.[1].path);
}

function codesOfRoute(route: Route, name: string | undefined): readonly string[] {
  const takesInput = [route.params, route.query, route.body, route.headers].some((s) => s);
  return [
    ...(takesInput ? FAULTS_OF_INPUT : []),
    ...(route.access ? FAULTS_OF_GUARDED : []),
    ...(route.body ? FAULTS_OF_BODY : []),
    ...(isShown(name) ? FAULTS_OF_CHANGE : []),
    ...(Object.hasOwn(SECRET_ANSWERS, name ?? '') ? FAULTS_OF_SECRETS : []),
    ...route.faults,
    ...FAULTS_OF_ALL,
  ];
}
