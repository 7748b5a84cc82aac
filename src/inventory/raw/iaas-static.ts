/** `iaas:` of kind `static`, as the schema leaves it. */
import type { RawAccess, RawJump } from './access.ts';
import type { RawMap } from './terms.ts';

interface RawHost extends RawJump {
  readonly jump?: RawJump;
}

export interface RawStaticIaas extends RawAccess {
  readonly kind: 'static';
  readonly jump?: RawJump;
  readonly hosts: RawMap<RawHost>;
}
