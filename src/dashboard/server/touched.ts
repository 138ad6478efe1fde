/** What an event says, and what it only touches. */
import type { Event, Tenant } from '../../sdk/index.ts';

/** The beginning of the key of what was asked for. */
export type Key = readonly unknown[];

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
        : [...own, ['status'], ['computes']];
    case 'quota':
      return own;
    case 'operation':
      return [['operations'], ...own.map((key) => [...key, 'snapshots'])];
    case 'key':
      return [['keys']];
    case 'customer':
      return [['customers']];
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
