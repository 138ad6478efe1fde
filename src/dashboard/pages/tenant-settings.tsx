import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { Tenant } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { customersQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { FormFailure } from '../ui/refused-field.ts';
import { ErrorBox } from '../ui/states.tsx';
import { useSubmit } from '../ui/submit.ts';
import { say } from '../ui/toast.tsx';
import { BudgetPanel } from './budget-panel.tsx';
import { KeyPanel } from './key-panel.tsx';
import { StatusLinkPanel } from './status-link.tsx';
import { changeOf, type Draft, draftOf } from './tenant-draft.ts';
import { TenantLimits } from './tenant-limits.tsx';

export function TenantSettings({ tenant }: { readonly tenant: Tenant }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="How it is kept">
        <Form key={tenant.id} tenant={tenant} />
      </Panel>
      <div className="grid min-w-0 gap-4">
        <BudgetPanel owner={{ kind: 'tenant', id: tenant.id, name: tenant.name }} />
        <TenantLimits tenant={tenant} />
        <StatusLinkPanel tenant={tenant} />
      </div>
      <div className="min-w-0 lg:col-span-2">
        <KeyPanel title="Keys for this tenant alone" of={{ tenant: tenant.id }} />
      </div>
    </div>
  );
}

function Form({ tenant }: { readonly tenant: Tenant }) {
  const client = useQueryClient();
  const refused = useRefusal()('changeTenant');
  const [draft, setDraft] = useState(() => draftOf(tenant));
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const change = changeOf(draftOf(tenant), draft);
  const isSame = Object.keys(change).length === 0;
  const mayNot = refused ?? (isSame ? 'Nothing was changed.' : null);
  const { error, isBusy, onSubmit } = useSubmit(async () => {
    const changed = await dynabase.tenants.change(tenant.name, change);
    client.setQueryData(['tenant', tenant.name], changed);
    setDraft(draftOf(changed));
    say('Saved');
  }, mayNot);
  return (
    <form onSubmit={onSubmit} className="max-w-md space-y-4">
      <FormFailure value={error}>
        <Fields draft={draft} set={set} />
      </FormFailure>
      {error !== null && <ErrorBox error={error} />}
      <Button type="submit" look="strong" isBusy={isBusy} disabledBecause={mayNot}>
        Save
      </Button>
    </form>
  );
}

function Fields({
  draft,
  set,
}: {
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
}) {
  return (
    <>
      <Select
        label="Plan"
        value={draft.plan}
        choices={TENANT_PLANS.map((value) => ({ value, text: value }))}
        onChange={(plan) => set({ plan })}
      />
      <TextField
        label="Suspend when idle for (seconds)"
        name="suspendAfterMs"
        type="number"
        value={draft.suspendAfterS}
        onChange={(suspendAfterS) => set({ suspendAfterS })}
        hint="Nothing leaves it to the policy, which learns from how it is used."
      />
      <TextField
        label="End pinned sessions when idle for (seconds)"
        name="maxPinIdleMs"
        type="number"
        value={draft.maxPinIdleS}
        onChange={(maxPinIdleS) => set({ maxPinIdleS })}
        hint="0 for never; nothing leaves it to the server."
      />
      <TextField
        label="Most sessions at once"
        name="sessionsMax"
        type="number"
        value={draft.sessionsMax}
        onChange={(sessionsMax) => set({ sessionsMax })}
        hint="Nothing leaves it to the server."
      />
      <TextField
        label="Clients may come from"
        value={draft.addresses}
        onChange={(addresses) => set({ addresses })}
        isCode
        placeholder="203.0.113.0/24 198.51.100.7"
        hint="Addresses and networks; nothing allows all. Holds at once."
      />
      <OwnerChoice value={draft.customer} onChange={(customer) => set({ customer })} />
      <TextField
        label="Deleted by itself at"
        name="expiresAt"
        type="datetime-local"
        value={draft.expiresAt}
        onChange={(expiresAt) => set({ expiresAt })}
        hint="With all its data, in your zone; nothing for never. Events warn a day and an hour before."
      />
      <label className="flex items-center gap-2">
        <input
          type="checkbox"
          checked={draft.consent}
          onChange={() => set({ consent: !draft.consent })}
        />
        Its customer agrees to less than a PERSISTENT that is paid for, while it is used less
      </label>
    </>
  );
}

/** Whose it is. To give it away ends keys for it alone. */
function OwnerChoice({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (customer: string) => void;
}) {
  const { data } = useQuery(customersQuery());
  const rows = data?.rows ?? [];
  const isListed = value === '' || rows.some(({ id }) => id === value);
  const choices = rows.map(({ id, name }) => ({ value: id, text: name }));
  return (
    <Select
      label="Customer"
      value={value}
      choices={[
        { value: '', text: 'None: it is ours' },
        ...(isListed ? [] : [{ value, text: value }]),
        ...choices,
      ]}
      onChange={onChange}
    />
  );
}
