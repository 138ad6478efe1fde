import { Tooltip } from '@base-ui/react/tooltip';
import {
  type ComponentProps,
  type MouseEvent,
  type ReactElement,
  type ReactNode,
  useState,
} from 'react';
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
  /** Its sign says enough: no words come up beside it. */
  readonly isPlainSign?: boolean;
  /** As long as what it gives is not done, the button is busy. */
  readonly onClick?: (event: MouseEvent<HTMLButtonElement>) => unknown;
};

/** What opens a menu or closes a dialog is told by these whether it is open, and takes the focus back. */
type Wiring = Omit<ComponentProps<'button'>, keyof ButtonProps | 'disabled'>;

/** Whatever is pressed. One that may not be says why. */
export function Button({
  children,
  look = 'plain',
  icon,
  label,
  type = 'button',
  disabledBecause,
  isBusy = false,
  isPlainSign = false,
  onClick,
  className = '',
  ...wiring
}: ButtonProps & Wiring) {
  const refusal = disabledBecause ?? null;
  const [isAtWork, press] = usePressed(onClick);
  const isOff = refusal !== null || isBusy || isAtWork;
  const button = (
    <button
      {...wiring}
      type={isOff ? 'button' : type}
      aria-label={label}
      aria-disabled={isOff}
      aria-busy={isBusy || isAtWork}
      aria-description={refusal ?? undefined}
      className={`${LOOKS[look]} ${isOff ? 'cursor-not-allowed opacity-60' : ''} ${className}`}
      onClick={isOff ? undefined : press}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
  const isSign = children === undefined && !isPlainSign;
  // Not for what it says now but for what it may ever say: another tree around it would be another button, and lose the focus.
  if (disabledBecause === undefined && !isSign) return button;
  return <Hint says={refusal ?? (isSign ? label : undefined)}>{button}</Hint>;
}

/** Whether what was pressed is still being done: nobody begins it twice. */
function usePressed(
  onClick: ButtonProps['onClick'],
): readonly [boolean, (event: MouseEvent<HTMLButtonElement>) => void] {
  const [isAtWork, setAtWork] = useState(false);
  const press = (event: MouseEvent<HTMLButtonElement>): void => {
    const work = onClick?.(event);
    if (!(work instanceof Promise)) return;
    setAtWork(true);
    const rest = (): void => setAtWork(false);
    work.then(rest, rest);
  };
  return [isAtWork, press];
}

/** Words beside something, for who points at it or reaches it by keyboard; none where there is nothing to say. */
export function Hint({
  says,
  children,
}: {
  readonly says: ReactNode;
  readonly children: ReactElement;
}) {
  return (
    <Tooltip.Root disabled={says === undefined}>
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
