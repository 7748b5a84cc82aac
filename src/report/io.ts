/** The only owner of streams, terminal, width and colour. Everything else gets an {@link Io} and writes to that. */
import type { Paint } from './paint.ts';
import { PLAIN, colourPaint } from './paint.ts';

/** One way out. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Whether colours are wanted here: by the terminal, `NO_COLOR`, `FORCE_COLOR` and `--no-color`. */
  readonly colour: boolean;
  /** Columns; infinite where it is no terminal. */
  readonly width: number;
  /** The stream itself, for a spinner; undefined in tests. */
  readonly stream?: NodeJS.WriteStream;
}

export interface Io {
  /** Results, and nothing but results. */
  readonly out: Output;
  /** Progress, diagnostics, questions. */
  readonly err: Output;
  /** Whether a question can be asked: standard input and standard error are a terminal. */
  readonly canPrompt: boolean;
  /** Asks on standard error; undefined when the input ended or `signal` aborted. Call it only where `canPrompt`. */
  ask(question: string, signal?: AbortSignal): Promise<string | undefined>;
  /** The same, and shows nothing of the answer. */
  askSecret(question: string): Promise<string | undefined>;
  /** All of standard input, where it is no terminal. */
  readInput(): Promise<string>;
}

export interface IoSettings {
  /** False for `--no-color`. */
  readonly colour: boolean;
}

/** The streams of this process. */
export function processIo(settings: IoSettings): Io {
  const out = streamOutput(process.stdout, settings);
  const err = streamOutput(process.stderr, settings);
  return {
    out,
    err,
    canPrompt: process.stdin.isTTY && err.isTerminal,
    ask: askTerminal,
    askSecret: (question) => {
      process.stderr.write(question);
      return askTerminal('', undefined, 'silent').finally(() => {
        process.stderr.write('\n');
      });
    },
    readInput: async () => {
      let text = '';
      for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
      return text;
    },
  };
}

/** What was written to a {@link bufferIo}. */
export interface BufferedIo extends Io {
  stdout(): string;
  stderr(): string;
}

export interface BufferSettings {
  /** Columns of both outputs; default 100. */
  readonly width?: number;
  /** Whether they pass for a terminal; default no. */
  readonly terminal?: boolean;
  /** Answers to questions, in order. */
  readonly answers?: readonly string[];
  /** What stands on standard input. */
  readonly input?: string;
}

/** Keeps what is written, for tests. */
export function bufferIo(settings: BufferSettings = {}): BufferedIo {
  const written = { out: '', err: '' };
  const answers = [...(settings.answers ?? [])];
  const output = (name: 'out' | 'err'): Output => ({
    write: (text) => {
      written[name] += text;
    },
    isTerminal: settings.terminal ?? false,
    colour: false,
    width: settings.width ?? 100,
  });
  const err = output('err');
  return {
    out: output('out'),
    err,
    canPrompt: settings.terminal ?? false,
    ask: (question) => {
      err.write(question);
      return Promise.resolve(answers.shift());
    },
    askSecret: () => Promise.resolve(answers.shift()),
    readInput: () => Promise.resolve(settings.input ?? ''),
    stdout: () => written.out,
    stderr: () => written.err,
  };
}

/** The colours for one output; loads chalk only where colour is used. */
export async function paintFor(output: Output): Promise<Paint> {
  return output.colour ? colourPaint() : PLAIN;
}

function streamOutput(stream: NodeJS.WriteStream, settings: IoSettings): Output {
  const isTerminal = stream.isTTY;
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    colour: settings.colour && wantsColour(process.env, isTerminal),
    get width() {
      return isTerminal ? stream.columns || 80 : Number.POSITIVE_INFINITY;
    },
    stream,
  };
}

/** https://no-color.org and https://force-color.org; a dumb terminal has no colours. */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}

async function askTerminal(
  question: string,
  signal?: AbortSignal,
  echo: 'shown' | 'silent' = 'shown',
): Promise<string | undefined> {
  // Loaded here, as hardly any run asks a question.
  const [{ createInterface }, { Writable }] = await Promise.all([
    import('node:readline/promises'),
    import('node:stream'),
  ]);
  const silence = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const output = echo === 'shown' ? process.stderr : silence;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const ended = new Promise<undefined>((resolve) => {
    lines.once('close', () => {
      resolve(undefined);
    });
    // readline takes Ctrl-C for itself while it reads; the program's own handling decides what it means.
    lines.once('SIGINT', () => {
      lines.close();
      process.kill(process.pid, 'SIGINT');
    });
  });
  try {
    return await Promise.race([lines.question(question, signal ? { signal } : {}), ended]);
  } finally {
    lines.close();
  }
}
