import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Tenant } from '../../sdk/index.ts';
import { stringsQuery } from '../server/queries.ts';
import { Snippet } from '../ui/copy.tsx';
import { Select } from '../ui/field.tsx';
import { Fact, Facts, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';

export function TenantConnect({ tenant }: { readonly tenant: Tenant }) {
  const strings = useQuery(stringsQuery(tenant.name));
  const [kind, setKind] = useState('psql');
  return (
    <Panel title="Connect">
      <Loaded query={strings}>
        {({ forms, placeholder, host, port, database, user }) => {
          const chosen = forms.find((form) => form.kind === kind) ?? forms[0];
          return (
            <div className="max-w-3xl space-y-4">
              <Facts>
                <Fact name="Host">
                  {host}, port {port}
                </Fact>
                <Fact name="Database">{database}</Fact>
                <Fact name="User">{user}</Fact>
              </Facts>
              <Select
                label="For"
                value={chosen?.kind ?? ''}
                choices={forms.map((form) => ({ value: form.kind, text: form.title }))}
                onChange={setKind}
              />
              {chosen && <Snippet text={chosen.text} label={`Copy for ${chosen.title}`} />}
              <p className="text-xs text-ink-soft">
                Put the password where it says <code className="font-mono">{placeholder}</code>:
                nobody here knows it. Rotate it if it is lost.
              </p>
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
