import { Link } from '@tanstack/react-router';
import { Empty, ErrorBox } from '../ui/states.tsx';

/** A page that cannot be shown, and why. */
export function Failed({ error, reset }: { readonly error: unknown; readonly reset?: () => void }) {
  return (
    <main className="mx-auto max-w-2xl p-6">
      <ErrorBox error={error} {...(reset === undefined ? {} : { retry: reset })} />
    </main>
  );
}

export function Missing() {
  return (
    <main className="mx-auto max-w-2xl p-6">
      <Empty title="There is no such page">
        <Link to="/" className="text-accent underline">
          Go to the overview
        </Link>
      </Empty>
    </main>
  );
}
