/** The part of the guide to faults that is about who may call. See `fault-guide.ts`. */
import type { ACCESS_FAULTS } from '../domain/access-faults.ts';
import type { FaultGuide } from './fault-guide.ts';

export const ACCESS_GUIDE: Pick<FaultGuide, keyof typeof ACCESS_FAULTS> = {
  CUSTOMER_UNKNOWN: {
    params: { customer: 'cu_4f9k2m0q7x1z' },
    advice: 'Check the id. A caller of a customer says `me` for its own.',
  },
  CUSTOMER_EXISTS: {
    params: { externalId: 'org-17' },
    advice: 'Use the customer that has it, or choose another external id.',
  },
  CUSTOMER_BUSY: {
    params: { customer: 'cu_4f9k2m0q7x1z' },
    advice:
      'List its tenants with `GET /v1/tenants?customer=ID`; delete or transfer each, then repeat.',
  },
  TENANTS_FULL: {
    params: { max: 10 },
    advice:
      'Delete a tenant that nobody needs, or have the operator raise `tenantsMax` of the customer.',
  },
  PLAN_NOT_ALLOWED: {
    params: { plan: 'enterprise', own: 'starter' },
    advice: "Leave the plan out to get the customer's own, or have the operator change that.",
  },
  KEY_UNKNOWN: {
    params: { key: 'key_4f9k2m0q7x1z' },
    advice: 'Look at the list of keys. One that was revoked is gone.',
  },
  KEY_EXPIRED: {
    params: {},
    advice: 'Make a new key, and give it a later end or none.',
  },
  PERSON_UNKNOWN: {
    params: { email: 'ann@example.com' },
    advice: 'Look at the list of people. Addresses are compared in lower case.',
  },
  PERSON_NOT_ADMITTED: {
    params: { email: 'ann@example.com' },
    advice:
      'An administrator adds the address with `PUT /v1/people/ADDRESS`, or for a customer with `PUT /v1/customers/ID/people/ADDRESS`.',
  },
  SIGN_UP_THROTTLED: {
    params: { seconds: 60 },
    advice: 'Wait. An operator bounds it with `signUp.rate` of `PATCH /v1/settings`.',
  },
  LOGIN_OFF: {
    params: {},
    advice:
      'Start the server with `--oidc-issuer`, `--oidc-client-id` and `--public-url`, or use a key.',
  },
  LOGIN_UNAVAILABLE: {
    params: { why: 'it does not answer' },
    advice:
      'Try again. An operator should see that the issuer is right and can be reached from the server.',
  },
  LOGIN_REFUSED: {
    params: { why: 'it took longer than 10 minutes' },
    advice: 'Begin the login again, in one browser and without a detour.',
  },
  CSRF_MISSING: {
    params: {},
    advice: 'Send the header from a page of this server; programs use a key in place of a session.',
  },
  TOKEN_REFUSED: {
    params: { why: 'it has expired' },
    advice:
      'The application that signs the tokens must correct what is named. Its issuer, audience and keys are listed by `GET /v1/token-issuers`.',
  },
  ISSUER_UNKNOWN: {
    params: { issuer: 'iss_4f9k2m0q7x1z' },
    advice: 'Look at the list of token issuers.',
  },
  ISSUER_EXISTS: {
    params: { issuer: 'https://app.example' },
    advice: 'Change the issuer that is there, or delete it first.',
  },
};
