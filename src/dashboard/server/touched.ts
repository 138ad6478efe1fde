/** What an event says, and what it only touches. */
import type { InfiniteData } from '@tanstack/react-query';
import type { Event, Tenant, TenantPage } from '../../sdk/index.ts';

/** The beginning of the key of what was asked for. */
export type Key = readonly unknown[];

/** Of a customer, who has few: a list of all tenants is not asked for again whenever one is changed. */
const OWN_LIST: readonly Key[] = [['tenants', 'own']];

/** What is asked for again after an event, by the beginning of its key. */
export function touchedBy({ type, tenant }: Event): readonly Key[] {
  const [area] = type.split('.');
  const own: readonly Key[] =
    tenant === null
      ? []
      : [
          ['tenant', tenant.id],
          ['tenant', tenant.name],
        ];
  switch (area) {
    case 'tenant':
      return type === 'tenant.created' || type === 'tenant.deleted' || type === 'tenant.claimed'
        ? [...own, ['status'], ['tenants']]
        : [...own, ['status'], ['computes'], ...(type === 'tenant.changed' ? OWN_LIST : [])];
    case 'quota':
      return own;
    case 'operation':
      return [['operations'], ...own.map((key) => [...key, 'snapshots'])];
    case 'key':
      return [['keys']];
    case 'customer':
      return [['customers']];
    case 'invoice':
      return [['invoices']];
    case 'cost':
      return [['costs']];
    case 'webhook':
      return [['webhooks']];
    default:
      // Some were missed: nothing is known for sure.
      return [[]];
  }
}

/** What an event of type `tenant.state` says of its tenant. */
export function moved(tenant: Tenant, event: Event): Tenant {
  const { to, home } = event.data as { to?: Tenant['state']; home?: Tenant['home'] };
  if (to === undefined) return tenant;
  const at = home ?? tenant.home;
  const level = to === 'running' ? 'L1' : at === 'local' ? 'L3' : 'L4';
  return { ...tenant, state: to, stateSince: event.at, home: at, level };
}

/** Pages for the operator, all at once for a customer. */
export type Listed = InfiniteData<TenantPage> | readonly Tenant[];

/** The list itself where the tenant is not in it. */
export function movedIn(list: Listed, event: Event): Listed {
  const isIts = ({ id }: Tenant): boolean => id === event.tenant?.id;
  const rows = (all: readonly Tenant[]): Tenant[] =>
    all.map((row) => (isIts(row) ? moved(row, event) : row));
  if (!('pages' in list)) return list.some(isIts) ? rows(list) : list;
  if (!list.pages.some(({ tenants }) => tenants.some(isIts))) return list;
  return { ...list, pages: list.pages.map((page) => ({ ...page, tenants: rows(page.tenants) })) };
}
