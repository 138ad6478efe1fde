/**
 * A shell in which the examples of a page run: one process, so that variables stay, in a directory of its own. `npx dynabase`
 * and `dynabase` are this program, `~/.dynabase` is the data directory of the server.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { env, execPath } from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { COMPILE_CACHE } from './places.ts';
import type { RealServer } from './real-server.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const DONE = '--example-is-done--';

type Shell = ChildProcessByStdio<Writable, Readable, Readable>;

export type Outcome = { readonly status: number; readonly printed: string };

export class DocShell {
  readonly directory: string;
  readonly #server: RealServer;
  readonly #shell: Shell;
  #heard = '';
  #hear = (): void => {};

  private constructor(directory: string, server: RealServer) {
    this.directory = directory;
    this.#server = server;
    this.#shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd: directory,
      env: {
        PATH: `${join(directory, '.bin')}:${env.PATH}`,
        HOME: directory,
        LANG: 'C.UTF-8',
        NODE_COMPILE_CACHE: COMPILE_CACHE,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#heard += chunk.toString();
        this.#hear();
      });
    }
    this.#shell.once('close', () => this.#hear());
  }

  static async open(server: RealServer): Promise<DocShell> {
    const directory = await mkdtemp(join(tmpdir(), 'dynabase-docs-'));
    const bin = join(directory, '.bin');
    await mkdir(bin);
    const program = `exec ${execPath} ${join(REPOSITORY, 'bin/dynabase.js')} "$@"`;
    const shims = {
      dynabase: program,
      npx: `[ "$1" = dynabase ] || { echo "no program $1 in examples" >&2; exit 1; }\nshift\n${program}`,
      node: `exec ${execPath} "$@"`,
    };
    for (const [name, script] of Object.entries(shims)) {
      await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    }
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    await symlink(server.dataDir, join(directory, '.dynabase'));
    await symlink(join(REPOSITORY, 'node_modules'), join(directory, 'node_modules'));
    return new DocShell(directory, server);
  }

  /** Ports are those that every server has if nothing is said. */
  async run(command: string): Promise<Outcome> {
    this.#heard = '';
    const { proxyPort } = this.#server;
    const apiPort = new URL(this.#server.apiUrl).port;
    const here = command.replaceAll(':6432', `:${proxyPort}`).replaceAll(':6480', `:${apiPort}`);
    // Both streams are at their end when both have said so.
    const end = `status=$?; echo "${DONE}$status"; echo "${DONE}$status" >&2`;
    this.#shell.stdin.write(`${here}\n${end}\n`);
    const pattern = new RegExp(`${DONE}(\\d+)\\n`, 'g');
    await new Promise<void>((done, fail) => {
      this.#hear = () => {
        if ([...this.#heard.matchAll(pattern)].length === 2) done();
        else if (this.#shell.exitCode !== null) fail(new Error(`the shell ended: ${this.#heard}`));
      };
    });
    const status = Number([...this.#heard.matchAll(pattern)][0]?.[1]);
    const printed = this.#heard
      .replaceAll(pattern, '')
      .replaceAll(`:${proxyPort}`, ':6432')
      .replaceAll(`:${apiPort}`, ':6480');
    return { status, printed };
  }

  /** Code as a program of this directory; what it imports of this package is its source. */
  async place(name: string, code: string): Promise<string> {
    const apiPort = new URL(this.#server.apiUrl).port;
    const here = code
      .replaceAll(':6432', `:${this.#server.proxyPort}`)
      .replaceAll(':6480', `:${apiPort}`)
      .replaceAll("'dynabase/sdk'", `'${join(REPOSITORY, 'src/sdk/index.ts')}'`);
    const file = join(this.directory, name);
    await writeFile(file, here);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shell.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
