/** What the operator sets for the whole server. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { Settings, SettingsChange } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { settingsQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { ErrorBox, Loaded } from '../ui/states.tsx';
import { say } from '../ui/toast.tsx';

const DAY_MS = 86_400_000;

export function SettingsPage() {
  const settings = useQuery(settingsQuery);
  return (
    <>
      <PageHead
        title="Settings"
        lead="For the whole server. They hold at once, and after a restart."
        actions={
          <a href="/status" target="_blank" rel="noreferrer" className="control hover:bg-sunken">
            Public status page
          </a>
        }
      />
      <Loaded query={settings} lines={10}>
        {(now) => (
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <Plans settings={now} />
            <Claimable settings={now} />
            <Rates settings={now} />
          </div>
        )}
      </Loaded>
    </>
  );
}

/** Some of the settings, saved together. */
function Part({
  title,
  change,
  children,
}: {
  readonly title: string;
  readonly change: SettingsChange;
  readonly children: ReactNode;
}) {
  const client = useQueryClient();
  const refused = useRefusal()('changeSettings');
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setError(null);
    try {
      client.setQueryData(settingsQuery.queryKey, await dynabase.settings.change(change));
      say('Saved');
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <Panel title={title}>
      <form onSubmit={(event) => void submit(event)} className="max-w-md space-y-4">
        {children}
        {error !== null && <ErrorBox error={error} />}
        <Button type="submit" look="strong" disabledBecause={refused}>
          Save
        </Button>
      </form>
    </Panel>
  );
}

function Plans({ settings }: { readonly settings: Settings }) {
  const [plan, setPlan] = useState(settings.defaultPlan);
  const [extensions, setExtensions] = useState(settings.allowedExtensions.join(' '));
  const [own, setOwn] = useState<ReadonlySet<string>>(new Set(settings.selfServicePlans));
  const toggle = (one: string): void => {
    const next = new Set(own);
    if (!next.delete(one)) next.add(one);
    setOwn(next);
  };
  const change = {
    defaultPlan: plan,
    selfServicePlans: TENANT_PLANS.filter((one) => own.has(one)),
    allowedExtensions: extensions.split(/[\s,]+/).filter((one) => one !== ''),
  };
  return (
    <Part title="New tenants" change={change}>
      <Select
        label="Plan, where nobody says"
        value={plan}
        choices={TENANT_PLANS.map((value) => ({ value, text: value }))}
        onChange={setPlan}
      />
      <fieldset>
        <legend className="mb-1 text-xs font-medium">Plans that customers choose themselves</legend>
        {TENANT_PLANS.map((one) => (
          <label key={one} className="flex h-7 items-center gap-2">
            <input type="checkbox" checked={own.has(one)} onChange={() => toggle(one)} />
            {one}
          </label>
        ))}
      </fieldset>
      <TextField
        label="Extensions beyond the harmless ones"
        value={extensions}
        onChange={setExtensions}
        isCode
        placeholder="postgres_fdw"
      />
    </Part>
  );
}

function Claimable({ settings: { claimable } }: { readonly settings: Settings }) {
  const [isOn, setOn] = useState(claimable.enabled);
  const [days, setDays] = useState(String(claimable.lifeMs / DAY_MS));
  const [most, setMost] = useState(String(claimable.unclaimedMax));
  const change = {
    claimable: { enabled: isOn, lifeMs: Number(days) * DAY_MS, unclaimedMax: Number(most) },
  };
  return (
    <Part title="Databases without an account" change={change}>
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={isOn} onChange={() => setOn(!isOn)} />
        Keys of role claimer may make them
      </label>
      <TextField
        label="Gone after (days) unless claimed"
        type="number"
        value={days}
        onChange={setDays}
      />
      <TextField label="Unclaimed at once" type="number" value={most} onChange={setMost} />
    </Part>
  );
}

function Rates({ settings: { rates, webhooks } }: { readonly settings: Settings }) {
  const [caller, setCaller] = useState(String(rates.perCaller.perMinute));
  const [address, setAddress] = useState(String(rates.perAddress.perMinute));
  const [hooks, setHooks] = useState(String(webhooks.perOwnerMax));
  const change = {
    rates: {
      perCaller: { perMinute: Number(caller) },
      perAddress: { perMinute: Number(address) },
    },
    webhooks: { perOwnerMax: Number(hooks) },
  };
  return (
    <Part title="Bounds of the API" change={change}>
      <TextField
        label="Requests a minute, of one caller"
        type="number"
        value={caller}
        onChange={setCaller}
      />
      <TextField
        label="Requests a minute, from one address"
        type="number"
        value={address}
        onChange={setAddress}
      />
      <TextField label="Webhooks of one customer" type="number" value={hooks} onChange={setHooks} />
    </Part>
  );
}
