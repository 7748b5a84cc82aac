/** Transcripts in Markdown: fenced `console` blocks with `$ command` lines and the output below each. */

export interface TranscriptStep {
  readonly command: string;
  /** Output as the document has it, without a line break at its end. */
  readonly output: string;
}

/** The steps of all `console` blocks of a document, in order. */
export function readTranscript(markdown: string): readonly TranscriptStep[] {
  return [...markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [command = '', ...output] = step.split('\n');
        return { command, output: output.join('\n').trimEnd() };
      }),
  );
}

/** The document with the output of each step replaced, in order. */
export function writeTranscript(markdown: string, outputs: readonly string[]): string {
  let next = 0;
  return markdown.replace(/^```console\n([\s\S]*?)^```$/gm, (_all, block: string) => {
    const steps = block.split(/^\$ /m).slice(1);
    const text = steps.map((step) => {
      const output = (outputs[next++] ?? '').trimEnd();
      return `$ ${step.split('\n')[0] ?? ''}\n${output === '' ? '' : `${output}\n`}`;
    });
    return `\`\`\`console\n${text.join('')}\`\`\``;
  });
}

/** What differs from run to run and machine to machine: digests, durations, sizes, addresses, times, ids, column widths, the slot of the machine that a test has. */
export function normalized(output: string): string {
  return (
    output
      .replaceAll(/\bslot\d+\b/g, 'SLOT')
      .replaceAll(/\b[0-9a-f]{12}\b/g, 'DIGEST')
      .replaceAll(/\b(?=[a-f]*\d)[0-9a-f]{8}\b(?!-)/g, 'RUN')
      // Gateways are configured side by side: which of them was the last is not told.
      .replaceAll(/\bgateway web-\d+(?= )/g, 'gateway VM')
      .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, 'UUID')
      .replaceAll(/\b\d+(\.\d+){3}\b/g, 'ADDRESS')
      .replaceAll(/\b\d{4}-\d\d-\d\d[T ][\d:.]+Z?|\b\d\d:\d\d:\d\d(\.\d+)?\b/g, 'TIME')
      .replaceAll(/\b\d+(\.\d+)?(ms|s|m|h|d)\b/g, 'DURATION')
      .replaceAll(/\b\d+(\.\d+)?(Ki|Mi|Gi|Ti|B)\b/g, 'SIZE')
      .replaceAll(/ +/g, ' ')
      .replaceAll(/ +$/gm, '')
      .trim()
  );
}
