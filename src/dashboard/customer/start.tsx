/** The first page: the fleet for its operator, the databases for a customer. */
import { lazy, Suspense } from 'react';
import { useCaller } from '../shell/who.ts';
import { Waiting } from '../ui/states.tsx';

const Overview = lazy(async () => ({
  default: (await import('../pages/overview.tsx')).OverviewPage,
}));

const Home = lazy(async () => ({ default: (await import('./home.tsx')).CustomerHome }));

export function StartPage() {
  const isOperator = useCaller().scope.kind === 'operator';
  return <Suspense fallback={<Waiting />}>{isOperator ? <Overview /> : <Home />}</Suspense>;
}
