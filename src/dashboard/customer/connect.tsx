import { useState } from 'react';
import type { Tenant, TenantSecret } from '../../sdk/index.ts';
import { SecretShown } from '../pages/secret-shown.tsx';
import { TenantConnect } from '../pages/tenant-connect.tsx';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, FormDialog } from '../ui/dialog.tsx';
import { Panel } from '../ui/panel.tsx';

export function Connect({ tenant }: { readonly tenant: Tenant }) {
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[2fr_1fr]">
      <TenantConnect tenant={tenant} />
      <Password tenant={tenant} />
    </div>
  );
}

function Password({ tenant: { name } }: { readonly tenant: Tenant }) {
  const refused = useRefusal()('rotatePassword');
  const [isAsking, setAsking] = useState(false);
  const [made, setMade] = useState<TenantSecret | null>(null);
  return (
    <Panel title="Password">
      <p className="mb-3 text-ink-soft">
        It is shown once, when it is made, and kept nowhere. If it is lost, or known to somebody who
        should not know it, make a new one.
      </p>
      <Button icon="keys" disabledBecause={refused} onClick={() => setAsking(true)}>
        New password
      </Button>
      <FormDialog
        title={`New password for ${name}`}
        action="Make it"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onSubmit={async () => setMade(await dynabase.tenants.rotatePassword(name))}
      >
        <p className="text-ink-soft">
          Open connections stay. Whoever connects with the old password is refused from then on.
        </p>
      </FormDialog>
      <Dialog title="The new password" isOpen={made !== null} onClose={() => setMade(null)}>
        {made && <SecretShown secret={made} />}
      </Dialog>
    </Panel>
  );
}
