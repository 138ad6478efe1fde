/**
 * A client program of another language: it says `rest` on a line of its own where its database may
 * be taken from under it, and goes on when it is answered by an empty line.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const REST = 'rest';
const NOTHING_FOR_MS = 60_000;

export type Said = {
  readonly code: number | null;
  /** Without the rests. */
  readonly stdout: string;
  readonly stderr: string;
};

export type Conversation = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly rest: () => Promise<void>;
};

export async function converse({ command, args, env, rest }: Conversation): Promise<Said> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
  const code = new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on('error', () => {});
  const timer = setTimeout(() => child.kill('SIGKILL'), NOTHING_FOR_MS);
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      timer.refresh();
      if (line !== REST) {
        lines.push(line);
        continue;
      }
      await rest();
      child.stdin.write('\n');
    }
    return { code: await code, stdout: lines.join('\n'), stderr };
  } finally {
    clearTimeout(timer);
  }
}
