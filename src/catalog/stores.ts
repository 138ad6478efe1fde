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
import type { Ask } from './access/access-schema.ts';
import { PgAudit } from './access/pg-audit.ts';
import { PgClaims, PgEndings } from './access/pg-claims.ts';
import { PgCustomers } from './access/pg-customers.ts';
import { PgIssuers } from './access/pg-issuers.ts';
import { PgKeys } from './access/pg-keys.ts';
import { PgPeople } from './access/pg-people.ts';
import { PgPayments } from './billing/billing-payments.ts';
import { PgBilling } from './billing/billing-store.ts';
import { PgBudgets } from './economics/economics-budgets.ts';
import { PgCosts } from './economics/economics-costs.ts';
import { PgPrices } from './economics/economics-prices.ts';
import { PgAwakeStore } from './use/awake-store.ts';
import { PgUseHistory } from './use/use-history.ts';
import { PgUseLedger } from './use/use-ledger.ts';
import { PgDoneRequests } from './work/pg-done-requests.ts';
import { PgOperations } from './work/pg-operations.ts';
import { PgQuotas } from './work/pg-quotas.ts';
import { PgUptime } from './work/pg-uptime.ts';
import { PgWebhooks } from './work/pg-webhooks.ts';

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
