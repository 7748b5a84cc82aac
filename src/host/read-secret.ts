/** Reads a secret where it is kept. Nothing of it reaches a message, an argument or a file. */
import { readFile } from 'node:fs/promises';
import { HostError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';
import type { SecretRef } from '../model/secret-ref.ts';
import { codeOf } from './code-of.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Longest time that a program may take: a person may have to unlock something first. */
const LONGEST = 60_000;

/**
 * Reads the secret; a last line break is left out.
 * @param what what it is for, after "Cannot": `set DB_PASSWORD of shop`
 * @throws HostError when it is not there
 */
export async function readSecret(ref: SecretRef, what: string, variables: Variables): Promise<Secret> {
  switch (ref.kind) {
    case 'env': {
      const found = variables[ref.variable];
      if (found === undefined)
        throw new HostError(`Cannot ${what} as the environment variable is not set: ${ref.variable}`, {
          hint: `export ${ref.variable}=…`,
        });
      return new Secret(found);
    }
    case 'file':
      try {
        return new Secret(withoutEnd(await readFile(ref.path, 'utf8')));
      } catch (cause) {
        throw new HostError(`Cannot ${what} as the file cannot be read: ${ref.path}`, { cause });
      }
    case 'command': {
      const [program = '', ...args] = ref.command;
      return printed(program, args, what, variables, ref.cwd);
    }
    case 'keyring': {
      const attributes = Object.entries(ref.attributes).flat();
      return printed('secret-tool', ['lookup', ...attributes], what, variables);
    }
  }
}

async function printed(
  program: string,
  args: readonly string[],
  what: string,
  variables: Variables,
  cwd?: string,
): Promise<Secret> {
  const { execa } = await import('execa');
  const result = await execa(program, args, {
    env: Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined)),
    extendEnv: false,
    // A person may be asked at the terminal; what is printed is ours alone.
    stdio: ['inherit', 'pipe', 'pipe'],
    timeout: LONGEST,
    reject: false,
    ...(cwd !== undefined && { cwd }),
  });
  if (codeOf(result.cause) === 'ENOENT')
    throw new HostError(`Cannot ${what} as the program is not there: ${program}`, {
      hint: program === 'secret-tool' ? 'apt-get install libsecret-tools' : `command -v ${program}`,
    });
  if (result.failed) {
    const why = result.timedOut ? 'takes too long' : `ends with ${String(result.exitCode ?? result.signal)}`;
    const said = result.stderr.trim().split('\n').at(-1) ?? '';
    throw new HostError(`Cannot ${what} as ${program} ${why}${said === '' ? '' : `: ${said}`}`);
  }
  if (result.stdout === '') throw new HostError(`Cannot ${what} as ${program} prints nothing`);
  return new Secret(result.stdout);
}

function withoutEnd(text: string): string {
  return text.replace(/\n$/, '');
}
