/** What the record of a process says when its VM gave no answer about it: nothing is known of its health. */
export const NO_ANSWER = 'no answer from the VM';
