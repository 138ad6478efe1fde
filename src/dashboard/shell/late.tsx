/**
 * Pages that are loaded when they are gone to.
 *
 * After an upgrade of the server the files that this page would load next are gone; while it restarts nothing is there at
 * all. Both end with loading the page anew, which goes where one was going, but only once somebody answers: a
 * browser's own page about a server that is away would not come back by itself.
 */
import { lazyRouteComponent } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ErrorBox } from '../ui/states.tsx';

const ASKED_EVERY_MS = 3_000;

/** What fails again so soon after it was loaded anew is not mended by loading it anew. */
const ANEW_EVERY_MS = 60_000;

const LAST = 'dynabase-loaded-anew';

/** Where the file of a page is not to be had, what does something about it is in its place. */
export const late: typeof lazyRouteComponent = (load, name) =>
  lazyRouteComponent(() => load().catch(() => ({ [name ?? 'default']: Gone }) as never), name);

function Gone() {
  const [isVain] = useState(() => Date.now() - lastAnew() < ANEW_EVERY_MS);
  useEffect(() => {
    if (isVain) return;
    const over = new AbortController();
    const tryIt = async (): Promise<void> => {
      const answer = await fetch('/', { cache: 'no-store', signal: over.signal }).catch(() => null);
      if (answer?.ok && !over.signal.aborted) loadAnew();
    };
    void tryIt();
    const timer = setInterval(() => void tryIt(), ASKED_EVERY_MS);
    return () => {
      clearInterval(timer);
      over.abort();
    };
  }, [isVain]);
  const what = isVain
    ? 'A part of this page cannot be loaded. Try again in a moment.'
    : 'A part of this page cannot be loaded now: the server restarts, or is a newer one. The page is loaded anew by itself.';
  return <ErrorBox error={new Error(what)} retry={loadAnew} />;
}

const lastAnew = (): number => Number(sessionStorage.getItem(LAST) ?? 0);

function loadAnew(): void {
  sessionStorage.setItem(LAST, String(Date.now()));
  window.location.reload();
}
