import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement, ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

const LOOKS = {
  plain: 'control hover:bg-sunken',
  strong: 'control border-transparent! bg-accent! text-accent-ink! font-medium hover:opacity-90',
  danger: 'control text-bad! hover:border-bad!',
  quiet: 'control border-transparent! bg-transparent! hover:bg-sunken!',
} as const;

export type ButtonProps = {
  readonly children?: ReactNode;
  readonly look?: keyof typeof LOOKS;
  readonly icon?: IconName;
  /** Said where there is no text. */
  readonly label?: string;
  readonly type?: 'button' | 'submit';
  /** Why it can do nothing now; null if it can. It stays in reach of the keyboard, to say so. */
  readonly disabledBecause?: string | null;
  readonly isBusy?: boolean;
  readonly onClick?: () => void;
};

/** Whatever is pressed. One that may not be says why. */
export function Button(props: ButtonProps) {
  const { children, look = 'plain', icon, label, type = 'button', isBusy = false } = props;
  const { disabledBecause = null, onClick } = props;
  const isOff = disabledBecause !== null || isBusy;
  const button = (
    <button
      type={isOff ? 'button' : type}
      aria-label={label}
      aria-disabled={isOff}
      aria-busy={isBusy}
      className={`${LOOKS[look]} ${isOff ? 'cursor-not-allowed opacity-60' : ''}`}
      onClick={isOff ? undefined : onClick}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
  const says = disabledBecause ?? (children === undefined ? label : undefined);
  return says === undefined ? button : <Hint says={says}>{button}</Hint>;
}

/** Words beside something, for who points at it or reaches it by keyboard. */
export function Hint({
  says,
  children,
}: {
  readonly says: ReactNode;
  readonly children: ReactElement;
}) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger delay={300} render={children} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-50">
          <Tooltip.Popup className="max-w-80 rounded-md border border-line bg-raised px-2 py-1 text-xs text-ink shadow-lg">
            {says}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
