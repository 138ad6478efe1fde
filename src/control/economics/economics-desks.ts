import type { BudgetDesk } from './budget-desk.ts';
import type { CostDesk } from './cost-desk.ts';
import type { PriceDesk } from './price-desk.ts';
import type { WhatIfDesk } from './what-if-desk.ts';

export type EconomicsDesks = {
  readonly prices: PriceDesk;
  readonly costs: CostDesk;
  readonly budgets: BudgetDesk;
  readonly whatIf: WhatIfDesk;
};
