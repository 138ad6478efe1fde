import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { Tenant, TenantChange } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { keysQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { ErrorBox, Loaded } from '../ui/states.tsx';
import { say } from '../ui/toast.tsx';
import { KeyTable } from './key-table.tsx';

export function TenantSettings({ tenant }: { readonly tenant: Tenant }) {
  const keys = useQuery(keysQuery({ tenant: tenant.name }));
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="How it is kept">
        <Form key={tenant.id} tenant={tenant} />
      </Panel>
      <Panel title="Keys for this tenant alone" isBare>
        <Loaded query={keys}>{({ rows }) => <KeyTable rows={rows} />}</Loaded>
      </Panel>
    </div>
  );
}

type Draft = {
  readonly plan: Tenant['plan'];
  readonly suspendAfterS: string;
  readonly sessionsMax: string;
  readonly addresses: string;
};

const draftOf = (tenant: Tenant): Draft => ({
  plan: tenant.plan,
  suspendAfterS: tenant.suspendAfterMs === null ? '' : String(tenant.suspendAfterMs / 1_000),
  sessionsMax: tenant.sessionsMax === null ? '' : String(tenant.sessionsMax),
  addresses: tenant.allowedAddresses.join(' '),
});

/** Only what is another now: what somebody else has changed meanwhile stays theirs. */
export function changeOf(before: Draft, after: Draft): TenantChange {
  const numberOrNull = (text: string, factor: number): number | null =>
    text.trim() === '' ? null : Math.round(Number(text) * factor);
  return {
    ...(after.plan === before.plan ? {} : { plan: after.plan }),
    ...(after.suspendAfterS === before.suspendAfterS
      ? {}
      : { suspendAfterMs: numberOrNull(after.suspendAfterS, 1_000) }),
    ...(after.sessionsMax === before.sessionsMax
      ? {}
      : { sessionsMax: numberOrNull(after.sessionsMax, 1) }),
    ...(after.addresses === before.addresses
      ? {}
      : { allowedAddresses: after.addresses.split(/[\s,]+/).filter((one) => one !== '') }),
  };
}

function Form({ tenant }: { readonly tenant: Tenant }) {
  const client = useQueryClient();
  const refused = useRefusal()('changeTenant');
  const [draft, setDraft] = useState(() => draftOf(tenant));
  const [error, setError] = useState<unknown>(null);
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const change = changeOf(draftOf(tenant), draft);
  const isSame = Object.keys(change).length === 0;
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setError(null);
    try {
      const changed = await dynabase.tenants.change(tenant.name, change);
      client.setQueryData(['tenant', tenant.name], changed);
      setDraft(draftOf(changed));
      say('Saved');
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="max-w-md space-y-4">
      <Select
        label="Plan"
        value={draft.plan}
        choices={TENANT_PLANS.map((value) => ({ value, text: value }))}
        onChange={(plan) => set({ plan })}
      />
      <TextField
        label="Suspend when idle for (seconds)"
        type="number"
        value={draft.suspendAfterS}
        onChange={(suspendAfterS) => set({ suspendAfterS })}
        hint="Nothing leaves it to the policy, which learns from how it is used."
      />
      <TextField
        label="Most sessions at once"
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
      {error !== null && <ErrorBox error={error} />}
      <Button
        type="submit"
        look="strong"
        disabledBecause={refused ?? (isSame ? 'Nothing was changed.' : null)}
      >
        Save
      </Button>
    </form>
  );
}
