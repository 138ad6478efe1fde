import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { TENANT_TIERS } from '../../contract/limits.ts';
import type { Tenant, TenantSecret } from '../../sdk/index.ts';
import type { Guarded } from '../server/access.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmByName, Dialog, FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Menu } from '../ui/menu.tsx';
import { attempt, say } from '../ui/toast.tsx';
import { type Deed, hindrance } from './deeds.ts';
import { SecretShown } from './secret-shown.tsx';

type Open = 'fork' | 'delete' | 'password' | null;

export function TenantActions({ tenant }: { readonly tenant: Tenant }) {
  const refusal = useRefusal();
  const [open, setOpen] = useState<Open>(null);
  const { name } = tenant;
  const off = (operation: Guarded, deed?: Deed): string | null =>
    refusal(operation) ?? (deed === undefined ? null : hindrance(deed, tenant));
  const { tenants } = dynabase;
  const isAwake = tenant.state === 'running' || tenant.state === 'suspending';
  return (
    <>
      {isAwake ? (
        <Button
          icon="sleep"
          disabledBecause={off('suspendTenant', 'suspend')}
          onClick={() => attempt(tenants.suspend(name), `${name} sleeps`)}
        >
          Suspend
        </Button>
      ) : (
        <Button
          look="strong"
          icon="bolt"
          disabledBecause={off('wakeTenant', 'wake')}
          onClick={() => attempt(tenants.wake(name), `${name} is awake`)}
        >
          Wake
        </Button>
      )}
      <Menu
        trigger={<Button icon="down">Set tier</Button>}
        items={[...TENANT_TIERS, 'auto' as const].map((tier) => ({
          text: tier === 'auto' ? 'As the policy says' : tier,
          disabledBecause: off('changeTenant'),
          onClick: () => void attempt(tenants.change(name, { tier }), 'The tier is set'),
        }))}
      />
      <Rare tenant={tenant} onOpen={setOpen} />
      <Dialogs tenant={tenant} open={open} onClose={() => setOpen(null)} />
    </>
  );
}

function Rare({
  tenant,
  onOpen: setOpen,
}: {
  readonly tenant: Tenant;
  readonly onOpen: (open: Open) => void;
}) {
  const refusal = useRefusal();
  const off = (operation: Guarded, deed?: Deed): string | null =>
    refusal(operation) ?? (deed === undefined ? null : hindrance(deed, tenant));
  const { name } = tenant;
  const { tenants } = dynabase;
  return (
    <Menu
      trigger={<Button icon="more" label="More actions" />}
      items={[
        {
          text: 'Restart',
          disabledBecause: off('restartTenant', 'restart'),
          onClick: () => void attempt(tenants.restart(name), `${name} was restarted`),
        },
        {
          text: 'Take a snapshot',
          disabledBecause: off('createSnapshot', 'snapshot'),
          onClick: () => void attempt(tenants.snapshot(name), 'The snapshot is taken'),
        },
        {
          text: 'Fork',
          disabledBecause: off('forkTenant', 'fork'),
          onClick: () => setOpen('fork'),
        },
        {
          text: 'Move to the archive',
          disabledBecause: off('archiveTenant', 'archive'),
          onClick: () => void attempt(tenants.archive(name), `${name} is in the archive`),
        },
        {
          text: 'Rotate the password',
          disabledBecause: off('rotatePassword'),
          onClick: () => setOpen('password'),
        },
        {
          text: 'Delete',
          isDangerous: true,
          disabledBecause: off('deleteTenant', 'delete'),
          onClick: () => setOpen('delete'),
        },
      ]}
    />
  );
}

function Dialogs({
  tenant: { name },
  open,
  onClose,
}: {
  readonly tenant: Tenant;
  readonly open: Open;
  readonly onClose: () => void;
}) {
  const navigate = useNavigate();
  const remove = async (): Promise<void> => {
    await dynabase.tenants.delete(name);
    say(`${name} was deleted`);
    await navigate({ to: '/tenants' });
  };
  return (
    <>
      <Secretive
        title={`Fork ${name}`}
        action="Fork"
        label="Name of the new tenant"
        isOpen={open === 'fork'}
        onClose={onClose}
        onSubmit={(fork) => dynabase.tenants.fork(name, { name: fork })}
      >
        A new tenant begins with the data of {name} as it is now. Both go their own ways from then
        on, and share on disk what is the same.
      </Secretive>
      <Secretive
        title={`Rotate the password of ${name}`}
        action="Rotate"
        isOpen={open === 'password'}
        onClose={onClose}
        onSubmit={() => dynabase.tenants.rotatePassword(name)}
      >
        A new password is made. Open sessions stay; whoever logs in with the old one is refused from
        then on.
      </Secretive>
      <ConfirmByName
        title={`Delete ${name}`}
        name={name}
        action="Delete for ever"
        isOpen={open === 'delete'}
        onClose={onClose}
        onConfirm={remove}
      >
        The tenant, its database and all its snapshots are deleted. There is no way back; what you
        want to keep, export first.
      </ConfirmByName>
    </>
  );
}

/** A dialog that ends with a password being shown. */
function Secretive({
  title,
  action,
  label,
  isOpen,
  onClose,
  onSubmit,
  children,
}: {
  readonly title: string;
  readonly action: string;
  /** Of what is typed; nothing is if not given. */
  readonly label?: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onSubmit: (typed: string) => Promise<TenantSecret>;
  readonly children: ReactNode;
}) {
  const [typed, setTyped] = useState('');
  const [made, setMade] = useState<TenantSecret | null>(null);
  return (
    <>
      <FormDialog
        title={title}
        action={action}
        isOpen={isOpen}
        onClose={onClose}
        onSubmit={async () => setMade(await onSubmit(typed))}
        disabledBecause={label !== undefined && typed === '' ? 'Give it a name.' : null}
      >
        <p className="text-ink-soft">{children}</p>
        {label !== undefined && (
          <TextField label={label} name="name" value={typed} onChange={setTyped} isCode />
        )}
      </FormDialog>
      <Dialog title="Done" isOpen={made !== null} onClose={() => setMade(null)}>
        {made && <SecretShown secret={made} />}
      </Dialog>
    </>
  );
}
