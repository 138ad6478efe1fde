/** The jobs of workers, by name. */
import { type PrepareRequest, prepare } from './prepare-work.ts';
import {
  type IndexAnswer,
  type IndexRequest,
  index,
  type ScanAnswer,
  type ScanRequest,
  scan,
} from './scan-work.ts';
import { type SealAnswer, type SealRequest, seal } from './seal-work.ts';
import { type SeenTree, type SizeLimits, walkTree } from './tree-walk.ts';
import { type ReadAnswer, type ReadRequest, read, type WriteRequest, write } from './write-work.ts';

export type WalkRequest = {
  readonly kind: 'walk';
  readonly dir: string;
  readonly limits: SizeLimits;
};

export type Jobs = {
  readonly walk: { readonly request: WalkRequest; readonly answer: SeenTree };
  readonly index: { readonly request: IndexRequest; readonly answer: IndexAnswer };
  readonly scan: { readonly request: ScanRequest; readonly answer: ScanAnswer };
  readonly seal: { readonly request: SealRequest; readonly answer: SealAnswer };
  readonly read: { readonly request: ReadRequest; readonly answer: ReadAnswer };
  readonly prepare: { readonly request: PrepareRequest; readonly answer: null };
  readonly write: { readonly request: WriteRequest; readonly answer: null };
};

export type Job = Jobs[keyof Jobs]['request'];
export type Answer<J extends Job> = Jobs[J['kind']]['answer'];

export function perform(job: Job): Jobs[keyof Jobs]['answer'] {
  switch (job.kind) {
    case 'walk':
      return walkTree(job.dir, job.limits);
    case 'index':
      return index(job);
    case 'scan':
      return scan(job);
    case 'seal':
      return seal(job);
    case 'read':
      return read(job);
    case 'prepare':
      prepare(job);
      return null;
    case 'write':
      write(job);
      return null;
    default:
      return job satisfies never;
  }
}
