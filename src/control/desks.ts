/** What the API calls besides `Control`: one desk an area, each in its own file. */
import type { EventBus } from './event-bus.ts';
import type { SettingsDesk } from './settings.ts';

export type Desks = {
  readonly events: EventBus;
  readonly settings: SettingsDesk;
};
