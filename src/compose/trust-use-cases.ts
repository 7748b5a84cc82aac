/** Signing images and checking them, as commands ask for it, on top of `store/trust/`. */
import { resolve } from 'node:path';
import type { NamedImage, TrustUseCases } from '../commands/use-cases.ts';
import { StoreError } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import { findNamed } from './find-named.ts';

export const trustUseCases: TrustUseCases = {
  signCartridge: async (deps, reference, { key, signal }) => {
    const [found, { signImage }, { signingKey }, { directoryRegistry }] = await Promise.all([
      openNamed(deps, reference),
      import('../store/trust/signatures.ts'),
      import('../store/trust/signing-key.ts'),
      import('../store/directory-registry.ts'),
    ]);
    const { named, store } = found;
    const options = { env: deps.env, signal };
    const place = { registry: directoryRegistry('store', store), repository: repositoryOf(named) };
    const fingerprint = await signImage(place, named.image.digest, await signingKey(key, options), options);
    return { ...named, key: fingerprint };
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

async function openNamed(
  deps: Deps,
  reference: string,
): Promise<{ readonly named: NamedImage; readonly store: string }> {
  const spec = await deps.loadSpec();
  return { named: await findNamed(await deps.storeOf(spec), reference), store: spec.store.path };
}

/** Where what is attached to an image is kept: beside its first name. */
function repositoryOf({ references, image }: NamedImage): string {
  const [first] = references;
  if (first === undefined)
    throw new StoreError(`Cannot sign an image that has no name: ${image.digest}`, {
      hint: `stratos cartridge tag ${image.digest} NAME`,
    });
  return first.slice(0, first.lastIndexOf(':'));
}
