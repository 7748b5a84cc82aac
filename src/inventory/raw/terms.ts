/** What stratos.yaml holds after the schema accepted it: quantities are still text, names are not resolved, defaults not filled in. */

export type RawMap<T> = Readonly<Record<string, T>>;

export type RawBounds = number | { readonly min?: number; readonly max?: number };

export interface RawSecret {
  readonly fromEnv?: string;
  readonly fromFile?: string;
  readonly fromCommand?: readonly string[];
  readonly fromKeyring?: RawMap<string>;
}

export type RawEnv = RawMap<string | number | boolean | RawSecret>;
