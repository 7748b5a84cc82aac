/** What an action is called: in a plan, while it runs and when it failed. */
import type { Action } from '../model/plan.ts';
import { formatBytes } from '../model/quantity.ts';

/** `+` comes into being, `-` goes, `~` changes or is taken up. */
export type ActionSign = '+' | '~' | '-';

export interface ActionText {
  readonly sign: ActionSign;
  /** `vm`, `image`, `process`, `gateway`. */
  readonly noun: string;
  /** What it is done to: `shop-1`, `php:8.2`. */
  readonly target: string;
  /** How and where: `on web-1, php:8.2`. */
  readonly detail: string;
  /** What is being done, for progress: `starting`. */
  readonly doing: string;
}

/** Names of images by digest, where they are known. */
export type ImageNames = ReadonlyMap<string, string>;

/** Describes one action. */
export function actionText(action: Action, images: ImageNames = new Map()): ActionText {
  const vm = (sign: ActionSign, detail: string, doing: string): ActionText => ({
    sign,
    noun: 'vm',
    target: action.vm,
    detail,
    doing,
  });
  const process = (sign: ActionSign, name: string, detail: string, doing: string): ActionText => ({
    sign,
    noun: 'process',
    target: name,
    detail,
    doing,
  });
  switch (action.kind) {
    case 'vm.create': {
      const size = `${String(action.size.cpu)} CPU, ${formatBytes(action.size.memory)}`;
      return vm('+', `on ${action.iaas}${action.zone === undefined ? '' : `, ${action.zone}`}, ${size}`, 'creating');
    }
    case 'vm.start':
      return vm('~', 'start', 'starting');
    case 'vm.adopt':
      return vm('~', `take up machine ${action.machine} of ${action.iaas}`, 'taking up');
    case 'vm.prepare':
      return vm('~', 'prepare', 'preparing');
    case 'vm.delete':
      return vm('-', 'release', 'releasing');
    case 'vm.forget':
      return vm('-', 'forget', 'forgetting');
    case 'image.copy': {
      const target = imageName(action.image, images);
      return {
        sign: '+',
        noun: 'image',
        target,
        detail: `to ${action.vm}${action.privileged ? ', privileged' : ''}`,
        doing: 'copying',
      };
    }
    case 'process.create':
      return process('+', action.process, `on ${action.vm}, ${imageName(action.image, images)}`, 'creating');
    case 'process.start':
      return process('~', action.process, `start on ${action.vm}`, 'starting');
    case 'process.limit':
      return process('~', action.process, `change limits on ${action.vm}`, 'changing limits of');
    case 'process.sleep':
      return process(
        '~',
        action.process,
        `${action.depth === 'frozen' ? 'freeze' : 'stop until asked for'} on ${action.vm}`,
        'putting to sleep',
      );
    case 'process.wake':
      return process('~', action.process, `wake on ${action.vm}`, 'waking');
    case 'process.adopt':
      return process('~', action.process, `take up on ${action.vm}`, 'taking up');
    case 'process.remove':
      return process('-', action.process, `from ${action.vm}${action.snapshot ? ', with a snapshot' : ''}`, 'removing');
    case 'process.forget':
      return process('-', action.process, `forget on ${action.vm}`, 'forgetting');
    case 'gateway.configure':
      return { sign: '~', noun: 'gateway', target: action.vm, detail: 'configure', doing: 'configuring' };
  }
}

/** `php:8.2` where the name is known, else the first twelve digits of the digest. */
export function imageName(digest: string, images: ImageNames = new Map()): string {
  return images.get(digest) ?? shortDigest(digest);
}

/** `sha256:0123456789ab…` as `0123456789ab`. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
