/** What every form does with what is typed: sent once, however often it is asked for; what went wrong is told, and all stays as typed. */
import { type SubmitEvent, useRef, useState } from 'react';

export type Submitting = {
  /** What the last try has failed with. */
  readonly error: unknown;
  readonly isBusy: boolean;
  readonly onSubmit: (event?: SubmitEvent<HTMLFormElement>) => void;
  /** Forgets what went wrong. */
  readonly forget: () => void;
};

/** `mayNot` says why it may not be sent as it is; null if it may. */
export function useSubmit(send: () => Promise<unknown>, mayNot: string | null = null): Submitting {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  // A second Enter comes before the first is drawn.
  const isSending = useRef(false);
  const work = async (): Promise<void> => {
    isSending.current = true;
    setBusy(true);
    setError(null);
    try {
      await send();
    } catch (thrown) {
      setError(thrown);
    } finally {
      isSending.current = false;
      setBusy(false);
    }
  };
  const onSubmit = (event?: SubmitEvent<HTMLFormElement>): void => {
    event?.preventDefault();
    if (mayNot === null && !isSending.current) void work();
  };
  return { error, isBusy, onSubmit, forget: () => setError(null) };
}
