import type { ReactNode } from 'react';
import type { Tenant } from '../../sdk/index.ts';
import { useRefusal } from '../shell/who.ts';
import { Empty } from '../ui/states.tsx';

/** What is found inside the database: for who may see its data, and while it is in use. Nobody is woken for a look. */
export function Looked({
  tenant: { state },
  children,
}: {
  readonly tenant: Tenant;
  readonly children: ReactNode;
}) {
  const refused = useRefusal()('query');
  if (refused !== null) return <Empty title="It is not shown">{refused}</Empty>;
  if (state === 'running') return children;
  return <Empty title="It is idle now">It is looked up while the database is in use.</Empty>;
}
