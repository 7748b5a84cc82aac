/** Any cloud, by an executable of the user's: JSON on standard input and output, what it writes to standard error is shown. */
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { interrupted } from '../../concurrency/interrupted.ts';
import { codeOf } from '../../host/code-of.ts';
import { readSecret } from '../../host/read-secret.ts';
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import { millis } from '../../model/quantity.ts';
import type { ExecIaasSpec } from '../../model/iaas/exec.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { CloudCalls, FirstFacts } from '../cloud/lifecycle.ts';
import type { IaasContext, IaasProvider, MachineRequest } from '../provider.ts';
import { PROTOCOL, readAnswer, readFindings, readMachine } from './protocol.ts';

/** What an executable inherits; what else the operator's shell holds may be secret. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'TZ'];

/** Longest time for copying a disk. */
const LONGEST_BAKE = millis(3_600_000);

/** The adapter of kind `exec`. */
export function execProvider(spec: ExecIaasSpec, { lineage, env, onStep }: IaasContext): IaasProvider {
  const { name } = spec;

  async function ask(
    verb: string,
    what: string,
    facts: object,
    signal?: AbortSignal,
    timeout = spec.timeout,
  ): Promise<Readonly<Record<string, unknown>>> {
    const [program = '', ...args] = spec.command;
    const { execa } = await import('execa');
    const result = await execa(program, [...args, verb], {
      cwd: spec.cwd,
      env: await variables(),
      extendEnv: false,
      // Standard input, not an argument: user data holds the private host key.
      input: JSON.stringify({ apiVersion: PROTOCOL, verb, lineage, ...facts }),
      timeout,
      reject: false,
      ...(signal && { cancelSignal: signal }),
    });
    if (signal?.aborted) throw interrupted(signal);
    const code = codeOf(result.cause);
    if (code === 'ENOENT' || code === 'EACCES')
      throw new IaasError(name, 'invalid', `Cannot ${what} as the executable cannot be started: ${program}`, {
        hint: `ls -l ${resolve(spec.cwd, program)}`,
      });
    if (result.timedOut)
      throw new IaasError(name, 'unavailable', `Cannot ${what} as ${program} ${verb} takes too long`);
    for (const line of result.stderr.split('\n')) if (line.trim() !== '') onStep(`${name}: ${line.trimEnd()}`);
    if (result.failed && result.stdout.trim() === '') {
      const said = result.stderr.trim().split('\n').at(-1) ?? '';
      throw new IaasError(
        name,
        'unavailable',
        `Cannot ${what} as ${program} ${verb} ends with ${String(result.exitCode ?? result.signal)}: ${said}`,
      );
    }
    return readAnswer(name, what, result.stdout);
  }

  async function variables(): Promise<Record<string, string>> {
    const result: Record<string, string> = {};
    for (const key of INHERITED) if (env[key] !== undefined) result[key] = env[key];
    for (const [key, value] of Object.entries(spec.env))
      result[key] =
        value.kind === 'value' ? value.value : (await readSecret(value, `set ${key} of iaas ${name}`, env)).reveal();
    return result;
  }

  async function list(signal?: AbortSignal): Promise<readonly Machine[]> {
    const { machines } = await ask('list', `list the machines of ${name}`, {}, signal);
    if (!Array.isArray(machines))
      throw new IaasError(name, 'invalid', `Cannot list the machines of ${name} as the answer has no list of machines`);
    return machines.flatMap((machine) => readMachine(spec, lineage, machine) ?? []);
  }

  async function find(id: string, signal?: AbortSignal): Promise<Machine | undefined> {
    return (await list(signal)).find((machine) => machine.id === id);
  }

  async function make(request: MachineRequest, first: FirstFacts): Promise<string> {
    const { vm, partition, size, zone, signal } = request;
    const image = spec.image === undefined ? {} : { image: spec.image };
    const facts = { vm, partition, size, ...(zone !== undefined && { zone }), ...image, ...first };
    const { id } = await ask('create', `create VM ${vm}`, facts, signal);
    if (typeof id === 'string') return id;
    throw new IaasError(name, 'invalid', `Cannot create VM ${vm} as the answer has no id`);
  }

  const tell = async (verb: string, id: string, signal?: AbortSignal): Promise<void> => {
    await ask(verb, `${verb} machine ${id}`, { id }, signal);
  };
  const calls: CloudCalls = {
    list: (_, signal) => list(signal),
    find,
    make,
    start: (id, signal) => tell('start', id, signal),
    stop: (id) => tell('stop', id),
    remove: (id) => tell('delete', id),
  };

  return cloudProvider(spec, lineage, {
    calls,
    interval: millis(200),
    async check() {
      const [program = ''] = spec.command;
      if (program.includes('/'))
        await access(resolve(spec.cwd, program), constants.X_OK).catch((cause: unknown) => {
          throw new IaasError(name, 'invalid', `Cannot use ${name} as its executable cannot be run: ${program}`, {
            hint: `chmod +x ${resolve(spec.cwd, program)}`,
            cause,
          });
        });
      await ask('check', `use ${name}`, {});
    },
    async survey(sizes) {
      try {
        const image = spec.image === undefined ? {} : { image: spec.image };
        return readFindings(name, (await ask('survey', `survey ${name}`, { sizes, ...image })).findings);
      } catch (error) {
        if (!(error instanceof IaasError)) throw error;
        // An executable need not have this verb; `check` has told whether it works.
        if (error.failure === 'invalid' && /unknown verb/i.test(error.message)) return [];
        const { message: detail, hint } = error;
        return [{ subject: 'credentials', status: 'failed', detail, ...(hint !== undefined && { hint }) }];
      }
    },
    async bake({ id }, image, signal) {
      const what = `make an image of machine ${id}`;
      const answer = await ask('bake', what, { id, name: image }, signal, LONGEST_BAKE);
      if (typeof answer.image === 'string' && answer.image !== '') return answer.image;
      throw new IaasError(name, 'invalid', `Cannot ${what} as the answer has no image`);
    },
  });
}
