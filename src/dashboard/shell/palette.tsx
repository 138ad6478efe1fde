/** Anywhere and any tenant, by a few letters. */
import { Dialog } from '@base-ui/react/dialog';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { dynabase } from '../server/client.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useWayBack } from '../ui/way-back.ts';
import type { Place } from './places.ts';

type Found = { readonly key: string; readonly name: string; readonly icon: IconName; go(): void };

const FOUND_MAX = 8;

export function Palette({
  places,
  isOpen,
  onClose,
}: {
  readonly places: readonly Place[];
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const wayBack = useWayBack(isOpen);
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => open || onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup
          finalFocus={wayBack}
          className="fixed top-[15dvh] left-1/2 z-40 w-[min(34rem,calc(100vw-2rem))] -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-raised text-sm shadow-2xl"
        >
          <Dialog.Title className="sr-only">Go to</Dialog.Title>
          <Search places={places} onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Search({ places, onClose }: { readonly places: readonly Place[]; onClose(): void }) {
  const list = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const found = useFound(places, text.trim().toLowerCase());
  // biome-ignore lint/correctness/useExhaustiveDependencies: other words begin at the top
  useEffect(() => setAt(0), [text]);
  const choose = (one: Found | undefined): void => {
    if (one === undefined) return;
    onClose();
    one.go();
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setAt((now) => (now + step + found.length) % Math.max(1, found.length));
    }
    if (event.key === 'Enter') choose(found[at]);
  };
  return (
    <>
      <input
        role="combobox"
        aria-label="Go to a page or a tenant"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={found[at] && `${list}-${at}`}
        placeholder="Go to a page or a tenant"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKey}
        className="h-12 w-full border-b border-line bg-transparent px-4 text-base outline-none placeholder:text-ink-soft"
      />
      <div id={list} role="listbox" aria-label="Found" className="max-h-80 overflow-y-auto p-1.5">
        {found.map((one, index) => (
          <div
            key={one.key}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onPointerMove={() => setAt(index)}
            onClick={() => choose(one)}
            onKeyDown={onKey}
            className={`flex h-9 cursor-pointer items-center gap-2.5 rounded px-2.5 ${index === at ? 'bg-sunken outline-2 -outline-offset-2 outline-accent' : ''}`}
          >
            <span className="text-ink-soft">
              <Icon name={one.icon} />
            </span>
            {one.name}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="px-4 pb-4 text-ink-soft">Nothing is called that.</p>}
    </>
  );
}

function useFound(places: readonly Place[], text: string): readonly Found[] {
  const navigate = useNavigate();
  const tenants = useQuery({
    queryKey: ['palette', text],
    queryFn: ({ signal }) => dynabase.tenants.page({ search: text, limit: FOUND_MAX }, { signal }),
    enabled: text !== '',
    placeholderData: (before) => before,
  });
  const pages = places
    .filter(({ name }) => name.toLowerCase().includes(text))
    .map(({ to, name, icon }) => ({ key: to, name, icon, go: () => void navigate({ to }) }));
  const rows = text === '' ? [] : (tenants.data?.tenants ?? []);
  return [
    ...pages,
    ...rows.map(({ id, name }) => ({
      ...{ key: id, name, icon: 'tenants' as const },
      // Who is no operator is led on from there to the page of theirs.
      go: () => void navigate({ to: '/tenants/$ref', params: { ref: name } }),
    })),
  ];
}
