/** Requests that fit the contract, made of its schemas: for tests that walk every route there is. */
import { OPERATIONS, type Operation, type OperationName } from '../contract/operations.ts';
import type { Route } from '../contract/route.ts';
import { ROUTES } from '../contract/routes.ts';

type Schema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly format?: string;
};

/** What fields of these names are to be, wherever they stand. */
export type Named = Readonly<Record<string, unknown>>;

export type Sample = {
  readonly name: OperationName;
  readonly operation: Operation;
  readonly route: Route;
  readonly url: string;
  readonly payload: unknown;
};

/** One request for every operation, with the values of `named` where they fit. */
export function sampleRequests(named: Named): readonly Sample[] {
  return (Object.keys(OPERATIONS) as OperationName[]).map((name) => {
    const operation: Operation = OPERATIONS[name];
    const route: Route = ROUTES[name];
    const path = operation.path.replaceAll(/:(\w+)/g, (_, param: string) => {
      const schema = (route.params as Schema | undefined)?.properties?.[param];
      return encodeURIComponent(String(named[param] ?? sampleOf(schema ?? {}, named)));
    });
    const query = Object.entries(Object(queryOf(route, named)))
      .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
      .join('&');
    const payload = route.body === undefined ? undefined : sampleOf(route.body as Schema, named);
    return { name, operation, route, url: query === '' ? path : `${path}?${query}`, payload };
  });
}

/** What is needed, and what `named` has a value for. */
const queryOf = ({ query }: Route, named: Named): unknown =>
  query === undefined ? {} : sampleOf(query as Schema, named);

export function sampleOf(schema: Schema, named: Named): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[0] ?? {}, named);
  if (schema.properties !== undefined) return objectOf(schema, named);
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  switch (schema.type) {
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return false;
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () =>
        sampleOf(schema.items ?? {}, named),
      );
    case 'object':
      return {};
    case 'null':
      return null;
    default:
      return schema.format === 'date-time' ? '2031-01-01T00:00:00Z' : textOf(schema.minLength ?? 1);
  }
}

const textOf = (length: number): string => 'sample'.padEnd(length, 'x');

function objectOf({ properties = {}, required = [] }: Schema, named: Named): object {
  const wanted = Object.entries(properties).filter(
    ([name]) => required.includes(name) || Object.hasOwn(named, name),
  );
  const chosen = wanted.length > 0 ? wanted : Object.entries(properties).slice(0, 1);
  return Object.fromEntries(
    chosen.map(([name, schema]) => [name, fitting(schema, named[name]) ?? sampleOf(schema, named)]),
  );
}

/** A value of text where text is wanted; anything else is made of the schema. */
const fitting = (schema: Schema, value: unknown): unknown =>
  typeof value === 'string' && [schema, ...(schema.anyOf ?? [])].some(isText) ? value : undefined;

const isText = ({ type, enum: choices }: Schema): boolean =>
  type === 'string' && choices === undefined;
