/** libvirt's own client as the one way to its host: arguments as arrays, questions in batches, failures in one form. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { interrupted } from '../../concurrency/interrupted.ts';
import { codeOf } from '../../host/code-of.ts';
import { IaasError } from '../../model/errors.ts';
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import { quoteAll } from '../../shell/quote.ts';
import type { IaasContext } from '../provider.ts';
import { connectionUri, knownHostsOf } from './connection.ts';
import { failureOf } from './failures.ts';

type Words = readonly [verb: string, ...args: string[]];

export interface Virsh {
  /** Runs one command. @returns what it printed @throws IaasError, InterruptedError */
  run(what: string, words: Words, signal?: AbortSignal): Promise<string>;
  /**
   * Asks many questions over one connection. @returns what each printed, in their order, and what was said of those that failed
   * @throws IaasError when not all were asked
   */
  ask(what: string, questions: readonly Words[], signal?: AbortSignal): Promise<Answers>;
  /** A directory of ours alone for as long as the work takes. */
  scratch<T>(work: (directory: string) => Promise<T>): Promise<T>;
  /** Runs a program of this machine. @returns undefined when it is not there @throws IaasError when it fails */
  tool(what: string, program: string, args: readonly string[]): Promise<string | undefined>;
}

export interface Answers {
  readonly printed: readonly string[];
  readonly said: string;
}

/** What virsh inherits: where its sockets, its configuration and the SSH agent are. */
const INHERITED = ['PATH', 'HOME', 'USER', 'SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'TMPDIR'];

/** Most questions of one batch: the command line that they become stays far below what a system takes. */
const MOST = 300;

/** Opens nothing yet: each call connects by itself. */
export function openVirsh(spec: LibvirtIaasSpec, { env }: IaasContext): Virsh {
  const { name, timeout } = spec;

  async function scratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
    const directory = await mkdtemp(path.join(tmpdir(), 'stratos-libvirt-'));
    try {
      return await work(directory);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async function start(program: string, args: readonly string[], signal?: AbortSignal) {
    const { execa } = await import('execa');
    const result = await execa(program, args, {
      stdin: 'ignore',
      env: { ...Object.fromEntries(INHERITED.map((key) => [key, env[key]])), LC_ALL: 'C' },
      extendEnv: false,
      timeout,
      // What is asked next is ours to decide: Ctrl-C at the terminal reaches us alone.
      detached: true,
      reject: false,
      ...(signal && { cancelSignal: signal }),
    });
    if (signal?.aborted) throw interrupted(signal);
    return result;
  }

  async function virsh(what: string, args: readonly string[], signal?: AbortSignal) {
    const result = await scratch(async (directory) => {
      const knownHosts = path.join(directory, 'known_hosts');
      if (spec.host) await writeFile(knownHosts, knownHostsOf(spec));
      return start('virsh', ['--quiet', '--connect', connectionUri(spec, knownHosts), ...args], signal);
    });
    if (codeOf(result.cause) === 'ENOENT')
      throw new IaasError(name, 'invalid', `Cannot ${what} as there is no virsh on this machine`, {
        hint: 'apt-get install libvirt-clients',
      });
    if (result.timedOut)
      throw new IaasError(name, 'unavailable', `Cannot ${what} as libvirt of ${name} takes too long`);
    return result;
  }

  async function askAtOnce(what: string, questions: readonly Words[], signal?: AbortSignal): Promise<Answers> {
    // No guest can know it, so none can print it.
    const mark = randomUUID();
    const line = questions.map((words) => `${quoteAll(words)}; ${quoteAll(['echo', mark])}`).join('; ');
    const { stdout, stderr } = await virsh(what, [line], signal);
    const printed = stdout.split(mark).map((text) => text.trim());
    if (printed.length <= questions.length) throw failureOf(name, what, stderr);
    return { printed: printed.slice(0, questions.length), said: stderr };
  }

  return {
    scratch,
    async run(what, words, signal) {
      const result = await virsh(what, words, signal);
      if (result.failed) throw failureOf(name, what, result.stderr);
      return result.stdout;
    },
    async ask(what, questions, signal) {
      const all: Answers[] = [];
      for (let at = 0; at < questions.length; at += MOST)
        all.push(await askAtOnce(what, questions.slice(at, at + MOST), signal));
      return { printed: all.flatMap(({ printed }) => printed), said: all.map(({ said }) => said).join('') };
    },
    async tool(what, program, args) {
      const result = await start(program, args);
      if (codeOf(result.cause) === 'ENOENT') return undefined;
      if (result.failed)
        throw new IaasError(name, 'invalid', `Cannot ${what} as ${program} fails: ${result.stderr.trim().slice(-200)}`);
      return result.stdout;
    },
  };
}
