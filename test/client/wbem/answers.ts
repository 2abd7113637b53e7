import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpTransport, type HttpTransport, WbemClient } from '../../../src/client/index.js';

// Answers as other servers write them, by hand from what is known of each; `@ID@` stands for the id of the request.
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export const message = (content: string, id = '@ID@'): string =>
  `<?xml version="1.0" encoding="utf-8" ?>\n<CIM CIMVERSION="2.0" DTDVERSION="2.0">\n<MESSAGE ID="${id}" PROTOCOLVERSION="1.0">\n<SIMPLERSP>\n${content}\n</SIMPLERSP>\n</MESSAGE>\n</CIM>`;
export const intrinsic = (name: string, content: string, id?: string): string =>
  message(`<IMETHODRESPONSE NAME="${name}">\n${content}\n</IMETHODRESPONSE>`, id);
export const key = (type = ' TYPE="string"'): string =>
  `<INSTANCENAME CLASSNAME="CIM_Fan">\n<KEYBINDING NAME="Name">\n<KEYVALUE VALUETYPE="string"${type}>f</KEYVALUE>\n</KEYBINDING>\n</INSTANCENAME>`;
export const property = (name: string, type: string, value: string): string =>
  `<PROPERTY NAME="${name}" TYPE="${type}">\n<VALUE>${value}</VALUE>\n</PROPERTY>`;
export const fan = (more = ''): string =>
  `<INSTANCE CLASSNAME="CIM_Fan">\n${property('Name', 'string', 'f')}\n${more}\n</INSTANCE>`;
export const named = (more?: string, type?: string): string =>
  `<VALUE.NAMEDINSTANCE>\n${key(type)}\n${fan(more)}\n</VALUE.NAMEDINSTANCE>`;
export const listed = (content: string, id?: string): string =>
  intrinsic('EnumerateInstances', `<IRETURNVALUE>\n${content}\n</IRETURNVALUE>`, id);

const closers: (() => Promise<unknown>)[] = [];

/** Ends servers and clients that a test began. */
export async function endAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** A server that answers by operation; null: it says nothing and keeps the connection. */
export async function serverThat(
  answers: (operation: string, body: string) => Answer | null,
): Promise<{ url: string; asked: string[]; bodies: string[] }> {
  const asked: string[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['cimmethod']);
      const text = Buffer.concat(chunks).toString('utf8');
      asked.push(operation);
      bodies.push(text);
      const answer = answers(operation, text);
      if (answer === null) return;
      const { status = 200, headers = {}, body } = answer;
      const id = /MESSAGE ID="([^"]*)"/.exec(text)?.[1] ?? '';
      response.writeHead(status, { 'Content-Type': 'application/xml; charset="utf-8"', ...headers });
      response.end(body.replace('@ID@', id));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, bodies };
}

/** @param strict refuses what is otherwise tolerated */
export function connectTo(
  url: string,
  strict = false,
  timeout = 5000,
): { client: WbemClient; transport: HttpTransport } {
  const transport = createHttpTransport({ url, strict, timeout, retry: { retries: 0 } });
  closers.push(() => transport.close());
  return { client: new WbemClient(transport, { namespace: 'root/cimv2' }), transport };
}
