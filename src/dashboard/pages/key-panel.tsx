/** Keys and sessions of the operator, of a customer, or for one tenant alone, and how more are made. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { PERSON_ROLES } from '../../contract/limits.ts';
import type { NewKey } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { keysQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { KeyShown, KeyTable } from './key-table.tsx';

type Role = (typeof PERSON_ROLES)[number];

const ROLES = PERSON_ROLES.map((value) => ({ value, text: value }));

const DAY_MS = 86_400_000;

export function KeyPanel({
  title,
  of,
}: {
  readonly title: string;
  /** All that the caller may see if neither is given. */
  readonly of: { readonly customer?: string; readonly tenant?: string };
}) {
  const keys = useQuery(keysQuery(of));
  const refused = useRefusal()('createKey');
  const [isCreating, setCreating] = useState(false);
  return (
    <Panel
      title={title}
      isBare
      room="16rem"
      aside={
        <Button icon="plus" disabledBecause={refused} onClick={() => setCreating(true)}>
          Create a key
        </Button>
      }
    >
      <Loaded query={keys}>{({ rows }) => <KeyTable rows={rows} />}</Loaded>
      <CreateKey of={of} isOpen={isCreating} onClose={() => setCreating(false)} />
    </Panel>
  );
}

/** Whose the key is; the caller's own scope where neither is named. */
function scopeOf(of: Parameters<typeof KeyPanel>[0]['of']): Pick<NewKey, 'scope'> {
  if (of.tenant !== undefined) return { scope: { kind: 'tenant', tenant: of.tenant } };
  if (of.customer !== undefined) return { scope: { kind: 'customer', customer: of.customer } };
  return {};
}

function CreateKey({
  of,
  isOpen,
  onClose,
}: {
  readonly of: Parameters<typeof KeyPanel>[0]['of'];
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('90');
  const [secret, setSecret] = useState<string | null>(null);
  const create = async (): Promise<void> => {
    const end = days.trim() === '' ? null : new Date(Date.now() + Number(days) * DAY_MS);
    const expiresAt = end === null ? {} : { expiresAt: end.toISOString() };
    setSecret((await dynabase.keys.create({ name, role, ...scopeOf(of), ...expiresAt })).secret);
    setName('');
    await client.invalidateQueries({ queryKey: ['keys'] });
  };
  return (
    <>
      <FormDialog
        title="Create a key"
        action="Create"
        isOpen={isOpen}
        onClose={onClose}
        onSubmit={create}
        disabledBecause={name === '' ? 'Give it a name.' : null}
      >
        <TextField
          label="Name"
          name="name"
          value={name}
          onChange={setName}
          isRequired
          placeholder="deploy"
        />
        <Select label="Role" value={role} choices={ROLES} onChange={setRole} />
        <TextField
          label="Ends after (days)"
          type="number"
          value={days}
          onChange={setDays}
          hint="Nothing for never."
        />
      </FormDialog>
      <KeyShown secret={secret} onClose={() => setSecret(null)} />
    </>
  );
}
