/** How much a month may come to, of the fleet or of one owner, and how it stands. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Budget, BudgetWish } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { percent } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { budgetsQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';

const FLEET = 'fleet';

/** Of one customer, or of all that there are. */
export function BudgetPanel({ customer }: { readonly customer?: string }) {
  const budgets = useQuery(budgetsQuery);
  const refusal = useRefusal();
  const [isOpen, setOpen] = useState(false);
  const owner = customer ?? FLEET;
  const refused = refusal(customer === undefined ? 'setBudget' : 'setCustomerBudget');
  return (
    <Panel
      title={customer === undefined ? 'Budgets' : 'Budget'}
      aside={
        <Button disabledBecause={refused} onClick={() => setOpen(true)}>
          {customer === undefined ? 'Set that of the fleet' : 'Set'}
        </Button>
      }
    >
      <Loaded query={budgets}>
        {(all) => (
          <>
            <Rows rows={customer === undefined ? all : all.filter((one) => one.owner === owner)} />
            {isOpen && (
              <Edit
                owner={owner}
                before={all.find((one) => one.owner === owner) ?? null}
                onClose={() => setOpen(false)}
              />
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Rows({ rows }: { readonly rows: readonly Budget[] }) {
  if (rows.length === 0) {
    return (
      <Empty title="No budget">
        It is told at 50, 75, 90 and 100 percent, and may end use where it ends.
      </Empty>
    );
  }
  return (
    <ul className="space-y-3">
      {rows.map(({ owner, measure, name, amount, spent, currency, hardCap }) => {
        const part = Number(spent) / Number(amount);
        const colour = part >= 1 ? 'var(--bad)' : part > 0.75 ? 'var(--warn)' : 'var(--accent)';
        return (
          <li key={`${owner} ${measure}`}>
            <div className="flex justify-between gap-4">
              <span className="min-w-0 truncate">
                {owner === FLEET ? 'The fleet' : (name ?? owner)}
                <span className="text-ink-soft">
                  {measure === 'charges' ? ', what is charged' : ', what it costs'}
                  {hardCap ? '; use ends with it' : ''}
                </span>
              </span>
              <span className="tnum whitespace-nowrap">
                {money(spent, currency)} of {money(amount, currency)} ({percent(part)})
              </span>
            </div>
            <div className="mt-1 h-1.5 rounded bg-sunken" aria-hidden="true">
              <div
                className="h-full rounded"
                style={{ width: `${Math.min(1, part) * 100}%`, background: colour }}
              />
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function Edit({
  owner,
  before,
  onClose,
}: {
  readonly owner: string;
  readonly before: Budget | null;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [amount, setAmount] = useState(before?.amount ?? '');
  const [hardCap, setHardCap] = useState(before?.hardCap ?? false);
  const [emails, setEmails] = useState(before?.emails.join(' ') ?? '');
  const save = async (): Promise<void> => {
    const wish: BudgetWish = {
      ...{ amount: amount.trim() === '' ? null : amount.trim(), hardCap },
      emails: emails.split(/[\s,]+/).filter((one) => one !== ''),
    };
    await (owner === FLEET
      ? dynabase.economics.setBudget(wish)
      : dynabase.economics.setCustomerBudget(owner, wish));
    await client.invalidateQueries({ queryKey: ['costs', 'budgets'] });
  };
  return (
    <FormDialog title="Budget of a month" action="Save" isOpen onClose={onClose} onSubmit={save}>
      <TextField
        label="Amount"
        value={amount}
        onChange={setAmount}
        placeholder="25"
        hint="For each month of UTC; nothing for no budget."
      />
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={hardCap} onChange={() => setHardCap(!hardCap)} />
        Use ends where the budget does
      </label>
      <TextField
        label="Who is written to"
        value={emails}
        onChange={setEmails}
        placeholder="ops@example.com"
      />
    </FormDialog>
  );
}
