/** What is attached to a manifest: by the referrers API, or by the list under a tag where there is none (distribution-spec 1.1). */
import type { Descriptor } from '../oci.ts';
import { MEDIA } from '../oci.ts';
import type { OciDocument } from '../oci-document.ts';
import { ofType, readReferrers, referrerOf, referrersIndex, withReferrer } from '../referrers-index.ts';
import { fallbackTag } from '../registry.ts';
import type { ImageRegistry } from '../registry.ts';
import type { OciClient } from './client.ts';
import { pages } from './pages.ts';
import { pullScope } from './scopes.ts';

type Documents = Pick<ImageRegistry, 'resolve' | 'manifest' | 'putManifest' | 'remove'>;

/** How often a list is written again because another client wrote it at the same time. */
const ATTEMPTS = 4;

/** The attached manifests. @throws RegistryError */
export async function referrersOf(
  client: OciClient,
  documents: Documents,
  repository: string,
  digest: string,
  artifactType: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const listed = await pages(client, {
    what: `list what is attached to ${repository}@${digest}`,
    url: client.at(`${repository}/referrers/${digest}`, artifactType === undefined ? {} : { artifactType }),
    scopes: pullScope(repository),
    signal,
  });
  if (listed.length === 0) return ofType(await fallbackOf(documents, repository, digest, signal), artifactType);
  const entries = listed.flatMap((page) => readReferrers(Buffer.from(JSON.stringify(page)), repository));
  // A registry may leave the filtering to us.
  return ofType(entries, artifactType);
}

/** Adds a manifest to the list under the tag. @throws RegistryError */
export async function listReferrer(
  documents: Documents,
  repository: string,
  target: Descriptor,
  document: OciDocument & { readonly subject: Descriptor },
  signal: AbortSignal | undefined,
): Promise<void> {
  const added = referrerOf(target, document);
  await relist(documents, repository, document.subject.digest, signal, (entries) =>
    entries.some((entry) => entry.digest === added.digest) ? undefined : withReferrer(entries, added),
  );
}

/** Takes a manifest out of the list under the tag, where there is one. @throws RegistryError */
export async function unlistReferrer(
  documents: Documents,
  repository: string,
  digest: string,
  subject: Descriptor,
  signal: AbortSignal | undefined,
): Promise<void> {
  await relist(documents, repository, subject.digest, signal, (entries) =>
    entries.some((entry) => entry.digest === digest) ? entries.filter((entry) => entry.digest !== digest) : undefined,
  );
}

/** A registry has no lock: after writing, the list is read again, and written again if somebody else's came in between. */
async function relist(
  documents: Documents,
  repository: string,
  subject: string,
  signal: AbortSignal | undefined,
  change: (entries: readonly Descriptor[]) => readonly Descriptor[] | undefined,
): Promise<void> {
  const tag = fallbackTag(subject);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const next = change(await fallbackOf(documents, repository, subject, signal));
    if (!next) return;
    if (next.length === 0) {
      await documents.remove(repository, tag, signal);
      return;
    }
    const manifest = { mediaType: MEDIA.index, bytes: referrersIndex(next) };
    await documents.putManifest(repository, tag, manifest, signal);
  }
}

async function fallbackOf(
  documents: Documents,
  repository: string,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const tag = fallbackTag(digest);
  if (!(await documents.resolve(repository, tag, signal))) return [];
  return readReferrers((await documents.manifest(repository, tag, signal)).bytes, `${repository}:${tag}`);
}
