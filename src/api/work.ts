/** Routes whose work is an operation: done within the wait and answered, or told of and gone on with. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OPERATIONS } from '../contract/operations.ts';
import { WORK } from '../contract/work/operations-work.ts';
import type { WorkOperation, WorkPage } from '../contract/work/work.ts';
import type { Control } from '../control/control.ts';
import type { Begun, Done, OperationDesk, Run } from '../control/operations.ts';
import { type Caller, customerOf } from '../domain/caller.ts';
import { fault } from '../domain/faults.ts';
import { isId, isTenantId, isTenantName, type OperationId } from '../domain/ids.ts';
import { type Operation, WORK_KINDS, type WorkKind } from '../domain/operation.ts';
import { type DurationMs, minutes, ms, type Timestamp, timestamp } from '../domain/units.ts';
import type { Actions } from './actions/actions.ts';

export type WorkParts = { readonly control: Control; readonly operations: OperationDesk };

/** The kind of work that a route does; null for one that is answered at once. */
export const workOf = (name: string): WorkKind | null =>
  WORK_KINDS.find((kind) => Object.hasOwn(WORK, name) && WORK[name] === kind) ?? null;

const WAIT_MAX = minutes(10);

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** Undefined where nothing is said. */
export function waitOf(query: unknown): DurationMs | undefined {
  const { wait } = (query ?? {}) as { readonly wait?: string };
  if (wait === undefined) return undefined;
  const [, count, unit = ''] = /^(\d+)(ms|s|m)$/.exec(wait) ?? [];
  return ms(Math.min(Number(count) * (UNITS[unit] ?? 0), WAIT_MAX));
}

type Asked = { readonly caller: Caller; readonly params: unknown };

/** Begins what `act` does. Throws as the first lookup of the tenant does. */
export async function beginWork(
  { control, operations }: WorkParts,
  kind: WorkKind,
  { caller, params }: Asked,
  act: (run: Run) => Promise<unknown>,
): Promise<Begun> {
  const { ref } = (params ?? {}) as { readonly ref?: string };
  const found = ref === undefined ? null : await control.findTenant(ref);
  const tenant = found && { id: found.id, name: found.name };
  const own = caller.scope.kind === 'tenant' ? null : customerOf(caller);
  const wish = { kind, caller, tenant, customer: found ? found.customer : own };
  return operations.begin(wish, async (run) => doneWith(await act(run)));
}

/** What of an answer may be kept: which tenant or snapshot it is about. */
export function doneWith(answer: unknown): Done<unknown> {
  const { id, name } = (answer ?? {}) as { readonly id?: unknown; readonly name?: unknown };
  if (typeof id !== 'string') return { answer, result: null };
  const isTenant = isTenantId(id) && typeof name === 'string' && isTenantName(name);
  if (isTenant) return { answer, result: { tenant: id, name }, tenant: { id, name } };
  return { answer, result: { snapshot: id } };
}

/** `202` and the operation, unless it ends within `wait`. */
export async function answerWork(
  begun: Begun,
  { operations }: Pick<WorkParts, 'operations'>,
  {
    caller,
    wait,
    reply,
  }: {
    readonly caller: Caller;
    readonly wait: DurationMs | undefined;
    readonly reply: FastifyReply;
  },
): Promise<{ readonly answer: unknown } | { readonly accepted: WorkOperation }> {
  if (wait === undefined) return { answer: await answered(begun, operations, caller) };
  await begun.recorded;
  await operations.ended(begun.id, wait);
  const operation = await operations.find(begun.id, caller);
  const isOver = operation.status !== 'running' && wait > 0;
  if (isOver) return { answer: await answered(begun, operations, caller) };
  reply.header('location', OPERATIONS.getOperation.path.replace(':operation', begun.id));
  return { accepted: printOperation(operation) };
}

/** Who has the answer does not need it again. */
async function answered(begun: Begun, operations: OperationDesk, caller: Caller): Promise<unknown> {
  const answer = await begun.outcome;
  operations.takeAnswer(begun.id, caller);
  return answer;
}

const PAGE_DEFAULT = 100;

type WorkAction = 'listOperations' | 'getOperation' | 'cancelOperation';

export function workActions({ control, operations }: WorkParts): Pick<Actions, WorkAction> {
  return {
    listOperations: async ({ query, caller }) => {
      const { limit = PAGE_DEFAULT, status, kind, after } = query;
      const customer = customerOf(caller) ?? undefined;
      const tenant =
        query.tenant === undefined ? undefined : await control.findTenant(query.tenant);
      if (tenant && customer !== undefined && tenant.customer !== customer) {
        throw fault('TENANT_UNKNOWN', { tenant: query.tenant ?? '' });
      }
      const place = after === undefined ? undefined : readCursor(after);
      const wanted = { customer, tenant: tenant?.id, status, kind: kind as WorkKind | undefined };
      const found = await operations.list({ ...wanted, after: place, limit: limit + 1 });
      return pageOf(found, limit);
    },
    getOperation: async ({ params, query, caller }) => {
      const wait = waitOf(query) ?? ms(0);
      const { id } = await operations.find(params.operation, caller);
      await operations.ended(id, wait);
      const operation = printOperation(await operations.find(id, caller));
      const answer = operations.takeAnswer(id, caller);
      return answer === undefined ? operation : { ...operation, answer };
    },
    cancelOperation: async ({ params, caller }) =>
      printOperation(await operations.cancel(params.operation, caller)),
  };
}

function pageOf(found: readonly Operation[], limit: number): WorkPage {
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  return {
    operations: shown.map(printOperation),
    next: last === undefined ? null : `${last.begunAt}.${last.id}`,
  };
}

type Place = { readonly begunAt: Timestamp; readonly id: OperationId };

function readCursor(text: string): Place {
  const [, at, id = ''] = /^(\d{1,15})\.(.*)$/.exec(text) ?? [];
  if (!isId('op', id)) throw fault('BAD_REQUEST', { why: '"after" is not the "next" of a page' });
  return { begunAt: timestamp(Number(at)), id };
}

function printOperation(operation: Operation): WorkOperation {
  const { tenant, result, progress, fault: why, begunAt, endedAt } = operation;
  const { id, kind, status, customer, caller } = operation;
  return {
    ...{ id, kind, status, customer, caller },
    tenant: tenant && { id: tenant.id, name: tenant.name },
    progress: progress && { ...progress },
    result: result && { ...result },
    fault: why && { code: why.code, message: why.message },
    begunAt: new Date(begunAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
  };
}

/** Where a file's bytes are counted as they arrive. */
export async function* counted(
  file: AsyncIterable<Uint8Array>,
  request: FastifyRequest,
  run: Run,
): AsyncGenerator<Uint8Array, void, void> {
  const length = Number(request.headers['content-length']);
  const all = Number.isSafeInteger(length) && length > 0 ? length : null;
  let done = 0;
  for await (const part of file) {
    done += part.byteLength;
    run.progress(done, all);
    yield part;
  }
}
