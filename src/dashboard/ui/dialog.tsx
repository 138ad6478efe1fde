import { Dialog as Base } from '@base-ui/react/dialog';
import { type ReactNode, useRef, useState } from 'react';
import { Button } from './button.tsx';
import { TextField } from './field.tsx';
import { FormFailure } from './refused-field.ts';
import { ErrorBox } from './states.tsx';
import { useSubmit } from './submit.ts';
import { useWayBack } from './way-back.ts';

/** Where somebody begins: who opens a form means to fill it in. By touch a keyboard would cover what is to be read first. */
const FIELD = 'input:not([type="hidden"], [disabled]), textarea, [role="combobox"]';

export function Dialog({
  title,
  isOpen,
  onClose,
  children,
}: {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const popup = useRef<HTMLDivElement>(null);
  const wayBack = useWayBack(isOpen);
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => open || onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Base.Popup
          ref={popup}
          initialFocus={(by) =>
            by === 'touch' ? true : (popup.current?.querySelector(FIELD) ?? true)
          }
          finalFocus={wayBack}
          className="fixed top-1/2 left-1/2 z-40 max-h-[90dvh] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-lg border border-line bg-raised p-5 text-sm shadow-2xl"
        >
          <div className="mb-3 flex items-start justify-between gap-4">
            <Base.Title className="text-base font-semibold">{title}</Base.Title>
            <Base.Close render={<Button look="quiet" icon="close" label="Close" isPlainSign />} />
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** A form in a dialog: what is sent, what came of it, and the way out. */
export function FormDialog({
  title,
  action,
  isOpen,
  onClose,
  onSubmit: send,
  children,
  look = 'strong',
  disabledBecause = null,
}: {
  readonly title: string;
  readonly action: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** Closes the dialog when it resolves; what it throws is shown. */
  readonly onSubmit: () => Promise<unknown>;
  readonly children: ReactNode;
  readonly look?: 'strong' | 'danger';
  readonly disabledBecause?: string | null;
}) {
  const { error, isBusy, onSubmit, forget } = useSubmit(async () => {
    await send();
    onClose();
  }, disabledBecause);
  const close = (): void => {
    forget();
    onClose();
  };
  return (
    <Dialog title={title} isOpen={isOpen} onClose={close}>
      <form onSubmit={onSubmit} className="space-y-4">
        <FormFailure value={error}>{children}</FormFailure>
        {error !== null && <ErrorBox error={error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" look={look} isBusy={isBusy} disabledBecause={disabledBecause}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** For what cannot be taken back: the name is typed, so that it is the one that was meant. */
export function ConfirmByName({
  title,
  name,
  action,
  isOpen,
  onClose,
  onConfirm,
  children,
}: {
  readonly title: string;
  readonly name: string;
  readonly action: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => Promise<unknown>;
  readonly children: ReactNode;
}) {
  const [typed, setTyped] = useState('');
  return (
    <FormDialog
      title={title}
      action={action}
      look="danger"
      isOpen={isOpen}
      onClose={() => {
        setTyped('');
        onClose();
      }}
      onSubmit={onConfirm}
      disabledBecause={typed === name ? null : `Type ${name} first.`}
    >
      <div className="text-ink-soft">{children}</div>
      <TextField label={`Type ${name} to confirm`} value={typed} onChange={setTyped} isCode />
    </FormDialog>
  );
}
