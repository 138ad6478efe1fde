/** What a customer has with us, and where its clients may come from. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { money } from '../format/money.ts';
import { dynabase } from '../server/client.ts';
import { addressesQuery, creditsQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, ErrorBox, Loaded } from '../ui/states.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { say } from '../ui/toast.tsx';

export function CreditPanel({ customer }: { readonly customer: string }) {
  const credits = useQuery(creditsQuery(customer));
  const refused = useRefusal()('addCredit');
  const [isOpen, setOpen] = useState(false);
  return (
    <Panel
      title="Credits"
      aside={
        <Button icon="plus" disabledBecause={refused} onClick={() => setOpen(true)}>
          Add
        </Button>
      }
    >
      <Loaded query={credits}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No credits">The next invoice uses what is given here.</Empty>
          ) : (
            <ul className="space-y-2">
              {rows.map(({ id, says, amount, remaining, currency, createdAt }) => (
                <li key={id} className="flex justify-between gap-4">
                  <span className="min-w-0 truncate">
                    {says}{' '}
                    <span className="text-ink-soft">
                      <TimeAgo at={createdAt} />
                    </span>
                  </span>
                  <span className="tnum whitespace-nowrap">
                    {money(remaining, currency)} of {money(amount, currency)} left
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {isOpen && <AddCredit customer={customer} onClose={() => setOpen(false)} />}
    </Panel>
  );
}

function AddCredit({
  customer,
  onClose,
}: {
  readonly customer: string;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [amount, setAmount] = useState('');
  const [says, setSays] = useState('');
  const add = async (): Promise<void> => {
    await dynabase.billing.addCredit(customer, { amount: amount.trim(), says });
    await client.invalidateQueries({ queryKey: creditsQuery(customer).queryKey });
  };
  const isWhole = /^\d+(\.\d{1,3})?$/.test(amount.trim()) && says !== '';
  return (
    <FormDialog
      title="Add a credit"
      action="Add"
      isOpen
      onClose={onClose}
      onSubmit={add}
      disabledBecause={isWhole ? null : 'Say how much, and what for.'}
    >
      <TextField label="Amount" value={amount} onChange={setAmount} placeholder="12.50" />
      <TextField
        label="What stands on the invoice"
        value={says}
        onChange={setSays}
        placeholder="Welcome"
      />
    </FormDialog>
  );
}

export function AddressPanel({ customer }: { readonly customer: string }) {
  const addresses = useQuery(addressesQuery(customer));
  return (
    <Panel title="Where its clients may come from">
      <Loaded query={addresses}>
        {(found) => <Addresses key={found.join()} customer={customer} before={found} />}
      </Loaded>
    </Panel>
  );
}

function Addresses({
  customer,
  before,
}: {
  readonly customer: string;
  readonly before: readonly string[];
}) {
  const client = useQueryClient();
  const refused = useRefusal()('setCustomerAddresses');
  const [text, setText] = useState(before.join('\n'));
  const [error, setError] = useState<unknown>(null);
  const save = async (): Promise<void> => {
    setError(null);
    try {
      const wanted = text.split(/[\s,]+/).filter((one) => one !== '');
      const found = await dynabase.limits.setCustomerAddresses(customer, wanted);
      client.setQueryData(addressesQuery(customer).queryKey, found);
      say('They hold at once');
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <div className="space-y-3">
      <TextArea
        label="Addresses"
        value={text}
        onChange={setText}
        rows={4}
        hint="One a line, such as 10.0.0.0/8; nothing for anywhere. Sessions from elsewhere end."
      />
      {error !== null && <ErrorBox error={error} />}
      <Button disabledBecause={refused} onClick={() => void save()}>
        Save addresses
      </Button>
    </div>
  );
}
