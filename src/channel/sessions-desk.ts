/** Where a proxy takes what the control plane asks of its sessions. */
import type { ParkRequest, Sessions } from '../domain/gate.ts';
import type { TenantId } from '../domain/ids.ts';
import { faultFrom, type PlainFault } from './plain-fault.ts';

type Confinement = {
  readonly allowed: readonly (readonly string[])[];
  readonly because: PlainFault;
};

/** The answer to a call of the control plane; rejects if there is no such call. */
export async function answerFrom(
  sessions: Sessions,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  const [tenant, detail] = args as [TenantId, unknown];
  switch (method) {
    case 'park':
      return await sessions.park(tenant, detail as ParkRequest);
    case 'list':
      return await sessions.list(tenant);
    case 'end':
      sessions.end(tenant, faultFrom(detail as PlainFault));
      return null;
    case 'confine': {
      const { allowed, because } = detail as Confinement;
      sessions.confine(tenant, allowed, faultFrom(because));
      return null;
    }
    default:
      throw new Error(`the control plane asked for "${method}"`);
  }
}
