/**
 * skopeo and umoci as a peer for bringing an image to VMs: a registry on the operator's machine, which VMs reach through the ssh
 * connection that the other peers use too; skopeo fetches on the VM, umoci unpacks there, as all end with a tree.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Image } from '../src/model/image.ts';
import { exportOci } from '../src/store/archive/export-oci.ts';
import type { DirectoryStore } from '../src/store/directory-store.ts';
import { dockerRegistry } from '../test/support/docker-registry.ts';
import { timed } from './measure.ts';

const run = promisify(execFile);
/** Where a VM finds the registry at its own end of the connection. */
const TUNNEL = '127.0.0.1:5000';

export interface SkopeoPeer extends AsyncDisposable {
  /** Where the registry is, from here. */
  readonly url: string;
  /** Brings the image to a new folder of a VM. */
  copy(address: string, to: string): Promise<unknown>;
}

/** Offers one image, its layers compressed by gzip, which is what umoci reads; `ssh` is the client with all its options. */
export async function skopeoPeer(
  store: DirectoryStore,
  image: Image,
  ssh: readonly [string, ...string[]],
  addresses: readonly string[],
): Promise<SkopeoPeer> {
  const server = await dockerRegistry();
  const archive = path.join(server.directory, 'image.tar');
  await exportOci(store, [{ image, references: ['peer:1'] }], archive, { gzip: true });
  const source = `oci-archive:${archive}:peer:1`;
  await run('skopeo', [
    '--insecure-policy',
    'copy',
    '-q',
    '--dest-tls-verify=false',
    source,
    `docker://${server.host}/peer:1`,
  ]);
  await rm(archive);
  const install =
    'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends skopeo umoci >/dev/null';
  const [program, ...options] = ssh;
  await Promise.all(addresses.map((address) => run(program, [...options, `root@${address}`, install])));
  return {
    url: server.url,
    copy: (address, to) =>
      timed([
        ...ssh,
        '-R',
        `${TUNNEL}:${server.host}`,
        `root@${address}`,
        `mkdir -p ${to} && skopeo --insecure-policy copy -q --src-tls-verify=false docker://${TUNNEL}/peer:1 oci:${to}/oci:peer && umoci unpack --image ${to}/oci:peer ${to}/bundle`,
      ]),
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
}
