/** The desks of money over a control in memory; nothing was ever used. */

import { BudgetDesk } from '../control/economics/budget-desk.ts';
import { BudgetHolds } from '../control/economics/budget-holds.ts';
import { BudgetWatch } from '../control/economics/budget-watch.ts';
import { CostDays } from '../control/economics/cost-days.ts';
import { CostDesk } from '../control/economics/cost-desk.ts';
import type { EconomicsDesks } from '../control/economics/economics-desks.ts';
import { PriceDesk } from '../control/economics/price-desk.ts';
import { WhatIfDesk } from '../control/economics/what-if-desk.ts';
import { AllowanceBook } from '../control/quotas/allowance-book.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../domain/events.ts';
import type { Log } from '../domain/log.ts';
import { accruedCharges } from './accrued-charges.ts';
import type { MemoryControl } from './memory-control.ts';
import { GivenLedger, MemoryBudgets, MemoryCosts, MemoryPrices } from './memory-economics.ts';
import { MemoryQuotas } from './memory-quotas.ts';

export async function memoryEconomics(world: {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
  readonly control: MemoryControl;
}): Promise<EconomicsDesks> {
  const { clock, log, events, control } = world;
  const [costStore, ledger] = [new MemoryCosts(), new GivenLedger()];
  const budgetStore = new MemoryBudgets(() => clock.wall());
  const settledUntil = () => costStore.settledUntil();
  const prices = await PriceDesk.open({ clock, store: new MemoryPrices(), settledUntil });
  await prices.put('ours', '{}');
  const namesOf = async () => new Map<string, string>();
  const days = new CostDays({
    clock,
    log,
    ledger,
    store: costStore,
    prices,
    pause: async () => {},
  });
  const costs = new CostDesk({
    ...{ clock, log, store: costStore, days, prices, namesOf },
    ...{ charges: accruedCharges, pause: async () => {} },
  });
  const holds = new BudgetHolds({
    ...{ clock, log, events, book: new AllowanceBook(clock) },
    store: new MemoryQuotas(() => control.tenants()),
    lifecycle: { halt: async () => {} },
  });
  const shared = { clock, log, events, costs, prices, namesOf, holds };
  const watch = new BudgetWatch({ ...shared, store: budgetStore });
  const tenantsOf = async (id: string) => control.tenants().find((tenant) => tenant.id === id);
  const replayer = { replay: async () => [] };
  return {
    ...{ prices, costs },
    budgets: new BudgetDesk({ clock, store: budgetStore, watch, tenantsOf }),
    whatIf: new WhatIfDesk({ clock, ledger, costs, prices, replayer }),
  };
}
