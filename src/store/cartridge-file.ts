/**
 * A `cartridge.yaml` as the builder sees it: what an image is made from and how it runs. Reading YAML is `inventory/`'s;
 * what is checked here is the object that comes out.
 */
import { InvalidSpecError } from '../model/errors.ts';
import type { SpecProblem } from '../model/errors.ts';
import { FieldChecker } from './field-checker.ts';
import type { Locate, Path } from './field-checker.ts';
import { parseName } from './reference.ts';
import { readRunHints } from './run-hints.ts';
import type { RunHints } from './run-hints.ts';

/** What the image stands on. Paths are relative to the cartridge's directory. */
export type CartridgeBase =
  | {
      readonly kind: 'debootstrap';
      readonly suite: string;
      readonly variant?: string;
      readonly include: readonly string[];
    }
  | { readonly kind: 'template'; readonly template: string; readonly args: readonly string[] }
  | { readonly kind: 'cartridge'; readonly reference: string }
  | { readonly kind: 'rootfs'; readonly file: string };

export interface CartridgeCopy {
  /** File or directory of the cartridge's directory. */
  readonly from: string;
  /** Absolute path in the image; with a trailing slash the folder it goes into. */
  readonly to: string;
  /** Permission bits of files; default 0644, 0755 for what is executable. */
  readonly mode?: number;
  /** `user`, `user:group` or numbers, as known in the image; default root. */
  readonly owner?: string;
}

export interface CartridgeFile {
  readonly name: string;
  /** Default tag. */
  readonly version: string;
  readonly from: CartridgeBase;
  /** Packages of the distribution, installed without recommendations. */
  readonly packages: readonly string[];
  /** Each entry is a step, and so a layer. */
  readonly copy: readonly CartridgeCopy[];
  /** Shell commands, run in order as root in a container, after packages and copies; each a step. */
  readonly run: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Empty: root. */
  readonly user: string;
  readonly workingDir: string;
  readonly ports: readonly number[];
  /** What a spec may take over: names of ports, health, resources, volumes. */
  readonly hints: RunHints;
  /** `SIGTERM` and the like; empty: not said. */
  readonly stopSignal: string;
  readonly labels: Readonly<Record<string, string>>;
}

const KEYS = [
  'name',
  'version',
  'from',
  'packages',
  'copy',
  'run',
  'entrypoint',
  'cmd',
  'env',
  'user',
  'workingDir',
  'ports',
  'health',
  'resources',
  'volumes',
  'stopSignal',
  'labels',
];
/** Further names of keys, for whom they are the familiar ones. */
const SYNONYMS: Readonly<Record<string, string>> = { files: 'copy', entry: 'entrypoint' };
const BASES: Readonly<Record<string, readonly string[]>> = {
  debootstrap: ['debootstrap', 'variant', 'include'],
  template: ['template', 'args'],
  cartridge: ['cartridge'],
  rootfs: ['rootfs'],
};
const PACKAGE = /^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+:~-]+)?$/;

/** Checks the object a `cartridge.yaml` holds and fills in defaults. @throws InvalidSpecError with every problem found */
export function parseCartridgeFile(value: unknown, locate: Locate = () => undefined): CartridgeFile {
  const problems: SpecProblem[] = [];
  const checker = new FieldChecker(problems, locate);
  const root = checker.object(value, [], [...KEYS, ...Object.keys(SYNONYMS)]) ?? {};
  const key = (name: string): string =>
    Object.keys(SYNONYMS).find((other) => SYNONYMS[other] === name && other in root) ?? name;
  for (const [other, name] of Object.entries(SYNONYMS))
    if (other in root && name in root)
      checker.problem([other], `${other} is another name of ${name}: give one of them`);
  const [copyKey, entryKey] = [key('copy'), key('entrypoint')];
  const ports = portsOf(checker, root);
  const file: CartridgeFile = {
    name: checker.text(root, ['name']) ?? '',
    version: checker.text(root, ['version'], 'latest') ?? '',
    from: base(checker, root.from),
    packages: checker.texts(root, ['packages'], PACKAGE, 'a package is named NAME or NAME=VERSION'),
    copy: checker.list(root, [copyKey]).map((entry, i) => copy(checker, entry, [copyKey, i])),
    run: checker.texts(root, ['run']),
    entrypoint: checker.texts(root, [entryKey]),
    cmd: checker.texts(root, ['cmd']),
    env: checker.map(root, ['env'], /^[A-Za-z_][A-Za-z0-9_]*$/),
    user: checker.text(root, ['user'], '') ?? '',
    workingDir: checker.text(root, ['workingDir'], '/') ?? '/',
    ports: ports.map(({ port }) => port),
    hints: readRunHints(checker, root, ports),
    stopSignal: checker.text(root, ['stopSignal'], '') ?? '',
    labels: checker.map(root, ['labels'], /^[^\s=]+$/),
  };
  if (file.name !== '') {
    try {
      parseName(`${file.name}:${file.version}`);
    } catch {
      checker.problem(
        ['name'],
        `name and version make no image name: ${JSON.stringify(`${file.name}:${file.version}`)}`,
      );
    }
  }
  if (!file.workingDir.startsWith('/')) checker.problem(['workingDir'], `workingDir is absolute: ${file.workingDir}`);
  if (file.stopSignal !== '' && !/^(SIG[A-Z0-9+-]+|[0-9]{1,2})$/.test(file.stopSignal))
    checker.problem(['stopSignal'], `stopSignal is a signal such as SIGTERM: ${file.stopSignal}`);
  if (/[\s/]/.test(file.user)) checker.problem(['user'], `user is a user, user:group or numbers: ${file.user}`);
  if (problems.length > 0) throw new InvalidSpecError(problems);
  return file;
}

/** A list of numbers, or numbers by name. */
function portsOf(
  checker: FieldChecker,
  root: Readonly<Record<string, unknown>>,
): readonly { readonly name?: string; readonly port: number }[] {
  const value = root.ports;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return checker.list(root, ['ports']).map((port, i) => ({ port: checker.port(port, ['ports', i]) }));
  return Object.entries(value).map(([name, port]: [string, unknown]) => {
    if (!/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name))
      checker.problem(['ports', name], `a port's name has lower-case letters, digits and dashes: ${name}`);
    return { name, port: checker.port(port, ['ports', name]) };
  });
}

function base(checker: FieldChecker, value: unknown): CartridgeBase {
  const nothing: CartridgeBase = { kind: 'rootfs', file: '' };
  if (value === undefined) {
    checker.problem(['from'], 'from is missing: one of debootstrap, template, cartridge, rootfs');
    return nothing;
  }
  const fields = checker.object(value, ['from'], [...new Set(Object.values(BASES).flat())]);
  if (!fields) return nothing;
  const kinds = Object.keys(BASES).filter((key) => key in fields);
  const kind = kinds[0];
  if (kind === undefined || kinds.length > 1) {
    checker.problem(['from'], `from has exactly one of ${Object.keys(BASES).join(', ')}, not ${String(kinds.length)}`);
    return nothing;
  }
  checker.object(value, ['from'], BASES[kind] ?? []);
  const main = checker.text(fields, ['from', kind]) ?? '';
  const optional = (key: string): string | undefined =>
    key in fields ? checker.text(fields, ['from', key]) : undefined;
  if (kind === 'debootstrap') {
    if (!/^[a-z][a-z0-9.-]*$/.test(main))
      checker.problem(['from', kind], `debootstrap is a suite such as bookworm: ${main}`);
    const variant = optional('variant');
    if (variant !== undefined && !/^[a-z]+$/.test(variant))
      checker.problem(['from', 'variant'], `variant is a word: ${variant}`);
    const include = checker.texts(fields, ['from', 'include'], PACKAGE, 'a package is named NAME');
    return { kind, suite: main, include, ...(variant !== undefined && { variant }) };
  }
  if (kind === 'template') {
    if (!/^[a-z][a-z0-9-]*$/.test(main))
      checker.problem(['from', kind], `template is the name of an LXC template: ${main}`);
    return { kind, template: main, args: checker.texts(fields, ['from', 'args']) };
  }
  return kind === 'cartridge' ? { kind, reference: main } : { kind: 'rootfs', file: main };
}

function copy(checker: FieldChecker, value: unknown, path: Path): CartridgeCopy {
  const fields = checker.object(value, path, ['from', 'to', 'mode', 'owner']) ?? {};
  const from = checker.text(fields, [...path, 'from']) ?? '';
  const to = checker.text(fields, [...path, 'to']) ?? '';
  if (to !== '' && !to.startsWith('/')) checker.problem([...path, 'to'], `to is an absolute path in the image: ${to}`);
  if (from.startsWith('/') || from.split('/').includes('..')) {
    checker.problem([...path, 'from'], `from is inside the cartridge's directory: ${from}`);
  }
  const owner = 'owner' in fields ? checker.text(fields, [...path, 'owner']) : undefined;
  if (owner !== undefined && !/^[a-z0-9_-]+(:[a-z0-9_-]+)?$/i.test(owner)) {
    checker.problem([...path, 'owner'], `owner is user or user:group: ${owner}`);
  }
  const mode = fields.mode;
  // YAML reads 0755 as 755: digits are what was meant, as for chmod.
  const digits = typeof mode === 'number' || typeof mode === 'string' ? String(mode).replace(/^0o?/, '') : undefined;
  if (mode !== undefined && (digits === undefined || !/^[0-7]{3,4}$/.test(digits))) {
    checker.problem([...path, 'mode'], `mode is octal digits such as 0755: ${JSON.stringify(mode)}`);
  }
  return {
    from,
    to,
    ...(owner !== undefined && { owner }),
    ...(mode !== undefined && digits !== undefined && { mode: Number.parseInt(digits, 8) }),
  };
}
