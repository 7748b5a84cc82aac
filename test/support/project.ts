/**
 * A project in a directory of its own, on private local VMs, driven through `bin/stratos` as an operator would. Everything is
 * removed with `dispose`, whatever state the test left it in.
 */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { StatusReport } from '../../src/reconcile/status-of.ts';
import { quote } from '../../src/shell/quote.ts';
import { testSite, type TestSite } from './vm.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The program under test: the built one, or another build of it. */
const STRATOS = process.env.STRATOS_BIN ?? path.join(ROOT, 'bin/stratos');
/** What tests do not want to inherit: an agent with keys, another project. */
const UNWANTED = { SSH_AUTH_SOCK: undefined, STRATOS_DIR: undefined };

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
  /** Standard error so far. */
  readonly stderr: () => string;
}

export interface TestProject extends AsyncDisposable {
  readonly site: TestSite;
  readonly directory: string;
  /** Runs stratos to its end, whatever its exit code. */
  readonly stratos: (...args: readonly string[]) => Promise<CliResult>;
  /** Runs stratos and rejects with its output when it does not end with 0. */
  readonly must: (...args: readonly string[]) => Promise<CliResult>;
  /** Starts stratos and leaves it running. */
  readonly start: (...args: readonly string[]) => RunningCli;
  /** The same at a terminal of its own, where `text` is typed once a prompt stands there. What it prints is all in `stdout`. */
  readonly type: (text: string, ...args: readonly string[]) => Promise<CliResult>;
  readonly status: (...args: readonly string[]) => Promise<StatusReport>;
  readonly readSpec: () => Promise<string>;
  readonly writeSpec: (text: string) => Promise<void>;
  /** Replaces text in the spec; fails when it is not there. */
  readonly editSpec: (from: string, to: string) => Promise<void>;
  /** Runs a shell line on a VM through `stratos vm ssh`. */
  readonly onVm: (vm: string, line: string) => Promise<string>;
  readonly dispose: () => Promise<void>;
}

/** The cartridge that serves files, which takes a second to build and little to run. */
export const STATIC_CARTRIDGE = path.join(ROOT, 'fixtures/cartridges/static');

export interface StaticFleet {
  readonly vms: readonly [min: number, max: number];
  readonly processesPerVm: number;
  /** CPUs of a VM. */
  readonly cpu: number;
  /** Lines of the cartridge besides: `env: { GREETING: hello }`. */
  readonly cartridge?: string;
  /** Default: `web` on `lab`, the IaaS that every project has. */
  readonly partition?: { readonly name: string; readonly iaas: string };
}

/**
 * A spec of one partition and of cartridge `static`, image `static:1`. VMs that are empty go at once. `cartridges:` stands
 * last, so that further ones can follow at once, then subscriptions.
 */
export function staticSpec({ vms: [min, max], processesPerVm, cpu, cartridge, partition }: StaticFleet): string {
  const { name, iaas } = partition ?? { name: 'web', iaas: 'lab' };
  return `
policies:
  partition:
    ${name}-vms:
      vms: { min: ${String(min)}, max: ${String(max)} }
      vm: { cpu: ${String(cpu)}, memory: 1Gi }
      processesPerVm: ${String(processesPerVm)}
      scaleDown: { after: 0s, afterGrowth: 0s, below: 1% }
partitions:
  ${name}: { policy: ${name}-vms, placement: [{ iaas: ${iaas} }] }
cartridges:
  static:
    image: static:1
    partition: ${name}
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 32Mi, cpu: 0.1 }
${cartridge === undefined ? '' : `    ${cartridge}\n`}`;
}

/** A project whose stratos.yaml is `rest` below an `iaas: lab` of its own. */
export async function testProject(rest: string): Promise<TestProject> {
  const site = await testSite();
  const directory = path.join(site.directory, 'project');
  await mkdir(directory, { recursive: true });
  const { bridge, subnet, root } = site.spec;
  const file = path.join(directory, 'stratos.yaml');
  const writeSpec = (text: string) => writeFile(file, text);
  await writeSpec(
    `apiVersion: stratos/v1\niaas:\n  lab: { kind: local, bridge: ${bridge}, subnet: ${subnet}, root: ${root} }\n${rest}`,
  );
  const start = (...args: readonly string[]) => startStratos(directory, args);
  const stratos = (...args: readonly string[]) => start(...args).result;
  const must = async (...args: readonly string[]) => {
    const result = await stratos(...args);
    if (result.code !== 0)
      throw new Error(
        `stratos ${args.join(' ')} ended with ${String(result.code)}\n${result.stdout}\n${result.stderr}`,
      );
    return result;
  };
  const dispose = () => site.dispose();
  return {
    ...{ site, directory, stratos, must, start, dispose, writeSpec },
    type: (text, ...args) => typeAt(directory, text, args),
    status: async (...args) => {
      const { stdout } = await must('status', '-o', 'json', ...args);
      return JSON.parse(stdout) as StatusReport;
    },
    readSpec: () => readFile(file, 'utf8'),
    editSpec: async (from, to) => {
      const before = await readFile(file, 'utf8');
      if (!before.includes(from)) throw new Error(`stratos.yaml does not contain ${from}`);
      await writeSpec(before.replace(from, to));
    },
    onVm: async (vm, line) => (await must('vm', 'ssh', vm, '--', 'sh', '-c', line)).stdout,
    [Symbol.asyncDispose]: dispose,
  };
}

function startStratos(directory: string, args: readonly string[]): RunningCli {
  const child = spawn(STRATOS, ['--dir', directory, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  return watched(child);
}

async function typeAt(directory: string, text: string, args: readonly string[]): Promise<CliResult> {
  const line = [STRATOS, '--dir', directory, ...args].map(quote).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], { env: environment() });
  const typed = (chunk: Buffer): void => {
    // What stands after a prompt is for the terminal.
    if (!/[#$] /.test(chunk.toString())) return;
    child.stdout.off('data', typed);
    child.stdin.write(text);
  };
  child.stdout.on('data', typed);
  return watched(child).result;
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, ...UNWANTED, NO_COLOR: '1', CI: 'true' };
}

function watched(child: ChildProcessByStdio<Writable | null, Readable, Readable>): RunningCli {
  const started = performance.now();
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr, ms: performance.now() - started });
    });
  });
  return { child, result, stderr: () => stderr };
}

/**
 * Gets a page on a connection of its own and gives the status. `fetch` keeps connections, and may send on one that a gateway
 * closes at that very moment; a browser tries again then, `fetch` does not.
 */
export async function getPage(url: string): Promise<number> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  await response.arrayBuffer();
  return response.status;
}

/** Sends GET requests one after the other until stopped, each on a connection of its own; counts answers by status. */
export function requestLoad(url: string): { readonly stop: () => Promise<ReadonlyMap<string, number>> } {
  if (!URL.canParse(url)) throw new Error(`requestLoad needs a URL: ${JSON.stringify(url)}`);
  const counts = new Map<string, number>();
  let running = true;
  const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  const worker = async () => {
    while (running) {
      try {
        count(String(await getPage(url)));
      } catch (error) {
        count(error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : 'error');
      }
    }
  };
  const workers = Promise.all([worker(), worker()]);
  return {
    stop: async () => {
      running = false;
      await workers;
      return counts;
    },
  };
}
