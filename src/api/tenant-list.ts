/** Lists of tenants: what is asked for, and the place where a page ends. */

import type { QueryOf } from '../contract/routes.ts';
import type { TenantPage } from '../contract/tenants/tenant.ts';
import type { TenantListing, TenantListQuery } from '../control/control.ts';
import type { TenantSort } from '../domain/catalog.ts';
import { fault } from '../domain/faults.ts';
import type { CustomerId } from '../domain/ids.ts';
import { printTenant } from './print/print.ts';

/** Tenants on a page when the client does not say. */
const PAGE_DEFAULT = 100;

type Asked = QueryOf<'listTenants'>;

export function listQuery(
  { after, limit = PAGE_DEFAULT, sort = 'name', order, state, ...filters }: Asked,
  customer: CustomerId | undefined,
): TenantListQuery {
  const { tier, plan, home, search } = filters;
  const place = after === undefined ? { after: null } : placeOf(after, sort);
  const kind = { state: state ?? null, tier, plan, home, search };
  return {
    ...place,
    limit,
    ...kind,
    ...(customer && { customer }),
    sort,
    descending: order === 'desc',
  };
}

export const printPage = ({ tenants, next, nextValue }: TenantListing): TenantPage => ({
  tenants: tenants.map(printTenant),
  next: next !== null && nextValue !== null ? cursorOf(nextValue, next) : next,
});

const cursorOf = (value: string, name: string): string =>
  Buffer.from(`${value} ${name}`).toString('base64url');

/** By name it is the name itself, so that clients may begin behind any. */
function placeOf(
  text: string,
  sort: TenantSort,
): Pick<TenantListQuery, 'after'> & { readonly afterValue?: string } {
  if (sort === 'name') return { after: text };
  const form = sort === 'state' ? /^([a-z]{1,20}) (\S+)$/ : /^(\d{1,17}) (\S+)$/;
  const [, afterValue, after] = form.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (afterValue === undefined || after === undefined) {
    throw fault('BAD_REQUEST', { why: '"after" is not the "next" of a page in this order' });
  }
  return { after, afterValue };
}
