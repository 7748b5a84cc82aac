/** Values of variables, and where secret ones are kept. */

/** A value in clear, or where to read a secret on the operator's machine when it is needed. */
export type EnvValue = { readonly kind: 'value'; readonly value: string } | SecretRef;

/** Where a secret is kept: read when it is needed, never written down. */
export type SecretRef =
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  /** A program (`pass show cloud/token`) that prints it; started without a shell, in the project directory `cwd`. */
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly cwd: string }
  /** The desktop's keyring, by the attributes that `secret-tool store` was given. */
  | { readonly kind: 'keyring'; readonly attributes: Readonly<Record<string, string>> };
