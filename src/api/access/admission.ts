/** The way of a request to its action: who is it, may they do that, and is what they name theirs? */
import type { FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { Access } from '../../contract/route.ts';
import type { Control } from '../../control/control.ts';
import type { Desks } from '../../control/desks.ts';
import { assert } from '../../domain/assert.ts';
import type { AskedScope, Asking } from '../../domain/awake.ts';
import type { Caller } from '../../domain/caller.ts';
import { Fault, fault, isFault } from '../../domain/faults.ts';
import type { CustomerId } from '../../domain/ids.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { type Authority, requireAccess, requireCovered } from './access.ts';
import { auditedOf, beginAudit, isAudited } from './audit.ts';

export type Admit = {
  /** The hooks of a route that asks for `access`. */
  (access: Access | null): Pick<RouteShorthandOptions, 'onRequest' | 'preHandler'>;
  /** For an answer that goes on and on: throws as at its beginning, if its caller may not have it any more. */
  again(request: FastifyRequest): Promise<void>;
};

const CALLERS = new WeakMap<FastifyRequest, Caller>();

/** What was asked for. */
const ACCESSES = new WeakMap<FastifyRequest, Access>();

/** Nobody in particular: whoever asks for what everybody may have. */
export const ANYBODY: Caller = {
  ...{ kind: 'anybody', id: '', name: 'anybody' },
  ...{
    scope: { kind: 'nothing' },
    role: 'viewer',
    isReadOnly: true,
  },
};

/** Who a request is from, once it is admitted. */
export const callerOf = (request: FastifyRequest): Caller => CALLERS.get(request) ?? ANYBODY;

function askingOf(request: FastifyRequest): Asking {
  const { kind, name, scope } = callerOf(request);
  const operation = request.routeOptions.schema?.operationId ?? request.routeOptions.url ?? '';
  return { by: { kind, name, isOperator: scope.kind === 'operator' }, operation };
}

type AdmissionParts = {
  readonly authority: Authority;
  readonly control: Control;
  readonly asked: AskedScope;
  readonly desks: Pick<Desks, 'audit' | 'customers'>;
};

export function admission(parts: AdmissionParts): Admit {
  const hooks = (access: Access | null): ReturnType<Admit> => {
    if (access === null) return {};
    return {
      // Before the body is read: a stranger's is not worth reading.
      onRequest: async (request) => {
        ACCESSES.set(request, access);
        CALLERS.set(request, await admitted(request, access, parts));
      },
      preHandler: [
        async (request) => {
          const caller = CALLERS.get(request);
          assert(caller !== undefined, 'a request is confined before it is admitted');
          const { audit } = parts.desks;
          const about = { caller, ...(await confined(request, caller, parts)) };
          if (isAudited(request)) await beginAudit(request, audit, about);
        },
        // The action is in here, too.
        (request, _reply, done) => parts.asked.within(askingOf(request), done),
      ],
    };
  };
  const again = async (request: FastifyRequest): Promise<void> => {
    const access = ACCESSES.get(request);
    if (access === undefined) return;
    await confined(request, await admitted(request, access, parts), parts);
  };
  return Object.assign(hooks, { again });
}

async function admitted(
  request: FastifyRequest,
  access: Access,
  parts: AdmissionParts,
): Promise<Caller> {
  const { authorization, cookie, origin } = request.headers;
  const caller = await parts.authority.callerOf({
    ...{ authorization, cookie, origin, address: request.ip },
    csrf: request.headers['x-dynabase-csrf'],
    onlyReads: request.method === 'GET' || request.method === 'HEAD',
  });
  try {
    requireAccess(access, caller);
  } catch (error) {
    tellRefusal(request, caller, error, parts);
    throw error;
  }
  return caller;
}

type Confined = { readonly tenant: Tenant | null; readonly customer: CustomerId | null };

async function confined(
  request: FastifyRequest,
  caller: Caller,
  parts: AdmissionParts,
): Promise<Confined> {
  try {
    return {
      tenant: await confinedTenant(request, caller, parts.control),
      customer: await confinedCustomer(request, caller, parts.desks),
    };
  } catch (error) {
    tellRefusal(request, caller, error, parts);
    throw error;
  }
}

/**
 * Requires that the tenant in the path is in the caller's scope; what is not is told in the words for what does not
 * exist. From here on it goes by its id: a name may become another tenant's while the request is under way. For the
 * operator it is looked up only where the audit log will name it.
 */
async function confinedTenant(
  request: FastifyRequest,
  caller: Caller,
  control: Control,
): Promise<Tenant | null> {
  const params = request.params as { ref?: string };
  const { ref } = params;
  if (ref === undefined) return null;
  if (caller.scope.kind === 'operator') {
    return isAudited(request) ? await foundOrNull(control, ref) : null;
  }
  const tenant = await control.findTenant(ref);
  requireCovered(caller, tenant, ref);
  params.ref = tenant.id;
  return tenant;
}

/** That it does not exist is for the action to say. */
async function foundOrNull(control: Control, ref: string): Promise<Tenant | null> {
  try {
    return await control.findTenant(ref);
  } catch (error) {
    if (isFault(error, 'TENANT_UNKNOWN')) return null;
    throw error;
  }
}

/** The same for the customer in the path; `me` is the caller's own. */
async function confinedCustomer(
  request: FastifyRequest,
  { scope }: Caller,
  { customers }: AdmissionParts['desks'],
): Promise<CustomerId | null> {
  const params = request.params as { customer?: string };
  const { customer } = params;
  if (customer === undefined) return null;
  if (scope.kind === 'operator') return (await customers.find(customer)).id;
  const own = scope.kind === 'customer' ? scope.customer : null;
  if (own === null || ![own, 'me'].includes(customer)) {
    throw fault('CUSTOMER_UNKNOWN', { customer });
  }
  params.customer = own;
  return own;
}

/** Nobody waits for it: how long an answer takes must not say whether something exists. */
function tellRefusal(
  request: FastifyRequest,
  caller: Caller,
  error: unknown,
  { desks }: AdmissionParts,
): void {
  if (!(error instanceof Fault) || error.spec.kind !== 'client') return;
  void desks.audit.refused(auditedOf(request, caller), error.code);
}
