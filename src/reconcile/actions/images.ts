/** Images: copied to a VM the first time a process there needs them. */
import { NotFoundError } from '../../model/errors.ts';
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
    await context.spreader.bring({
      vm,
      endpoint,
      store: context.store,
      image,
      privileged: action.privileged === true,
      signal: context.signal,
      onProgress: (done, total) => {
        progress(action, 'copying', done, total);
      },
    });
  }
  return NO_FAILURES;
};
