/** The way of a request to its action: who is it, may they do that, and is what they name theirs? */
import type { FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { Access } from '../contract/route.ts';
import type { Control } from '../control/control.ts';
import { assert } from '../domain/assert.ts';
import type { Caller } from '../domain/caller.ts';
import { type Authority, requireAccess, requireCovered } from './access.ts';

/** The hooks of a route that asks for `access`. */
export type Admit = (
  access: Access | null,
) => Pick<RouteShorthandOptions, 'onRequest' | 'preHandler'>;

const CALLERS = new WeakMap<FastifyRequest, Caller>();

/** Nobody in particular: whoever asks for what everybody may have. */
const ANYBODY: Caller = {
  ...{ kind: 'anybody', id: '', name: 'anybody' },
  ...{
    scope: { kind: 'nothing' },
    role: 'viewer',
    isReadOnly: true,
  },
};

/** Who a request is from, once it is admitted. */
export const callerOf = (request: FastifyRequest): Caller => CALLERS.get(request) ?? ANYBODY;

type AdmissionParts = { readonly authority: Authority; readonly control: Control };

export function admission({ authority, control }: AdmissionParts): Admit {
  return (access) => {
    if (access === null) return {};
    return {
      // Before the body is read: a stranger's is not worth reading.
      onRequest: async (request) => {
        const { authorization } = request.headers;
        const caller = await authority.callerOf({ authorization, address: request.ip });
        requireAccess(access, caller);
        CALLERS.set(request, caller);
      },
      preHandler: async (request) => await confine(request, control),
    };
  };
}

/**
 * Requires that the tenant in the path is in the caller's scope. From here on it goes by its id: a name may become
 * another tenant's while the request is under way.
 */
async function confine(request: FastifyRequest, control: Control): Promise<void> {
  const caller = CALLERS.get(request);
  assert(caller !== undefined, 'a request is confined before it is admitted');
  const params = request.params as { ref?: string };
  if (params.ref === undefined || caller.scope.kind === 'operator') return;
  const tenant = await control.findTenant(params.ref);
  requireCovered(caller, tenant);
  params.ref = tenant.id;
}
