import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A body that a server sent completely. */
export interface RecordedAnswer {
  /** Operation or method as the request's header named it. */
  readonly method: string;
  readonly status: number;
  readonly body: string;
}

export interface RecordingProxy {
  readonly url: string;
  readonly answers: readonly RecordedAnswer[];
  close(): Promise<void>;
}

/** Passes every request on to a server unchanged, and keeps what it answers. */
export async function createRecordingProxy(target: string): Promise<RecordingProxy> {
  const answers: RecordedAnswer[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const forward = httpRequest({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        response.write(chunk);
      });
      answer.on('end', () => {
        response.addTrailers(answer.trailers);
        response.end();
        const named = headers['cimmethod'];
        answers.push({
          method: typeof named === 'string' ? named : '',
          status: answer.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
      answer.on('error', () => response.destroy());
    });
    forward.on('error', () => response.destroy());
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
