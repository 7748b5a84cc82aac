/** Whether the stores of the spec can be used from here, and whether the images that it names are whole. */
import { NotFoundError } from '../model/errors.ts';
import type { Spec } from '../model/spec.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';
import { failedCheck, type Check } from './check.ts';
import type { Deps } from './deps.ts';

/** Asks every store, and reads every image that is here. @throws InterruptedError */
export async function checkStores(deps: Deps, spec: Spec, signal: AbortSignal): Promise<readonly Check[]> {
  const store = await deps.storeOf(spec);
  const images = [...new Set(Object.values(spec.cartridges).map((cartridge) => cartridge.image))];
  return Promise.all([
    ...Object.values(spec.stores).map((each) =>
      guarded(`store ${each.name}`, each.kind, async () => {
        await (await deps.openStore(each)).check(signal);
        return 'usable from here';
      }),
    ),
    ...images.map((image) => guarded('project', `image ${image}`, () => checkImage(deps, spec, store, image, signal))),
  ]);
}

/** What is good about an image. @throws StratosError for what is not */
async function checkImage(
  deps: Deps,
  spec: Spec,
  store: CartridgeStore,
  reference: string,
  signal: AbortSignal,
): Promise<string> {
  const image = await store.find(reference);
  if (image) {
    await store.verify(image);
    return `${image.digest.slice(0, 19)}, every blob intact`;
  }
  const { lookAt, remotePlace } = await import('../store/remote-images.ts');
  const place = await remotePlace(reference, spec, deps.openStore, { signal });
  if (!place) throw new NotFoundError('Cannot find it in the store', { hint: 'stratos cartridge build DIRECTORY' });
  const { digest } = await lookAt(place, signal);
  return `${digest.slice(0, 19)}, to be pulled from ${place.registry.name}`;
}

async function guarded(target: string, name: string, check: () => Promise<string>): Promise<Check> {
  try {
    return { target, name, level: 'ok', message: await check() };
  } catch (error) {
    return failedCheck(target, name, error);
  }
}
