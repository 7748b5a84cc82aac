/** Clients that ask without pause and count what did not come back: no retries, so what is lost is seen. */
import http from 'node:http';

export interface LoadOptions {
  /** Asked for each request where it is a function. */
  readonly url: string | (() => string);
  readonly clients: number;
  /** Whether a client keeps its connection for the next request. */
  readonly keepAlive: boolean;
  /** Longest pause between two requests of a client, in ms; each pause is a random part of it. Default 0. */
  readonly pause?: number;
  readonly method?: 'GET' | 'POST';
}

export interface LoadResult {
  readonly requests: number;
  /** What was lost, by kind: `ECONNRESET`, `status 503`. */
  readonly failures: Readonly<Record<string, number>>;
  readonly lost: number;
  /** In ms, of answered requests. */
  readonly latency: { readonly median: number; readonly p99: number; readonly max: number };
  readonly seconds: number;
  /** How often each answer came. */
  readonly answers: Readonly<Record<string, number>>;
}

/** Starts asking; `stop` lets requests in flight end and tells the result. */
export function startLoad(options: LoadOptions): { readonly stop: () => Promise<LoadResult> } {
  const agent = new http.Agent({ keepAlive: options.keepAlive, maxSockets: options.clients });
  const failures: Record<string, number> = {};
  const answers: Record<string, number> = {};
  const times: number[] = [];
  const began = performance.now();
  let going = true;
  const client = async (): Promise<void> => {
    while (going) {
      const start = performance.now();
      try {
        const { status, body } = await ask(options, agent);
        if (status === 200) answers[body] = (answers[body] ?? 0) + 1;
        else count(failures, `status ${status}`);
        times.push(performance.now() - start);
      } catch (error) {
        count(failures, (error as NodeJS.ErrnoException).code ?? String(error));
      }
      if (options.pause) await new Promise((resolve) => setTimeout(resolve, Math.random() * (options.pause ?? 0)));
    }
  };
  const clients = Array.from({ length: options.clients }, client);
  return {
    stop: async () => {
      going = false;
      await Promise.all(clients);
      agent.destroy();
      times.sort((a, b) => a - b);
      const at = (part: number): number => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
      const lost = Object.values(failures).reduce((sum, n) => sum + n, 0);
      return {
        requests: Object.values(answers).reduce((sum, n) => sum + n, 0) + lost,
        failures,
        lost,
        latency: { median: at(0.5), p99: at(0.99), max: at(1) },
        seconds: (performance.now() - began) / 1000,
        answers,
      };
    },
  };
}

function ask(options: LoadOptions, agent: http.Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      typeof options.url === 'string' ? options.url : options.url(),
      { agent, method: options.method ?? 'GET', timeout: 10_000 },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body });
        });
        response.on('error', reject);
      },
    );
    request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
    request.on('error', reject);
    request.end(options.method === 'POST' ? 'x' : undefined);
  });
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
