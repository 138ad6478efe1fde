/** The pages there are, for the menu at the side and the palette. */
import type { Caller } from '../../sdk/index.ts';
import { type Guarded, refusal } from '../server/access.ts';
import type { IconName } from '../ui/icon.tsx';

export type Place = {
  readonly to:
    | '/'
    | '/tenants'
    | '/billing'
    | '/members'
    | '/costs'
    | '/prices'
    | '/invoices'
    | '/operations'
    | '/audit'
    | '/customers'
    | '/keys'
    | '/webhooks'
    | '/policy'
    | '/plans'
    | '/settings';
  readonly name: string;
  readonly icon: IconName;
  readonly needs: Guarded | null;
  readonly group: 'own' | 'fleet' | 'people' | 'rules';
};

const PLACES: readonly Place[] = [
  { to: '/', name: 'Overview', icon: 'overview', needs: 'getStatus', group: 'fleet' },
  { to: '/tenants', name: 'Tenants', icon: 'tenants', needs: 'listTenants', group: 'fleet' },
  { to: '/costs', name: 'Costs and margins', icon: 'prices', needs: 'getCosts', group: 'fleet' },
  {
    to: '/operations',
    name: 'Operations',
    icon: 'operations',
    needs: 'listOperations',
    group: 'fleet',
  },
  { to: '/audit', name: 'Audit log', icon: 'audit', needs: 'listAudit', group: 'fleet' },
  {
    to: '/customers',
    name: 'Customers',
    icon: 'customers',
    needs: 'listCustomers',
    group: 'people',
  },
  { to: '/invoices', name: 'Invoices', icon: 'invoice', needs: 'getCosts', group: 'people' },
  { to: '/keys', name: 'Keys and people', icon: 'keys', needs: 'listKeys', group: 'people' },
  { to: '/webhooks', name: 'Webhooks', icon: 'webhooks', needs: 'listWebhooks', group: 'people' },
  { to: '/policy', name: 'Policy', icon: 'policy', needs: 'getPolicy', group: 'rules' },
  { to: '/prices', name: 'Prices, budgets', icon: 'tag', needs: 'getCosts', group: 'rules' },
  { to: '/plans', name: 'Plans and tiers', icon: 'plans', needs: 'listPlans', group: 'rules' },
  { to: '/settings', name: 'Settings', icon: 'settings', needs: 'getSettings', group: 'rules' },
];

/** What customers see in place of all that. */
const OWN_PLACES: readonly Place[] = [
  { to: '/', name: 'Databases', icon: 'tenants', needs: 'getCustomer', group: 'own' },
  { to: '/billing', name: 'Billing', icon: 'prices', needs: 'listInvoices', group: 'own' },
  { to: '/members', name: 'Members and keys', icon: 'keys', needs: 'getCustomer', group: 'own' },
  { to: '/webhooks', name: 'Webhooks', icon: 'webhooks', needs: 'listWebhooks', group: 'own' },
  { to: '/audit', name: 'Audit log', icon: 'audit', needs: 'listAudit', group: 'own' },
];

/** Those that a caller can see anything on. */
export const placesOf = (caller: Caller): readonly Place[] =>
  (caller.scope.kind === 'operator' ? PLACES : OWN_PLACES).filter(
    ({ needs }) => needs === null || refusal(caller, needs) === null,
  );
