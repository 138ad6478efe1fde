/** Who may call the API: keys, sessions, people. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { PERSON_ROLES } from '../../contract/limits.ts';
import type { Person } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { keysQuery, peopleQuery } from '../server/queries.ts';
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
import { IssuerPanel } from './issuers.tsx';
import { KeyShown, KeyTable } from './key-table.tsx';

type Role = (typeof PERSON_ROLES)[number];

const ROLES = PERSON_ROLES.map((value) => ({ value, text: value }));

export function KeysPage() {
  const refusal = useRefusal();
  const keys = useQuery(keysQuery());
  const [isCreating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title="Keys and people"
        lead="Whoever calls the API proves it with one of these, or is logged in."
        actions={
          <Button
            look="strong"
            icon="plus"
            disabledBecause={refusal('createKey')}
            onClick={() => setCreating(true)}
          >
            Create a key
          </Button>
        }
      />
      <div className="space-y-4">
        <Panel title="Keys and sessions" isBare>
          <Loaded query={keys}>{({ rows }) => <KeyTable rows={rows} />}</Loaded>
        </Panel>
        {refusal('listPeople') === null && <People />}
        {refusal('listTokenIssuers') === null && <IssuerPanel />}
      </div>
      <CreateKey isOpen={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}

export function CreateKey({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('90');
  const [secret, setSecret] = useState<string | null>(null);
  const create = async (): Promise<void> => {
    const end = days.trim() === '' ? null : new Date(Date.now() + Number(days) * 86_400_000);
    const expiresAt = end === null ? {} : { expiresAt: end.toISOString() };
    setSecret((await dynabase.keys.create({ name, role, ...expiresAt })).secret);
    setName('');
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
        <TextField label="Name" value={name} onChange={setName} isRequired placeholder="deploy" />
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

function People() {
  const people = useQuery(peopleQuery);
  const refused = useRefusal()('putPerson');
  const [isAdding, setAdding] = useState(false);
  return (
    <Panel
      title="People"
      isBare
      aside={
        <Button icon="plus" disabledBecause={refused} onClick={() => setAdding(true)}>
          Add somebody
        </Button>
      }
    >
      <Loaded query={people}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="Nobody logs in yet">
              With an identity provider (option <code className="font-mono">--oidc-issuer</code>)
              people log in as themselves, by their address.
            </Empty>
          ) : (
            <PeopleTable rows={rows} />
          )
        }
      </Loaded>
      <AddPerson isOpen={isAdding} onClose={() => setAdding(false)} />
    </Panel>
  );
}

function PeopleTable({ rows }: { readonly rows: readonly Person[] }) {
  const client = useQueryClient();
  const refused = useRefusal()('putPerson');
  const remove = async ({ email }: Person): Promise<void> => {
    await attempt(dynabase.people.remove(email), `${email} may no longer log in`);
    await client.invalidateQueries({ queryKey: ['people'] });
  };
  return (
    <Table
      label="People"
      rows={rows}
      idOf={(person) => person.email}
      columns={[
        { name: 'Address', cell: (person) => person.email },
        { name: 'Role', width: '6rem', cell: (person) => <Badge>{person.role}</Badge> },
        {
          name: 'Seen',
          width: '7rem',
          isSpare: true,
          cell: (person) => <TimeAgo at={person.lastSeenAt} />,
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

function AddPerson({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  return (
    <FormDialog
      title="Add somebody"
      action="Add"
      isOpen={isOpen}
      onClose={onClose}
      onSubmit={async () => {
        await dynabase.people.put(email, { role });
        setEmail('');
        await client.invalidateQueries({ queryKey: ['people'] });
      }}
    >
      <TextField label="E-mail address" type="email" value={email} onChange={setEmail} isRequired />
      <Select label="Role" value={role} choices={ROLES} onChange={setRole} />
    </FormDialog>
  );
}
