/**
 * The audit log's place in the way of a request: begun when who asks for what about whom is known, finished before the
 * answer leaves.
 *
 * Everything that may change something is told of; reading is not, but for exports. What a route asks for and what it
 * answers with is enough for most; actions say more where there is a before and an after.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditDesk, Audited } from '../../control/access/audit-desk.ts';
import { changedFields, safeFields } from '../../control/access/audit-fields.ts';
import type { AuditFields, AuditSubject } from '../../domain/audit.ts';
import type { Caller } from '../../domain/caller.ts';
import type { FaultCode } from '../../domain/faults.ts';
import { isId, isTenantId } from '../../domain/ids.ts';
import type { Tenant } from '../../domain/tenant.ts';

/** What an action adds to the entry of its request. */
export type AuditNote = {
  /** What it is about, where neither path nor answer says so. */
  about(subject: Partial<AuditSubject>): void;
  /** Two pictures of what is changed; the fields that differ are kept, but for secrets. */
  changed(before: object, after: object): void;
};

/** Who asks, and about which tenant and customer, as far as the path says so. */
export type Admitted = {
  readonly caller: Caller;
  readonly tenant: Tenant | null;
  readonly customer: AuditSubject['customer'];
};

/** Reading that is told of: whoever has an export has the data. */
const READS_TOLD: ReadonlySet<string> = new Set(['exportTenant']);

const NOTHING: AuditSubject = { customer: null, tenant: null, target: null };

/** Parts of a path that are no targets by themselves. */
const SUBJECT_PARAMS: ReadonlySet<string> = new Set(['ref', 'customer']);

class Entry implements AuditNote {
  id: number | null = null;
  subject: AuditSubject = NOTHING;
  before: AuditFields = null;
  after: AuditFields = null;
  fault: string | null = null;

  about(subject: Partial<AuditSubject>): void {
    this.subject = { ...this.subject, ...subject };
  }

  changed(before: object, after: object): void {
    const fields = changedFields(before, after);
    this.before = fields.before;
    this.after = fields.after;
  }
}

const ENTRIES = new WeakMap<FastifyRequest, Entry>();

/** For an action to say more; of a request that is not told of, nothing is kept. */
export const auditNoteOf = (request: FastifyRequest): AuditNote =>
  ENTRIES.get(request) ?? new Entry();

/** The name of the operation that a request asks for. */
export const operationOf = (request: FastifyRequest): string =>
  String(request.routeOptions.schema?.operationId ?? request.routeOptions.url ?? '');

/** Whether what a request does is told of. */
export const isAudited = (request: FastifyRequest): boolean =>
  !['GET', 'HEAD', 'OPTIONS'].includes(request.method) || READS_TOLD.has(operationOf(request));

/** Throws if it cannot be written: then nothing is done either. */
export async function beginAudit(
  request: FastifyRequest,
  desk: AuditDesk,
  admitted: Admitted,
): Promise<void> {
  const entry = new Entry();
  entry.subject = subjectOf(request, admitted);
  entry.after = askedOf(request);
  entry.id = await desk.begin({
    ...auditedOf(request, admitted.caller),
    ...{ subject: entry.subject, asked: entry.after },
  });
  ENTRIES.set(request, entry);
}

/** What was tried by somebody who may not. */
export const auditedOf = (request: FastifyRequest, caller: Caller): Audited => ({
  ...{ requestId: request.id, operation: operationOf(request), caller, address: request.ip },
  ...{ subject: subjectOf(request, { caller, tenant: null, customer: null }), asked: null },
});

export function noteFault(request: FastifyRequest, code: FaultCode): void {
  const entry = ENTRIES.get(request);
  if (entry !== undefined) entry.fault = code;
}

/** What came to be has an id, which the path did not know. */
export function noteAnswer(request: FastifyRequest, answer: unknown): void {
  const entry = ENTRIES.get(request);
  if (entry === undefined || typeof answer !== 'object' || answer === null) return;
  const id = 'id' in answer ? answer.id : undefined;
  if (typeof id !== 'string') return;
  if (isTenantId(id)) {
    const customer = 'customer' in answer ? answer.customer : null;
    const known = typeof customer === 'string' && isId('cu', customer);
    entry.about({ tenant: id, ...(known ? { customer } : {}) });
  } else if (isId('cu', id)) entry.about({ customer: id });
  else if (entry.subject.target === null) entry.about({ target: id });
}

/** Entries are finished before the answer leaves, so that who has it finds what it did. */
export function addAudit(app: FastifyInstance, desk: AuditDesk): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const entry = ENTRIES.get(request);
    if (entry === undefined || entry.id === null) return payload;
    ENTRIES.delete(request);
    const { id, subject, fault, before, after } = entry;
    const outcome = fault === null && reply.statusCode < 400 ? 'done' : 'failed';
    await desk.finish(id, { ...subject, outcome, fault, before, after });
    return payload;
  });
}

function subjectOf(request: FastifyRequest, { caller, tenant, customer }: Admitted): AuditSubject {
  const params = Object.entries(Object(request.params) as Record<string, string>);
  const { scope } = caller;
  const own = scope.kind === 'customer' ? scope.customer : null;
  const unfound = params.find(([name]) => SUBJECT_PARAMS.has(name))?.[1] ?? null;
  const target = params.find(([name]) => !SUBJECT_PARAMS.has(name))?.[1] ?? null;
  const isFound = tenant !== null || customer !== null;
  const told = target ?? (isFound ? null : unfound);
  return {
    customer: tenant?.customer ?? customer ?? own,
    tenant: tenant?.id ?? (scope.kind === 'tenant' ? scope.tenant : null),
    target: told && ((safeFields({ told })?.told as string | undefined) ?? null),
  };
}

const askedOf = ({ body, query }: FastifyRequest): AuditFields =>
  safeFields({
    ...Object(query),
    ...(typeof body === 'object' && body !== null && !('pipe' in body) ? body : {}),
  });
