/** Everything the command line touches outside its own memory. `main` passes the real one. */
import type { Readable, Writable } from 'node:stream';

export type InputStream = Readable & {
  readonly isTTY?: boolean;
  /** Gives each key as it is pressed, not line by line. */
  readonly setRawMode?: (on: boolean) => unknown;
};

export type OutputStream = Writable & {
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  /** Its height. */
  readonly rows?: number;
};

/** A file being written. After `keep` or `discard` it is not used any more. */
export interface FileSink {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes it the file that was named, whole and on disk. */
  keep(): Promise<void>;
  /** Leaves nothing of it, and what was there before. */
  discard(): Promise<void>;
}

/** A program to run. What must not be seen by others goes into `env`. */
export type Execution = {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

export type Executed = {
  /** 0 if it succeeded; null if a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly cwd: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly fetch: typeof fetch;
  /** Wall time in milliseconds since 1970, for ages and waits that people read. */
  now(): number;
  /** Undefined if there is no such file; throws if it cannot be read. */
  readText(path: string): Promise<string | undefined>;
  /** Replaces the file; only its owner may read it. Makes the directory if need be. */
  writeText(path: string, text: string): Promise<void>;
  /** The file part by part; undefined if there is no such file. A relative path begins at `cwd`. */
  readFile(path: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Begins a file that only its owner may read; null if there is one and `replace` is false. */
  createFile(path: string, replace: boolean): Promise<FileSink | null>;
  /**
   * Lets a person change a text in an editor; what he leaves, or null if the editor failed. `suffix`
   * tells the editor what it is. Null where there is no terminal.
   */
  readonly edit: ((text: string, suffix: string) => Promise<string | null>) | null;
  /** Runs a program of the PATH to its end; undefined if there is no such program. */
  execute(command: Execution): Promise<Executed | undefined>;
  /** Calls `run` at each Ctrl-C until the returned function is called. */
  onInterrupt(run: () => void): () => void;
}
