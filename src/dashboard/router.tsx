/**
 * Every page by its path, loaded when it is gone to. What a page shows is in its URL: filters, order, tab, span.
 */
import { QueryCache, QueryClient } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { type Caller, DynaBaseError } from '../sdk/index.ts';
import { brandQuery } from './customer/brand.tsx';
import {
  customerTab,
  databaseTab,
  operationFilter,
  tenantFilter,
  tenantTab,
  textFilter,
} from './search.ts';
import { whoQuery } from './server/queries.ts';
import { Failed, Missing } from './shell/failed.tsx';
import { Frame } from './shell/frame.tsx';
import { Waiting } from './ui/states.tsx';

/** Of a session that is over, whatever finds it out; back to where one was is the way on from there. */
function leadToLogin(error: unknown): void {
  if (!isStranger(error)) return;
  const { href, pathname } = router.state.location;
  if (pathname === '/login') return;
  queryClient.removeQueries({ queryKey: whoQuery.queryKey });
  void router.navigate({ to: '/login', search: { to: href } });
}

const isStranger = (error: unknown): boolean =>
  error instanceof DynaBaseError && error.http === 401;

/** The SDK has repeated what may be repeated, and events say what is no longer true. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: leadToLogin }),
  defaultOptions: { queries: { retry: false, staleTime: 10_000, refetchOnWindowFocus: true } },
});

const root = createRootRoute({ notFoundComponent: Missing, errorComponent: Failed });

/** One's own name and colours stand on the very first page: they are asked for together with who one is. */
const branded = (): Promise<unknown> => queryClient.ensureQueryData(brandQuery).catch(() => null);

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search): { readonly to?: string } =>
    typeof search.to === 'string' ? { to: search.to } : {},
  beforeLoad: branded,
  component: lazyRouteComponent(() => import('./pages/login.tsx'), 'LoginPage'),
});

const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  component: Frame,
  beforeLoad: async ({ location }) => {
    try {
      const [caller] = await Promise.all([queryClient.ensureQueryData(whoQuery), branded()]);
      return { caller };
    } catch (error) {
      if (isStranger(error)) throw redirect({ to: '/login', search: { to: location.href } });
      throw error;
    }
  },
});

const within = { getParentRoute: () => frame } as const;

const overview = createRoute({
  ...within,
  path: '/',
  // Who does not see the fleet begins with what is theirs.
  beforeLoad: ({ context: { caller } }) => {
    if (caller.scope.kind !== 'tenant') return;
    throw redirect({ to: '/databases/$ref', params: { ref: caller.scope.tenant } });
  },
  component: lazyRouteComponent(() => import('./customer/start.tsx'), 'StartPage'),
});

/** Pages of the operator lead everybody else to where theirs begin. */
const forOperator = ({
  context: { caller },
}: {
  readonly context: { readonly caller: Caller };
}) => {
  if (caller.scope.kind !== 'operator') throw redirect({ to: '/' });
};

/** And those of a customer the operator, who has the same in other words. */
const forCustomer = ({
  context: { caller },
}: {
  readonly context: { readonly caller: Caller };
}) => {
  if (caller.scope.kind !== 'customer') throw redirect({ to: '/' });
};

const database = createRoute({
  ...within,
  path: '/databases/$ref',
  validateSearch: databaseTab,
  component: lazyRouteComponent(() => import('./customer/database.tsx'), 'DatabasePage'),
});

const welcome = createRoute({
  ...within,
  path: '/welcome',
  beforeLoad: forCustomer,
  component: lazyRouteComponent(() => import('./onboarding/welcome.tsx'), 'WelcomePage'),
});

const billing = createRoute({
  ...within,
  path: '/billing',
  beforeLoad: forCustomer,
  component: lazyRouteComponent(() => import('./customer/billing.tsx'), 'BillingPage'),
});

const members = createRoute({
  ...within,
  path: '/members',
  beforeLoad: forCustomer,
  component: lazyRouteComponent(() => import('./customer/members.tsx'), 'MembersPage'),
});

const tenants = createRoute({
  ...within,
  path: '/tenants',
  beforeLoad: forOperator,
  validateSearch: tenantFilter,
  component: lazyRouteComponent(() => import('./pages/tenants.tsx'), 'TenantsPage'),
});

const tenant = createRoute({
  ...within,
  path: '/tenants/$ref',
  validateSearch: tenantTab,
  beforeLoad: ({ context: { caller }, params: { ref } }) => {
    if (caller.scope.kind === 'operator') return;
    throw redirect({ to: '/databases/$ref', params: { ref } });
  },
  component: lazyRouteComponent(() => import('./pages/tenant.tsx'), 'TenantPage'),
});

const costs = createRoute({
  ...within,
  path: '/costs',
  beforeLoad: forOperator,
  component: lazyRouteComponent(() => import('./pages/costs.tsx'), 'CostsPage'),
});

const operations = createRoute({
  ...within,
  path: '/operations',
  beforeLoad: forOperator,
  validateSearch: operationFilter,
  component: lazyRouteComponent(() => import('./pages/operations.tsx'), 'OperationsPage'),
});

const audit = createRoute({
  ...within,
  path: '/audit',
  validateSearch: textFilter,
  component: lazyRouteComponent(() => import('./pages/audit.tsx'), 'AuditPage'),
});

const customers = createRoute({
  ...within,
  path: '/customers',
  beforeLoad: forOperator,
  validateSearch: textFilter,
  component: lazyRouteComponent(() => import('./pages/customers.tsx'), 'CustomersPage'),
});

const customer = createRoute({
  ...within,
  path: '/customers/$id',
  beforeLoad: forOperator,
  validateSearch: customerTab,
  component: lazyRouteComponent(() => import('./pages/customer.tsx'), 'CustomerPage'),
});

const prices = createRoute({
  ...within,
  path: '/prices',
  beforeLoad: forOperator,
  component: lazyRouteComponent(() => import('./pages/prices.tsx'), 'PricesPage'),
});

const invoices = createRoute({
  ...within,
  path: '/invoices',
  beforeLoad: forOperator,
  component: lazyRouteComponent(() => import('./pages/invoices.tsx'), 'InvoicesPage'),
});

const keys = createRoute({
  ...within,
  path: '/keys',
  beforeLoad: forOperator,
  component: lazyRouteComponent(() => import('./pages/keys.tsx'), 'KeysPage'),
});

const webhooks = createRoute({
  ...within,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('./pages/webhooks.tsx'), 'WebhooksPage'),
});

const policy = createRoute({
  ...within,
  path: '/policy',
  beforeLoad: forOperator,
  component: lazyRouteComponent(() => import('./pages/policy.tsx'), 'PolicyPage'),
});

const plans = createRoute({
  ...within,
  path: '/plans',
  beforeLoad: forOperator,
  component: lazyRouteComponent(() => import('./pages/plans.tsx'), 'PlansPage'),
});

const settings = createRoute({
  ...within,
  path: '/settings',
  beforeLoad: forOperator,
  component: lazyRouteComponent(() => import('./pages/settings.tsx'), 'SettingsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    frame.addChildren([
      overview,
      database,
      welcome,
      billing,
      members,
      tenants,
      tenant,
      costs,
      operations,
      audit,
      customers,
      customer,
      prices,
      invoices,
      keys,
      webhooks,
      policy,
      plans,
      settings,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
  defaultErrorComponent: Failed,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
