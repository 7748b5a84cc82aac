/**
 * Cuts out of a vendor's OpenAPI document the operations that an adapter uses, with all that they refer to:
 * `node scripts/cut-openapi.ts NAME CHECKOUT`, where `fixtures/openapi/cuts.json` says of NAME which file of the checkout it is,
 * where it is from and what is used. Texts for people are left out; schemas stay as the vendor wrote them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';

interface Cut {
  readonly source: string;
  readonly commit: string;
  readonly licence: string;
  readonly document: string;
  /** `post /servers`. */
  readonly operations: readonly string[];
}
type Node = null | boolean | number | string | readonly Node[] | { readonly [key: string]: Node };

const FIXTURES = new URL('../fixtures/openapi/', import.meta.url);
const LEFT_OUT = /^(description|summary|example|examples|title|tags|security|externalDocs|x-.*)$/;

const [name = '', checkout = ''] = process.argv.slice(2);
const cuts = JSON.parse(readFileSync(new URL('cuts.json', FIXTURES), 'utf8')) as Record<string, Cut>;
const cut = cuts[name];
if (!cut || checkout === '') throw new Error('usage: node scripts/cut-openapi.ts NAME CHECKOUT');

const files = new Map<string, Node>();
const definitions: Record<string, Node> = {};

/** The node that a reference of a file means, and the file it is in. */
function follow(
  reference: string,
  from: string,
): { readonly node: Node; readonly file: string; readonly name: string } {
  const [path = '', pointer = ''] = reference.split('#');
  const file = path === '' ? from : resolve(dirname(from), path);
  if (!files.has(file)) files.set(file, parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 }) as Node);
  let node = files.get(file) ?? null;
  for (const key of pointer.split('/').filter((part) => part !== ''))
    node = member(node, key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { node, file, name: `${relative(checkout, file)}#${pointer}`.replaceAll(/[^A-Za-z0-9_]+/g, '-') };
}

function member(node: Node, key: string): Node {
  if (typeof node !== 'object' || node === null) throw new Error(`nothing at ${key}`);
  return (node as Record<string, Node>)[key] ?? null;
}

/** The same with references into `definitions`. `names`: the keys here are names of the vendor's, not words of OpenAPI. */
function carry(node: Node, file: string, names = false): Node {
  if (Array.isArray(node)) return node.map((each: Node) => carry(each, file));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref } = node as Record<string, Node>;
  if (typeof $ref === 'string' && !names) {
    const target = follow($ref, file);
    if (!(target.name in definitions)) {
      definitions[target.name] = null;
      definitions[target.name] = carry(target.node, target.file);
    }
    return { $ref: `#/definitions/${target.name}` };
  }
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => names || !LEFT_OUT.test(key))
      .map(([key, value]) => [key, carry(value, file, !names && key === 'properties')]),
  );
}

const document = resolve(checkout, cut.document);
const paths: Record<string, Record<string, Node>> = {};
for (const operation of cut.operations) {
  const [method = '', path = ''] = operation.split(' ');
  const escaped = path.replaceAll('~', '~0').replaceAll('/', '~1');
  const found = follow(`#/paths/${escaped}/${method}`, document);
  if (found.node === null) throw new Error(`${cut.document} has no ${operation}`);
  (paths[path] ??= {})[method] = carry(found.node, document);
}
const { source, commit, licence } = cut;
const out = join(FIXTURES.pathname, `${name}.json`);
writeFileSync(out, `${JSON.stringify({ source, commit, licence, paths, definitions }, null, 1)}\n`);
