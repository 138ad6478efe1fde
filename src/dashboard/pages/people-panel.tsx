/** Who logs in as themselves: people of the operator, or of one customer. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { PERSON_ROLES } from '../../contract/limits.ts';
import type { Person } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { peopleQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { Menu } from '../ui/menu.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { attempt, say } from '../ui/toast.tsx';

type Role = (typeof PERSON_ROLES)[number];

/** Null for those of the operator. */
type Whose = { readonly customer: string | null };

/** What each may, in the words of whose people they are. */
const ROLE_WORDS: Readonly<Record<'operator' | 'customer', Readonly<Record<Role, string>>>> = {
  operator: {
    admin: 'admin: everything, people and keys too',
    operator: 'operator: tenants, customers and the policy',
    billing: 'billing: prices, limits and invoices, no data',
    viewer: 'viewer: reads',
  },
  customer: {
    admin: 'admin: everything, people and keys too',
    operator: 'operator: makes, changes and deletes databases',
    billing: 'billing: plans, limits and invoices, no data',
    viewer: 'viewer: reads',
  },
};

const rolesOf = (customer: string | null) => {
  const words = ROLE_WORDS[customer === null ? 'operator' : 'customer'];
  return PERSON_ROLES.map((value) => ({ value, text: words[value] }));
};

const usePeopleRefusal = (customer: string | null): string | null =>
  useRefusal()(customer === null ? 'putPerson' : 'putCustomerPerson');

export function PeoplePanel({ customer, title = 'People' }: Whose & { readonly title?: string }) {
  const people = useQuery(peopleQuery(customer));
  const refused = usePeopleRefusal(customer);
  const [isAdding, setAdding] = useState(false);
  return (
    <Panel
      title={title}
      isBare
      aside={
        <Button icon="plus" disabledBecause={refused} onClick={() => setAdding(true)}>
          Invite somebody
        </Button>
      }
    >
      <Loaded query={people}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="Nobody but who has a key">
              Whom you invite by their address logs in as themselves, by the identity provider.
            </Empty>
          ) : (
            <People rows={rows} customer={customer} />
          )
        }
      </Loaded>
      <Invite customer={customer} isOpen={isAdding} onClose={() => setAdding(false)} />
    </Panel>
  );
}

function People({ rows, customer }: Whose & { readonly rows: readonly Person[] }) {
  const client = useQueryClient();
  const refused = usePeopleRefusal(customer);
  const [leaving, setLeaving] = useState<Person | null>(null);
  const again = () => client.invalidateQueries(peopleQuery(customer));
  const become = async ({ email }: Person, role: Role): Promise<void> => {
    await attempt(putPerson(email, role, customer), `${email} is ${role} now`);
    await again();
  };
  return (
    <>
      <Table
        label="People"
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
            width: '3rem',
            align: 'right',
            cell: (person) => (
              <Menu
                trigger={<Button look="quiet" icon="more" label={`Actions of ${person.email}`} />}
                items={[
                  ...rolesOf(customer).map(({ value, text }) => ({
                    text,
                    ...(value === person.role && { icon: 'check' as const }),
                    disabledBecause: refused,
                    onClick: () => void become(person, value),
                  })),
                  {
                    text: 'Remove',
                    isDangerous: true,
                    disabledBecause: refused,
                    onClick: () => setLeaving(person),
                  },
                ]}
              />
            ),
          },
        ]}
      />
      <FormDialog
        title={`Remove ${leaving?.email ?? ''}`}
        action="Remove"
        look="danger"
        isOpen={leaving !== null}
        onClose={() => setLeaving(null)}
        onSubmit={async () => {
          if (leaving === null) return;
          await dynabase.people.remove(leaving.email, customer);
          say(`${leaving.email} may no longer log in`);
          await again();
        }}
      >
        <p className="text-ink-soft">
          They are logged out everywhere, and their personal keys end. Other keys stay.
        </p>
      </FormDialog>
    </>
  );
}

function Invite({
  customer,
  isOpen,
  onClose,
}: Whose & { readonly isOpen: boolean; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('operator');
  return (
    <FormDialog
      title="Invite somebody"
      action="Invite"
      isOpen={isOpen}
      onClose={onClose}
      onSubmit={async () => {
        await putPerson(email, role, customer);
        setEmail('');
        await client.invalidateQueries(peopleQuery(customer));
      }}
      disabledBecause={email === '' ? 'Say who.' : null}
    >
      <TextField
        label="E-mail address"
        type="email"
        value={email}
        onChange={setEmail}
        isRequired
        hint="They log in with their organisation’s login, and are let in by this address. Tell them: nothing is sent."
      />
      <Select label="Role" value={role} choices={rolesOf(customer)} onChange={setRole} />
    </FormDialog>
  );
}

const putPerson = (email: string, role: Role, customer: string | null): Promise<Person> =>
  dynabase.people.put(email, { role, ...(customer === null ? {} : { customer }) });
