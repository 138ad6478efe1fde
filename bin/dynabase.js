#!/usr/bin/env node
/**
 * Starts DynaBase under the Node it is made for.
 *
 * Runs under Node 20 too, only to hand over to the `node` package that npm installed beside us.
 * Where this Node can replace itself (22.15 and later) it does, and no second process is left
 * between the terminal and the server; else it waits for the child, passes signals on, and ends as
 * the child ended.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
/** Set for the second Node, so that a wrong one is told and not started for ever. */
const HANDED_OVER = 'DYNABASE_HANDED_OVER';

const source = new URL('../src/main/dynabase.ts', import.meta.url);
const built = new URL('../dist/main/dynabase.js', import.meta.url);

if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) {
  delete process.env[HANDED_OVER];
  await import((existsSync(source) ? source : built).href);
} else {
  handOver(pinnedNode());
}

function pinnedNode() {
  try {
    const path = createRequire(import.meta.url).resolve('node/bin/node');
    if (existsSync(path) && !process.env[HANDED_OVER]) return path;
  } catch {
    // Told below, together with the other ways of not having it.
  }
  process.stderr.write(
    `error: DynaBase needs Node.js ${NODE_MAJOR_MIN} or later, and this is ${process.version}; ` +
      'run "npm ci", which installs one beside it [ENGINE_MISSING]\n',
  );
  process.exit(1);
}

function handOver(node) {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const env = { ...process.env, [HANDED_OVER]: '1' };
  if (typeof process.execve === 'function') process.execve(node, [node, ...args], env);

  const child = spawn(node, args, { stdio: 'inherit', env });
  // A terminal sends these to its whole foreground group: passed on, the child would get two.
  const byTerminal = process.stdin.isTTY || process.stdout.isTTY ? ['SIGINT', 'SIGHUP'] : [];
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGQUIT', 'SIGUSR2']) {
    process.on(signal, () => {
      if (!byTerminal.includes(signal)) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`error: Node.js cannot be started: ${error.message} [ENGINE_MISSING]\n`);
    process.exit(1);
  });
  child.on('exit', (status, signal) => {
    process.exit(signal === null ? status : 128 + constants.signals[signal]);
  });
}
