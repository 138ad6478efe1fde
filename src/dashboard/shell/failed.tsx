import { Link, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { PageHead } from '../ui/panel.tsx';
import { ErrorBox } from '../ui/states.tsx';
import { mayPass } from '../ui/words.ts';

const TRIED_EVERY_MS = 5_000;

/** The same where nothing else can be shown either. */
export const AllFailed = ({ error }: { readonly error: unknown }) => (
  <main>
    <Failed error={error} />
  </main>
);

/** A page that cannot be shown, and why. It comes by itself where that may be. */
export function Failed({ error }: { readonly error: unknown }) {
  const router = useRouter();
  const isPassing = mayPass(error);
  useEffect(() => {
    if (!isPassing) return;
    const timer = setInterval(() => void router.invalidate(), TRIED_EVERY_MS);
    return () => clearInterval(timer);
  }, [isPassing, router]);
  return (
    <div className="mx-auto max-w-2xl p-6">
      <PageHead title="This page cannot be shown" />
      <ErrorBox error={error} retry={() => router.invalidate()} />
    </div>
  );
}

export function Missing() {
  return (
    <main className="mx-auto max-w-2xl p-6">
      <PageHead title="There is no such page" lead="Its address may be mistyped, or old." />
      <Link to="/" className="text-accent underline">
        Go to where you begin
      </Link>
    </main>
  );
}
