/** What somebody does inside of one process: run a program, look around, read what it wrote. */
import type { LogOptions } from '../lxc/process-lifecycle.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { CONTAINERS } from '../runtime/containers.ts';
import type { GuestVerbs } from '../runtime/guest/guest-system.ts';
import { guestVerbsOf } from '../runtime/guest/guest-verbs.ts';
import type { Argv } from '../runtime/runtime.ts';
import type { Deps } from './deps.ts';
import { guestAccess } from './guest-login.ts';
import { locate } from './locate.ts';

/** Runs a program with the process's own environment and user; resolves to its exit status. @throws NotFoundError, UnreachableError */
export async function processExec(
  deps: Deps,
  name: string,
  argv: readonly [string, ...string[]],
  { tty, signal }: { readonly tty: boolean; readonly signal?: AbortSignal },
): Promise<number> {
  const inside = await enter(deps, name, `run a program in ${name}`);
  return run(deps, inside, inside.guest ? inside.guest.exec(argv) : CONTAINERS.exec(name, argv), tty, signal);
}

/** An interactive shell inside the process. @throws NotFoundError, UnreachableError */
export async function processShell(deps: Deps, name: string, signal?: AbortSignal): Promise<number> {
  const inside = await enter(deps, name, `open a shell in ${name}`);
  return run(deps, inside, inside.guest ? inside.guest.shell() : CONTAINERS.shell(name), true, signal);
}

/** Prints what the process wrote to its standard output and error, or what a VM logs. @throws NotFoundError, UnreachableError */
export async function processLogs(
  deps: Deps,
  name: string,
  { signal, ...log }: LogOptions & { readonly signal?: AbortSignal },
): Promise<number> {
  const inside = await enter(deps, name, `read the log of ${name}`);
  const argv = inside.guest ? inside.guest.logs(inside.files, log) : CONTAINERS.logs(name, log);
  return run(deps, inside, argv, false, signal);
}

interface Inside {
  readonly vm: string;
  readonly endpoint: Endpoint;
  /** What is done inside of a VM that is a process. Undefined: it is a container. */
  readonly guest?: GuestVerbs;
  readonly by: 'root' | 'own' | 'any';
  readonly files: readonly string[];
}

async function enter(deps: Deps, name: string, what: string): Promise<Inside> {
  const inventory = await deps.inventory.read();
  const record = inventory.processes.find((process) => process.name === name);
  const vm = inventory.vms.find((candidate) => candidate.name === record?.vm);
  if (!record || vm?.runtime !== 'vm') return { ...(await locate(deps, name, what)), by: 'root', files: [] };
  const { login, endpoint } = guestAccess(await deps.loadSpec(), record, vm, what);
  const by = login.shell === 'powershell' ? 'any' : 'own';
  return { vm: vm.name, endpoint, guest: guestVerbsOf(login), by, files: login.logs };
}

async function run(
  deps: Deps,
  { vm, endpoint, by }: Inside,
  argv: Argv,
  tty: boolean,
  signal?: AbortSignal,
): Promise<number> {
  return deps.transport.interactive(vm, endpoint, { argv, by, tty, ...(signal && { signal }) });
}
