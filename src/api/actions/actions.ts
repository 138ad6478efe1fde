/** What each operation does: read the request, call control, print the answer. Nothing else. */
import { RESTART_WITHIN_DEFAULT_MS } from '../../contract/limits.ts';
import type { OperationName, StreamedName } from '../../contract/operations.ts';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf } from '../../contract/routes.ts';
import type { Control, TenantChange, TenantView } from '../../control/control.ts';
import type { Desks } from '../../control/desks.ts';
import type { Run } from '../../control/operations.ts';
import type { Caller } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import { type DurationMs, ms } from '../../domain/units.ts';
import { customerListed } from '../access/asked-customer.ts';
import type { AuditNote } from '../access/audit.ts';
import { momentOf } from '../moment.ts';
import {
  printConnectionString,
  printSecret,
  printSessions,
  printStatus,
  printTenant,
  printTicket,
} from '../print/print.ts';
import { printLevels, printRecovery, printSnapshot } from '../print/print-levels.ts';
import { listQuery, printPage } from '../tenant-list.ts';
import { workActions } from '../work.ts';
import { accessActions } from './access-actions.ts';
import { awakeActions } from './awake-actions.ts';
import { billingActions } from './billing-actions.ts';
import { economicsActions } from './economics-actions.ts';
import { healthActions } from './health-actions.ts';
import { insideActions } from './inside-actions.ts';
import { policyActions, tierChoiceOf } from './policy-actions.ts';
import { addressesOf, claimActions, quotaActions } from './quota-actions.ts';
import { settingsActions } from './settings-actions.ts';
import { usageActions } from './usage-actions.ts';
import { webhookActions } from './webhook-actions.ts';

export type Call<N extends ActionName> = {
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  readonly caller: Caller;
  readonly audit: AuditNote;
  readonly requestId: string;
  /** Where the request comes from. */
  readonly address: string;
  /** Of work that takes long: how it says how far it is, and learns that it is to stop. */
  readonly run?: Run;
  /** Aborts when the client no longer waits for the answer. */
  readonly gone: () => AbortSignal;
};

/** Those that take and give JSON; see `streams.ts` for the others. */
export type ActionName = Exclude<OperationName, StreamedName>;

export type Actions = {
  readonly [N in ActionName]: (call: Call<N>) => Promise<AnswerOf<N>>;
};

/** What of a tenant a person changes. */
function settingsShown(view: TenantView): object {
  const { customer, plan, tier, override, consent, expiresAt, allowedAddresses } =
    printTenant(view);
  const { suspendAfterMs, sessionsMax, maxPinIdleMs } = printTenant(view);
  const settings = { suspendAfterMs, sessionsMax, maxPinIdleMs };
  return { customer, plan, tier, override, consent, expiresAt, allowedAddresses, ...settings };
}

export type ActionParts = {
  readonly control: Control;
  readonly clock: Clock;
  readonly desks: Desks;
};

export const actionsOf = ({ control, clock, desks }: ActionParts): Actions => ({
  ...tenantActions(control, desks),
  ...ladderActions(control, desks.customers),
  ...useActions(control),
  ...usageActions(desks.usage, clock),
  ...policyActions(control),
  ...accessActions(desks),
  ...insideActions(desks),
  ...settingsActions(desks.settings),
  ...quotaActions(desks),
  ...claimActions(desks, () => desks.settings.current()),
  ...webhookActions(desks),
  ...awakeActions(desks.awake, clock),
  ...economicsActions(desks, control),
  ...billingActions(desks, clock),
  ...healthActions(control, desks.health),
  ...workActions({ control, operations: desks.operations }),
  getStatus: async () => printStatus(await control.status()),
  getHealth: async () => ({ status: 'ok' }),
  getReadiness: async () => {
    await control.status();
    return { status: 'ok' };
  },
});

type TenantAction =
  | 'createTenant'
  | 'listTenants'
  | 'getTenant'
  | 'changeTenant'
  | 'deleteTenant'
  | 'wakeTenant'
  | 'suspendTenant'
  | 'restartTenant'
  | 'rotatePassword';

function tenantActions(
  control: Control,
  { customers, quotas }: Desks,
): Pick<Actions, TenantAction> {
  return {
    createTenant: async ({ body, caller }) =>
      printSecret(
        await control.createTenant({
          name: body.name,
          ...(await customers.placeOf(caller, body)),
          ...settingsOf(body),
          ...(body.allowedAddresses && {
            allowedAddresses: addressesOf(body.allowedAddresses),
          }),
        }),
      ),
    listTenants: async ({ query, caller }) =>
      printPage(
        await control.listTenants(listQuery(query, customerListed(caller, query.customer))),
      ),
    getTenant: async ({ params }) => printTenant(await control.showTenant(params.ref)),
    changeTenant: async ({ params, body, caller, audit }) => {
      const before = await control.showTenant(params.ref);
      const customer = await customers.allowed(before.tenant, body, caller);
      const change = { ...changeOf(body, caller), ...customer };
      const after = await control.configureTenant(before.tenant.id, change);
      customers.settle(before.tenant, after.tenant);
      if (change.allowedAddresses !== undefined) quotas.confine(after.tenant);
      audit.changed(settingsShown(before), settingsShown(after));
      return printTenant(after);
    },
    deleteTenant: async ({ params }) => {
      await control.deleteTenant(params.ref);
      return undefined;
    },
    wakeTenant: async ({ params }) => printTenant(await control.wakeTenant(params.ref)),
    suspendTenant: async ({ params }) => printTenant(await control.suspendTenant(params.ref)),
    restartTenant: async ({ params, body }) =>
      printTenant(
        await control.restartTenant(params.ref, {
          within: ms(body.withinMs ?? RESTART_WITHIN_DEFAULT_MS),
          force: body.force ?? false,
        }),
      ),
    rotatePassword: async ({ params }) => printSecret(await control.rotatePassword(params.ref)),
  };
}

type LadderAction =
  | 'archiveTenant'
  | 'listSnapshots'
  | 'createSnapshot'
  | 'deleteSnapshot'
  | 'restoreSnapshot'
  | 'forkTenant'
  | 'getLevels'
  | 'recoverTenants';

function ladderActions(
  control: Control,
  customers: Desks['customers'],
): Pick<Actions, LadderAction> {
  return {
    archiveTenant: async ({ params }) => printTenant(await control.archiveTenant(params.ref)),
    listSnapshots: async ({ params }) => ({
      snapshots: (await control.listSnapshots(params.ref)).map(printSnapshot),
    }),
    createSnapshot: async ({ params, body }) =>
      printSnapshot(await control.createSnapshot(params.ref, body.name ?? null)),
    deleteSnapshot: async ({ params }) => {
      await control.deleteSnapshot(params.ref, params.snapshot);
      return undefined;
    },
    restoreSnapshot: async ({ params }) =>
      printTenant(await control.restoreSnapshot(params.ref, params.snapshot)),
    forkTenant: async ({ params, body: { name, plan }, caller }) => {
      if (plan !== undefined) {
        await customers.allowed(await control.findTenant(params.ref), { plan }, caller);
      }
      const request = { name, ...(plan === undefined ? {} : { plan }) };
      return printSecret(await control.forkTenant(params.ref, request));
    },
    getLevels: async ({ params }) => printLevels(await control.levels(params.ref)),
    recoverTenants: async () => printRecovery(await control.recoverTenants()),
  };
}

type UseAction = 'listSessions' | 'issueTicket' | 'getConnectionString';

function useActions(control: Control): Pick<Actions, UseAction> {
  return {
    listSessions: async ({ params }) => printSessions(await control.listSessions(params.ref)),
    issueTicket: async ({ params }) => printTicket(await control.issueTicket(params.ref)),
    getConnectionString: async ({ params }) =>
      printConnectionString((await control.showTenant(params.ref)).connectionUri),
  };
}

function changeOf(body: BodyOf<'changeTenant'>, { scope }: Caller): TenantChange {
  const { plan, consent, allowedAddresses } = body;
  const by = scope.kind === 'operator' ? 'operator' : 'customer';
  const tier = tierChoiceOf(body, by);
  return {
    ...settingsOf(body),
    ...(plan === undefined ? {} : { plan }),
    ...(tier === undefined ? {} : { tier }),
    ...(consent === undefined ? {} : { consent: consent ? by : null }),
    ...(allowedAddresses && { allowedAddresses: addressesOf(allowedAddresses) }),
  };
}

/** What a body says of the settings: what it leaves out is left out, null takes a setting back. */
function settingsOf(body: {
  readonly suspendAfterMs?: number | null;
  readonly sessionsMax?: number | null;
  readonly maxPinIdleMs?: number | null;
  readonly expiresAt?: string | null;
}): Omit<TenantChange, 'plan' | 'tier' | 'consent'> {
  const { suspendAfterMs, sessionsMax, maxPinIdleMs, expiresAt } = body;
  return {
    ...(suspendAfterMs === undefined ? {} : { suspendAfter: durationOrNull(suspendAfterMs) }),
    ...(sessionsMax === undefined ? {} : { sessionsMax }),
    ...(maxPinIdleMs === undefined ? {} : { maxPinIdle: durationOrNull(maxPinIdleMs) }),
    ...(expiresAt === undefined
      ? {}
      : { expiresAt: expiresAt === null ? null : momentOf(expiresAt) }),
  };
}

const durationOrNull = (given: number | null): DurationMs | null =>
  given === null ? null : ms(given);
