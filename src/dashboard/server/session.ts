/**
 * Whether the browser's session still stands. It is one for all tabs, since its cookie is: what one does to it, the
 * others are told.
 *
 *   open ──the server knows it no longer──▶ over ──somebody logs in, here or in another tab──▶ changed ──▶ open
 *     └────logged out in another tab─────▶ left
 */
import { cell } from './cell.ts';

export type Session = 'open' | 'over' | 'left' | 'changed';

type Word = 'opened' | 'left';

const session = cell<Session>('open');

const tabs = new BroadcastChannel('dynabase-session');
tabs.addEventListener('message', ({ data }: MessageEvent<Word>) => {
  session.set(data === 'left' ? 'left' : 'changed');
});

const tell = (word: Word): void => tabs.postMessage(word);

/** Whatever was asked was answered to nobody. One that was left stays so. */
export const sessionOver = (): void => {
  if (session.get() === 'open' || session.get() === 'changed') session.set('over');
};

/** Whose it is is to be asked. */
export const sessionChanged = (): void => session.set('changed');

/** It is known whose it is. */
export const sessionOpen = (): void => session.set('open');

/** For the other tabs. */
export const tellOpened = (): void => tell('opened');

export const tellLeft = (): void => tell('left');

export const useSession = session.use;
