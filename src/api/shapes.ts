/**
 * Shapes by name. A schema with an `$id` stands once in the OpenAPI document, and is referred to
 * from wherever it is used.
 */
import type { TSchema } from 'typebox';
import { Event } from '../contract/events/events.ts';
import { Problem } from '../contract/problem.ts';
import type { Route } from '../contract/route.ts';
import { ROUTES } from '../contract/routes.ts';

type Named = TSchema & { readonly $id: string };

/** Every named shape of the contract, in the order in which the routes first use it. */
export function namedShapes(): ReadonlyMap<string, TSchema> {
  const found = new Map<string, TSchema>();
  for (const route of Object.values(ROUTES) as Route[]) {
    for (const shape of [route.body, route.success.shape]) collect(shape, found);
  }
  collect(Problem, found);
  collect(Event, found);
  return found;
}

function collect(value: unknown, found: Map<string, TSchema>): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNamed(value) && !found.has(value.$id)) found.set(value.$id, value);
  for (const part of Object.values(value)) collect(part, found);
}

const isNamed = (value: object): value is Named => '$id' in value && typeof value.$id === 'string';

/** `value` with each named shape in it replaced by a reference. */
export function referring(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isNamed(value)) return { $ref: `${value.$id}#` };
  return referringParts(value);
}

/** The same, but `shape` itself stays: for the place where it is defined. */
export const defining = (shape: TSchema): unknown => referringParts(shape);

function referringParts(value: object): unknown {
  if (Array.isArray(value)) return value.map(referring);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, referring(part)]));
}
