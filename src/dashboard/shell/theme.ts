/** The theme: the system's, or the one that somebody has chosen in this browser. `public/theme.mjs` applies it early. */
import { useState } from 'react';

export type Theme = 'system' | 'light' | 'dark';

const KEPT_AS = 'dynabase-theme';

const kept = (): Theme => {
  const found = localStorage.getItem(KEPT_AS);
  return found === 'light' || found === 'dark' ? found : 'system';
};

export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(kept);
  const choose = (next: Theme): void => {
    setTheme(next);
    if (next === 'system') {
      localStorage.removeItem(KEPT_AS);
      delete document.documentElement.dataset.theme;
      return;
    }
    localStorage.setItem(KEPT_AS, next);
    document.documentElement.dataset.theme = next;
  };
  return [theme, choose];
}
