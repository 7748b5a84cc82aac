/** A program and its arguments as they stand on the command line, without the `--` that may come before them. */
export function programOf<Words extends readonly string[]>(words: Words): Words {
  return words[0] === '--' && words.length > 1 ? (words.slice(1) as unknown as Words) : words;
}
