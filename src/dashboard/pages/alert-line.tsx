/** What was told of money, and where something can be done about it. */
import { useQuery } from '@tanstack/react-query';
import { Link, type LinkProps } from '@tanstack/react-router';
import type { CostAlertList } from '../../contract/economics/economics.ts';
import { customerQuery, tenantQuery } from '../server/queries.ts';
import { TimeAgo } from '../ui/time.tsx';

type CostAlert = CostAlertList['alerts'][number];

export function AlertLine({ alert }: { readonly alert: CostAlert }) {
  const { to, does } = remedy(alert);
  return (
    <>
      <Whose owner={alert.owner} /> {alert.says}{' '}
      <span className="text-ink-soft">
        (<TimeAgo at={alert.at} />)
      </span>{' '}
      <Link {...to} className="font-medium whitespace-nowrap underline">
        {does}
      </Link>
    </>
  );
}

/** Of the one that an alert calls "it". */
function Whose({ owner }: { readonly owner: string }) {
  if (owner.startsWith('tn_')) return <TenantName id={owner} />;
  if (owner.startsWith('cu_')) return <CustomerName id={owner} />;
  return <span className="font-medium">The fleet:</span>;
}

function TenantName({ id }: { readonly id: string }) {
  const { data } = useQuery(tenantQuery(id));
  return <bdi className="font-medium">{data?.name ?? id}:</bdi>;
}

function CustomerName({ id }: { readonly id: string }) {
  const { data } = useQuery(customerQuery(id));
  return <bdi className="font-medium">{data?.name ?? id}:</bdi>;
}

type Remedy = {
  readonly to: Pick<LinkProps, 'to' | 'params' | 'search'>;
  readonly does: string;
};

/** Of a budget where it is set; of what was unusual where it is seen what used it; of a loss where a price is made. */
function remedy({ owner, kind }: CostAlert): Remedy {
  const isBudget = kind === 'budget';
  if (owner.startsWith('tn_')) {
    const tab = isBudget ? 'settings' : 'awake';
    const to = { to: '/tenants/$ref', params: { ref: owner }, search: { tab } } as const;
    return { to, does: isBudget ? 'Change its budget' : 'See what kept it awake' };
  }
  if (owner.startsWith('cu_')) {
    const tab = isBudget ? 'billing' : 'tenants';
    const to = { to: '/customers/$id', params: { id: owner }, search: { tab } } as const;
    return { to, does: isBudget ? 'Change its budget' : 'See its tenants' };
  }
  if (isBudget) return { to: { to: '/prices' }, does: 'Change the budget' };
  return { to: { to: '/costs' }, does: 'See what it is made of' };
}
