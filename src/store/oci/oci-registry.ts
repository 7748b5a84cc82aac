/** A registry that speaks the OCI distribution specification 1.1, or Docker's protocol before it (v2), which is the same in all that is used here. */
import { createHash } from 'node:crypto';
import { limiter } from '../../concurrency/limiter.ts';
import { RegistryError } from '../../model/errors.ts';
import type { Descriptor } from '../oci.ts';
import { DOCUMENT_TYPES, parseDocument } from '../oci-document.ts';
import { isDigest } from '../reference.ts';
import { isFallbackTag } from '../registry.ts';
import type { ImageRegistry, StoredManifest } from '../registry.ts';
import type { OciClient } from './client.ts';
import { pages } from './pages.ts';
import { readBlob } from './read-blob.ts';
import { listReferrer, referrersOf, unlistReferrer } from './referrers.ts';
import { untag } from './untag.ts';
import { CATALOG_SCOPE, pullScope, pushScope, removeScope } from './scopes.ts';
import { writeBlob } from './write-blob.ts';

/** Largest manifest that is read; the specification lets registries refuse above it. */
const MOST_MANIFEST = 4 * 2 ** 20;
/** Names asked for with one question, and repositories asked at one time. */
const PAGE = '1000';
const PARALLEL = 4;

/** The registry behind a client. */
export function ociRegistry(client: OciClient): ImageRegistry {
  const { name } = client;
  const documentAt = (repository: string, reference: string): URL => client.at(`${repository}/manifests/${reference}`);
  const accept = { accept: DOCUMENT_TYPES.join(', ') };

  async function tagsOf(repository: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const what = `list the tags of ${repository}`;
    const url = client.at(`${repository}/tags/list`, { n: PAGE });
    const lists = await pages(client, { what, url, scopes: pullScope(repository), signal });
    return textsOf(lists, 'tags').filter((tag) => !isFallbackTag(tag));
  }

  const registry: ImageRegistry = {
    name,
    kind: 'oci',
    async resolve(repository, reference, signal) {
      const answer = await client.send({
        what: `find ${named(repository, reference)}`,
        method: 'HEAD',
        url: documentAt(repository, reference),
        scopes: pullScope(repository),
        headers: accept,
        accept: [404],
        signal,
      });
      await answer.body?.cancel();
      if (!answer.ok) return undefined;
      const digest = answer.headers.get('docker-content-digest');
      const size = Number(answer.headers.get('content-length') ?? Number.NaN);
      const mediaType = typeIn(answer.headers.get('content-type'));
      // Registries need not say it; then the document itself does.
      if (!isDigest(digest) || !Number.isSafeInteger(size))
        return (await registry.manifest(repository, reference, signal)).descriptor;
      if (isDigest(reference) && digest !== reference)
        throw damaged(`find ${named(repository, reference)}`, `it answers with another digest: ${digest}`);
      return { mediaType, digest, size };
    },
    async manifest(repository, reference, signal) {
      const what = `read ${named(repository, reference)}`;
      const url = documentAt(repository, reference);
      const answer = await client.send({ what, url, scopes: pullScope(repository), headers: accept, signal });
      const bytes = await bounded(answer.body ?? [], () =>
        damaged(what, `it is larger than a manifest may be: ${String(MOST_MANIFEST)}`),
      );
      const digest = digestOf(bytes);
      const said = isDigest(reference) ? reference : answer.headers.get('docker-content-digest');
      if (said !== null && said !== digest)
        throw damaged(what, `what arrives has another digest: ${digest}, not ${said}`);
      return describe(bytes, digest, typeIn(answer.headers.get('content-type')));
    },
    async hasBlob(repository, digest, signal) {
      const what = `find ${named(repository, digest)}`;
      const url = client.at(`${repository}/blobs/${digest}`);
      const scopes = pullScope(repository);
      const answer = await client.send({ what, method: 'HEAD', url, scopes, accept: [404], signal });
      await answer.body?.cancel();
      return answer.ok;
    },
    readBlob: (repository, blob, options = {}) => readBlob(client, repository, blob, options),
    async writeBlob(repository, blob, open, options = {}) {
      if (await registry.hasBlob(repository, blob.digest, options.signal)) return 'present';
      return writeBlob(client, repository, blob, open, options);
    },
    async putManifest(repository, reference, { mediaType, bytes }, signal) {
      const what = `store ${named(repository, reference)}`;
      const digest = digestOf(bytes);
      const byDigest = isPin(reference);
      if (byDigest && digest !== reference)
        throw new RegistryError(name, 'refused', `Cannot ${what} as its digest is another: ${digest}`);
      const document = parseDocument(bytes, named(repository, reference), mediaType);
      const answer = await client.send({
        what,
        method: 'PUT',
        url: documentAt(repository, reference),
        scopes: pushScope(repository),
        headers: { 'content-type': mediaType },
        body: bytes,
        signal,
      });
      await answer.body?.cancel();
      const target = { mediaType, digest, size: bytes.length };
      const { subject } = document;
      // The header says that the registry lists it by itself.
      if (subject && answer.headers.get('oci-subject') === null)
        await listReferrer(registry, repository, target, { ...document, subject }, signal);
      return target;
    },
    async list({ repository, search, signal } = {}) {
      const repositories = repository === undefined ? await catalog(client, search, signal) : [repository];
      const room = limiter(PARALLEL);
      const tags = repositories.map((each) => room(() => tagsOf(each, signal), signal));
      const found = await Promise.all(tags);
      return repositories
        .flatMap((each, i) => (found[i] ?? []).map((tag) => ({ repository: each, tag })))
        .sort((a, b) => order(a.repository, b.repository) || order(a.tag, b.tag));
    },
    async remove(repository, reference, signal) {
      const what = `remove ${named(repository, reference)}`;
      const url = documentAt(repository, reference);
      if (!isPin(reference)) {
        await untag(client, registry, repository, reference, signal);
        return;
      }
      const { subject } = await subjectOf(registry, repository, reference, signal);
      const answer = await client.send({ what, method: 'DELETE', url, scopes: removeScope(repository), signal });
      await answer.body?.cancel();
      if (subject) await unlistReferrer(registry, repository, reference, subject, signal);
    },
    referrers: (repository, digest, artifactType, signal) =>
      referrersOf(client, registry, repository, digest, artifactType, signal),
    async check(signal) {
      const answer = await client.send({ what: `use ${name}`, url: client.at(''), scopes: [], signal });
      await answer.body?.cancel();
    },
  };
  return registry;

  function damaged(what: string, why: string): RegistryError {
    return new RegistryError(name, 'damaged', `Cannot ${what} as ${why}`);
  }
}

/** Repositories of a registry by search. @throws RegistryError, saying so where it has no list of them */
async function catalog(
  client: OciClient,
  search: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const what = 'list repositories';
  const lists = await pages(client, { what, url: client.at('_catalog', { n: PAGE }), scopes: CATALOG_SCOPE, signal });
  if (lists.length === 0)
    throw new RegistryError(client.name, 'refused', `Cannot ${what} as ${client.name} has no list of them`);
  return textsOf(lists, 'repositories').filter((each) => search === undefined || each.includes(search));
}

async function subjectOf(
  registry: ImageRegistry,
  repository: string,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly subject?: Descriptor }> {
  const { bytes, descriptor } = await registry.manifest(repository, digest, signal);
  try {
    return parseDocument(bytes, repository, descriptor.mediaType);
  } catch {
    // What cannot be read can still be removed.
    return {};
  }
}

/** What a document is, by what it says or what the registry says of it. */
function describe(bytes: Uint8Array, digest: string, mediaType: string): StoredManifest {
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

async function bounded(source: AsyncIterable<unknown> | Iterable<never>, tooLarge: () => Error): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += (chunk as Uint8Array).length;
    if (length > MOST_MANIFEST) throw tooLarge();
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function textsOf(lists: readonly unknown[], key: string): readonly string[] {
  const all = lists.flatMap((list) => (list as Readonly<Record<string, unknown>> | null)?.[key] ?? []);
  return [...new Set(all.filter((entry) => typeof entry === 'string'))];
}

function named(repository: string, reference: string): string {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}

function typeIn(header: string | null): string {
  return header?.split(';')[0]?.trim() ?? '';
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function isPin(reference: string): boolean {
  return isDigest(reference);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
