/** What the operations on money do. */
import type {
  PriceBook as BookShape,
  Budget as BudgetShape,
  BudgetWish,
  CostLine as LineShape,
  OwnCost as OwnShape,
  CostReport as ReportShape,
  WhatIf as WhatIfShape,
} from '../../contract/economics/economics.ts';
import type { Control } from '../../control/control.ts';
import type { BudgetView } from '../../control/economics/budget-desk.ts';
import type { CostReport, OwnCost } from '../../control/economics/cost-desk.ts';
import type { CostLine } from '../../control/economics/cost-sums.ts';
import type { EconomicsDesks } from '../../control/economics/economics-desks.ts';
import { bookDocument, moneyText, tariffsDocument } from '../../control/economics/money-text.ts';
import type { BookView } from '../../control/economics/price-desk.ts';
import type { WhatIfAnswer } from '../../control/economics/what-if-desk.ts';
import { type Caller, customerOf } from '../../domain/caller.ts';
import { dayText } from '../../domain/day.ts';
import { type BudgetOwner, ownerKey } from '../../domain/economics.ts';
import { fault } from '../../domain/faults.ts';
import { customerId } from '../access/asked-customer.ts';
import { moment, momentIfAny } from '../moment.ts';
import type { Actions } from './actions.ts';

type EconomicsAction =
  | 'getCosts'
  | 'getTenantCost'
  | 'getCustomerCost'
  | 'listPriceBooks'
  | 'getPriceBook'
  | 'putPriceBook'
  | 'usePriceBook'
  | 'getTariffs'
  | 'setTariffs'
  | 'listBudgets'
  | 'setBudget'
  | 'setTenantBudget'
  | 'setCustomerBudget'
  | 'listCostAlerts'
  | 'whatIf';

export function economicsActions(
  desks: EconomicsDesks,
  control: Control,
): Pick<Actions, EconomicsAction> {
  return {
    ...costActions(desks, control),
    ...priceActions(desks),
    ...budgetActions(desks, control),
  };
}

const STEP = { marginMills: 750 };

function costActions({ costs, whatIf }: EconomicsDesks, control: Control) {
  return {
    getCosts: async ({ query }) => {
      const { by = 'plan', limit = 100, margin } = query;
      const marginMills = margin === undefined ? STEP.marginMills : Math.round(margin * 1_000);
      const span = costs.spanOf(momentIfAny(query.from), momentIfAny(query.to));
      return printReport(await costs.report(span, { by, limit, marginMills }));
    },
    getTenantCost: async ({ params, query, caller }) => {
      const { id } = await control.findTenant(params.ref);
      const span = costs.spanOf(momentIfAny(query.from), momentIfAny(query.to));
      return printOwn(await costs.own({ tenant: id }, span), caller);
    },
    getCustomerCost: async ({ params, query, caller }) => {
      const span = costs.spanOf(momentIfAny(query.from), momentIfAny(query.to));
      return printOwn(await costs.own({ customer: customerId(params.customer) }, span), caller);
    },
    whatIf: async ({ body, run }) => {
      const { tenant: ref, policyFile: file, ...wish } = body;
      if (file !== undefined && wish.policy !== undefined) {
        throw fault('BAD_REQUEST', { why: '"policy" and "policyFile" say the same differently' });
      }
      const policyFile = typeof file === 'object' ? JSON.stringify(file) : file;
      const tenant = ref === undefined ? null : (await control.findTenant(ref)).id;
      return printWhatIf(await whatIf.ask({ ...wish, policyFile, tenant }, run));
    },
  } satisfies Partial<Actions>;
}

function priceActions({ prices }: EconomicsDesks) {
  return {
    listPriceBooks: async () => ({ priceBooks: prices.list().map(printBook) }),
    getPriceBook: async ({ params }) => printBook(prices.find(params.book)),
    putPriceBook: async ({ params, body, audit }) => {
      const before = prices.list().find(({ name }) => name === params.book);
      const after = printBook(await prices.put(params.book, JSON.stringify(body)));
      audit.changed(before === undefined ? {} : { ...printBook(before).document }, after.document);
      return after;
    },
    usePriceBook: async ({ params, audit }) => {
      const before = prices.list().find(({ isInForce }) => isInForce)?.name ?? null;
      const after = printBook(await prices.use(params.book));
      audit.changed({ priceBook: before }, { priceBook: after.name });
      return after;
    },
    getTariffs: async () => ({ document: tariffsDocument(prices.tariffs) }),
    setTariffs: async ({ body, audit }) => {
      const before = tariffsDocument(prices.tariffs);
      const document = tariffsDocument(await prices.setTariffs(JSON.stringify(body)));
      audit.changed(before, document);
      return { document };
    },
  } satisfies Partial<Actions>;
}

function budgetActions({ budgets }: EconomicsDesks, control: Control) {
  const set = async (owner: BudgetOwner, wish: BudgetWish, caller: Caller) => {
    const view = await budgets.set(owner, wish, caller);
    return { budget: view === null ? null : printBudget(view) };
  };
  return {
    listBudgets: async ({ caller }) => ({
      budgets: (await budgets.list(caller)).map(printBudget),
    }),
    setBudget: async ({ body, caller, audit }) => {
      audit.changed({}, body);
      return await set({ kind: 'fleet' }, body, caller);
    },
    setTenantBudget: async ({ params, body, caller, audit }) => {
      const { id } = await control.findTenant(params.ref);
      audit.changed({}, body);
      return await set({ kind: 'tenant', id }, body, caller);
    },
    setCustomerBudget: async ({ params, body, caller, audit }) => {
      audit.changed({}, body);
      return await set({ kind: 'customer', id: customerId(params.customer) }, body, caller);
    },
    listCostAlerts: async ({ caller }) => ({
      alerts: (await budgets.alerts(caller)).map(({ id, at, owner, measure, kind, data }) => ({
        ...{ id, at: moment(at), owner: ownerKey(owner), measure, kind },
        says: String(data.says ?? ''),
      })),
    }),
  } satisfies Partial<Actions>;
}

const printLine = (line: CostLine): LineShape => ({
  attributed: moneyText(line.attributed),
  shared: moneyText(line.shared),
  cost: moneyText(line.cost),
  alwaysOn: moneyText(line.alwaysOn),
  reduction: line.reduction,
  revenue: line.revenue === null ? null : moneyText(line.revenue),
  profit: line.profit === null ? null : moneyText(line.profit),
  ...{ margin: line.margin, marginUnknown: line.marginUnknown },
  tenantSeconds: Number(line.seconds),
});

const printProjection = ({ measured, expected, low, high, days }: CostReport['projection']) => ({
  ...{ measured: moneyText(measured), expected: moneyText(expected) },
  ...{ low: moneyText(low), high: moneyText(high), days },
});

function printReport(report: CostReport): ReportShape {
  const { unattributed, settledUntil, others } = report;
  return {
    ...{ from: dayText(report.from), to: dayText(report.to) },
    ...{ priceBook: report.book, currency: report.currency, utilisation: report.utilisation },
    settledUntil: settledUntil === null ? null : dayText(settledUntil),
    total: printLine(report.total),
    unattributed: {
      overhead: moneyText(unattributed.overhead),
      idle: moneyText(unattributed.idle),
      minimum: moneyText(unattributed.minimum),
      unborne: moneyText(unattributed.unborne),
    },
    lines: report.lines.map(({ key, name, ...line }) => ({ key, name, ...printLine(line) })),
    others: others === null ? null : printLine(others),
    projection: printProjection(report.projection),
    advice: report.advice.map(({ plan, ownCost, borne, price }) => ({
      ...{ plan, ownCost: moneyText(ownCost), borne: moneyText(borne), price: moneyText(price) },
    })),
  };
}

function printOwn(own: OwnCost, caller: Caller): OwnShape {
  const isOurs = caller.scope.kind === 'operator' && customerOf(caller) === null;
  return {
    ...{ from: dayText(own.from), to: dayText(own.to), currency: own.chargesCurrency },
    charged: moneyText(own.charged),
    chargedAtMonthEnd: moneyText(own.chargedAtMonthEnd),
    charges: [...own.chargedFor].map(([meter, amount]) => ({ meter, amount: moneyText(amount) })),
    ours: isOurs
      ? {
          ...{ currency: own.currency, ...printLine(own.line) },
          projection: printProjection(own.projection),
          suggestedPrice: own.suggestedPrice === null ? null : moneyText(own.suggestedPrice),
          days: own.days.map(({ day, cost }) => ({ day: dayText(day), cost: moneyText(cost) })),
        }
      : null,
  };
}

const printBook = ({ name, revision, isPreset, isInForce, book }: BookView): BookShape => ({
  ...{ name, revision, isPreset, isInForce, currency: book.currency },
  document: bookDocument(book),
});

const printBudget = (view: BudgetView): BudgetShape => ({
  ...{ owner: ownerKey(view.owner), name: view.name, measure: view.measure },
  ...{ amount: moneyText(view.amount), currency: view.currency, spent: moneyText(view.spent) },
  ...{ hardCap: view.isCapped, emails: [...view.emails] },
});

function printWhatIf(answer: WhatIfAnswer): WhatIfShape {
  const { outcome, charged, tenants, days, currency } = answer;
  const { cost, secondFor } = outcome;
  const change = (of: typeof cost) => ({
    ...{ before: moneyText(of.before), after: moneyText(of.after) },
    difference: moneyText(of.difference),
  });
  return {
    ...{ tenants, days, currency, cost: change(cost), coldStarts: outcome.coldStarts },
    ...{ waitedMs: outcome.waitedMs, saved: outcome.saved, verdict: outcome.verdict },
    secondFor: secondFor === null ? null : moneyText(secondFor),
    charged: charged === null ? null : change(charged),
  };
}
