/** The ways of starting a program that this system has, for tests of what must be the same in each. */
import type { OsCalls } from '../embedded/machine/os.ts';
import { NativeCalls } from '../system/ffi.ts';

const native: OsCalls = new NativeCalls();

/** A system without posix_spawn. */
const forking: OsCalls = {
  makeFifo: (path) => native.makeFifo(path),
  tryLock: (fd) => native.tryLock(fd),
  forbidNewPrivileges: () => native.forbidNewPrivileges(),
  cap: (pid, cap) => native.cap(pid, cap),
  softCap: (pid, cap) => native.softCap(pid, cap),
  startProgram: () => undefined,
  startCapped: (caps, start) => native.startCapped(caps, start),
  syncFileSystem: (fd) => native.syncFileSystem(fd),
};

export const WAYS_TO_START = { 'by posix_spawn': native, 'by fork': forking } as const;
