/** The configuration of a built image: what the cartridge file says, over what its base says. */
import type { CartridgeFile } from '../cartridge-file.ts';
import type { OciConfig } from '../oci.ts';
import { ociArchitecture } from '../platform.ts';
import { hintLabels } from '../run-hints.ts';
import type { Base } from './build-base.ts';

/**
 * Puts the configuration together; `steps`: what made each layer above the base. The same input gives the same text: its times
 * are that of the newest file, as the base says, and not that of the build.
 */
export function imageConfig(file: CartridgeFile, base: Base, steps: readonly string[]): Omit<OciConfig, 'rootfs'> {
  const below = base.config;
  const env = { ...PATH_ENV, ...below.env, ...file.env };
  const ownCommand = file.entrypoint.length + file.cmd.length > 0;
  const ports = file.ports.length > 0 ? file.ports : below.ports;
  const created = new Date(base.epoch * 1000).toISOString();
  // Names of the base's ports go with its ports.
  const { 'io.stratos.ports': _, ...unnamed } = below.labels;
  const volumes = [...new Set([...below.volumes, ...Object.values(file.hints.volumes ?? {})])].sort();
  const stopSignal = file.stopSignal === '' ? below.stopSignal : file.stopSignal;
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
      ...(volumes.length > 0 && { Volumes: Object.fromEntries(volumes.map((path) => [path, {}])) }),
      ...(stopSignal !== '' && { StopSignal: stopSignal }),
      Labels: {
        ...(file.ports.length > 0 ? unnamed : below.labels),
        ...hintLabels(file.hints),
        'org.opencontainers.image.title': file.name,
        'org.opencontainers.image.version': file.version,
        ...file.labels,
      },
    },
    history: [...base.history, ...steps.map((created_by) => ({ created, created_by }))],
  };
}

const PATH_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
