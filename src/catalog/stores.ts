/** What the catalog keeps besides tenants, by area. */
import type { KeyStore } from '../domain/api-key.ts';
import type { AuditStore } from '../domain/audit.ts';
import type { AwakeStore } from '../domain/awake.ts';
import type { BillingStore } from '../domain/billing.ts';
import type { ClaimStore, EndingStore } from '../domain/claim.ts';
import type { CustomerStore } from '../domain/customer.ts';
import type { DoneRequests } from '../domain/done-request.ts';
import type { BudgetStore, CostStore, PriceStore } from '../domain/economics.ts';
import type { UseHistory, UseLedger, UseStore } from '../domain/metering.ts';
import type { OperationStore } from '../domain/operation.ts';
import type { PaymentStore } from '../domain/payment.ts';
import type { PersonStore } from '../domain/person.ts';
import type { QuotaStore } from '../domain/quota.ts';
import type { IssuerStore } from '../domain/token-issuer.ts';
import type { UptimeStore } from '../domain/uptime.ts';
import type { WebhookStore } from '../domain/webhook.ts';
import type { Ask } from './access-schema.ts';
import { PgAwakeStore } from './awake-store.ts';
import { PgPayments } from './billing-payments.ts';
import { PgBilling } from './billing-store.ts';
import { PgBudgets } from './economics-budgets.ts';
import { PgCosts } from './economics-costs.ts';
import { PgPrices } from './economics-prices.ts';
import { PgAudit } from './pg-audit.ts';
import { PgClaims, PgEndings } from './pg-claims.ts';
import { PgCustomers } from './pg-customers.ts';
import { PgDoneRequests } from './pg-done-requests.ts';
import { PgIssuers } from './pg-issuers.ts';
import { PgKeys } from './pg-keys.ts';
import { PgOperations } from './pg-operations.ts';
import { PgPeople } from './pg-people.ts';
import { PgQuotas } from './pg-quotas.ts';
import { PgUptime } from './pg-uptime.ts';
import { PgWebhooks } from './pg-webhooks.ts';
import { PgUseHistory } from './use-history.ts';
import { PgUseLedger } from './use-ledger.ts';

export type Stores = {
  readonly customers: CustomerStore;
  readonly keys: KeyStore;
  readonly people: PersonStore;
  readonly issuers: IssuerStore;
  readonly audit: AuditStore;
  readonly quotas: QuotaStore;
  readonly use: UseLedger & UseStore;
  readonly useHistory: UseHistory;
  readonly claims: ClaimStore;
  readonly endings: EndingStore;
  readonly operations: OperationStore;
  readonly doneRequests: DoneRequests;
  readonly webhooks: WebhookStore;
  readonly billing: BillingStore;
  readonly payments: PaymentStore;
  readonly service: UptimeStore;
  readonly awake: AwakeStore;
  readonly prices: PriceStore;
  readonly costs: CostStore;
  readonly budgets: BudgetStore;
};

export const pgStores = (ask: Ask): Stores => ({
  customers: new PgCustomers(ask),
  keys: new PgKeys(ask),
  people: new PgPeople(ask),
  issuers: new PgIssuers(ask),
  audit: new PgAudit(ask),
  quotas: new PgQuotas(ask),
  use: new PgUseLedger(ask),
  useHistory: new PgUseHistory(ask),
  claims: new PgClaims(ask),
  endings: new PgEndings(ask),
  operations: new PgOperations(ask),
  doneRequests: new PgDoneRequests(ask),
  webhooks: new PgWebhooks(ask),
  billing: new PgBilling(ask),
  payments: new PgPayments(ask),
  service: new PgUptime(ask),
  awake: new PgAwakeStore(ask),
  prices: new PgPrices(ask),
  costs: new PgCosts(ask),
  budgets: new PgBudgets(ask),
});
