import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Tenant } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { quotaQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { LimitPanels } from './limit-panels.tsx';

/** What the operator lets one tenant use, in place of what its plan does. */
export function TenantLimits({ tenant: { name, plan } }: { readonly tenant: Tenant }) {
  const client = useQueryClient();
  return (
    <LimitPanels
      title="Limits of this tenant"
      query={useQuery(quotaQuery(name))}
      refused={useRefusal()('setQuota')}
      lead={({ own }) =>
        `What is left empty is as plan ${plan} has it.${
          Object.keys(own).length > 0 ? ' Its customer has set lower ones besides.' : ''
        }`
      }
      onSave={async (next) =>
        client.setQueryData(quotaQuery(name).queryKey, await dynabase.limits.setQuota(name, next))
      }
    />
  );
}
