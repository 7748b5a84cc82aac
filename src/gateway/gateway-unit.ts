/** The unit that runs HAProxy on a VM, apart from the distribution's own `haproxy.service`. */
import { UNITS } from '../lxc/layout.ts';
import text from './units/stratos-gateway.service';

/**
 * Installed and enabled, but not started, by the preparation of a VM. It starts when there is something to serve
 * (`LAYOUT.gateway/serving`, kept by the configure step), so a VM that comes back after a reboot serves at once.
 */
export const GATEWAY_UNIT: { readonly name: string; readonly text: string } = { name: UNITS.gateway, text };
