/** Short words about what was done, that go by themselves. */
import { Toast as Base } from '@base-ui/react/toast';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { toldOf } from './words.ts';

export const toasts = Base.createToastManager();

/** Says that something is done. */
export const say = (title: string): void => {
  toasts.add({ title });
};

/** Long enough to be read, and to be heard to the end. */
const COMPLAINT_MS = 10_000;

/** Says why something was not done, at once to who listens. */
export const complain = (error: unknown, title = 'That did not work'): void => {
  const { what, advice } = toldOf(error);
  const description = `${what} ${advice}`.trim();
  toasts.add({ title, description, type: 'error', priority: 'high', timeout: COMPLAINT_MS });
};

/** Does it, and says so or why not. */
export async function attempt(work: Promise<unknown>, done: string): Promise<void> {
  try {
    await work;
    say(done);
  } catch (error) {
    complain(error);
  }
}

export function Toasts({ children }: { readonly children: ReactNode }) {
  return (
    <Base.Provider toastManager={toasts}>
      {children}
      <Base.Portal>
        <Base.Viewport className="fixed right-4 bottom-4 z-50 flex w-[min(22rem,calc(100vw-2rem))] flex-col gap-2">
          <List />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function List() {
  return Base.useToastManager().toasts.map((toast) => (
    <Base.Root
      key={toast.id}
      toast={toast}
      className={`flex items-start gap-2 rounded-md border bg-raised px-3 py-2 text-sm text-ink shadow-xl ${
        toast.type === 'error' ? 'border-bad/50' : 'border-line'
      }`}
    >
      <div className="min-w-0 flex-1">
        <Base.Title className="font-medium" />
        <Base.Description className="break-words text-ink-soft" />
      </div>
      <Base.Close render={<Button look="quiet" icon="close" label="Dismiss" />} />
    </Base.Root>
  ));
}
