/** Schema of `stores:` and `store:`: one definition for each kind. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, named, NAME_PATTERN, term } from './terms.ts';

/** Definitions of `$defs` for the kinds of stores. A new adapter adds its own here and to {@link STORES}. */
export const STORE_KINDS: Readonly<Record<string, JsonSchema>> = {
  storeDirectory: mapping(
    {
      kind: { const: 'directory', description: 'An OCI image layout in a directory.' },
      path: term('path', { description: 'The directory; made with the first image.', examples: ['/mnt/images'] }),
    },
    { required: ['kind', 'path'] },
  ),
  storeOci: mapping(
    {
      kind: { const: 'oci', description: 'A registry that speaks the OCI distribution protocol, as Docker’s does.' },
      url: {
        title: 'the address of a registry such as https://registry.example:5000',
        description: 'Where it is. Passwords are never here: `stratos store login NAME` keeps them as Docker does.',
        type: 'string',
        pattern: '^(https?://)?[^\\s/@?#]+(/[^\\s@?#]*)?$',
        examples: ['https://registry.example:5000'],
      },
      insecure: {
        title: 'true or false',
        description: 'Whether plain http is meant, on another machine than this: everybody on the way reads passwords.',
        type: 'boolean',
        default: false,
      },
      ca: term('path', { description: 'Certificates of authorities to trust beside the system’s.', examples: ['ca.crt'] }),
      cert: term('path', {
        description: 'A certificate that says who we are, for registries that want one. Without it, what `certs.d` of Podman or Docker has.',
        examples: ['client.cert'],
      }),
      key: term('path', { description: 'The key of `cert`: a file that stays out of git.', examples: ['client.key'] }),
    },
    { required: ['kind', 'url'] },
  ),
  storeGlance: mapping(
    {
      kind: {
        const: 'glance',
        description: 'OpenStack’s image service. Without `url` and `cloud`: of the cloud that the variables `OS_*` describe.',
      },
      url: {
        title: 'the address of a Glance such as https://cloud.example:9292',
        description: 'Where it is, if it asks nobody who they are: without Keystone.',
        type: 'string',
        pattern: '^https?://[^\\s/@?#]+(/[^\\s@?#]*)?$',
        examples: ['http://127.0.0.1:9292'],
      },
      cloud: {
        title: 'the name of a cloud',
        description: 'A name in `clouds.yaml`: the project’s, the user’s or the machine’s.',
        type: 'string',
        pattern: '^[^\\u0000\\n]+$',
        examples: ['production'],
      },
      ca: term('path', { description: 'Certificates of authorities to trust beside the system’s.', examples: ['ca.crt'] }),
      project: {
        title: 'the id of a project',
        description: 'Whose images count. Default: the project that is entered.',
        type: 'string',
        pattern: '^[0-9A-Za-z-]+$',
      },
      visibility: {
        title: 'private, shared, community or public',
        description: 'Who may see what is stored from now on.',
        enum: ['private', 'shared', 'community', 'public'],
        default: 'private',
      },
      protect: {
        title: 'true or false',
        description: 'Has Glance refuse to remove what is stored from now on.',
        type: 'boolean',
        default: false,
      },
    },
    { required: ['kind'] },
  ),
};

/** `stores:` itself. */
export const STORES: JsonSchema = named(
  {
    title: 'a mapping with a kind',
    type: 'object',
    discriminator: { propertyName: 'kind' },
    required: ['kind'],
    oneOf: [{ $ref: '#/$defs/storeDirectory' }, { $ref: '#/$defs/storeOci' }, { $ref: '#/$defs/storeGlance' }],
  },
  {
    description: 'Registries of cartridge images by the names that images have before their first colon, as `hub:team/php:8.2`.',
    examples: [{ hub: { kind: 'oci', url: 'https://registry.example:5000' } }],
  },
);

const settings = mapping({
  kind: { title: 'directory', description: 'An OCI image layout.', const: 'directory', default: 'directory' },
  path: term('path', { description: 'The directory.', default: '.stratos/store' }),
  default: {
    title: 'the name of a store',
    description:
      'A name under `stores:`. Images that are not on this machine are pulled from there, and pushed there, where their name says no store.',
    type: 'string',
    pattern: NAME_PATTERN,
  },
  requireSignature: {
    title: 'true or false',
    description:
      'Runs only images with a valid signature of an allowed signer. Others are refused before anything is copied; what runs goes on.',
    type: 'boolean',
    default: false,
  },
  allowedSigners: term('path', {
    description: 'Who may sign: a file as in ssh-keygen(1), "ALLOWED SIGNERS"; namespace `stratos-cartridge`.',
    examples: ['allowed_signers'],
  }),
  revokedKeys: term('path', {
    description: 'Keys that count no more: public keys, one a line, or a list made by `ssh-keygen -k`.',
    examples: ['revoked_keys'],
  }),
});

/** `store:` itself. */
export const STORE: JsonSchema = {
  ...settings,
  title: 'a mapping, or the name of a store',
  description: 'Where cartridge images live on this machine. A name alone is its `default`.',
  type: ['object', 'string'],
  pattern: NAME_PATTERN,
  examples: ['hub', { path: '/srv/images', default: 'hub' }],
};
