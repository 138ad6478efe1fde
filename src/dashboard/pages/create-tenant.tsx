import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { TenantSecret } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { customersQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Dialog, FormDialog } from '../ui/dialog.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { SecretShown } from './secret-shown.tsx';

type Plan = (typeof TENANT_PLANS)[number];

export function CreateTenant({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [plan, setPlan] = useState<Plan | ''>('');
  const [customer, setCustomer] = useState('');
  const [made, setMade] = useState<TenantSecret | null>(null);
  const create = async (): Promise<void> => {
    const of = { ...(plan === '' ? {} : { plan }), ...(customer === '' ? {} : { customer }) };
    setMade(await dynabase.tenants.create({ name, ...of }));
    setName('');
    await client.invalidateQueries({ queryKey: ['tenants'] });
  };
  return (
    <>
      <FormDialog
        title="Create a tenant"
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
          isCode
          isRequired
          placeholder="acme"
          hint="Also its database and its owner role: a-z, 0-9, _ and -."
        />
        <Select
          label="Plan"
          value={plan}
          choices={[
            { value: '', text: 'The usual one' },
            ...TENANT_PLANS.map((value) => ({ value, text: value })),
          ]}
          onChange={setPlan}
        />
        <CustomerChoice value={customer} onChange={setCustomer} />
      </FormDialog>
      <Dialog title="It is ready" isOpen={made !== null} onClose={() => setMade(null)}>
        {made && (
          <SecretShown secret={made}>
            <Link to="/tenants/$ref" params={{ ref: made.name }} className="text-accent underline">
              Go to {made.name}
            </Link>
          </SecretShown>
        )}
      </Dialog>
    </>
  );
}

function CustomerChoice({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (customer: string) => void;
}) {
  const isOperator = useRefusal()('listCustomers') === null;
  const { data } = useQuery({ ...customersQuery(), enabled: isOperator });
  if (!isOperator || data === undefined || data.rows.length === 0) return null;
  const choices = data.rows.map(({ id, name }) => ({ value: id, text: name }));
  return (
    <Select
      label="Customer"
      value={value}
      choices={[{ value: '', text: 'None: it is ours' }, ...choices]}
      onChange={onChange}
    />
  );
}
