/**
 * Who may do what, so that an action that would be refused says so before it is tried.
 *
 * The server decides; this only foretells. A test holds the table against the routes.
 */
import type { Caller } from '../../sdk/index.ts';

type Right = 'read' | 'change' | 'billing' | 'admin';

type Reach = 'tenant' | 'customer' | 'operator';

type Access = { readonly scope: Reach; readonly right: Right; readonly orRight?: Right };

const needs = (scope: Reach, right: Right, orRight?: Right): Access =>
  orRight === undefined ? { scope, right } : { scope, right, orRight };

/** What the dashboard asks for that not everybody may. */
export const ACCESS = {
  getStatus: needs('operator', 'read'),
  listTenants: needs('customer', 'read'),
  createTenant: needs('customer', 'change'),
  changeTenant: needs('tenant', 'change', 'billing'),
  deleteTenant: needs('tenant', 'change'),
  wakeTenant: needs('tenant', 'change'),
  suspendTenant: needs('tenant', 'change'),
  restartTenant: needs('tenant', 'change'),
  archiveTenant: needs('tenant', 'change'),
  query: needs('tenant', 'read'),
  forgetStatements: needs('tenant', 'change'),
  createSnapshot: needs('tenant', 'change'),
  deleteSnapshot: needs('tenant', 'change'),
  restoreSnapshot: needs('tenant', 'change'),
  forkTenant: needs('customer', 'change'),
  rotatePassword: needs('tenant', 'change'),
  setPolicy: needs('operator', 'change'),
  getPolicy: needs('operator', 'read'),
  changeSettings: needs('operator', 'admin'),
  getSettings: needs('operator', 'read'),
  getCosts: needs('operator', 'read'),
  usePriceBook: needs('operator', 'billing'),
  whatIf: needs('operator', 'read'),
  listPlans: needs('tenant', 'read'),
  listAudit: needs('customer', 'read'),
  listOperations: needs('customer', 'read'),
  cancelOperation: needs('tenant', 'change'),
  listWebhooks: needs('customer', 'read'),
  createWebhook: needs('customer', 'change'),
  changeWebhook: needs('customer', 'change'),
  deleteWebhook: needs('customer', 'change'),
  testWebhook: needs('customer', 'change'),
  listCustomers: needs('operator', 'read'),
  createCustomer: needs('operator', 'change'),
  changeCustomer: needs('customer', 'change', 'billing'),
  deleteCustomer: needs('operator', 'change'),
  setQuota: needs('tenant', 'billing'),
  setTenantBudget: needs('tenant', 'billing'),
  setCustomerBudget: needs('customer', 'billing'),
  changeBillingProfile: needs('customer', 'billing'),
  listInvoices: needs('customer', 'read'),
  getCustomer: needs('customer', 'read'),
  setCustomerAddresses: needs('customer', 'change'),
  putCustomerPerson: needs('customer', 'admin'),
  createKey: needs('tenant', 'admin'),
  rotateKey: needs('tenant', 'admin'),
  revokeKey: needs('tenant', 'admin'),
  listKeys: needs('tenant', 'read'),
  listPeople: needs('operator', 'read'),
  putPerson: needs('operator', 'admin'),
  putPriceBook: needs('operator', 'billing'),
  setTariffs: needs('operator', 'billing'),
  setBudget: needs('operator', 'billing'),
  setCustomerQuota: needs('customer', 'billing'),
  setPlanQuota: needs('operator', 'billing'),
  addCredit: needs('operator', 'billing'),
  closeMonth: needs('operator', 'billing'),
  verifyInvoices: needs('operator', 'billing'),
  getKpis: needs('operator', 'read'),
  getFleet: needs('operator', 'read'),
  listTokenIssuers: needs('operator', 'read'),
  createTokenIssuer: needs('operator', 'admin'),
  deleteTokenIssuer: needs('operator', 'admin'),
} as const satisfies Readonly<Record<string, Access>>;

export type Guarded = keyof typeof ACCESS;

const RIGHTS: Readonly<Record<Caller['role'], readonly Right[]>> = {
  admin: ['read', 'change', 'billing', 'admin'],
  operator: ['read', 'change'],
  billing: ['read', 'billing'],
  viewer: ['read'],
  claimer: [],
};

const REACH = { tenant: 0, customer: 1, operator: 2 } as const;

export const mayDo = (
  { role, readOnly }: Pick<Caller, 'role' | 'readOnly'>,
  right: Right,
): boolean => RIGHTS[role].includes(right) && (!readOnly || right === 'read');

/** Why `caller` may not do it, in a sentence; null if they may. */
export function refusal(caller: Caller, operation: Guarded): string | null {
  const { scope, right, orRight }: Access = ACCESS[operation];
  if (REACH[caller.scope.kind] < REACH[scope]) return `Only a caller of the ${scope} may do that.`;
  // The one thing that a role may see less of than others who read.
  if (operation === 'query' && caller.role === 'billing')
    return 'Your role is billing, which reads no data.';
  if (caller.readOnly && right !== 'read') return 'Your key only reads.';
  if (mayDo(caller, right) || (orRight !== undefined && mayDo(caller, orRight))) return null;
  return `Your role is ${caller.role}; that needs the right to ${right === 'admin' ? 'say who may do what' : right}.`;
}
