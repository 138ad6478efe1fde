/** What each operation does: read the request, call control, print the answer. Nothing else. */
import { RESTART_WITHIN_DEFAULT_MS } from '../contract/limits.ts';
import type { OperationName } from '../contract/operations.ts';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf } from '../contract/routes.ts';
import type { Control } from '../control/control.ts';
import type { TenantSettings } from '../domain/catalog.ts';
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import { type DurationMs, hours, later, minutes, ms, timestamp } from '../domain/units.ts';
import {
  printConnectionString,
  printPage,
  printSecret,
  printSessions,
  printStatus,
  printTenant,
  printTicket,
  printUsage,
  type Span,
} from './print.ts';

export type Call<N extends OperationName> = {
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
};

export type Actions = {
  readonly [N in OperationName]: (call: Call<N>) => Promise<AnswerOf<N>>;
};

/** Tenants on a page when the client does not say. */
const PAGE_DEFAULT = 100;

/** The span of usage when the client does not say. */
const USAGE_SPAN_DEFAULT = hours(24);

/** Minutes that one answer of the catalog holds at most. */
const USAGE_MINUTES_MAX = 10_000;

export function actionsOf(control: Control, clock: Clock): Actions {
  return {
    getStatus: async () => printStatus(await control.status()),
    createTenant: async ({ body }) =>
      printSecret(
        await control.createTenant({
          name: body.name,
          ...(body.plan === undefined ? {} : { plan: body.plan }),
          ...settingsOf(body),
        }),
      ),
    listTenants: async ({ query }) =>
      printPage(
        await control.listTenants({
          after: query.after ?? null,
          limit: query.limit ?? PAGE_DEFAULT,
          state: query.state ?? null,
        }),
      ),
    getTenant: async ({ params }) => printTenant(await control.showTenant(params.ref)),
    changeTenant: async ({ params, body }) =>
      printTenant(await control.configureTenant(params.ref, settingsOf(body))),
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
    listSessions: async ({ params }) => printSessions(await control.listSessions(params.ref)),
    rotatePassword: async ({ params }) => printSecret(await control.rotatePassword(params.ref)),
    issueTicket: async ({ params }) => printTicket(await control.issueTicket(params.ref)),
    getUsage: ({ params, query }) => usage(control, params.ref, spanOf(query, clock)),
    getConnectionString: async ({ params }) =>
      printConnectionString((await control.showTenant(params.ref)).connectionUri),
    getHealth: async () => ({ status: 'ok' }),
    getReadiness: async () => {
      await control.status();
      return { status: 'ok' };
    },
  };
}

/** What a body says of the settings: what it leaves out is left out, null takes a setting back. */
function settingsOf(body: {
  readonly suspendAfterMs?: number | null;
  readonly sessionsMax?: number | null;
  readonly maxPinIdleMs?: number | null;
}): TenantSettings {
  const { suspendAfterMs, sessionsMax, maxPinIdleMs } = body;
  return {
    ...(suspendAfterMs === undefined ? {} : { suspendAfter: durationOrNull(suspendAfterMs) }),
    ...(sessionsMax === undefined ? {} : { sessionsMax }),
    ...(maxPinIdleMs === undefined ? {} : { maxPinIdle: durationOrNull(maxPinIdleMs) }),
  };
}

const durationOrNull = (given: number | null): DurationMs | null =>
  given === null ? null : ms(given);

function spanOf(query: QueryOf<'getUsage'>, clock: Clock): Span {
  const to = query.to === undefined ? clock.wall() : timestamp(Date.parse(query.to));
  const from =
    query.from === undefined
      ? later(to, ms(-USAGE_SPAN_DEFAULT))
      : timestamp(Date.parse(query.from));
  if (from >= to) throw fault('BAD_REQUEST', { why: 'the span ends before it begins' });
  return { from, to };
}

async function usage(control: Control, ref: string, span: Span): Promise<AnswerOf<'getUsage'>> {
  const { tenant } = await control.showTenant(ref);
  const found = await control.usage(ref, span.from, span.to);
  const last = found.at(-1);
  const cut = found.length >= USAGE_MINUTES_MAX && last !== undefined;
  return printUsage({
    tenant: tenant.id,
    span,
    minutes: found,
    next: cut ? later(last.minute, minutes(1)) : null,
  });
}
