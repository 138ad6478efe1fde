/** What the operator sets for the whole server. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { Settings } from '../../sdk/index.ts';
import { settingsQuery } from '../server/queries.ts';
import { Select, TextField } from '../ui/field.tsx';
import { PageHead } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { BrandingPart } from './branding.tsx';
import { SettingsPart } from './settings-part.tsx';
import { SignUpPart } from './sign-up.tsx';

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
            <BrandingPart branding={now.branding} />
            <Plans settings={now} />
            <SignUpPart signUp={now.signUp} />
            <Claimable settings={now} />
            <Rates settings={now} />
          </div>
        )}
      </Loaded>
    </>
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
    <SettingsPart title="New tenants" change={change}>
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
    </SettingsPart>
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
    <SettingsPart title="Databases without an account" change={change}>
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
    </SettingsPart>
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
    <SettingsPart title="Bounds of the API" change={change}>
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
    </SettingsPart>
  );
}
