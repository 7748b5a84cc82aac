/** What an edit of the spec did. */
export interface EditedSpec {
  /** The file that has the thing. */
  readonly file: string;
  /** False when it was so already, and nothing was written. */
  readonly changed: boolean;
}
