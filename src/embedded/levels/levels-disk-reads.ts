/**
 * What a compute has read from disk, as the kernel counts it: bytes that were not in the page cache.
 *
 * The count of a process has those of its children that have ended and were waited for, which a
 * postmaster does with every one; of those that live it has nothing. Source: proc_pid_io(5), Linux
 * `kernel/exit.c` wait_task_zombie.
 */
import { readFileSync } from 'node:fs';

const READ_BYTES = /^read_bytes: (\d+)$/m;

/** Of one process and its dead; null where the kernel does not tell us. */
function readBy(pid: number): number | null {
  try {
    const found = READ_BYTES.exec(readFileSync(`/proc/${pid}/io`, 'latin1'));
    return found ? Number(found[1]) : null;
  } catch {
    return null;
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** In bytes, since the postmaster `pid` began; null where that is not told. */
export function diskReads(pid: number): number | null {
  // Children first: one that ends meanwhile is then counted by its parent or twice, never not at all.
  const living = childrenOf(pid).map(readBy);
  const own = readBy(pid);
  if (own === null) return null;
  return living.reduce<number>((sum, bytes) => sum + (bytes ?? 0), own);
}
