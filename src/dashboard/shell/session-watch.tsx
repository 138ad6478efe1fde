/** What becomes of the page when the browser's session does not stand any more. */
import { AlertDialog } from '@base-ui/react/alert-dialog';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useCallback, useEffect } from 'react';
import { type Caller, DynaBaseError } from '../../sdk/index.ts';
import { forgetAll } from '../server/history.ts';
import { whoQuery } from '../server/queries.ts';
import {
  sessionChanged,
  sessionOpen,
  sessionOver,
  tellOpened,
  useSession,
} from '../server/session.ts';
import { Button } from '../ui/button.tsx';
import { KeyForm } from './key-form.tsx';
import { hasProvider } from './provider.ts';

/**
 * Who was logged out in another tab is taken off the page. A session that has ended by itself leaves everything as it is,
 * with what was typed, behind the question to log in again: here, or in another tab.
 */
export function SessionWatch({ caller }: { readonly caller: Caller }) {
  const session = useSession();
  const leave = useLeave();
  const router = useRouter();
  const leaveHere = useCallback(() => leave(router.state.location.href), [leave, router]);
  useEffect(tellOpened, []);
  useAskWho(caller, session === 'changed');
  useEffect(() => {
    if (session === 'left') void leaveHere();
  }, [session, leaveHere]);
  return <LoginAgain isOpen={session === 'over'} onLeave={leaveHere} />;
}

/** To the page where one logs in, with nothing left of who was here; it leads on to `to`. */
export function useLeave(): (to: string | null) => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  return useCallback(
    async (to) => {
      await router.navigate({ to: '/login', search: to === null ? {} : { to } });
      client.clear();
      forgetAll();
    },
    [client, router],
  );
}

/** Goes on for who was here before; begins anew for anybody else. */
function useAskWho(before: Caller, isWanted: boolean): void {
  const client = useQueryClient();
  const router = useRouter();
  useEffect(() => {
    if (!isWanted) return;
    const ask = async (): Promise<void> => {
      const now = await client.fetchQuery({ ...whoQuery, staleTime: 0 });
      if (nameOf(now) !== nameOf(before)) return window.location.assign('/');
      sessionOpen();
      await router.invalidate();
      const predicate = ({ state }: { readonly state: { readonly status: string } }): boolean =>
        state.status === 'error';
      await client.refetchQueries({ type: 'active', predicate });
    };
    ask().catch((error: unknown) => {
      // Any other failure is told by whatever is asked next.
      if (error instanceof DynaBaseError && error.http === 401) sessionOver();
      else sessionOpen();
    });
  }, [isWanted, before, client, router]);
}

/** A session that was opened with a key has an id of its own each time. */
const nameOf = ({ kind, id, name, scope }: Caller): string =>
  JSON.stringify([kind, kind === 'person' ? id : name, scope]);

function LoginAgain({
  isOpen,
  onLeave,
}: {
  readonly isOpen: boolean;
  readonly onLeave: () => Promise<void>;
}) {
  return (
    <AlertDialog.Root open={isOpen}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-50 bg-black/40" />
        <AlertDialog.Popup className="fixed top-1/2 left-1/2 z-50 w-[min(26rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-lg border border-line bg-raised p-5 text-sm shadow-2xl">
          <AlertDialog.Title className="text-base font-semibold">
            Your session has ended
          </AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-ink-soft">
            Log in again to go on where you were. What you have typed is still there.
          </AlertDialog.Description>
          {hasProvider() && (
            <a
              href="/v1/auth/login?to=/"
              target="_blank"
              rel="noreferrer"
              className="control mt-4 w-full justify-center border-transparent! bg-accent! font-medium text-accent-ink!"
            >
              Continue with your organisation, in a new tab
            </a>
          )}
          <KeyForm
            hint="It is exchanged for a session and kept nowhere in this browser."
            onDone={async () => sessionChanged()}
          />
          <div className="mt-4 border-t border-line pt-3">
            <Button look="quiet" onClick={onLeave}>
              Leave the page
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
