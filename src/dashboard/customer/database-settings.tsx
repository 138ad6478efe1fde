import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { Tenant } from '../../sdk/index.ts';
import { KeyPanel } from '../pages/key-panel.tsx';
import { StatusLinkPanel } from '../pages/status-link.tsx';
import { dynabase } from '../server/client.ts';
import { quotaQuery } from '../server/queries.ts';
import { useCaller, useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmByName } from '../ui/dialog.tsx';
import { Select } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { say } from '../ui/toast.tsx';
import { AddressForm, BudgetForm, CapForm, SaveForm } from './limit-forms.tsx';
import { usePlanRefusal } from './plan-choice.ts';
import { PLAN_NAMES } from './plan-words.ts';
import { budgetsQuery } from './queries.ts';

export function DatabaseSettings({ tenant }: { readonly tenant: Tenant }) {
  const { name, id } = tenant;
  const client = useQueryClient();
  const refusal = useRefusal();
  const quota = useQuery(quotaQuery(name));
  const again = () => client.invalidateQueries({ queryKey: ['tenant', name] });
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="Plan">
        <PlanForm key={tenant.plan} tenant={tenant} />
      </Panel>
      <Panel title="Allowed addresses">
        <AddressForm
          key={id + tenant.allowedAddresses.join()}
          now={tenant.allowedAddresses}
          refused={refusal('changeTenant')}
          onSave={async (addresses) => {
            await dynabase.tenants.change(name, { allowedAddresses: [...addresses] });
            await again();
          }}
        />
      </Panel>
      <Panel title="Caps">
        <Loaded query={quota}>
          {(state) => (
            <CapForm
              state={state}
              refused={refusal('setQuota')}
              onSave={async (own) => {
                await dynabase.limits.setQuota(name, own);
                await again();
              }}
            />
          )}
        </Loaded>
      </Panel>
      <Budgeted tenant={tenant} />
      <StatusLinkPanel tenant={tenant} />
      <div className="min-w-0 lg:col-span-2">
        <KeyPanel title="Keys for this database alone" of={{ tenant: id }} />
      </div>
      <div className="min-w-0 lg:col-span-2">
        <Danger tenant={tenant} />
      </div>
    </div>
  );
}

function PlanForm({ tenant: { name, plan } }: { readonly tenant: Tenant }) {
  const client = useQueryClient();
  const refused = useRefusal()('changeTenant');
  const planRefusal = usePlanRefusal();
  const [next, setNext] = useState(plan);
  const choices = TENANT_PLANS.filter((one) => one === plan || planRefusal(one) === null);
  return (
    <SaveForm
      disabledBecause={refused ?? (next === plan ? 'Nothing was changed.' : null)}
      onSave={async () => {
        await dynabase.tenants.change(name, { plan: next });
        await client.invalidateQueries({ queryKey: ['tenant', name] });
      }}
    >
      <Select
        label="Plan of this database"
        value={next}
        choices={choices.map((value) => ({ value, text: PLAN_NAMES[value] }))}
        onChange={setNext}
      />
    </SaveForm>
  );
}

function Budgeted({ tenant: { id, name } }: { readonly tenant: Tenant }) {
  const refusal = useRefusal();
  const isMine = useCaller().scope.kind === 'customer';
  const client = useQueryClient();
  const budgets = useQuery({ ...budgetsQuery, enabled: isMine });
  if (!isMine) return null;
  return (
    <Panel title="Budget">
      <Loaded query={budgets}>
        {(all) => (
          <BudgetForm
            now={all.find(({ owner }) => owner === id)}
            refused={refusal('setTenantBudget')}
            onSave={async (wish) => {
              await dynabase.economics.setTenantBudget(name, wish);
              await client.invalidateQueries(budgetsQuery);
            }}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Danger({ tenant: { name } }: { readonly tenant: Tenant }) {
  const refused = useRefusal()('deleteTenant');
  const navigate = useNavigate();
  const [isAsking, setAsking] = useState(false);
  const remove = async (): Promise<void> => {
    await dynabase.tenants.delete(name);
    say(`${name} was deleted`);
    await navigate({ to: '/' });
  };
  return (
    <Panel title="Delete">
      <p className="mb-3 text-ink-soft">
        The database and all its backups are gone for ever then. Take out first what you want to
        keep.
      </p>
      <Button look="danger" disabledBecause={refused} onClick={() => setAsking(true)}>
        Delete {name}
      </Button>
      <ConfirmByName
        title={`Delete ${name}`}
        name={name}
        action="Delete for ever"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={remove}
      >
        The database and all its backups are deleted. There is no way back.
      </ConfirmByName>
    </Panel>
  );
}
