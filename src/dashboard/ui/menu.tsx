import { Menu as Base } from '@base-ui/react/menu';
import type { ReactElement } from 'react';
import { Icon, type IconName } from './icon.tsx';

export type MenuItem = {
  readonly text: string;
  readonly icon?: IconName;
  readonly onClick: () => void;
  /** Why it can do nothing now; null if it can. */
  readonly disabledBecause?: string | null;
  readonly isDangerous?: boolean;
};

/** Actions behind one button. One that may not be done says why, below its name. */
export function Menu({
  trigger,
  items,
}: {
  readonly trigger: ReactElement;
  readonly items: readonly MenuItem[];
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className="z-50">
          <Base.Popup className="min-w-48 max-w-72 rounded-md border border-line bg-raised p-1 text-sm shadow-xl outline-none">
            {items.map((item, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two may be of one name, and they stay in their order
              <Item key={index} {...item} />
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Item({ text, icon, onClick, disabledBecause = null, isDangerous = false }: MenuItem) {
  const isOff = disabledBecause !== null;
  return (
    <Base.Item
      disabled={isOff}
      onClick={onClick}
      className={`flex items-start gap-2 rounded px-2 py-1.5 -outline-offset-2 data-highlighted:bg-sunken ${
        isOff ? 'cursor-not-allowed text-ink-soft' : 'cursor-pointer'
      } ${isDangerous && !isOff ? 'text-bad' : ''}`}
    >
      {icon && (
        <span className="mt-0.5">
          <Icon name={icon} />
        </span>
      )}
      <span>
        {text}
        {isOff && <span className="block text-xs text-ink-soft">{disabledBecause}</span>}
      </span>
    </Base.Item>
  );
}
