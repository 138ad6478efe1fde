import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { type SubmitEvent, useEffect, useState } from 'react';
import { Logo, useBrand, useBrandColours } from '../customer/brand.tsx';
import { loginWith } from '../server/client.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { ErrorBox } from '../ui/states.tsx';

const route = getRouteApi('/login');

/** Whether the server has an identity provider; it says so in the page itself. */
const hasProvider = (): boolean => document.documentElement.dataset.login === 'oidc';

/** Only a page of ours: else a link could lead from here to anywhere. */
const placeOf = (to: string | undefined): string =>
  to !== undefined && /^\/(?![/\\])/.test(to) ? to : '/';

export function LoginPage() {
  const { to } = route.useSearch();
  const place = placeOf(to);
  const brand = useBrand();
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
        {hasProvider() && (
          <>
            <a
              href={`/v1/auth/login?to=${encodeURIComponent(place)}`}
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
        <KeyForm place={place} isOurs={brand.name === 'DynaBase'} />
      </div>
    </main>
  );
}

function KeyForm({
  place,
  isOurs,
}: {
  readonly place: string;
  /** Not another's product: who logs in may well be who runs it. */
  readonly isOurs: boolean;
}) {
  const router = useRouter();
  const client = useQueryClient();
  const [key, setKey] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await loginWith(key.trim());
      client.clear();
      await router.navigate({ href: place });
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="mt-4 space-y-4">
      <TextField
        label="API key"
        type="password"
        value={key}
        onChange={setKey}
        isCode
        isRequired
        hint={
          <>
            {isOurs && (
              <>
                The admin key lies in the file <code className="font-mono">api-key</code> of the
                data directory; <code className="font-mono">dynabase keys create</code> makes
                others.{' '}
              </>
            )}
            It is exchanged for a session and kept nowhere in this browser.
          </>
        }
      />
      {error !== null && <ErrorBox error={error} />}
      <Button type="submit" look="strong" isBusy={isBusy}>
        Log in
      </Button>
    </form>
  );
}
