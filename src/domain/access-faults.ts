/** Failures of those who ask who may call, and for whom. */
import type { FaultSpec, None } from './fault-spec.ts';

export const ACCESS_FAULTS = {
  CUSTOMER_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { customer: string }) => `there is no customer "${p.customer}"`,
  },
  CUSTOMER_EXISTS: {
    kind: 'client',
    sqlstate: '42710',
    http: 409,
    retry: 'never',
    message: (p: { externalId: string }) =>
      `another customer has the external id "${p.externalId}"; each has its own`,
  },
  CUSTOMER_BUSY: {
    kind: 'client',
    sqlstate: '55006',
    http: 409,
    retry: 'never',
    message: (p: { customer: string }) =>
      `customer "${p.customer}" still has tenants; delete them, or give them to another`,
  },
  TENANTS_FULL: {
    kind: 'quota',
    sqlstate: '53400',
    http: 409,
    retry: 'never',
    message: (p: { max: number }) =>
      `the customer has all the tenants that it may have (${p.max}); delete one, or have the limit raised`,
  },
  PLAN_NOT_ALLOWED: {
    kind: 'quota',
    sqlstate: '53400',
    http: 403,
    retry: 'never',
    message: (p: { plan: string; own: string }) =>
      `plan ${p.plan} is above the customer's plan ${p.own}; the operator can raise that`,
  },
  KEY_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { key: string }) => `there is no key "${p.key}"`,
  },
  KEY_EXPIRED: {
    kind: 'client',
    sqlstate: '28000',
    http: 401,
    retry: 'never',
    message: (_: None) => 'this API key has expired; make a new one, or log in again',
  },
  PERSON_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { email: string }) => `there is no person "${p.email}"`,
  },
  PERSON_NOT_ADMITTED: {
    kind: 'client',
    sqlstate: '28000',
    http: 403,
    retry: 'never',
    message: (p: { email: string }) =>
      `${p.email} has no access here; an administrator must add that address first`,
  },
  SIGN_UP_THROTTLED: {
    kind: 'quota',
    sqlstate: '53400',
    http: 429,
    retry: 'soon',
    message: (p: { seconds: number }) =>
      `too many have signed up just now; try again in ${p.seconds} s`,
  },
  LOGIN_OFF: {
    kind: 'client',
    sqlstate: '55000',
    http: 404,
    retry: 'never',
    message: (_: None) =>
      'nobody can log in here: the server was started without --oidc-issuer; use an API key',
  },
  LOGIN_UNAVAILABLE: {
    kind: 'control',
    sqlstate: '08006',
    http: 503,
    retry: 'soon',
    message: (p: { why: string }) => `the identity provider cannot be used: ${p.why}`,
  },
  LOGIN_REFUSED: {
    kind: 'client',
    sqlstate: '28000',
    http: 403,
    retry: 'never',
    message: (p: { why: string }) => `the login was refused: ${p.why}`,
  },
  CSRF_MISSING: {
    kind: 'client',
    sqlstate: '28000',
    http: 403,
    retry: 'never',
    message: (_: None) =>
      'a request with a browser session needs the header "x-dynabase-csrf: 1" and an Origin, unless it only reads',
  },
  TOKEN_REFUSED: {
    kind: 'client',
    sqlstate: '28000',
    http: 401,
    retry: 'never',
    message: (p: { why: string }) => `this token is not accepted: ${p.why}`,
  },
  ISSUER_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { issuer: string }) => `there is no token issuer "${p.issuer}"`,
  },
  ISSUER_EXISTS: {
    kind: 'client',
    sqlstate: '42710',
    http: 409,
    retry: 'never',
    message: (p: { issuer: string }) =>
      `tokens of "${p.issuer}" are taken already; change that one`,
  },
} as const satisfies Record<string, FaultSpec>;
