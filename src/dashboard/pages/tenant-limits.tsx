import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Tenant } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { quotaQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { QuotaEditor } from './quota-editor.tsx';
import { QuotaUse } from './quota-use.tsx';

/** What the operator lets one tenant use, in place of what its plan does. */
export function TenantLimits({ tenant: { name, plan } }: { readonly tenant: Tenant }) {
  const client = useQueryClient();
  const quota = useQuery(quotaQuery(name));
  const refused = useRefusal()('setQuota');
  return (
    <>
      <Panel title="Limits of this tenant">
        <Loaded query={quota} lines={8}>
          {({ operator, own }) => (
            <div className="space-y-3">
              <p className="text-ink-soft">
                What is left empty is as plan {plan} has it.
                {Object.keys(own).length > 0 && ' Its customer has set lower ones besides.'}
              </p>
              <QuotaEditor
                key={JSON.stringify(operator)}
                quota={operator}
                disabledBecause={refused}
                onSave={async (next) =>
                  client.setQueryData(
                    quotaQuery(name).queryKey,
                    await dynabase.limits.setQuota(name, next),
                  )
                }
              />
            </div>
          )}
        </Loaded>
      </Panel>
      <Panel title="Used this month">
        <Loaded query={quota} lines={8}>
          {(state) => <QuotaUse state={state} />}
        </Loaded>
      </Panel>
    </>
  );
}
