import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useCallback, useEffect } from 'react';
import { Logo, useBrand, useBrandColours } from '../customer/brand.tsx';
import { sessionOpen, useSession } from '../server/session.ts';
import { KeyForm } from '../shell/key-form.tsx';
import { hasProvider } from '../shell/provider.ts';
import { ErrorBox } from '../ui/states.tsx';

const route = getRouteApi('/login');

/** Only a page of ours: else a link could lead from here to anywhere. */
const placeOf = (to: string | undefined): string =>
  to !== undefined && /^\/(?![/\\])/.test(to) ? to : '/';

/** Whoever is logged in now, here or in another tab, finds nothing of who was before. */
function useWayOn(place: string): () => Promise<void> {
  const router = useRouter();
  const client = useQueryClient();
  return useCallback(async () => {
    client.clear();
    sessionOpen();
    await router.navigate({ href: place });
  }, [client, router, place]);
}

export function LoginPage() {
  const { to, failed } = route.useSearch();
  const place = placeOf(to);
  const brand = useBrand();
  const goOn = useWayOn(place);
  const isElsewhere = useSession() === 'changed';
  useEffect(() => {
    if (isElsewhere) void goOn();
  }, [isElsewhere, goOn]);
  useBrandColours();
  useEffect(() => {
    document.title = `Log in · ${brand.name}`;
  }, [brand.name]);
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm rounded-xl border border-line bg-surface p-7">
        <div className="mb-4">
          <Logo size={36} />
        </div>
        <h1 className="text-xl font-semibold tracking-tight">Log in to {brand.name}</h1>
        {failed !== undefined && (
          <div className="mt-4">
            <ErrorBox error={new Error(refusalOf(failed, brand.name))} />
          </div>
        )}
        {hasProvider() && (
          <>
            <a
              href={`/v1/auth/login?to=${encodeURIComponent(place)}${failed === undefined ? '' : '&anew=true'}`}
              className="control mt-5 w-full justify-center border-transparent! bg-accent! font-medium text-accent-ink!"
            >
              Continue with your organisation
            </a>
            {brand.signUp && (
              <a
                href="/v1/auth/login?signUp=true&to=/welcome"
                className="control mt-3 w-full justify-center hover:bg-sunken"
              >
                Create an account
              </a>
            )}
            <p className="mt-5 border-t border-line pt-5 text-ink-soft">Or with a key:</p>
          </>
        )}
        <KeyForm hint={<KeyHint isOurs={brand.name === 'DynaBase'} />} onDone={goOn} />
      </div>
    </main>
  );
}

/** Not for who is here by another's product: they do not run it. */
function KeyHint({ isOurs }: { readonly isOurs: boolean }) {
  return (
    <>
      {isOurs && (
        <>
          The admin key lies in the file <code className="font-mono">api-key</code> of the data
          directory; <code className="font-mono">dynabase keys create</code> makes others.{' '}
        </>
      )}
      It is exchanged for a session and kept nowhere in this browser.
    </>
  );
}

/** Why the way through the identity provider has led back here. */
function refusalOf(code: string, brand: string): string {
  switch (code) {
    case 'LOGIN_REFUSED':
      return 'The login was not finished: your organisation did not let you in, or it was begun in another browser or more than ten minutes ago. Try again.';
    case 'PERSON_NOT_ADMITTED':
      return `Your organisation knows you, but ${brand} does not know your address yet. Ask an administrator to invite you, or create an account if that is offered here.`;
    case 'LOGIN_UNAVAILABLE':
      return 'Your organisation’s login does not answer now. Try again in a moment.';
    case 'SIGN_UP_THROTTLED':
      return 'Many people are signing up just now. Try again in a minute.';
    case 'LOGIN_OFF':
      return 'Nobody can log in here by an organisation. Use a key.';
    default:
      return 'The login did not work. Try again; if it fails again, tell your administrator.';
  }
}
