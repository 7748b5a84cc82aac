/** Schema of `distribution:`. */
import { DEFAULT_FAN_OUT } from '../../model/spec.ts';
import type { JsonSchema } from './json-schema.ts';
import { mapping, term } from './terms.ts';

/** `distribution:` itself. */
export const DISTRIBUTION: JsonSchema = {
  description: 'How images travel to VMs.',
  ...mapping({
    fanOut: term('positive', {
      description: `How many VMs get an image from this machine; the others get it from those, as many from each at one time, and each layer while it comes there. Default: one gets an image of 16 MiB or more from this machine, ${String(DEFAULT_FAN_OUT)} a smaller one, and each gives to ${String(DEFAULT_FAN_OUT)}.`,
    }),
    neighbours: {
      title: 'true or false',
      description:
        'VMs keep the layers of their images compressed as well, so that a VM that comes later takes them from one of its partition and not over the line of this machine. It costs their disks about a quarter of what images take.',
      type: 'boolean',
      default: false,
    },
    bandwidthLimit: term('size', {
      description:
        'Most that leaves this machine in a second, and each VM that gives images to others, for all that get them together. Default: as fast as it goes.',
    }),
  }),
  examples: [{ fanOut: 4, bandwidthLimit: '10Mi' }],
};
