/** Which field of a form the last try has failed for: it says so itself, wherever in the form it stands. */
import { createContext, useContext, useEffect, useRef } from 'react';
import { fieldOf } from './words.ts';

/** Holds what the form has failed with. */
export const FormFailure = createContext<unknown>(null);

/** For the field that the API calls `name`: whether it is the one, and what leads whoever types there. */
export function useRefused(name: string | undefined) {
  const failure = useContext(FormFailure);
  const isRefused = name !== undefined && fieldOf(failure) === name;
  const place = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isRefused && failure !== null) place.current?.focus();
  }, [isRefused, failure]);
  return { isRefused, place };
}
