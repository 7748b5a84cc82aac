/** Images: copied to a VM the first time a process there needs them. */
import { distributeImage } from '../../store/distribute.ts';
import { NotFoundError } from '../../model/errors.ts';
import type { ApplyContext } from '../context.ts';
import { NO_FAILURES, type Handler } from './handler.ts';
import { recordOf } from './machines.ts';

export const copyImages: Handler<'image.copy'> = async (context, vm, actions, progress) => {
  const { endpoint } = recordOf(context, vm);
  if (!endpoint) throw new NotFoundError(`Cannot reach ${vm} as it has no address yet`);
  for (const action of actions) {
    const image = context.images.get(action.image);
    if (!image)
      throw new NotFoundError(`Cannot copy an image that the store does not have: ${action.image}`, {
        hint: 'stratos cartridge ls',
      });
    await distributeImage({
      transport: context.deps.transport,
      vm,
      endpoint,
      store: context.store,
      image,
      privileged: isPrivileged(context, action.image),
      signal: context.signal,
      onProgress: (done, total) => {
        progress(action, 'copying', done, total);
      },
    });
  }
  return NO_FAILURES;
};

/** Whether a cartridge with this image runs privileged and so needs it with unshifted ownership. */
function isPrivileged({ spec, references }: ApplyContext, digest: string): boolean {
  return Object.values(spec.cartridges).some(
    (cartridge) => cartridge.security.privileged && references[cartridge.image]?.digest === digest,
  );
}
