/** One customer: what it has, costs and pays, what it may use, from where, and who acts for it. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Customer, OwnCost } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count } from '../format/units.ts';
import { CUSTOMER_TABS } from '../search.ts';
import { dynabase } from '../server/client.ts';
import {
  customerCostQuery,
  customerQuery,
  customerQuotaQuery,
  customerTenantsQuery,
  invoicesQuery,
} from '../server/queries.ts';
import { TenantLink } from '../shell/tenant-link.tsx';
import { useRefusal } from '../shell/who.ts';
import { Badge, StateBadge, TierBadge } from '../ui/badge.tsx';
import { PageHead, Panel, Stat, Stats } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { BudgetPanel } from './budget-panel.tsx';
import { isLoss, marginOf } from './cost-lines.tsx';
import { AddressPanel, CreditPanel } from './customer-parts.tsx';
import { InvoiceTable } from './invoice-table.tsx';
import { KeyPanel } from './key-panel.tsx';
import { LimitPanels } from './limit-panels.tsx';
import { PeoplePanel } from './people-panel.tsx';

const route = getRouteApi('/frame/customers/$id');

const TABS = CUSTOMER_TABS.map((id) => ({ id, name: id.charAt(0).toUpperCase() + id.slice(1) }));

export function CustomerPage() {
  const { id } = route.useParams();
  const customer = useQuery(customerQuery(id));
  const { tab = 'tenants' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHead
        title={customer.data?.name ?? 'Customer'}
        lead={
          <Link to="/customers" className="text-accent hover:underline">
            All customers
          </Link>
        }
      />
      <Loaded query={customer} lines={8}>
        {(found) => (
          <>
            <Figures customer={found} />
            <Tabs
              label="Parts of the customer"
              tabs={TABS}
              open={tab}
              onOpen={(next) =>
                void navigate({ search: next === 'tenants' ? {} : { tab: next }, replace: true })
              }
            >
              {tab === 'tenants' && <OwnTenants id={id} />}
              {tab === 'billing' && <Billing id={id} />}
              {tab === 'limits' && <Limits id={id} />}
              {tab === 'access' && <Access id={id} />}
            </Tabs>
          </>
        )}
      </Loaded>
    </>
  );
}

function Figures({ customer }: { readonly customer: Customer }) {
  const cost = useQuery(customerCostQuery(customer.id)).data;
  const most = customer.tenantsMax;
  return (
    <Stats>
      <Stat
        label="Tenants"
        value={count(customer.tenants)}
        note={most === null ? 'as many as it wants' : `of ${count(most)} at most`}
      />
      <Stat label="Plan" value={<Word text={customer.plan} />} note="of new tenants" />
      <CostStats cost={cost} />
      <Stat
        label="Own id"
        value={<Word text={customer.externalId ?? '–'} />}
        note={
          <>
            since <TimeAgo at={customer.createdAt} />
          </>
        }
      />
    </Stats>
  );
}

/** As high as a number beside it, in letters that fit. */
const Word = ({ text }: { readonly text: string }) => (
  <span className="block truncate text-base leading-8">{text}</span>
);

function CostStats({ cost }: { readonly cost: OwnCost | undefined }) {
  const ours = cost?.ours ?? null;
  return (
    <>
      <Stat
        label="Charged"
        value={cost === undefined ? '–' : money(cost.charged, cost.currency)}
        note={
          cost === undefined
            ? ''
            : `${money(cost.chargedAtMonthEnd, cost.currency)} at the month’s end`
        }
      />
      <Stat
        label="Costs us"
        value={ours === null ? '–' : money(ours.cost, ours.currency)}
        note={ours === null ? '' : `${money(ours.attributed, ours.currency)} of own use`}
      />
      <Stat
        label="Margin"
        value={ours === null ? '–' : marginOf(ours, ours.currency)}
        tone={ours !== null && isLoss(ours) ? 'bad' : undefined}
        note={ours === null ? '' : `${money(ours.profit, ours.currency)} profit`}
      />
    </>
  );
}

function OwnTenants({ id }: { readonly id: string }) {
  const tenants = useQuery(customerTenantsQuery(id));
  return (
    <Panel
      title="Tenants"
      aside={
        <Link to="/tenants" search={{ customer: id }} className="text-accent hover:underline">
          In the table of all
        </Link>
      }
      isBare
    >
      <Loaded query={tenants} lines={6}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No tenants">A tenant is given to a customer when it is made.</Empty>
          ) : (
            <Table
              label="Tenants"
              rows={rows}
              idOf={(one) => one.id}
              height="55dvh"
              columns={[
                {
                  name: 'Name',
                  cell: ({ name }) => <TenantLink name={name} />,
                },
                { name: 'State', width: '7rem', cell: ({ state }) => <StateBadge state={state} /> },
                { name: 'Tier', width: '7rem', cell: ({ tier }) => <TierBadge tier={tier} /> },
                {
                  name: 'Plan',
                  width: '8rem',
                  isSpare: true,
                  cell: ({ plan }) => <Badge>{plan}</Badge>,
                },
                {
                  name: 'Since',
                  width: '7rem',
                  isSpare: true,
                  cell: ({ createdAt }) => <TimeAgo at={createdAt} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Billing({ id }: { readonly id: string }) {
  const invoices = useQuery(invoicesQuery(id));
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="Invoices" isBare>
        <Loaded query={invoices}>{({ rows }) => <InvoiceTable rows={rows} />}</Loaded>
      </Panel>
      <div className="grid gap-4">
        <BudgetPanel owner={{ kind: 'customer', id }} />
        <CreditPanel customer={id} />
      </div>
    </div>
  );
}

function Limits({ id }: { readonly id: string }) {
  const client = useQueryClient();
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <LimitPanels
        title="Limits of all its tenants together"
        query={useQuery(customerQuotaQuery(id))}
        refused={useRefusal()('setCustomerQuota')}
        lead={() => 'What is left empty has no limit but those of each tenant.'}
        onSave={async (next) =>
          client.setQueryData(
            customerQuotaQuery(id).queryKey,
            await dynabase.limits.setCustomerQuota(id, next),
          )
        }
      />
      <AddressPanel customer={id} />
    </div>
  );
}

function Access({ id }: { readonly id: string }) {
  return (
    <div className="grid gap-4">
      <PeoplePanel customer={id} />
      <KeyPanel title="Keys and sessions" of={{ customer: id }} />
    </div>
  );
}
