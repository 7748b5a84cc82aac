/**
 * Azure's API as Microsoft's own libraries have it: each operation's method, path and parameters, what of a document they read, and what
 * types they declare it to have. A path, a parameter or a field that they do not know is told, not guessed.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { readDeclarations } from './declared-types.ts';

type Reader = (body: unknown) => unknown;
interface Operation {
  /** `virtualMachines.get`. */
  readonly name: string;
  readonly verb: string;
  readonly pattern: RegExp;
  readonly parameters: ReadonlySet<string>;
  readonly apiVersion: string;
  /** Declaration file, and the function of it that reads answers. */
  readonly file: string;
  readonly reader: string;
  /** Reads an answer as the library does. */
  readonly answer: (status: string, body: unknown) => Promise<unknown>;
  /** Reads a request as the library would an answer of the same kind. */
  readonly request: Reader | undefined;
}

/** A request that the description knows. */
export interface Known {
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

export interface Description {
  match(verb: string, url: URL, body: unknown): Known | undefined;
  /** Fields of an answer that the library does not know, lacks, or has of another type. */
  answerProblems(known: Known, status: string, body: unknown): Promise<readonly string[]>;
}

const require = createRequire(import.meta.url);
const USED = {
  '@azure/arm-compute': ['virtualMachines', 'virtualMachineImages', 'resourceSkus', 'usage', 'images', 'snapshots'],
  '@azure/arm-network': ['networkInterfaces', 'publicIPAddresses', 'subnets'],
};

/** Reads the libraries. */
export async function readDescription(): Promise<Description> {
  const operations: Operation[] = [];
  for (const [library, groups] of Object.entries(USED)) {
    const root = join(dirname(require.resolve(`${library}/package.json`)), 'dist/esm/api');
    for (const group of groups) operations.push(...(await operationsOf(join(root, group, 'operations.js'), group)));
  }
  const declared = readDeclarations([...new Set(operations.map(({ file }) => file))]);
  return {
    match(verb, url, body) {
      for (const operation of operations) {
        if (operation.verb !== verb.toLowerCase()) continue;
        const found = operation.pattern.exec(url.pathname);
        if (!found) continue;
        const strange = [...url.searchParams.keys()].filter(
          (key) => !operation.parameters.has(key) && key !== '$skiptoken',
        );
        const version = url.searchParams.get('api-version');
        return {
          operation,
          path: { ...found.groups },
          problems: [
            ...strange.map((key) => `${key} is no parameter of ${operation.name}`),
            ...(version === operation.apiVersion ? [] : [`${operation.name} has no version ${String(version)}`]),
            ...(body === undefined ? [] : unread(body, operation.request, `body of ${operation.name}`)),
          ],
        };
      }
      return undefined;
    },
    async answerProblems({ operation }, status, body) {
      const seen = new Set<string>();
      const read = await operation.answer(status, recording(body, seen, ''));
      return [
        ...missed(body, seen, '').map((field) => `${field} is not known`),
        ...declared.problems(operation.file, operation.reader, read),
      ].map((problem) => `answer of ${operation.name}: ${problem}`);
    },
  };
}

async function operationsOf(file: string, group: string): Promise<readonly Operation[]> {
  const source = readFileSync(file, 'utf8');
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const result: Operation[] = [];
  for (const [, name = '', text = ''] of source.matchAll(/^export function (_\S+)Send\(([\s\S]*?)^\}/gm)) {
    const [, template = ''] = /expandUrlTemplate\("([^"]+)"/.exec(text) ?? [];
    const [, verb = ''] = /context\s*\.path\(path\)\s*\.(\w+)\(/.exec(text) ?? [];
    const [, apiVersion = ''] = /"api%2Dversion": "([^"]+)"/.exec(text) ?? [];
    const [path = '', query = ''] = template.split('{?');
    const form = path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const [, serializer] = /(\w+)Serializer\(/.exec(text) ?? [];
    const read = module[`${name}Deserialize`] as (result: object) => Promise<unknown>;
    result.push({
      name: `${group}.${name.replace(/^_\$?/, '')}`,
      file: file.replace(/\.js$/, '.d.ts'),
      reader: `${name}Deserialize`,
      verb,
      pattern: new RegExp(`^${form}$`, 'i'),
      parameters: new Set(query.replace('}', '').split(',').map(decodeURIComponent)),
      apiVersion,
      answer: (status, body) => read({ status, body }),
      request: serializer === undefined ? undefined : await readerOf(file, source, `${serializer}Deserializer`),
    });
  }
  return result;
}

/** What reads a document of one kind, from where the file has the writer of it. */
async function readerOf(file: string, source: string, name: string): Promise<Reader | undefined> {
  for (const [, path = ''] of source.matchAll(/from "(\.\.[^"]*models[^"]*)"/g)) {
    const module = (await import(pathToFileURL(join(dirname(file), path)).href)) as Record<string, unknown>;
    if (typeof module[name] === 'function') return module[name] as Reader;
  }
  return undefined;
}

function unread(body: unknown, reader: Reader | undefined, what: string): readonly string[] {
  if (!reader) return [`${what} cannot be: it has none`];
  const seen = new Set<string>();
  reader(recording(body, seen, ''));
  return missed(body, seen, '').map((field) => `${what}: ${field} is not known`);
}

/** The same document, which notes each field that is read of it. */
function recording(value: unknown, seen: Set<string>, at: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key, receiver) {
      const found: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return found;
      seen.add(`${at}/${key}`);
      return recording(found, seen, `${at}/${key}`);
    },
  });
}

/** Fields that nobody read. */
function missed(value: unknown, seen: ReadonlySet<string>, at: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const path = `${at}/${key}`;
    return each === undefined ? [] : seen.has(path) ? missed(each, seen, path) : [path];
  });
}
