/** What was asked, summed up from the minutes that a test has put in. Nothing is used there. */
import type {
  ServedStep,
  StepQuery,
  TrafficStep,
  UsedStep,
  UseHistory,
  UseStep,
} from '../domain/metering.ts';
import { hours, minutes, timestamp } from '../domain/units.ts';
import { addedUsage, type UsageMinute } from '../domain/usage.ts';

const LENGTH: Readonly<Record<UseStep, number>> = {
  minute: minutes(1),
  hour: hours(1),
  day: hours(24),
};

export class MemoryUseHistory implements UseHistory {
  readonly #minutes: readonly UsageMinute[];

  constructor(all: readonly UsageMinute[]) {
    this.#minutes = all;
  }

  used(): Promise<readonly UsedStep[]> {
    return Promise.resolve([]);
  }

  served(): Promise<readonly ServedStep[]> {
    return Promise.resolve([]);
  }

  traffic({ from, to, step, tenant }: StepQuery): Promise<readonly TrafficStep[]> {
    const found = this.#minutes
      .filter(({ minute }) => minute >= from && minute < to)
      .filter((record) => tenant === undefined || record.tenant === tenant);
    const steps = Map.groupBy(found, ({ minute }) => minute - (minute % LENGTH[step]));
    return Promise.resolve(
      [...steps].map(([at, records]) => {
        const { tenant: _tenant, minute: _minute, ...traffic } = records.reduce(addedUsage);
        return { at: timestamp(at), ...traffic };
      }),
    );
  }
}
