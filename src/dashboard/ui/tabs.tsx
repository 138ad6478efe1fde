import { Tabs as Base } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';

export type Tab<T extends string> = { readonly id: T; readonly name: string };

/** Parts of one thing. Which is open is in the URL, so the page says. */
export function Tabs<T extends string>({
  label,
  tabs,
  open,
  onOpen,
  children,
}: {
  readonly label: string;
  readonly tabs: readonly Tab<T>[];
  readonly open: T;
  readonly onOpen: (tab: T) => void;
  /** Of the open one. */
  readonly children: ReactNode;
}) {
  return (
    <Base.Root value={open} onValueChange={(next: T) => onOpen(next)}>
      <Base.List
        aria-label={label}
        className="mb-4 flex gap-1 overflow-x-auto border-b border-line"
      >
        {tabs.map(({ id, name }) => (
          <Base.Tab
            key={id}
            value={id}
            className="-mb-px h-9 cursor-pointer border-b-2 border-transparent px-3 whitespace-nowrap text-ink-soft outline-offset-[-2px] hover:text-ink data-active:border-accent data-active:font-medium data-active:text-ink"
          >
            {name}
          </Base.Tab>
        ))}
      </Base.List>
      <Base.Panel value={open} keepMounted={false}>
        {children}
      </Base.Panel>
    </Base.Root>
  );
}
