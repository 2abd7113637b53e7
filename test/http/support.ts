import { connect as connectTcp, type Socket } from 'node:net';
import {
  type CimClass,
  type CimInstance,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimType,
  createInstance,
  defaultFlavor,
  foldName,
  instanceIdentity,
} from '../../src/cim/model/index.js';
import { CimError, type CimRequest, type CimResult } from '../../src/cim/operations/index.js';

const key: CimQualifier = {
  name: 'Key',
  type: 'boolean',
  isArray: false,
  value: true,
  flavor: { ...defaultFlavor, overridable: false },
  propagated: false,
};

function property(name: string, type: CimType, qualifiers: readonly CimQualifier[] = []): CimPropertyDeclaration {
  return {
    name,
    type,
    isArray: false,
    arraySize: null,
    defaultValue: null,
    referenceClass: null,
    embedded: null,
    classOrigin: 'T_A',
    propagated: false,
    qualifiers,
  };
}

/** A class with a key, and with a method that adds. */
export const testClass: CimClass = {
  kind: 'class',
  name: 'T_A',
  superclass: null,
  qualifiers: [],
  properties: [
    property('Id', 'string', [key]),
    property('N', 'uint32'),
    property('S', 'string'),
    property('Big', 'uint64'),
  ],
  methods: [
    {
      name: 'Add',
      returnType: 'uint32',
      parameters: ['A', 'B'].map((name) => ({
        name,
        type: 'uint32',
        isArray: false,
        arraySize: null,
        referenceClass: null,
        embedded: null,
        qualifiers: [],
      })),
      classOrigin: 'T_A',
      propagated: false,
      qualifiers: [],
    },
  ],
  path: null,
};

export function testInstance(id: string, n = 1, s: string | null = `text of ${id}`): CimInstance {
  return createInstance(testClass, { Id: id, N: n, S: s, Big: 18_446_744_073_709_551_615n });
}

async function* inBatches<T>(items: readonly T[], size = 100): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/** A namespace `root/t` with one class, in memory; enough to be asked by real clients. */
export class TestExecutor {
  readonly instances = new Map<string, CimInstance>();
  readonly requests: CimRequest[] = [];
  /** Replaces the answer, where a test wants something special. */
  answer: ((request: CimRequest, signal: AbortSignal) => Promise<CimResult> | CimResult) | null = null;

  constructor(ids: readonly string[] = ['a', 'b']) {
    ids.forEach((id, at) => this.put(testInstance(id, at + 1)));
  }

  put(instance: CimInstance): void {
    if (instance.path === null) throw new Error('expected an instance with its key');
    this.instances.set(instanceIdentity(instance.path), instance);
  }

  execute = async (
    _caller: unknown,
    request: CimRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<CimResult> => {
    this.requests.push(request);
    if (this.answer !== null) return this.answer(request, signal);
    if (foldName(request.namespace) !== 'root/t') throw new CimError(3, `no namespace ${request.namespace}`);
    switch (request.kind) {
      case 'GetClass':
        if (foldName(request.className) !== 't_a') throw new CimError(6, `no class ${request.className}`);
        return { kind: 'class', class: testClass };
      case 'GetInstance': {
        const found = this.instances.get(instanceIdentity(request.instanceName));
        if (found === undefined) throw new CimError(6, 'no such instance');
        return { kind: 'instance', instance: found.select(request.propertyList) };
      }
      case 'EnumerateInstances':
        return { kind: 'named-instances', batches: inBatches([...this.instances.values()]) };
      case 'EnumerateInstanceNames':
        return {
          kind: 'instance-names',
          batches: inBatches([...this.instances.values()].flatMap((instance) => instance.path ?? [])),
        };
      case 'DeleteInstance':
        if (!this.instances.delete(instanceIdentity(request.instanceName))) throw new CimError(6, 'no such instance');
        return { kind: 'void' };
      case 'InvokeMethod': {
        const numbers = request.parameters.map((parameter) => Number(parameter.value));
        return {
          kind: 'method',
          returnType: 'uint32',
          returnValue: numbers.reduce((sum, number) => sum + number, 0),
          outParameters: [],
        };
      }
      default:
        throw new CimError(7, `${request.kind} is not supported`);
    }
  };
}

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it came, chunk sizes included. */
  readonly body: string;
  /** Everything, in case several answers came. */
  readonly text: string;
}

export function parseRaw(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [line = '', ...rest] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    rest.map((header) => {
      const colon = header.indexOf(':');
      return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(line.split(' ')[1]), headers, body: text.slice(end + 4), text };
}

/** Whether what came is one complete answer, so that nobody has to wait for the connection to close. */
function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 || /^HTTP\/1\.1 100/.test(text)) return false;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1];
  if (length !== undefined) return Buffer.byteLength(text.slice(end + 4), 'latin1') >= Number(length);
  return (
    /\r\ntransfer-encoding: *chunked/i.test(head) && /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(text.slice(end + 4))
  );
}

export interface RawConnection {
  readonly socket: Socket;
  /** What came so far, as latin1. */
  text(): string;
  /** One whole answer, or everything until the connection closed. */
  answer(): Promise<RawAnswer>;
  closed: Promise<void>;
}

/** A connection on which a test writes what it likes. */
export function openRaw(socket: Socket): RawConnection {
  let text = '';
  let wake: () => void = () => undefined;
  let over = false;
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      over = true;
      wake();
      resolve();
    });
  });
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    wake();
  });
  socket.on('error', () => undefined);
  return {
    socket,
    text: () => text,
    closed,
    async answer() {
      while (!over && !isComplete(text)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return parseRaw(text);
    },
  };
}

/** Sends bytes as they are and waits for one answer. */
export async function rawExchange(port: number, bytes: string | Buffer, host = '127.0.0.1'): Promise<RawAnswer> {
  const raw = openRaw(connectTcp(port, host));
  raw.socket.write(bytes);
  try {
    return await raw.answer();
  } finally {
    raw.socket.destroy();
  }
}

export interface RequestParts {
  readonly line?: string;
  /** Header lines; replaces the usual ones of the same name, `null` removes. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly body?: string | Buffer;
}

export const getClassBody = intrinsicBody(
  'GetClass',
  '<IPARAMVALUE NAME="ClassName"><CLASSNAME NAME="T_A"/></IPARAMVALUE>',
);

export function messageBody(content: string, versions = 'CIMVERSION="2.0" DTDVERSION="2.0"', protocol = '1.0'): string {
  return `<?xml version="1.0" encoding="utf-8"?><CIM ${versions}><MESSAGE ID="4711" PROTOCOLVERSION="${protocol}">${content}</MESSAGE></CIM>`;
}

export function intrinsicCall(name: string, parameters: string): string {
  return `<SIMPLEREQ><IMETHODCALL NAME="${name}"><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="t"/></LOCALNAMESPACEPATH>${parameters}</IMETHODCALL></SIMPLEREQ>`;
}

export function intrinsicBody(name: string, parameters: string): string {
  return messageBody(intrinsicCall(name, parameters));
}

export function methodBody(keys: string, className = 'T_A', method = 'Add'): string {
  return messageBody(
    `<SIMPLEREQ><METHODCALL NAME="${method}"><LOCALINSTANCEPATH><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="t"/></LOCALNAMESPACEPATH><INSTANCENAME CLASSNAME="${className}">${keys}</INSTANCENAME></LOCALINSTANCEPATH></METHODCALL></SIMPLEREQ>`,
  );
}

/** A request as text: a correct GetClass, apart from what the parts say. */
export function requestText(parts: RequestParts = {}): Buffer {
  const body = Buffer.from(parts.body ?? getClassBody);
  const headers = new Map<string, string | readonly string[] | null>([
    ['Host', '127.0.0.1'],
    ['Content-Type', 'application/xml; charset="utf-8"'],
    ['Content-Length', String(body.length)],
    ['CIMProtocolVersion', '1.0'],
    ['CIMOperation', 'MethodCall'],
    ['CIMMethod', 'GetClass'],
    ['CIMObject', 'root%2Ft'],
    ...Object.entries(parts.headers ?? {}),
  ]);
  let head = `${parts.line ?? 'POST /cimom HTTP/1.1'}\r\n`;
  for (const [name, value] of headers) {
    if (value === null) continue;
    for (const one of typeof value === 'string' ? [value] : value) head += `${name}: ${one}\r\n`;
  }
  return Buffer.concat([Buffer.from(`${head}\r\n`), body]);
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
