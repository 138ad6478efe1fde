/** Organisations with a plan, to whom tenants belong. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { CustomerPage } from '../../sdk/index.ts';
import { count } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { customersQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmByName, FormDialog } from '../ui/dialog.tsx';
import { SearchField, Select, TextField } from '../ui/field.tsx';
import { Menu } from '../ui/menu.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { say } from '../ui/toast.tsx';

const route = getRouteApi('/frame/customers');

type Row = CustomerPage['customers'][number];

type Plan = Row['plan'];

const PLANS = TENANT_PLANS.map((value) => ({ value, text: value }));

/** What is open over the list: a new one, or one that is changed or deleted. */
type Open =
  | { readonly kind: 'new' }
  | { readonly kind: 'change' | 'delete'; readonly row: Row }
  | null;

export function CustomersPage() {
  const refusal = useRefusal();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const customers = useQuery(customersQuery(filter));
  const [open, setOpen] = useState<Open>(null);
  return (
    <>
      <PageHead
        title="Customers"
        lead="Organisations with a plan, to whom tenants belong."
        actions={
          <Button
            look="strong"
            icon="plus"
            disabledBecause={refusal('createCustomer')}
            onClick={() => setOpen({ kind: 'new' })}
          >
            Add a customer
          </Button>
        }
      />
      <search className="mb-3 flex">
        <SearchField
          label="Part of the name"
          value={filter.search ?? ''}
          onChange={(search) =>
            void navigate({ search: search === '' ? {} : { search }, replace: true })
          }
        />
      </search>
      <Panel title="Customers" isBare>
        <Loaded query={customers} lines={8}>
          {({ rows }) =>
            rows.length === 0 ? (
              <Empty title="No customers">
                Tenants without one are the operator's own. A customer sees its own tenants and
                nothing else.
              </Empty>
            ) : (
              <List rows={rows} onOpen={setOpen} />
            )
          }
        </Loaded>
      </Panel>
      {open !== null && open.kind !== 'delete' && (
        <Edit row={open.kind === 'change' ? open.row : null} onClose={() => setOpen(null)} />
      )}
      {open?.kind === 'delete' && (
        <ConfirmByName
          title={`Delete ${open.row.name}`}
          name={open.row.name}
          action="Delete"
          isOpen
          onClose={() => setOpen(null)}
          onConfirm={async () => {
            await dynabase.customers.delete(open.row.id);
            say(`${open.row.name} was deleted`);
          }}
        >
          Its keys and people go with it. One that still has tenants stays.
        </ConfirmByName>
      )}
    </>
  );
}

function List({
  rows,
  onOpen,
}: {
  readonly rows: readonly Row[];
  readonly onOpen: (open: Open) => void;
}) {
  const refusal = useRefusal();
  return (
    <Table
      label="Customers"
      rows={rows}
      idOf={({ id }) => id}
      height="calc(100dvh - 15rem)"
      columns={[
        {
          name: 'Name',
          cell: ({ id, name }) => (
            <Link to="/customers/$id" params={{ id }} className="font-medium hover:underline">
              {name}
            </Link>
          ),
        },
        { name: 'Plan', width: '7rem', cell: ({ plan }) => <Badge>{plan}</Badge> },
        { name: 'Own id', isSpare: true, cell: ({ externalId }) => externalId ?? '–' },
        {
          name: 'Tenants at most',
          width: '8rem',
          align: 'right',
          isSpare: true,
          cell: ({ tenantsMax }) => (tenantsMax === null ? 'any' : count(tenantsMax)),
        },
        {
          name: 'Since',
          width: '7rem',
          isSpare: true,
          cell: (one) => <TimeAgo at={one.createdAt} />,
        },
        {
          name: '',
          width: '3rem',
          align: 'right',
          cell: (row) => (
            <Menu
              trigger={<Button look="quiet" icon="more" label={`Actions of ${row.name}`} />}
              items={[
                {
                  text: 'Change',
                  disabledBecause: refusal('changeCustomer'),
                  onClick: () => onOpen({ kind: 'change', row }),
                },
                {
                  text: 'Delete',
                  isDangerous: true,
                  disabledBecause: refusal('deleteCustomer'),
                  onClick: () => onOpen({ kind: 'delete', row }),
                },
              ]}
            />
          ),
        },
      ]}
    />
  );
}

function Edit({ row, onClose }: { readonly row: Row | null; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(row?.name ?? '');
  const [plan, setPlan] = useState<Plan>(row?.plan ?? 'free');
  const [externalId, setExternalId] = useState(row?.externalId ?? '');
  const [most, setMost] = useState(row?.tenantsMax?.toString() ?? '');
  const save = async (): Promise<void> => {
    const said = {
      ...{ name, plan, externalId: externalId === '' ? null : externalId },
      tenantsMax: most.trim() === '' ? null : Number(most),
    };
    if (row === null) await dynabase.customers.create(said);
    else await dynabase.customers.change(row.id, said);
    await client.invalidateQueries({ queryKey: ['customers'] });
    say('Saved');
  };
  return (
    <FormDialog
      title={row === null ? 'Add a customer' : `Change ${row.name}`}
      action="Save"
      isOpen
      onClose={onClose}
      onSubmit={save}
      disabledBecause={name === '' ? 'Give it a name.' : null}
    >
      <TextField label="Name" name="name" value={name} onChange={setName} isRequired />
      <Select label="Plan" value={plan} choices={PLANS} onChange={setPlan} />
      <TextField
        label="Your own id for it"
        name="externalId"
        value={externalId}
        onChange={setExternalId}
        hint="What your books call it; signed tokens may name it."
      />
      <TextField
        label="Tenants at most"
        name="tenantsMax"
        type="number"
        value={most}
        onChange={setMost}
        hint="Nothing for any number."
      />
    </FormDialog>
  );
}
