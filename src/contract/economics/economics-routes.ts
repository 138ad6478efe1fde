/** The routes of costs, prices, budgets, and of what would be if. */

import { Type } from 'typebox';
import { CustomerParam } from '../access/customer-routes.ts';
import type { OperationName } from '../operations.ts';
import { ok, Ref, type Route } from '../route.ts';
import {
  BookParam,
  Budget,
  BudgetList,
  BudgetWish,
  CostAlertList,
  CostQuery,
  CostReport,
  CostSpanQuery,
  Document,
  OwnCost,
  PriceBook,
  PriceBookList,
  Tariffs,
  WhatIf,
  WhatIfWish,
} from './economics.ts';

const OPERATOR = { scope: 'operator', right: 'read' } as const;
const FOR_MONEY = { scope: 'operator', right: 'billing' } as const;

const PAST =
  'What has been settled stays: a change that would touch a day that was told to somebody is refused.';

const OWN =
  'As of the last minute. Callers of a customer are told what they are charged, and not what that costs to run.';

const BUDGET =
  'For each month of UTC. The operator bounds what it costs, a customer what it is charged; each has a budget of its own. Told at 50, 75, 90 and 100 percent, once a month each, as event `cost.alert` and by e-mail.';

const BudgetOrNone = Type.Object(
  { budget: Type.Union([Budget, Type.Null()]) },
  { $id: 'BudgetAnswer', additionalProperties: false },
);

export const ECONOMICS_ROUTES = {
  getCosts: {
    tag: 'economics',
    summary: 'What the fleet costs, by tenant, tier, plan, customer or day',
    description:
      'With what it would cost always awake, what nobody used, revenue and margin. Whole days of UTC; today as of the last minute, its running hour of machines as a whole.',
    access: OPERATOR,
    query: CostQuery,
    success: ok(CostReport),
    faults: ['CATALOG_DOWN', 'BAD_REQUEST'],
  },
  getTenantCost: {
    tag: 'economics',
    summary: 'What a tenant is charged, and costs',
    description: OWN,
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    query: CostSpanQuery,
    success: ok(OwnCost),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN', 'BAD_REQUEST'],
  },
  getCustomerCost: {
    tag: 'economics',
    summary: 'What all tenants of a customer are charged, and cost',
    description: OWN,
    access: { scope: 'customer', right: 'read' },
    params: CustomerParam,
    query: CostSpanQuery,
    success: ok(OwnCost),
    faults: ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN', 'BAD_REQUEST'],
  },
  listPriceBooks: {
    tag: 'economics',
    summary: 'List price books, presets too',
    access: OPERATOR,
    success: ok(PriceBookList),
    faults: [],
  },
  getPriceBook: {
    tag: 'economics',
    summary: 'Show a price book',
    access: OPERATOR,
    params: BookParam,
    success: ok(PriceBook),
    faults: ['PRICE_BOOK_UNKNOWN'],
  },
  putPriceBook: {
    tag: 'economics',
    summary: 'Make a price book, or change one',
    description: PAST,
    access: FOR_MONEY,
    params: BookParam,
    body: Document,
    success: ok(PriceBook),
    faults: ['BAD_PRICES', 'CATALOG_DOWN'],
  },
  usePriceBook: {
    tag: 'economics',
    summary: 'Put a price book in force',
    description:
      'From the first day on that is not settled. It has the currency of what is settled.',
    access: FOR_MONEY,
    params: BookParam,
    success: ok(PriceBook),
    faults: ['PRICE_BOOK_UNKNOWN', 'BAD_PRICES', 'CATALOG_DOWN'],
  },
  getTariffs: {
    tag: 'economics',
    summary: 'Show what plans are sold for',
    access: { scope: 'customer', right: 'read' },
    success: ok(Tariffs),
    faults: [],
  },
  setTariffs: {
    tag: 'economics',
    summary: 'Set what plans are sold for',
    description: PAST,
    access: FOR_MONEY,
    body: Document,
    success: ok(Tariffs),
    faults: ['BAD_PRICES', 'CATALOG_DOWN'],
  },
  listBudgets: {
    tag: 'economics',
    summary: 'List budgets, and how they stand',
    access: { scope: 'customer', right: 'read' },
    success: ok(BudgetList),
    faults: ['CATALOG_DOWN'],
  },
  setBudget: {
    tag: 'economics',
    summary: 'Set what the fleet may cost',
    description: BUDGET,
    access: FOR_MONEY,
    body: BudgetWish,
    success: ok(BudgetOrNone),
    faults: ['CATALOG_DOWN', 'BAD_REQUEST'],
  },
  setTenantBudget: {
    tag: 'economics',
    summary: 'Set the budget of a tenant',
    description: BUDGET,
    access: { scope: 'tenant', right: 'billing' },
    params: Ref,
    body: BudgetWish,
    success: ok(BudgetOrNone),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN', 'BAD_REQUEST'],
  },
  setCustomerBudget: {
    tag: 'economics',
    summary: 'Set the budget of a customer',
    description: BUDGET,
    access: { scope: 'customer', right: 'billing' },
    params: CustomerParam,
    body: BudgetWish,
    success: ok(BudgetOrNone),
    faults: ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN', 'BAD_REQUEST'],
  },
  listCostAlerts: {
    tag: 'economics',
    summary: 'List what was told of money, the newest first',
    access: { scope: 'customer', right: 'read' },
    success: ok(CostAlertList),
    faults: ['CATALOG_DOWN'],
  },
  whatIf: {
    tag: 'economics',
    summary: 'What it would cost, and how long people would wait, if',
    description:
      'Replays what tenants did through the policy in the simulator, as it is and as asked: cost, cold starts and waiting, both ways. One at a time.',
    access: OPERATOR,
    body: WhatIfWish,
    success: ok(WhatIf),
    faults: [
      'TENANT_UNKNOWN',
      'WHAT_IF_BUSY',
      'WHAT_IF_NOTHING',
      'BAD_POLICY',
      'CATALOG_DOWN',
      'BAD_REQUEST',
    ],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
