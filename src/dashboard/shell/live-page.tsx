/** What is shown is kept true: by the stream of events, and without it by asking again. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Caller } from '../../sdk/index.ts';
import { useConnection } from '../server/connection.ts';
import { follow } from '../server/live.ts';
import { useSession } from '../server/session.ts';

/** While no stream stands: some proxies let none through. */
const POLLED_EVERY_MS = 15_000;

/** A stream that ends and comes again at once is not worth a word. */
const LOST_AFTER_MS = 3_000;

export function useLive(caller: Caller): void {
  const client = useQueryClient();
  const connection = useConnection();
  const isOver = useSession() === 'over';
  const isMissing = useRef(false);
  useEffect(() => {
    if (isOver) return;
    const over = new AbortController();
    void follow(client, caller, over.signal);
    return () => over.abort();
  }, [client, caller, isOver]);
  useEffect(() => {
    if (connection === 'live') {
      // Nobody knows what has happened meanwhile.
      if (isMissing.current) void client.invalidateQueries();
      isMissing.current = false;
      return;
    }
    if (connection === 'lost') isMissing.current = true;
    if (isOver) return;
    const poll = (): void => {
      if (!document.hidden) void client.invalidateQueries();
    };
    const timer = setInterval(poll, POLLED_EVERY_MS);
    return () => clearInterval(timer);
  }, [client, connection, isOver]);
}

/** Seen wherever one is, and over nothing that one works with: the sign in the menu is hidden on a phone. */
export function LostSign() {
  const isLost = useConnection() === 'lost';
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isLost) return setLong(false);
    const timer = setTimeout(() => setLong(true), LOST_AFTER_MS);
    return () => clearTimeout(timer);
  }, [isLost]);
  return (
    <output className="pointer-events-none fixed inset-x-0 bottom-3 z-30 flex justify-center px-4">
      {isLong && (
        <span className="rounded-md border border-warn/60 bg-raised px-3 py-1.5 text-sm shadow-lg">
          Not connected to the server: what is shown may be old. It is asked again by itself.
        </span>
      )}
    </output>
  );
}
