import type { Settings } from '../contract/settings.ts';
import type { SettingsDesk } from '../control/settings.ts';
import type { ServerSettings, SettingsChange } from '../domain/settings.ts';
import type { Actions } from './actions.ts';

export const settingsActions = (
  settings: SettingsDesk,
): Pick<Actions, 'getSettings' | 'changeSettings'> => ({
  getSettings: async () => print(settings.current()),
  changeSettings: async ({ body }) => print(await settings.change(body as SettingsChange)),
});

const print = ({ selfServicePlans, allowedExtensions, ...rest }: ServerSettings): Settings => ({
  ...rest,
  selfServicePlans: [...selfServicePlans],
  allowedExtensions: [...allowedExtensions],
});
