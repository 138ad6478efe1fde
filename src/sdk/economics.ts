/** What it costs, what is charged, prices, budgets, and what would be if. */
import type {
  Budget,
  BudgetList,
  BudgetWish,
  CostAlertList,
  CostReport,
  OwnCost,
  PriceBook,
  Tariffs,
  WhatIf,
  WhatIfWish,
} from '../contract/economics/economics.ts';
import type { QueryOf } from '../contract/routes.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Costs, price books, tariffs and budgets. Amounts are texts: they are exact. */
export class Economics {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What the fleet costs, this month so far if nothing else is asked for. For the operator. */
  costs(query: QueryOf<'getCosts'> = {}, options?: CallOptions): Promise<CostReport> {
    return this.#transport.call('getCosts', { query }, options);
  }

  /** What a tenant is charged; for the operator also what it costs. */
  cost(ref: string, query: QueryOf<'getTenantCost'> = {}, options?: CallOptions): Promise<OwnCost> {
    return this.#transport.call('getTenantCost', { params: { ref }, query }, options);
  }

  /** The same of all tenants of a customer. */
  customerCost(
    customer: string,
    query: QueryOf<'getCustomerCost'> = {},
    options?: CallOptions,
  ): Promise<OwnCost> {
    return this.#transport.call('getCustomerCost', { params: { customer }, query }, options);
  }

  /** All price books, presets too. */
  async priceBooks(options?: CallOptions): Promise<readonly PriceBook[]> {
    return (await this.#transport.call('listPriceBooks', {}, options)).priceBooks;
  }

  /** One of them. */
  priceBook(book: string, options?: CallOptions): Promise<PriceBook> {
    return this.#transport.call('getPriceBook', { params: { book } }, options);
  }

  /** Makes one, or changes what comes; what has been settled stays. */
  putPriceBook(
    book: string,
    document: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<PriceBook> {
    const call = { params: { book }, body: { ...document } };
    return this.#transport.call('putPriceBook', call, options);
  }

  /** Puts one in force, from the first day on that is not settled. */
  usePriceBook(book: string, options?: CallOptions): Promise<PriceBook> {
    return this.#transport.call('usePriceBook', { params: { book } }, options);
  }

  /** What plans are sold for. */
  tariffs(options?: CallOptions): Promise<Tariffs> {
    return this.#transport.call('getTariffs', {}, options);
  }

  /** Replaces that. */
  setTariffs(document: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<Tariffs> {
    return this.#transport.call('setTariffs', { body: { ...document } }, options);
  }

  /** Budgets that the caller may see, and how they stand. */
  async budgets(options?: CallOptions): Promise<BudgetList['budgets']> {
    return (await this.#transport.call('listBudgets', {}, options)).budgets;
  }

  /** What the fleet may cost. */
  async setBudget(wish: BudgetWish, options?: CallOptions): Promise<Budget | null> {
    return (await this.#transport.call('setBudget', { body: wish }, options)).budget;
  }

  /** The budget of a tenant: of cost for the operator, of charges for its customer. */
  async setTenantBudget(
    ref: string,
    wish: BudgetWish,
    options?: CallOptions,
  ): Promise<Budget | null> {
    const call = { params: { ref }, body: wish };
    return (await this.#transport.call('setTenantBudget', call, options)).budget;
  }

  /** The budget of a customer, for all its tenants together. */
  async setCustomerBudget(
    customer: string,
    wish: BudgetWish,
    options?: CallOptions,
  ): Promise<Budget | null> {
    const call = { params: { customer }, body: wish };
    return (await this.#transport.call('setCustomerBudget', call, options)).budget;
  }

  /** What was told of money, the newest first. */
  async alerts(options?: CallOptions): Promise<CostAlertList['alerts']> {
    return (await this.#transport.call('listCostAlerts', {}, options)).alerts;
  }

  /** Replays what tenants did, as they are kept and as asked; takes seconds to a minute. */
  whatIf(wish: WhatIfWish, options?: CallOptions): Promise<WhatIf> {
    return this.#transport.call('whatIf', { body: wish }, options);
  }
}
