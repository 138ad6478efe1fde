import type { Operation } from '../operations.ts';

const TENANT = '/v1/tenants/:ref';
const CUSTOMER = '/v1/customers/:customer';
const BOOK = '/v1/price-books/:book';

/** What it costs, what is charged, prices, budgets, and what would be if. */
export const ECONOMICS_OPERATIONS = {
  getCosts: { method: 'GET', path: '/v1/costs', repeat: 'safe' },
  getTenantCost: { method: 'GET', path: `${TENANT}/cost`, repeat: 'safe' },
  getCustomerCost: { method: 'GET', path: `${CUSTOMER}/cost`, repeat: 'safe' },
  listPriceBooks: { method: 'GET', path: '/v1/price-books', repeat: 'safe' },
  getPriceBook: { method: 'GET', path: BOOK, repeat: 'safe' },
  putPriceBook: { method: 'PUT', path: BOOK, repeat: 'safe' },
  usePriceBook: { method: 'POST', path: `${BOOK}/use`, repeat: 'safe' },
  getTariffs: { method: 'GET', path: '/v1/tariffs', repeat: 'safe' },
  setTariffs: { method: 'PUT', path: '/v1/tariffs', repeat: 'safe' },
  listBudgets: { method: 'GET', path: '/v1/budgets', repeat: 'safe' },
  setBudget: { method: 'PUT', path: '/v1/budget', repeat: 'safe' },
  setTenantBudget: { method: 'PUT', path: `${TENANT}/budget`, repeat: 'safe' },
  setCustomerBudget: { method: 'PUT', path: `${CUSTOMER}/budget`, repeat: 'safe' },
  listCostAlerts: { method: 'GET', path: '/v1/cost-alerts', repeat: 'safe' },
  whatIf: { method: 'POST', path: '/v1/what-if', repeat: 'safe', long: true },
} as const satisfies Record<string, Operation>;
