import type { Branding, Settings } from '../../contract/service/settings.ts';
import type { SettingsDesk } from '../../control/settings.ts';
import type { ServerSettings, SettingsChange } from '../../domain/settings.ts';
import type { Actions } from './actions.ts';

export const settingsActions = (
  settings: SettingsDesk,
): Pick<Actions, 'getSettings' | 'getBranding' | 'changeSettings'> => ({
  getSettings: async () => print(settings.current()),
  getBranding: async () => brandingOf(settings.current()),
  changeSettings: async ({ body }) => print(await settings.change(body as SettingsChange)),
});

const brandingOf = ({ branding, signUp, selfServicePlans }: ServerSettings): Branding => ({
  ...branding,
  ...{ signUp: signUp.enabled, plans: [...selfServicePlans] },
});

const print = ({
  selfServicePlans,
  allowedExtensions,
  signUp,
  ...rest
}: ServerSettings): Settings => ({
  ...rest,
  signUp: { ...signUp, emailDomains: [...signUp.emailDomains] },
  selfServicePlans: [...selfServicePlans],
  allowedExtensions: [...allowedExtensions],
});
