/** Removing one tag. Some registries remove manifests by digest only, with all their tags. */
import { createHash, randomUUID } from 'node:crypto';
import { RegistryError } from '../../model/errors.ts';
import { MEDIA } from '../oci.ts';
import type { ImageRegistry } from '../registry.ts';
import type { OciClient } from './client.ts';
import { removeScope } from './scopes.ts';

/**
 * Removes a tag, and leaves the manifest with its other tags. Where the registry cannot do that, the tag is moved to a manifest of
 * its own first, which is then removed by digest.
 * @throws RegistryError not-found when there is no such tag; refused where the registry removes nothing at all
 */
export async function untag(
  client: OciClient,
  registry: ImageRegistry,
  repository: string,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const what = `remove ${repository}:${tag}`;
  const target = await registry.resolve(repository, tag, signal);
  if (!target)
    throw new RegistryError(client.name, 'not-found', `Cannot ${what} as there is no such tag in ${client.name}`);
  const url = client.at(`${repository}/manifests/${tag}`);
  const scopes = removeScope(repository);
  const answer = await client.send({ what, method: 'DELETE', url, scopes, accept: [400, 404, 405], signal });
  await answer.body?.cancel();
  if (answer.ok) return;
  const digest = await placeholder(registry, repository, tag, signal);
  const deleted = await client.send({
    what,
    method: 'DELETE',
    url: client.at(`${repository}/manifests/${digest}`),
    scopes,
    accept: [400, 405],
    signal,
  });
  await deleted.body?.cancel();
  if (deleted.ok) return;
  // The tag points at nothing of use now: put it back.
  const { bytes, descriptor } = await registry.manifest(repository, target.digest, signal);
  await registry.putManifest(repository, tag, { mediaType: descriptor.mediaType, bytes }, signal);
  throw new RegistryError(client.name, 'refused', `Cannot ${what} as ${client.name} does not allow removing`);
}

/** Points the tag at a manifest that nothing else points at; its digest. */
async function placeholder(
  registry: ImageRegistry,
  repository: string,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const empty = Buffer.from('{}');
  const config = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: `sha256:${createHash('sha256').update(empty).digest('hex')}`,
    size: empty.length,
  };
  const options = signal ? { signal } : {};
  await registry.writeBlob(repository, config, () => once(empty), options);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      artifactType: 'application/vnd.stratos.removed-tag',
      config,
      layers: [],
      annotations: { 'io.stratos.removed': randomUUID() },
    }),
  );
  return (await registry.putManifest(repository, tag, { mediaType: MEDIA.manifest, bytes }, signal)).digest;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
