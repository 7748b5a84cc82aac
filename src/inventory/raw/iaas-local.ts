/** `iaas:` of kind `local`, as the schema leaves it. */

export interface RawLocalIaas {
  readonly kind: 'local';
  readonly bridge?: string;
  readonly subnet?: string;
  readonly root?: string;
  readonly suite?: string;
  readonly image?: string;
}
