import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Tenant, TenantSecret } from '../../sdk/index.ts';
import { hindrance } from '../pages/deeds.ts';
import { SecretShown } from '../pages/secret-shown.tsx';
import { TenantSnapshots } from '../pages/tenant-snapshots.tsx';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';

export function Backups({ tenant }: { readonly tenant: Tenant }) {
  return (
    <div className="space-y-4">
      <TenantSnapshots tenant={tenant} />
      <Fork tenant={tenant} />
    </div>
  );
}

function Fork({ tenant }: { readonly tenant: Tenant }) {
  const { name } = tenant;
  const refused = useRefusal()('forkTenant');
  const navigate = useNavigate();
  const [isNaming, setNaming] = useState(false);
  const [fork, setFork] = useState('');
  const [made, setMade] = useState<TenantSecret | null>(null);
  const close = (): void => {
    const ref = made?.name;
    setMade(null);
    if (ref !== undefined) void navigate({ to: '/databases/$ref', params: { ref } });
  };
  return (
    <Panel title="Fork">
      <p className="mb-3 max-w-prose text-ink-soft">
        A copy of {name} as it is now, to try something on: what you do there leaves {name} as it
        is.
      </p>
      <Button
        icon="plus"
        disabledBecause={refused ?? hindrance('fork', tenant)}
        onClick={() => setNaming(true)}
      >
        Fork {name}
      </Button>
      <FormDialog
        title={`Fork ${name}`}
        action="Fork"
        isOpen={isNaming}
        onClose={() => setNaming(false)}
        onSubmit={async () => setMade(await dynabase.tenants.fork(name, { name: fork }))}
        disabledBecause={fork === '' ? 'Give it a name.' : null}
      >
        <TextField label="Name of the new database" value={fork} onChange={setFork} isCode />
      </FormDialog>
      <Dialog title="The fork is ready" isOpen={made !== null} onClose={close}>
        {made && <SecretShown secret={made} />}
      </Dialog>
    </Panel>
  );
}
