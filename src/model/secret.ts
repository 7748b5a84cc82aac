/**
 * A value that must not be seen: it reveals itself to the wire only. String, JSON and inspect forms are redacted, so that a
 * log line, an error or a plan that carries one by accident shows nothing.
 */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The value itself. Only `ssh/`, `iaas/` and registry clients call this, at the moment of sending. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
