/** Images: copied to a VM the first time a process there needs them. */
import { NotFoundError } from '../../model/errors.ts';
import type { Neighbour } from '../../store/spread/spreader.ts';
import type { ApplyContext } from '../context.ts';
import { NO_FAILURES, type Handler } from './handler.ts';
import { recordOf } from './machines.ts';

/** VMs of the same partition that run an image already, where VMs keep layers for each other. */
function neighboursWith({ spec, recorder }: ApplyContext, vm: string, image: string): readonly Neighbour[] {
  if (spec.distribution?.neighbours !== true) return [];
  const partition = recorder.vm(vm)?.partition;
  return recorder.vms().flatMap(({ name, partition: theirs, state, endpoint }) => {
    if (name === vm || theirs !== partition || state !== 'ready' || !endpoint) return [];
    return recorder.processesOn(name).some((process) => process.image === image) ? [{ vm: name, endpoint }] : [];
  });
}

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
      neighbours: neighboursWith(context, vm, action.image),
      signal: context.signal,
      onProgress: (done, total) => {
        progress(action, 'copying', done, total);
      },
    });
  }
  return NO_FAILURES;
};
