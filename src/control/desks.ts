/** What the API calls besides `Control`: one desk an area, each in its own file. */
import type { DoneRequests } from '../domain/done-request.ts';
import type { AccessDesks } from './access/access-desks.ts';
import type { AwakeDesk } from './awake/awake-desk.ts';
import type { BillingDesks } from './billing/billing-desks.ts';
import type { EconomicsDesks } from './economics/economics-desks.ts';
import type { EventBus } from './event-bus.ts';
import type { InsideDesks } from './inside/inside-desks.ts';
import type { UsageDesk } from './metering/metering-desk.ts';
import type { OperationDesk } from './operations.ts';
import type { QuotaDesks } from './quotas/quota-desks.ts';
import type { HealthDesk } from './service/health-desk.ts';
import type { SettingsDesk } from './settings.ts';
import type { WebhookDesk } from './webhooks.ts';

export type Desks = AccessDesks &
  InsideDesks &
  BillingDesks &
  EconomicsDesks &
  QuotaDesks & {
    readonly awake: AwakeDesk;
    readonly events: EventBus;
    readonly health: HealthDesk;
    readonly settings: SettingsDesk;
    readonly operations: OperationDesk;
    readonly doneRequests: DoneRequests;
    readonly webhooks: WebhookDesk;
    readonly usage: UsageDesk;
  };
