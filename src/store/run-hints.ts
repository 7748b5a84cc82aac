/**
 * What an image says about how it wants to be run, beside what the OCI configuration has a place for: in its labels, as JSON in
 * the form of `stratos.yaml`, so that a spec can take it over as it stands.
 */
import type { Image } from '../model/image.ts';
import { parseBytes, parseCores, parseDuration } from '../model/quantity.ts';
import type { FieldChecker, Path } from './field-checker.ts';

/** In the words of `cartridges:` of a spec. */
export interface RunHints {
  readonly ports?: Readonly<Record<string, number>>;
  readonly health?: Readonly<Record<string, string>>;
  readonly resources?: Readonly<Record<string, string | number>>;
  /** Absolute paths by name. */
  readonly volumes?: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;
const KINDS = ['ports', 'health', 'resources', 'volumes'] as const;
const PREFIX = 'io.stratos.';
const HEALTH = ['path', 'port', 'interval', 'timeout', 'startup'];

/** Takes the hints out of a cartridge file; `ports` were checked before. */
export function readRunHints(
  checker: FieldChecker,
  root: Fields,
  ports: readonly { readonly name?: string; readonly port: number }[],
): RunHints {
  const named = ports.flatMap(({ name, port }) => (name === undefined ? [] : [[name, port] as const]));
  const hints = {
    ports: Object.fromEntries(named),
    health: healthOf(checker, root, new Map(named)),
    resources: resourcesOf(checker, root),
    volumes: volumesOf(checker, root),
  };
  return Object.fromEntries(Object.entries(hints).filter(([, value]) => Object.keys(value).length > 0));
}

/** The labels that carry the hints. */
export function hintLabels(hints: RunHints): Readonly<Record<string, string>> {
  const present = KINDS.filter((kind) => hints[kind] !== undefined);
  return Object.fromEntries(present.map((kind) => [`${PREFIX}${kind}`, JSON.stringify(hints[kind])]));
}

/** Reads the hints of an image's labels; a label that others wrote in another form is left out. */
export function hintsOfLabels(labels: Readonly<Record<string, string>>): RunHints {
  const found = KINDS.flatMap((kind) => {
    const value = parse(labels[`${PREFIX}${kind}`]);
    return value === undefined ? [] : [[kind, value] as const];
  });
  return Object.fromEntries(found);
}

function parse(text: string | undefined): object | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Ports that speak HTTP as a rule, where nobody says so. */
const HTTP_PORTS = [80, 8080, 8000, 3000];

/**
 * What a spec needs to run an image, in its own words: what the image's labels say, else what can be made of the plain OCI
 * configuration. The first port that is usual for HTTP is `http`, others are `tcp-5432`; volumes have the last part of their path.
 */
export function runValues({ run, labels }: Pick<Image, 'run' | 'labels'>): RunHints {
  const hints = hintsOfLabels(labels);
  const http = HTTP_PORTS.find((port) => run.ports.includes(port));
  const ports = Object.fromEntries(run.ports.map((port) => [port === http ? 'http' : `tcp-${String(port)}`, port]));
  const volumes = Object.fromEntries((run.volumes ?? []).map((path) => [volumeName(path), path]));
  return {
    ...(Object.keys(ports).length > 0 && { ports }),
    ...(Object.keys(volumes).length > 0 && { volumes }),
    ...hints,
  };
}

function volumeName(path: string): string {
  const last = path.toLowerCase().replace(/\/+$/, '').split('/').at(-1) ?? '';
  return (
    last
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-+$/g, '')
      .slice(0, 40) || 'data'
  );
}

function healthOf(checker: FieldChecker, root: Fields, ports: ReadonlyMap<string, number>): Record<string, string> {
  const fields = optional(checker, root, 'health', HEALTH);
  const health: Record<string, string> = {};
  for (const key of Object.keys(fields).filter((name) => HEALTH.includes(name))) {
    const path = ['health', key];
    const text = checker.text(fields, path) ?? '';
    health[key] = text;
    if (key === 'path' && !/^\/[!-~]*$/.test(text))
      checker.problem(path, `path begins with / and has no spaces: ${text}`);
    else if (key === 'port' && !ports.has(text)) checker.problem(path, `port is the name of one of ports: ${text}`);
    else if (key !== 'path' && key !== 'port' && parseDuration(text) === undefined)
      checker.problem(path, `${key} is a duration such as 2s: ${text}`);
  }
  return health;
}

function resourcesOf(checker: FieldChecker, root: Fields): Record<string, string | number> {
  const fields = optional(checker, root, 'resources', ['memory', 'cpu', 'pids']);
  const rules: readonly [string, (text: string) => boolean, string][] = [
    ['memory', (text) => parseBytes(text) !== undefined, 'a size such as 256Mi'],
    ['cpu', (text) => parseCores(text) !== undefined, 'a number of cores such as 0.5'],
    ['pids', (text) => /^[1-9][0-9]*$/.test(text), 'a whole number'],
  ];
  const resources: Record<string, string | number> = {};
  for (const [key, holds, what] of rules) {
    const value = fields[key];
    if (value === undefined) continue;
    if ((typeof value === 'string' || typeof value === 'number') && holds(String(value))) resources[key] = value;
    else checker.problem(['resources', key], `${key} is ${what}: ${JSON.stringify(value)}`);
  }
  return resources;
}

function volumesOf(checker: FieldChecker, root: Fields): Readonly<Record<string, string>> {
  const volumes = checker.map(root, ['volumes'], /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/);
  for (const [name, path] of Object.entries(volumes)) {
    const at: Path = ['volumes', name];
    if (!path.startsWith('/') || path === '/' || path.split('/').includes('..'))
      checker.problem(at, `a volume is at an absolute path below /: ${path}`);
  }
  return volumes;
}

function optional(checker: FieldChecker, root: Fields, key: string, keys: readonly string[]): Fields {
  const value = root[key];
  if (value === undefined || value === null) return {};
  return checker.object(value, [key], keys) ?? {};
}
