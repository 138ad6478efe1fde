/** Whether the stream of events stands: there is one for the page. */
import { cell } from './cell.ts';

export type Connection = 'connecting' | 'live' | 'lost';

const connection = cell<Connection>('connecting');

export const heard = (): void => connection.set('live');

export const lost = (): void => connection.set('lost');

/** A stream is asked for: if there was one, it has ended. */
export const asked = (): void => {
  if (connection.get() === 'live') lost();
};

export const useConnection = connection.use;
