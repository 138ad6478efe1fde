/** What the catalog keeps besides tenants, by area. */
import type { KeyStore } from '../domain/api-key.ts';
import type { AuditStore } from '../domain/audit.ts';
import type { ClaimStore, EndingStore } from '../domain/claim.ts';
import type { CustomerStore } from '../domain/customer.ts';
import type { DoneRequests } from '../domain/done-request.ts';
import type { OperationStore } from '../domain/operation.ts';
import type { PersonStore } from '../domain/person.ts';
import type { QuotaStore } from '../domain/quota.ts';
import type { IssuerStore } from '../domain/token-issuer.ts';
import type { WebhookStore } from '../domain/webhook.ts';
import type { Ask } from './access-schema.ts';
import { PgAudit } from './pg-audit.ts';
import { PgClaims, PgEndings } from './pg-claims.ts';
import { PgCustomers } from './pg-customers.ts';
import { PgDoneRequests } from './pg-done-requests.ts';
import { PgIssuers } from './pg-issuers.ts';
import { PgKeys } from './pg-keys.ts';
import { PgOperations } from './pg-operations.ts';
import { PgPeople } from './pg-people.ts';
import { PgQuotas } from './pg-quotas.ts';
import { PgWebhooks } from './pg-webhooks.ts';

export type Stores = {
  readonly customers: CustomerStore;
  readonly keys: KeyStore;
  readonly people: PersonStore;
  readonly issuers: IssuerStore;
  readonly audit: AuditStore;
  readonly quotas: QuotaStore;
  readonly claims: ClaimStore;
  readonly endings: EndingStore;
  readonly operations: OperationStore;
  readonly doneRequests: DoneRequests;
  readonly webhooks: WebhookStore;
};

export const pgStores = (ask: Ask): Stores => ({
  customers: new PgCustomers(ask),
  keys: new PgKeys(ask),
  people: new PgPeople(ask),
  issuers: new PgIssuers(ask),
  audit: new PgAudit(ask),
  quotas: new PgQuotas(ask),
  claims: new PgClaims(ask),
  endings: new PgEndings(ask),
  operations: new PgOperations(ask),
  doneRequests: new PgDoneRequests(ask),
  webhooks: new PgWebhooks(ask),
});
