/** How much a month may come to, of the fleet, a customer or a tenant, and how it stands. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Budget, BudgetWish } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { percent } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { budgetsQuery } from '../server/queries.ts';
import { TenantLink } from '../shell/tenant-link.tsx';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';

const FLEET = 'fleet';

/** Whose: a tenant also by the name that it is called by. */
type Owner =
  | { readonly kind: 'fleet' }
  | { readonly kind: 'customer'; readonly id: string }
  | { readonly kind: 'tenant'; readonly id: string; readonly name: string };

const WAYS = {
  fleet: { title: 'Budgets', action: 'Set that of the fleet', needs: 'setBudget' },
  customer: { title: 'Budget', action: 'Set', needs: 'setCustomerBudget' },
  tenant: { title: 'Budget', action: 'Set', needs: 'setTenantBudget' },
} as const;

const idOf = (owner: Owner): string => (owner.kind === 'fleet' ? FLEET : owner.id);

/** Of one tenant or customer, or of all that there are. */
export function BudgetPanel({ owner }: { readonly owner: Owner }) {
  const budgets = useQuery(budgetsQuery);
  const [isOpen, setOpen] = useState(false);
  const { title, action, needs } = WAYS[owner.kind];
  const refused = useRefusal()(needs);
  const id = idOf(owner);
  return (
    <Panel
      title={title}
      aside={
        <Button disabledBecause={refused} onClick={() => setOpen(true)}>
          {action}
        </Button>
      }
    >
      <Loaded query={budgets}>
        {(all) => (
          <>
            <Rows rows={id === FLEET ? all : all.filter((one) => one.owner === id)} />
            {isOpen && (
              <Edit
                owner={owner}
                // A customer bounds what it is charged by a budget of its own: that is not ours.
                before={all.find((one) => one.owner === id && one.measure === 'cost') ?? null}
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
        You are told at 50, 75, 90 and 100 percent of it, and use may end where it does.
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
                <Named owner={owner} name={name ?? owner} />
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

/** Of a list of all, the way to whom it is about. */
function Named({ owner, name }: { readonly owner: string; readonly name: string }) {
  if (owner === FLEET) return 'The fleet';
  if (owner.startsWith('tn_')) return <TenantLink name={name} />;
  return (
    <Link to="/customers/$id" params={{ id: owner }} className="font-medium hover:underline">
      {name}
    </Link>
  );
}

const AMOUNT = /^\d{1,9}(\.\d{1,12})?$/;

function save(owner: Owner, wish: BudgetWish): Promise<unknown> {
  const { economics } = dynabase;
  if (owner.kind === 'fleet') return economics.setBudget(wish);
  return owner.kind === 'tenant'
    ? economics.setTenantBudget(owner.name, wish)
    : economics.setCustomerBudget(owner.id, wish);
}

function Edit({
  owner,
  before,
  onClose,
}: {
  readonly owner: Owner;
  readonly before: Budget | null;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [amount, setAmount] = useState(before?.amount ?? '');
  const [hardCap, setHardCap] = useState(before?.hardCap ?? false);
  const [emails, setEmails] = useState(before?.emails.join(' ') ?? '');
  const text = amount.trim();
  const submit = async (): Promise<void> => {
    await save(owner, {
      ...{ amount: text === '' ? null : text, hardCap },
      emails: emails.split(/[\s,]+/).filter((one) => one !== ''),
    });
    await client.invalidateQueries({ queryKey: ['costs', 'budgets'] });
  };
  const isAmount = text === '' || (AMOUNT.test(text) && Number(text) > 0);
  return (
    <FormDialog
      title="Budget of a month"
      action="Save"
      isOpen
      onClose={onClose}
      onSubmit={submit}
      disabledBecause={isAmount ? null : 'An amount is a number, such as 25 or 12.50.'}
    >
      <TextField
        label="Amount"
        value={amount}
        onChange={setAmount}
        placeholder="25"
        hint="What it may cost us in each month of UTC; nothing for no budget."
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
