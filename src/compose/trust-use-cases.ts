/** Signing images and checking them, as commands ask for it, on top of `store/trust/`. */
import { resolve } from 'node:path';
import type { TrustUseCases } from '../commands/trust-use-cases.ts';
import { StoreError } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import { openImage } from './open-image.ts';
import type { OpenedImage } from './open-image.ts';
import { VERSION } from './origin.ts';

export const trustUseCases: TrustUseCases = {
  signCartridge: async (deps, reference, { key, ...which }) => {
    const [{ located, place }, { signImage }, { signingKey }] = await Promise.all([
      openImage(deps, reference, which),
      import('../store/trust/signatures.ts'),
      import('../store/trust/signing-key.ts'),
    ]);
    const options = { env: deps.env, signal: which.signal };
    const fingerprint = await signImage(await place(), located.image.digest, await signingKey(key, options), options);
    return { ...located, key: fingerprint };
  },
  listPackages: async (deps, reference, { attach: keep, ...which }) => {
    const opened = await openImage(deps, reference, which);
    const { references, image } = opened.located;
    const { signal } = which;
    const [{ listPackages }, { cycloneDx, CYCLONE_DX }, { attach }] = await Promise.all([
      import('../store/sbom/list-packages.ts'),
      import('../store/sbom/cyclone-dx.ts'),
      import('../store/artifact.ts'),
    ]);
    const list = await listPackages(image, await layersOf(deps, opened, signal), signal);
    const document = cycloneDx({ reference: references[0] ?? image.digest, image, tool: VERSION }, list);
    if (keep) {
      const place = await opened.place();
      const subject = await place.registry.resolve(place.repository, image.digest, signal);
      const content = { mediaType: CYCLONE_DX, bytes: new TextEncoder().encode(document) };
      if (subject) await attach(place, subject, { artifactType: CYCLONE_DX, content }, signal);
    }
    return { ...opened.located, ...list, document };
  },
  showCartridge: async (deps, reference, which) => {
    const { located, place } = await openImage(deps, reference, which);
    if (located.references.length === 0) return { ...located, attached: [], bases: [] };
    const [where, { readProvenance }] = await Promise.all([place(), import('../store/provenance.ts')]);
    const { digest } = located.image;
    const found = await where.registry.referrers(where.repository, digest, undefined, which.signal);
    const provenance = await readProvenance(where, digest, which.signal);
    const attached = found.map(({ artifactType = '', digest: of, size }) => ({ artifactType, digest: of, size }));
    const bases = provenance ? await (await import('./bases-of.ts')).basesOf(deps, provenance) : [];
    return { ...located, attached, bases, ...(provenance && { provenance }) };
  },
  verifyCartridge: async (deps, reference, { allowedSigners, ...which }) => {
    const spec = await deps.loadSpec();
    const opened = await openImage(deps, reference, which);
    const { located, remote } = opened;
    const { digest } = located.image;
    if (remote) await requireLayers(opened, which.signal);
    else await (await deps.storeOf(spec)).verify(located.image);
    const trust =
      allowedSigners === undefined
        ? spec.trust
        : { ...spec.trust, requireSignature: true, allowedSigners: resolve(allowedSigners) };
    if (!trust) return { ...located, signatures: [] };
    const { checkSignatures, refusalOf } = await import('../store/trust/signatures.ts');
    const signatures = remote
      ? await checkSignatures(remote, digest, trust, { env: deps.env, signal: which.signal })
      : await deps.signaturesOf({ ...spec, trust }, digest);
    const refusal = trust.requireSignature ? refusalOf(signatures) : undefined;
    if (refusal !== undefined)
      throw new StoreError(`Cannot trust image ${reference} (${digest}) as ${refusal}`, {
        hint: `stratos cartridge sign ${which.remote ? '--remote ' : ''}${reference}`,
      });
    return { ...located, signatures };
  },
};

/** How each layer is read: from the disk, or while it arrives. */
async function layersOf(
  deps: Deps,
  { remote }: OpenedImage,
  signal: AbortSignal,
): Promise<(layer: { readonly digest: string; readonly size: number }) => AsyncIterable<Uint8Array>> {
  if (remote) return (layer) => remote.registry.readBlob(remote.repository, layer, { signal });
  const [store, { createReadStream }] = await Promise.all([deps.storeOf(await deps.loadSpec()), import('node:fs')]);
  return ({ digest }) => createReadStream(store.blobPath(digest), { highWaterMark: 1 << 20 });
}

/** Asks for each layer without fetching it: its bytes are compared when they are. @throws StoreError when one is missing */
async function requireLayers({ located, remote }: OpenedImage, signal: AbortSignal): Promise<void> {
  if (!remote) return;
  const { missingLayers } = await import('../store/remote-images.ts');
  const missing = await missingLayers(remote, located.image, signal);
  if (missing.length > 0)
    throw new StoreError(
      `Cannot verify ${located.references.join(', ')} as ${remote.registry.name} lacks a layer of it: ${missing.join(', ')}`,
    );
}
