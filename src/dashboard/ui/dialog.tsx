import { Dialog as Base } from '@base-ui/react/dialog';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { Button } from './button.tsx';
import { TextField } from './field.tsx';
import { ErrorBox } from './states.tsx';

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
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => open || onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Base.Popup className="fixed top-1/2 left-1/2 z-40 max-h-[90dvh] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-lg border border-line bg-raised p-5 text-sm shadow-2xl">
          <div className="mb-3 flex items-start justify-between gap-4">
            <Base.Title className="text-base font-semibold">{title}</Base.Title>
            <Base.Close render={<Button look="quiet" icon="close" label="Close" />} />
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
  onSubmit,
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
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const close = (): void => {
    setError(null);
    onClose();
  };
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (disabledBecause !== null || isBusy) return;
    setBusy(true);
    setError(null);
    try {
      await onSubmit();
      close();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} isOpen={isOpen} onClose={close}>
      <form onSubmit={(event) => void submit(event)} className="space-y-4">
        {children}
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
