/** The program a container starts with: a script that sets the environment and becomes the cartridge's command. */
import { UsageError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';
import { quote } from '../shell/quote.ts';
import { INSIDE } from './lxc-config.ts';
import type { ProcessLaunch } from './process-launch.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Renders the launcher. With arguments it becomes those instead, so that `process exec` sees the same environment and
 * directory. Its text holds the secrets in clear: it is wrapped, and on the VM only the process's own user can read it.
 * @throws UsageError when there is nothing to run, or a name or a value cannot be an environment variable
 */
export function renderLauncher(launch: ProcessLaunch): Secret {
  const argv = launch.cartridge.command ?? launch.image.run.argv;
  if (argv.length === 0) {
    throw new UsageError(
      `Cannot start ${launch.name} as neither its cartridge nor its image names a command: ${launch.cartridge.image}`,
    );
  }
  const env = { PATH: DEFAULT_PATH, ...launch.image.run.env, ...launch.env };
  return new Secret(
    [
      '#!/bin/sh',
      // The pipe, and not the journal's socket, so that programs can open /dev/stdout again.
      `[ $# -gt 0 ] || exec >${INSIDE}/output 2>&1`,
      ...Object.entries(env).map(([name, value]) => assignment(name, value)),
      `cd ${quote(launch.image.run.workingDir || '/')} || exit 126`,
      `[ $# -gt 0 ] || set -- ${argv.map(quote).join(' ')}`,
      'exec "$@"',
      '',
    ].join('\n'),
  );
}

function assignment(name: string, value: string | Secret): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new UsageError(`Cannot set the environment variable as its name is not valid: ${JSON.stringify(name)}`);
  }
  const text = value instanceof Secret ? value.reveal() : value;
  // Said here and not by the quoter, which would show the value.
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new UsageError(`Cannot set the environment variable as its value is not valid Unicode without NUL: ${name}`);
  }
  return `export ${name}=${quote(text)}`;
}
