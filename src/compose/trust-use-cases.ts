/** Signing images and checking them, as commands ask for it, on top of `store/trust/`. */
import { resolve } from 'node:path';
import type { NamedImage, TrustUseCases } from '../commands/use-cases.ts';
import { StoreError } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import { findNamed } from './find-named.ts';
import { placeOf } from './image-place.ts';
import { VERSION } from './origin.ts';

export const trustUseCases: TrustUseCases = {
  signCartridge: async (deps, reference, { key, signal }) => {
    const [named, { signImage }, { signingKey }] = await Promise.all([
      openNamed(deps, reference),
      import('../store/trust/signatures.ts'),
      import('../store/trust/signing-key.ts'),
    ]);
    const options = { env: deps.env, signal };
    const place = await placeOf(deps, named);
    const fingerprint = await signImage(place, named.image.digest, await signingKey(key, options), options);
    return { ...named, key: fingerprint };
  },
  listPackages: async (deps, reference, { attach: keep, signal }) => {
    const named = await openNamed(deps, reference);
    const { image, references } = named;
    const store = await deps.storeOf(await deps.loadSpec());
    const [{ listPackages }, { cycloneDx, CYCLONE_DX }, { attach }] = await Promise.all([
      import('../store/sbom/list-packages.ts'),
      import('../store/sbom/cyclone-dx.ts'),
      import('../store/artifact.ts'),
    ]);
    const list = await listPackages(image, store, signal);
    const document = cycloneDx({ reference: references[0] ?? image.digest, image, tool: VERSION }, list);
    if (keep) {
      const place = await placeOf(deps, named);
      const subject = await place.registry.resolve(place.repository, image.digest, signal);
      const content = { mediaType: CYCLONE_DX, bytes: new TextEncoder().encode(document) };
      if (subject) await attach(place, subject, { artifactType: CYCLONE_DX, content }, signal);
    }
    return { ...named, ...list, document };
  },
  showCartridge: async (deps, reference) => {
    const named = await openNamed(deps, reference);
    if (named.references.length === 0) return { ...named, attached: [] };
    const [place, { readProvenance }] = await Promise.all([placeOf(deps, named), import('../store/provenance.ts')]);
    const { registry, repository } = place;
    const found = await registry.referrers(repository, named.image.digest);
    const provenance = await readProvenance(place, named.image.digest);
    const attached = found.map(({ artifactType = '', digest, size }) => ({ artifactType, digest, size }));
    return { ...named, attached, ...(provenance && { provenance }) };
  },
  verifyCartridge: async (deps, reference, { allowedSigners }) => {
    const spec = await deps.loadSpec();
    const store = await deps.storeOf(spec);
    const named = await findNamed(store, reference);
    await store.verify(named.image);
    const trust =
      allowedSigners === undefined
        ? spec.trust
        : { ...spec.trust, requireSignature: true, allowedSigners: resolve(allowedSigners) };
    if (!trust) return { ...named, signatures: [] };
    const signatures = await deps.signaturesOf({ ...spec, trust }, named.image.digest);
    const { refusalOf } = await import('../store/trust/signatures.ts');
    const refusal = trust.requireSignature ? refusalOf(signatures) : undefined;
    if (refusal !== undefined)
      throw new StoreError(`Cannot trust image ${reference} (${named.image.digest}) as ${refusal}`, {
        hint: `stratos cartridge sign ${reference}`,
      });
    return { ...named, signatures };
  },
};

async function openNamed(deps: Deps, reference: string): Promise<NamedImage> {
  return findNamed(await deps.storeOf(await deps.loadSpec()), reference);
}
