/** The configuration of a built image: what the cartridge file says, over what its base says. */
import type { CartridgeFile } from '../cartridge-file.ts';
import type { OciConfig } from '../oci.ts';
import type { Base } from './build-base.ts';
import { ociArchitecture } from '../platform.ts';

/**
 * Puts the configuration together; `changed`: the build added a layer to those of the base. The same input gives the same
 * text: its time is that of the newest file, as the base says, and not that of the build.
 */
export function imageConfig(file: CartridgeFile, base: Base, changed: boolean): Omit<OciConfig, 'rootfs'> {
  const below = base.config;
  const env = { ...PATH_ENV, ...below.env, ...file.env };
  const ownCommand = file.entrypoint.length + file.cmd.length > 0;
  const ports = file.ports.length > 0 ? file.ports : below.ports;
  const created = new Date(base.epoch * 1000).toISOString();
  return {
    architecture: ociArchitecture(),
    os: 'linux',
    created,
    config: {
      User: file.user === '' ? below.user : file.user,
      ExposedPorts: Object.fromEntries(ports.map((port) => [`${String(port)}/tcp`, {}])),
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: ownCommand ? file.entrypoint : below.argv,
      Cmd: ownCommand ? file.cmd : [],
      WorkingDir: file.workingDir === '/' ? below.workingDir : file.workingDir,
      Labels: {
        ...below.labels,
        'org.opencontainers.image.title': file.name,
        'org.opencontainers.image.version': file.version,
        ...file.labels,
      },
    },
    history: [...base.history, ...(changed ? [{ created_by: `stratos cartridge build ${file.name}` }] : [])],
  };
}

const PATH_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
