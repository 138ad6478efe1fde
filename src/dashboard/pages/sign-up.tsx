import { useState } from 'react';
import type { Settings } from '../../sdk/index.ts';
import { hasProvider } from '../shell/provider.ts';
import { TextField } from '../ui/field.tsx';
import { SettingsPart } from './settings-part.tsx';

/** Whether who is known to the identity provider becomes a customer by themselves, and how many do. */
export function SignUpPart({ signUp }: { readonly signUp: Settings['signUp'] }) {
  const [isOn, setOn] = useState(signUp.enabled);
  const [domains, setDomains] = useState(signUp.emailDomains.join(' '));
  const [most, setMost] = useState(String(signUp.tenantsMax));
  const [perMinute, setPerMinute] = useState(String(signUp.rate.perMinute));
  const change = {
    signUp: {
      enabled: isOn,
      emailDomains: domains
        .toLowerCase()
        .split(/[\s,@]+/)
        .filter((one) => one !== ''),
      tenantsMax: Number(most),
      rate: { perMinute: Number(perMinute) },
    },
  };
  return (
    <SettingsPart title="Signing up" change={change}>
      {!hasProvider() && (
        <p className="text-ink-soft">
          It takes an identity provider: start the server with{' '}
          <code className="font-mono">--oidc-issuer</code>.
        </p>
      )}
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={isOn} onChange={() => setOn(!isOn)} />
        Who can log in there may become a customer by themselves
      </label>
      <TextField
        label="Of these e-mail domains"
        value={domains}
        onChange={setDomains}
        isCode
        placeholder="example.com"
        hint="With spaces between; nothing for any."
      />
      <TextField
        label="Databases that each may have"
        type="number"
        value={most}
        onChange={setMost}
        hint="Until somebody gives them more. Their plan is that of new tenants."
      />
      <TextField
        label="New customers a minute, all together"
        type="number"
        value={perMinute}
        onChange={setPerMinute}
      />
    </SettingsPart>
  );
}
