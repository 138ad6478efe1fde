import type { Operation } from '../operations.ts';

export const SETTINGS_OPERATIONS = {
  getSettings: { method: 'GET', path: '/v1/settings', repeat: 'safe' },
  getBranding: { method: 'GET', path: '/v1/branding', repeat: 'safe' },
  changeSettings: { method: 'PATCH', path: '/v1/settings', repeat: 'safe' },
} as const satisfies Record<string, Operation>;
