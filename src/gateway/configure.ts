/** Writing a gateway's configuration to its VM and loading it. */
import { LAYOUT, UNITS } from '../lxc/layout.ts';
import { script, type ScriptStep } from '../shell/command.ts';
import text from './scripts/configure.sh';

const CONFIGURE = { name: 'configure_gateway', text };

export interface GatewayText {
  /** The whole haproxy.cfg. With nothing but comments in it the gateway is stopped. */
  readonly config: string;
  /** sha256 hex of `config`. */
  readonly digest: string;
}

/**
 * Makes `config` what the gateway serves: checked by HAProxy itself, put in place atomically, then loaded without losing a
 * request, or the gateway started. No effect when it is served already. Prints `unchanged`, `reloaded`, `started` or `stopped`.
 * Fails with HAProxy's message, and the previous configuration in place and serving, when HAProxy refuses it.
 */
export function configureStep({ config, digest }: GatewayText): ScriptStep {
  const serves = config.split('\n').some((line) => line !== '' && !line.startsWith('#'));
  const args = [digest, serves ? 'serve' : 'stop', LAYOUT.gateway, LAYOUT.run, UNITS.gateway];
  return script(CONFIGURE, 'configure gateway', args, { stdin: config });
}
