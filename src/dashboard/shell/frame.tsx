/** What stands around every page: where one can go, who one is, and whether what is shown is live. */
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Logo, useBrand, useBrandColours } from '../customer/brand.tsx';
import { logout } from '../server/client.ts';
import { type Connection, useConnection } from '../server/connection.ts';
import { Button, Hint } from '../ui/button.tsx';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { complain } from '../ui/toast.tsx';
import { LostSign, useLive } from './live-page.tsx';
import { Palette } from './palette.tsx';
import { type Place, placesOf } from './places.ts';
import { SessionWatch, useLeave } from './session-watch.tsx';
import { type Theme, useTheme } from './theme.ts';
import { useCaller } from './who.ts';

export function Frame() {
  const caller = useCaller();
  const places = placesOf(caller);
  const brand = useBrand();
  useBrandColours();
  const [isPalette, setPalette] = useState(false);
  const [isMenu, setMenu] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useLive(caller);
  usePaletteKey(() => setPalette(true));
  // biome-ignore lint/correctness/useExhaustiveDependencies: going somewhere closes the menu
  useEffect(() => setMenu(false), [path]);
  return (
    <div className="min-h-dvh md:grid print:block md:grid-cols-[13.5rem_minmax(0,1fr)]">
      <a
        href="#page"
        className="sr-only z-50 rounded bg-accent text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:px-3 focus:py-2"
      >
        Skip to the page
      </a>
      <aside className="border-line bg-surface print:hidden! md:sticky md:top-0 md:flex md:h-dvh md:flex-col md:border-r">
        <div className="flex h-13 items-center justify-between border-b border-line px-4 md:border-b-0">
          <Link to="/" className="flex min-h-6 items-center gap-2 font-semibold tracking-tight">
            <Logo size={22} />
            {brand.name}
          </Link>
          <span className="flex items-center gap-1 md:hidden">
            <Button look="quiet" icon="search" label="Search" onClick={() => setPalette(true)} />
            <Button
              look="quiet"
              icon={isMenu ? 'close' : 'menu'}
              label={isMenu ? 'Close the menu' : 'Open the menu'}
              aria-expanded={isMenu}
              aria-controls="menu"
              onClick={() => setMenu(!isMenu)}
            />
          </span>
        </div>
        <div
          id="menu"
          className={`${isMenu ? 'flex' : 'hidden'} flex-col border-b border-line md:flex md:min-h-0 md:flex-1 md:border-b-0`}
        >
          <SearchButton onClick={() => setPalette(true)} />
          <Places places={places} />
          <Foot />
        </div>
      </aside>
      <main
        id="page"
        tabIndex={-1}
        aria-labelledby="page-title"
        className="min-w-0 px-4 py-5 outline-none md:px-7 md:py-6"
      >
        <div className="mx-auto max-w-[90rem]">
          <Outlet />
        </div>
      </main>
      <LostSign />
      <SessionWatch caller={caller} />
      <Palette places={places} isOpen={isPalette} onClose={() => setPalette(false)} />
    </div>
  );
}

function usePaletteKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      open();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [open]);
}

function SearchButton({ onClick }: { readonly onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="control mx-3 mt-3 justify-between text-ink-soft! hover:bg-sunken md:mt-0"
    >
      <span className="flex items-center gap-2">
        <Icon name="search" /> Go to
      </span>
      <kbd className="rounded border border-line px-1 font-sans text-xs">Ctrl K</kbd>
    </button>
  );
}

const GROUPS = [
  ['own', ''],
  ['fleet', 'Fleet'],
  ['people', 'Access'],
  ['rules', 'Rules'],
] as const;

function Places({ places }: { readonly places: readonly Place[] }) {
  return (
    <nav aria-label="Pages" className="min-h-0 flex-1 overflow-y-auto px-3 py-3">
      {GROUPS.map(([group, name]) => {
        const own = places.filter((place) => place.group === group);
        if (own.length === 0) return null;
        return (
          <div key={group} className="mb-4">
            {name !== '' && <p className="px-2 pb-1 text-xs text-ink-soft">{name}</p>}
            <ul>
              {own.map(({ to, name: title, icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    activeOptions={{ exact: to === '/' }}
                    className="flex h-8 items-center gap-2.5 rounded-md px-2 text-ink-soft hover:bg-sunken hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:font-medium aria-[current=page]:text-ink"
                  >
                    <Icon name={icon} />
                    {title}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

const THEMES: readonly (readonly [Theme, string, IconName])[] = [
  ['system', 'As the system', 'screen'],
  ['light', 'Light', 'sun'],
  ['dark', 'Dark', 'moon'],
];

function Foot() {
  const caller = useCaller();
  const leave = useLeave();
  const [theme, setTheme] = useTheme();
  const end = async (): Promise<void> => {
    try {
      await logout();
    } catch (error) {
      return complain(error, 'You are still logged in');
    }
    await leave(null);
  };
  const icon = THEMES.find(([one]) => one === theme)?.[2] ?? 'screen';
  return (
    <div className="border-t border-line p-3">
      <Help />
      <LiveSign />
      <div className="flex items-center gap-1">
        <div className="min-w-0 flex-1 px-2">
          <p className="truncate font-medium">{caller.name}</p>
          <p className="truncate text-xs text-ink-soft">
            {caller.readOnly ? 'reads only' : caller.role}
            {caller.scope.kind === 'tenant' ? ', of one database' : ''}
          </p>
        </div>
        <Menu
          trigger={<Button look="quiet" icon={icon} label="Theme" />}
          items={THEMES.map(([one, text, sign]) => ({
            ...{ text, icon: one === theme ? 'check' : sign },
            onClick: () => setTheme(one),
          }))}
        />
        <Button look="quiet" icon="logout" label="Log out" onClick={end} />
      </div>
    </div>
  );
}

/** Where the operator helps its customers. */
function Help() {
  const { supportUrl } = useBrand();
  if (supportUrl === '') return null;
  return (
    <a
      href={supportUrl}
      target="_blank"
      rel="noreferrer"
      className="mb-2 block rounded px-2 py-1 text-ink-soft hover:bg-sunken hover:text-ink"
    >
      Help
    </a>
  );
}

const SIGNS: Readonly<Record<Connection, readonly [string, string, string]>> = {
  connecting: ['Connecting', 'var(--warn)', 'The stream of events is being opened.'],
  live: ['Live', 'var(--good)', 'What is shown changes as it happens.'],
  lost: ['Not connected', 'var(--bad)', 'What is shown may be old; it is tried again by itself.'],
};

function LiveSign() {
  const connection = useConnection();
  const [word, colour, says] = SIGNS[connection];
  return (
    <Hint says={says}>
      <p className="mb-2 flex items-center gap-2 px-2 text-xs text-ink-soft">
        <span
          className={`size-2 rounded-full ${connection === 'live' ? '' : 'busy'}`}
          style={{ background: colour }}
        />
        <output>{word}</output>
      </p>
    </Hint>
  );
}
