import type { Operation } from '../operations.ts';

const CUSTOMER = '/v1/customers/:customer';

/** Customers, who may call for them, and what they did. */
export const ACCESS_OPERATIONS = {
  whoAmI: { method: 'GET', path: '/v1/whoami', repeat: 'safe' },
  createCustomer: { method: 'POST', path: '/v1/customers', repeat: 'keyed' },
  listCustomers: { method: 'GET', path: '/v1/customers', repeat: 'safe' },
  getCustomer: { method: 'GET', path: CUSTOMER, repeat: 'safe' },
  changeCustomer: { method: 'PATCH', path: CUSTOMER, repeat: 'safe', long: true },
  deleteCustomer: { method: 'DELETE', path: CUSTOMER, repeat: 'safe' },
  createKey: { method: 'POST', path: '/v1/keys', repeat: 'keyed' },
  listKeys: { method: 'GET', path: '/v1/keys', repeat: 'safe' },
  getKey: { method: 'GET', path: '/v1/keys/:key', repeat: 'safe' },
  rotateKey: { method: 'POST', path: '/v1/keys/:key/rotate', repeat: 'keyed' },
  revokeKey: { method: 'DELETE', path: '/v1/keys/:key', repeat: 'safe' },
  listPeople: { method: 'GET', path: '/v1/people', repeat: 'safe' },
  putPerson: { method: 'PUT', path: '/v1/people/:email', repeat: 'safe' },
  removePerson: { method: 'DELETE', path: '/v1/people/:email', repeat: 'safe' },
  listCustomerPeople: { method: 'GET', path: `${CUSTOMER}/people`, repeat: 'safe' },
  putCustomerPerson: { method: 'PUT', path: `${CUSTOMER}/people/:email`, repeat: 'safe' },
  removeCustomerPerson: { method: 'DELETE', path: `${CUSTOMER}/people/:email`, repeat: 'safe' },
  createTokenIssuer: { method: 'POST', path: '/v1/token-issuers', repeat: 'keyed' },
  listTokenIssuers: { method: 'GET', path: '/v1/token-issuers', repeat: 'safe' },
  getTokenIssuer: { method: 'GET', path: '/v1/token-issuers/:issuer', repeat: 'safe' },
  changeTokenIssuer: { method: 'PATCH', path: '/v1/token-issuers/:issuer', repeat: 'safe' },
  deleteTokenIssuer: { method: 'DELETE', path: '/v1/token-issuers/:issuer', repeat: 'safe' },
  listAudit: { method: 'GET', path: '/v1/audit', repeat: 'safe' },
  exchangeLogin: { method: 'POST', path: '/v1/auth/token', repeat: 'never' },
} as const satisfies Record<string, Operation>;
