/** What it comes to: this month, its budget, and the invoices of those before. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { Customer, OwnCost } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { InvoiceTable } from '../pages/invoice-table.tsx';
import { QuotaUse } from '../pages/quota-use.tsx';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Select, TextField } from '../ui/field.tsx';
import { PageHead, Panel, Stat, Stats } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { useBrand } from './brand.tsx';
import { BudgetForm, SaveForm } from './limit-forms.tsx';
import { PLAN_NAMES, PLAN_WORDS } from './plan-words.ts';
import {
  budgetsQuery,
  chargedQuery,
  customerQuery,
  customerQuotaQuery,
  invoicesQuery,
  profileQuery,
} from './queries.ts';

export function BillingPage() {
  const cost = useQuery(chargedQuery);
  const invoices = useQuery(invoicesQuery);
  const customer = useQuery(customerQuery);
  const quota = useQuery(customerQuotaQuery);
  return (
    <>
      <PageHead title="Billing" lead="Use is counted by the minute and billed by the month." />
      <Loaded query={cost}>{(now) => <Now cost={now} />}</Loaded>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Panel title="Invoices" isBare>
          <Loaded query={invoices}>{(rows) => <InvoiceTable rows={rows} />}</Loaded>
        </Panel>
        <Panel title="What this month is made of" isBare>
          <Loaded query={cost}>{(now) => <Charges cost={now} />}</Loaded>
        </Panel>
        <Panel title="Plan">
          <Loaded query={customer}>{(own) => <PlanChoice key={own.plan} customer={own} />}</Loaded>
        </Panel>
        <Panel title="Use this month, all databases">
          <Loaded query={quota}>{(state) => <QuotaUse state={state} />}</Loaded>
        </Panel>
        <OwnBudget />
        <Recipient />
      </div>
    </>
  );
}

function Now({ cost }: { readonly cost: OwnCost }) {
  return (
    <Stats>
      <Stat label="This month so far" value={money(cost.charged, cost.currency)} />
      <Stat
        label="By the end of the month"
        value={money(cost.chargedAtMonthEnd, cost.currency)}
        note="if it goes on as it has"
      />
    </Stats>
  );
}

const METER_WORDS: Readonly<Record<string, string>> = {
  memory: 'Memory in use',
  cpu: 'Computing',
  awake: 'Time in use',
  stored: 'Storage',
  written: 'Written',
  egress: 'Sent to clients',
  wakes: 'Starts',
};

function Charges({ cost: { charges, currency } }: { readonly cost: OwnCost }) {
  if (charges.length === 0) return <Empty title="Nothing yet" />;
  return (
    <Table
      label="Charges"
      rows={charges}
      idOf={({ meter }) => meter ?? ''}
      columns={[
        {
          name: 'For',
          cell: ({ meter }) => (meter === null ? 'The plan' : (METER_WORDS[meter] ?? meter)),
        },
        {
          name: 'Amount',
          width: '8rem',
          align: 'right',
          cell: ({ amount }) => money(amount, currency),
        },
      ]}
    />
  );
}

function PlanChoice({ customer }: { readonly customer: Customer }) {
  const client = useQueryClient();
  const refused = useRefusal()('changeCustomer');
  const { plans } = useBrand();
  const [plan, setPlan] = useState(customer.plan);
  const choices = TENANT_PLANS.filter((one) => one === customer.plan || plans.includes(one));
  const isOnly = choices.length < 2 ? 'Your provider changes plans: ask there.' : null;
  return (
    <SaveForm
      disabledBecause={
        refused ?? isOnly ?? (plan === customer.plan ? 'Nothing was changed.' : null)
      }
      onSave={async () => {
        await dynabase.customers.change('me', { plan });
        await client.invalidateQueries();
      }}
    >
      <p className="text-ink-soft">{PLAN_WORDS[plan]}</p>
      <Select
        label="Plan of all your databases"
        value={plan}
        choices={choices.map((value) => ({ value, text: PLAN_NAMES[value] }))}
        onChange={setPlan}
      />
    </SaveForm>
  );
}

function OwnBudget() {
  const client = useQueryClient();
  const refused = useRefusal()('setCustomerBudget');
  const customer = useQuery(customerQuery);
  const budgets = useQuery(budgetsQuery);
  return (
    <Panel title="Budget for all databases">
      <Loaded query={budgets}>
        {(all) => (
          <BudgetForm
            now={all.find(({ owner }) => owner === customer.data?.id)}
            refused={refused}
            onSave={async (wish) => {
              await dynabase.economics.setCustomerBudget('me', wish);
              await client.invalidateQueries(budgetsQuery);
            }}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Recipient() {
  const profile = useQuery(profileQuery);
  return (
    <Panel title="Invoices are made out to">
      <Loaded query={profile}>{(own) => <RecipientForm profile={own} />}</Loaded>
    </Panel>
  );
}

function RecipientForm({
  profile,
}: {
  readonly profile: Awaited<ReturnType<typeof dynabase.billing.profile>>;
}) {
  const client = useQueryClient();
  const refused = useRefusal()('changeBillingProfile');
  const [name, setName] = useState(profile.legalName ?? profile.name);
  const [address, setAddress] = useState(profile.address.join(', '));
  const [taxId, setTaxId] = useState(profile.taxId ?? '');
  return (
    <SaveForm
      disabledBecause={refused}
      onSave={async () => {
        const lines = address.split(',').map((line) => line.trim());
        await dynabase.billing.changeProfile('me', {
          legalName: name === '' ? null : name,
          address: lines.filter((line) => line !== ''),
          taxId: taxId === '' ? null : taxId,
        });
        await client.invalidateQueries(profileQuery);
      }}
    >
      <TextField label="Name" value={name} onChange={setName} />
      <TextField
        label="Address"
        value={address}
        onChange={setAddress}
        hint="Its lines, with commas between them."
      />
      <TextField label="Tax number" value={taxId} onChange={setTaxId} />
    </SaveForm>
  );
}
