/** The option of commands that look at one image, here or at its store. */
import { Option } from 'commander';

/** `--remote`. */
export function remoteOption(): Option {
  return new Option('--remote', 'the image of the store, also when this machine has a copy');
}
