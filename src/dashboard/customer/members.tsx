/** Who may call for the customer: people, keys, and from where. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { PERSON_ROLES } from '../../contract/limits.ts';
import type { Person } from '../../sdk/index.ts';
import { KeyTable } from '../pages/key-table.tsx';
import { CreateKey } from '../pages/keys.tsx';
import { dynabase } from '../server/client.ts';
import { keysQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { attempt } from '../ui/toast.tsx';
import { AddressForm } from './limit-forms.tsx';
import { addressesQuery, membersQuery } from './queries.ts';

const ROLE_WORDS: Readonly<Record<(typeof PERSON_ROLES)[number], string>> = {
  admin: 'admin: everything, people and keys too',
  operator: 'operator: makes, changes and deletes databases',
  billing: 'billing: plans, limits and invoices, no data',
  viewer: 'viewer: reads',
};

const ROLES = PERSON_ROLES.map((value) => ({ value, text: ROLE_WORDS[value] }));

export function MembersPage() {
  const refusal = useRefusal();
  const client = useQueryClient();
  const keys = useQuery(keysQuery());
  const addresses = useQuery(addressesQuery);
  const [isCreating, setCreating] = useState(false);
  return (
    <>
      <PageHead title="Members and keys" lead="Who may work with your databases, and from where." />
      <div className="space-y-4">
        <Members />
        <Panel
          title="Keys and sessions"
          isBare
          aside={
            <Button
              icon="plus"
              disabledBecause={refusal('createKey')}
              onClick={() => setCreating(true)}
            >
              Create a key
            </Button>
          }
        >
          <Loaded query={keys}>{({ rows }) => <KeyTable rows={rows} />}</Loaded>
        </Panel>
        <Panel title="Allowed addresses of all your databases">
          <Loaded query={addresses}>
            {(now) => (
              <AddressForm
                key={now.join()}
                now={now}
                refused={refusal('setCustomerAddresses')}
                onSave={async (wished) => {
                  await dynabase.limits.setCustomerAddresses('me', wished);
                  await client.invalidateQueries(addressesQuery);
                }}
              />
            )}
          </Loaded>
        </Panel>
      </div>
      <CreateKey isOpen={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}

function Members() {
  const people = useQuery(membersQuery);
  const refused = useRefusal()('putCustomerPerson');
  const [isAdding, setAdding] = useState(false);
  return (
    <Panel
      title="Members"
      isBare
      aside={
        <Button icon="plus" disabledBecause={refused} onClick={() => setAdding(true)}>
          Invite somebody
        </Button>
      }
    >
      <Loaded query={people}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="Nobody but who has a key">
              Whom you invite by their address logs in as themselves.
            </Empty>
          ) : (
            <People rows={rows} />
          )
        }
      </Loaded>
      <Invite isOpen={isAdding} onClose={() => setAdding(false)} />
    </Panel>
  );
}

function People({ rows }: { readonly rows: readonly Person[] }) {
  const client = useQueryClient();
  const refused = useRefusal()('putCustomerPerson');
  const remove = async ({ email }: Person): Promise<void> => {
    await attempt(dynabase.people.remove(email, 'me'), `${email} may no longer log in`);
    await client.invalidateQueries(membersQuery);
  };
  return (
    <Table
      label="Members"
      rows={rows}
      idOf={({ email }) => email}
      columns={[
        { name: 'Address', cell: ({ email }) => email },
        { name: 'Role', width: '6rem', cell: ({ role }) => <Badge>{role}</Badge> },
        {
          name: 'Seen',
          width: '7rem',
          isSpare: true,
          cell: ({ lastSeenAt }) => <TimeAgo at={lastSeenAt} />,
        },
        {
          name: '',
          width: '6rem',
          align: 'right',
          cell: (person) => (
            <Button look="quiet" disabledBecause={refused} onClick={() => void remove(person)}>
              Remove
            </Button>
          ),
        },
      ]}
    />
  );
}

function Invite({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<(typeof PERSON_ROLES)[number]>('operator');
  return (
    <FormDialog
      title="Invite somebody"
      action="Invite"
      isOpen={isOpen}
      onClose={onClose}
      onSubmit={async () => {
        await dynabase.people.put(email, { role, customer: 'me' });
        setEmail('');
        await client.invalidateQueries(membersQuery);
      }}
    >
      <TextField
        label="E-mail address"
        type="email"
        value={email}
        onChange={setEmail}
        isRequired
        hint="They log in with your organisation's login, and are let in by this address."
      />
      <Select label="Role" value={role} choices={ROLES} onChange={setRole} />
    </FormDialog>
  );
}
