/** Short words about what was done, that go by themselves. */
import { Toast as Base } from '@base-ui/react/toast';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';

export const toasts = Base.createToastManager();

/** Says that something is done. */
export const say = (title: string): void => {
  toasts.add({ title });
};

/** Says why something was not done. */
export const complain = (error: unknown): void => {
  const description = error instanceof Error ? error.message : String(error);
  toasts.add({ title: 'That did not work', description, type: 'error', timeout: 10_000 });
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
