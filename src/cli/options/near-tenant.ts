import type { DynaBase } from '../../sdk/client.ts';
import { DynaBaseError } from '../../sdk/error.ts';
import { closest } from './closest.ts';

/** Names looked at; in a large fleet most slips are near their alphabetical place. */
const LOOKED_AT = 200;

/** Waiting for advice must not be longer than the failure. */
const ANSWER_WITHIN_MS = 1_000;

/** Adds to "there is no tenant" the name that may have been meant. */
export async function withNearTenant(
  error: unknown,
  server: () => Promise<DynaBase>,
): Promise<unknown> {
  if (!(error instanceof DynaBaseError) || error.code !== 'TENANT_UNKNOWN') return error;
  const [, name] = /"([^"]+)"/.exec(error.message) ?? [];
  if (name === undefined) return error;
  const near = await namesNear(name, server)
    .then((names) => closest(name, names))
    .catch(() => undefined);
  if (near === undefined || near === name) return error;
  return Object.assign(error, {
    lines: [`hint: did you mean ${near}?`],
    fields: { didYouMean: near },
  });
}

async function namesNear(name: string, server: () => Promise<DynaBase>) {
  const client = await server();
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const first = name.slice(0, 1);
  const pages = await Promise.all(
    [{}, { after: first }].map((place) =>
      client.tenants.page({ limit: LOOKED_AT / 2, ...place }, { signal }),
    ),
  );
  return pages.flatMap(({ tenants }) => tenants.map((tenant) => tenant.name));
}
