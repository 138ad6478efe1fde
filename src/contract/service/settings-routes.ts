import type { OperationName } from '../operations.ts';
import { ok, type Route } from '../route.ts';
import { Branding, Settings, SettingsChange } from './settings.ts';

export const SETTINGS_ROUTES = {
  getSettings: {
    tag: 'server',
    summary: 'Show the settings of the server',
    access: { scope: 'operator', right: 'read' },
    success: ok(Settings),
    faults: [],
  },
  getBranding: {
    tag: 'server',
    summary: 'Show the name and the looks of the dashboard, and whether one can sign up',
    access: null,
    success: ok(Branding),
    faults: [],
  },
  changeSettings: {
    tag: 'server',
    summary: 'Change settings of the server',
    description: 'What is left out stays; a list is replaced. Holds at once, and after a restart.',
    access: { scope: 'operator', right: 'admin' },
    body: SettingsChange,
    success: ok(Settings),
    faults: ['CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
