/**
 * Every page by its path, loaded when it is gone to. What a page shows is in its URL: filters, order, tab, span.
 */
import { type Query, QueryClient } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import { type Caller, DynaBaseError } from '../sdk/index.ts';
import { brandQuery } from './customer/brand.tsx';
import {
  customerTab,
  databaseTab,
  loginPlace,
  operationFilter,
  tenantFilter,
  tenantTab,
  textFilter,
} from './search.ts';
import { whoQuery } from './server/queries.ts';
import { AllFailed, Failed, Missing } from './shell/failed.tsx';
import { Frame } from './shell/frame.tsx';
import { late } from './shell/late.tsx';
import { Waiting } from './ui/states.tsx';
import { mayPass } from './ui/words.ts';

const isStranger = (error: unknown): boolean =>
  error instanceof DynaBaseError && error.http === 401;

/** After a failure that may pass; the SDK has tried some times until then. */
const ASKED_AGAIN_AFTER_MS = 5_000;

/** What has failed for a while only is asked for again as long as somebody looks, and not before the server wants it. */
function askedAgainAfter({ state: { status, error } }: Query): number | false {
  if (status !== 'error' || !(error instanceof DynaBaseError) || !mayPass(error)) return false;
  return Math.max(ASKED_AGAIN_AFTER_MS, error.retryAfterMs ?? 0);
}

/**
 * The SDK has repeated what may be repeated, and events say what is no longer true. A browser that believes to be offline
 * asks all the same: the server may be nearer than the rest of the world, and whoever waits in vain wants to know.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      ...{ retry: false, staleTime: 10_000, refetchOnWindowFocus: true },
      ...{ networkMode: 'always', refetchInterval: askedAgainAfter },
    },
  },
});

const root = createRootRoute({ notFoundComponent: Missing, errorComponent: AllFailed });

/** One's own name and colours stand on the very first page: they are asked for together with who one is. */
const branded = (): Promise<unknown> => queryClient.ensureQueryData(brandQuery).catch(() => null);

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: loginPlace,
  beforeLoad: branded,
  component: late(() => import('./pages/login.tsx'), 'LoginPage'),
});

const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  component: Frame,
  errorComponent: AllFailed,
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
  component: late(() => import('./customer/start.tsx'), 'StartPage'),
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
  component: late(() => import('./customer/database.tsx'), 'DatabasePage'),
});

const welcome = createRoute({
  ...within,
  path: '/welcome',
  beforeLoad: forCustomer,
  component: late(() => import('./onboarding/welcome.tsx'), 'WelcomePage'),
});

const billing = createRoute({
  ...within,
  path: '/billing',
  beforeLoad: forCustomer,
  component: late(() => import('./customer/billing.tsx'), 'BillingPage'),
});

const members = createRoute({
  ...within,
  path: '/members',
  beforeLoad: forCustomer,
  component: late(() => import('./customer/members.tsx'), 'MembersPage'),
});

const tenants = createRoute({
  ...within,
  path: '/tenants',
  beforeLoad: forOperator,
  validateSearch: tenantFilter,
  component: late(() => import('./pages/tenants.tsx'), 'TenantsPage'),
});

const tenant = createRoute({
  ...within,
  path: '/tenants/$ref',
  validateSearch: tenantTab,
  beforeLoad: ({ context: { caller }, params: { ref } }) => {
    if (caller.scope.kind === 'operator') return;
    throw redirect({ to: '/databases/$ref', params: { ref } });
  },
  component: late(() => import('./pages/tenant.tsx'), 'TenantPage'),
});

const costs = createRoute({
  ...within,
  path: '/costs',
  beforeLoad: forOperator,
  component: late(() => import('./pages/costs.tsx'), 'CostsPage'),
});

const operations = createRoute({
  ...within,
  path: '/operations',
  beforeLoad: forOperator,
  validateSearch: operationFilter,
  component: late(() => import('./pages/operations.tsx'), 'OperationsPage'),
});

const audit = createRoute({
  ...within,
  path: '/audit',
  validateSearch: textFilter,
  component: late(() => import('./pages/audit.tsx'), 'AuditPage'),
});

const customers = createRoute({
  ...within,
  path: '/customers',
  beforeLoad: forOperator,
  validateSearch: textFilter,
  component: late(() => import('./pages/customers.tsx'), 'CustomersPage'),
});

const customer = createRoute({
  ...within,
  path: '/customers/$id',
  beforeLoad: forOperator,
  validateSearch: customerTab,
  component: late(() => import('./pages/customer.tsx'), 'CustomerPage'),
});

const prices = createRoute({
  ...within,
  path: '/prices',
  beforeLoad: forOperator,
  component: late(() => import('./pages/prices.tsx'), 'PricesPage'),
});

const invoices = createRoute({
  ...within,
  path: '/invoices',
  beforeLoad: forOperator,
  component: late(() => import('./pages/invoices.tsx'), 'InvoicesPage'),
});

const keys = createRoute({
  ...within,
  path: '/keys',
  beforeLoad: forOperator,
  component: late(() => import('./pages/keys.tsx'), 'KeysPage'),
});

const webhooks = createRoute({
  ...within,
  path: '/webhooks',
  component: late(() => import('./pages/webhooks.tsx'), 'WebhooksPage'),
});

const policy = createRoute({
  ...within,
  path: '/policy',
  beforeLoad: forOperator,
  component: late(() => import('./pages/policy.tsx'), 'PolicyPage'),
});

const plans = createRoute({
  ...within,
  path: '/plans',
  beforeLoad: forOperator,
  component: late(() => import('./pages/plans.tsx'), 'PlansPage'),
});

const settings = createRoute({
  ...within,
  path: '/settings',
  beforeLoad: forOperator,
  component: late(() => import('./pages/settings.tsx'), 'SettingsPage'),
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
