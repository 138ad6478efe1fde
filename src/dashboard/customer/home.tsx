/** Where a customer begins: the databases, and what they come to. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { OwnCost, Tenant } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count } from '../format/units.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { PageHead, Stat, Stats } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { PLAN_NAMES, PLAN_WORDS, stateWords } from './plan-words.ts';
import { chargedQuery, customerQuery, databasesQuery } from './queries.ts';

export function CustomerHome() {
  const databases = useQuery(databasesQuery);
  const customer = useQuery(customerQuery);
  const charged = useQuery(chargedQuery);
  const refused = useRefusal()('createTenant');
  const navigate = useNavigate();
  const create = (
    <Button
      look="strong"
      icon="plus"
      disabledBecause={refused}
      onClick={() => void navigate({ to: '/welcome' })}
    >
      New database
    </Button>
  );
  return (
    <>
      <PageHead title="Databases" lead={customer.data?.name} actions={create} />
      <Stats>
        <Stat label="Databases" value={databases.data ? count(databases.data.length) : '–'} />
        <Stat
          label="Plan"
          value={
            <span className="text-lg">{customer.data ? PLAN_NAMES[customer.data.plan] : '–'}</span>
          }
          note={<Link to="/billing">Change it under Billing</Link>}
        />
        <Charged cost={charged.data} />
      </Stats>
      <Loaded query={databases} lines={8}>
        {(rows) =>
          rows.length === 0 ? (
            <div className="rounded-lg border border-line bg-surface">
              <Empty title="No database yet">
                <p className="mb-4">
                  A database is there in a second, speaks PostgreSQL to any client, and costs next
                  to nothing while nobody uses it.
                </p>
                {create}
              </Empty>
            </div>
          ) : (
            <ul aria-label="Databases" className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
              {rows.map((tenant) => (
                <Card key={tenant.id} tenant={tenant} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function Charged({ cost }: { readonly cost: OwnCost | undefined }) {
  const told = (amount: string | undefined): string =>
    cost === undefined || amount === undefined ? '–' : money(amount, cost.currency);
  return (
    <>
      <Stat label="This month so far" value={told(cost?.charged)} note="by the price list" />
      <Stat
        label="By the end of the month"
        value={told(cost?.chargedAtMonthEnd)}
        note="if it goes on as it has"
      />
    </>
  );
}

function Card({ tenant }: { readonly tenant: Tenant }) {
  const isBad = tenant.state === 'failed';
  return (
    <li className="relative rounded-lg border border-line bg-surface p-4 focus-within:border-accent hover:border-line-strong">
      <div className="flex items-start justify-between gap-3">
        <Link
          to="/databases/$ref"
          params={{ ref: tenant.name }}
          className="text-base font-semibold break-all after:absolute after:inset-0 after:rounded-lg"
        >
          {tenant.name}
        </Link>
        <Badge tone="accent">{PLAN_NAMES[tenant.plan]}</Badge>
      </div>
      <p className="mt-1 text-ink-soft">{PLAN_WORDS[tenant.plan]}</p>
      <p className="mt-4 flex items-center gap-2">
        <span
          aria-hidden="true"
          className="size-2 rounded-full"
          style={{ background: isBad ? 'var(--bad)' : 'var(--good)' }}
        />
        {stateWords(tenant)}
      </p>
    </li>
  );
}
