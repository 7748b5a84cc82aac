/** DigitalOcean's sizes, as they are sold in one region. Pure. */
import { bytes, cores } from '../../model/quantity.ts';
import type { Offer } from '../cloud/choose-size.ts';
import type { Size } from './digitalocean-documents.ts';

/** Sizes that are sold in a region; undefined: in any. A price is in US dollars. */
export function offersIn(sizes: readonly Size[], region: string | undefined): readonly Offer[] {
  return sizes.flatMap(({ slug, vcpus, memory, disk, price_hourly: price, regions, available, gpu_info: gpu }) =>
    region === undefined || regions.includes(region)
      ? {
          name: slug,
          cpu: cores(vcpus),
          memory: bytes(memory * 2 ** 20),
          disk: bytes(disk * 2 ** 30),
          price,
          usual: available && regions.length > 0 && gpu === undefined,
        }
      : [],
  );
}
