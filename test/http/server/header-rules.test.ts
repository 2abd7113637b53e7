// One case for each HTTP rule: the row of the specification, the bytes, the answer.
import { CimError } from '../../../src/cim/operations/index.js';
import { createWbemServer, type WbemServer } from '../../../src/http/server/index.js';
import {
  basic,
  getClassBody,
  intrinsicBody,
  intrinsicCall,
  messageBody,
  methodBody,
  openRaw,
  parseRaw,
  rawExchange,
  type RequestParts,
  requestText,
  TestExecutor,
  testInstance,
} from '../support.js';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';

const executor = new TestExecutor();
let server: WbemServer;
let port: number;

beforeAll(async () => {
  server = await createWbemServer<string>({
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
    authenticate: async (credentials) =>
      credentials.scheme === 'basic' && credentials.user === 'u' && credentials.password === 'p:w' ? 'u' : null,
    execute: executor.execute,
    realm: 'test "realm"',
    limits: { bodyBytes: 100_000, headerBytes: 8192 },
  });
  port = server.addresses[0]?.port ?? 0;
});

afterAll(() => server.close(0));

const authorized = { Authorization: basic('u', 'p:w') };

function ask(
  parts: RequestParts,
): Promise<{ status: number; headers: Readonly<Record<string, string>>; body: string }> {
  return rawExchange(port, requestText({ ...parts, headers: { ...authorized, ...parts.headers } }));
}

const chunkedGetClass = `${getClassBody.length.toString(16)}\r\n${getClassBody}\r\n0\r\n\r\n`;

interface Row {
  readonly rule: string;
  readonly parts: RequestParts;
  readonly status: number;
  readonly cimError?: string;
  /** Expected in the body of a 200. */
  readonly body?: RegExp;
}

const idKey = '<KEYBINDING NAME="Id"><KEYVALUE VALUETYPE="string">x</KEYVALUE></KEYBINDING>';
const numberKey = '<KEYBINDING NAME="N"><KEYVALUE VALUETYPE="numeric">5</KEYVALUE></KEYBINDING>';
const method = (object: string, keys = idKey, name = 'Add'): RequestParts => ({
  headers: { CIMMethod: name, CIMObject: object },
  body: methodBody(keys),
});

const rows: readonly Row[] = [
  { rule: 'a correct request', parts: {}, status: 200, body: /<CLASS NAME="T_A"/ },
  { rule: 'any path', parts: { line: 'POST /anything HTTP/1.1' }, status: 200 },
  { rule: 'GET', parts: { line: 'GET /cimom HTTP/1.1' }, status: 405 },
  { rule: 'PUT', parts: { line: 'PUT /cimom HTTP/1.1' }, status: 405 },
  { rule: 'OPTIONS', parts: { line: 'OPTIONS * HTTP/1.1' }, status: 405 },
  { rule: 'an unknown verb', parts: { line: 'FROB /cimom HTTP/1.1' }, status: 405 },
  { rule: 'CONNECT', parts: { line: 'CONNECT a:1 HTTP/1.1' }, status: 405 },
  { rule: 'M-POST', parts: { line: 'M-POST /cimom HTTP/1.1' }, status: 501 },
  { rule: 'M-POST on HTTP/1.0', parts: { line: 'M-POST /cimom HTTP/1.0' }, status: 400 },
  { rule: 'HTTP/2.0 in the request line', parts: { line: 'POST /cimom HTTP/2.0' }, status: 505 },
  { rule: 'no request line', parts: { line: 'hello' }, status: 400 },
  { rule: 'a broken header', parts: { headers: { 'Bad Header': 'x' } }, status: 400 },
  { rule: 'Host with a port', parts: { headers: { Host: '[::1]:5988' } }, status: 200 },
  { rule: 'Host that names nothing', parts: { headers: { Host: '' } }, status: 200 },
  { rule: 'Host that is no name', parts: { headers: { Host: 'a b<c>' } }, status: 400 },
  {
    rule: 'Content-Type twice',
    parts: { headers: { 'Content-Type': ['application/xml', 'text/plain'] } },
    status: 400,
  },
  {
    rule: 'Authorization twice',
    parts: { headers: { Authorization: [basic('user', 'secret'), basic('other', 'secret')] } },
    status: 400,
  },
  { rule: 'CIMOperation missing', parts: { headers: { CIMOperation: null } }, status: 400 },
  { rule: 'CIMOperation in another case', parts: { headers: { CIMOperation: 'methodcall' } }, status: 200 },
  {
    rule: 'CIMOperation of another kind',
    parts: { headers: { CIMOperation: 'X' } },
    status: 400,
    cimError: 'unsupported-operation',
  },
  {
    rule: 'CIMOperation twice',
    parts: { headers: { CIMOperation: ['MethodCall', 'MethodCall'] } },
    status: 400,
    cimError: 'unsupported-operation',
  },
  { rule: 'CIMMethod missing', parts: { headers: { CIMMethod: null } }, status: 400, cimError: 'header-mismatch' },
  { rule: 'CIMMethod empty', parts: { headers: { CIMMethod: '' } }, status: 400, cimError: 'header-mismatch' },
  {
    rule: 'CIMMethod not decodable',
    parts: { headers: { CIMMethod: 'Get%Class' } },
    status: 400,
    cimError: 'header-mismatch',
  },
  {
    rule: 'CIMMethod not that of the body',
    parts: { headers: { CIMMethod: 'GetInstance' } },
    status: 400,
    cimError: 'header-mismatch',
  },
  { rule: 'CIMMethod in another case', parts: { headers: { CIMMethod: 'getclass' } }, status: 200 },
  { rule: 'CIMMethod percent-encoded', parts: { headers: { CIMMethod: '%47etClass' } }, status: 200 },
  { rule: 'CIMObject missing', parts: { headers: { CIMObject: null } }, status: 400, cimError: 'header-mismatch' },
  { rule: 'CIMObject empty', parts: { headers: { CIMObject: '' } }, status: 400, cimError: 'header-mismatch' },
  {
    rule: 'CIMObject not decodable',
    parts: { headers: { CIMObject: 'root%2' } },
    status: 400,
    cimError: 'header-mismatch',
  },
  {
    rule: 'CIMObject not UTF-8',
    parts: { headers: { CIMObject: 'root/%ff' } },
    status: 400,
    cimError: 'header-mismatch',
  },
  {
    rule: 'CIMObject not the namespace of the body',
    parts: { headers: { CIMObject: 'root%2Fcimv2' } },
    status: 400,
    cimError: 'header-mismatch',
  },
  { rule: 'CIMObject as pywbem writes it', parts: { headers: { CIMObject: 'root/t' } }, status: 200 },
  { rule: 'CIMObject in another case', parts: { headers: { CIMObject: 'ROOT/T' } }, status: 200 },
  { rule: 'a method, as wbemcli writes it', parts: method('root%2Ft%3AT_A.Id="x"'), status: 200 },
  { rule: 'a method, as pywbem writes it', parts: method('root/t:T_A.Id="x"'), status: 200 },
  { rule: 'a method, all encoded', parts: method('root%2Ft%3AT_A.Id%3D%22x%22'), status: 200 },
  { rule: 'a method, names in another case', parts: method('Root/T:t_a.ID="x"', idKey, 'add'), status: 200 },
  { rule: 'a method, keys in another order', parts: method('root/t:T_A.N=5,Id="x"', idKey + numberKey), status: 200 },
  { rule: 'a method, another key value', parts: method('root/t:T_A.Id="X"'), status: 400, cimError: 'header-mismatch' },
  {
    rule: 'a method, a key too few',
    parts: method('root/t:T_A.Id="x"', idKey + numberKey),
    status: 400,
    cimError: 'header-mismatch',
  },
  {
    rule: 'a method, a key of another type',
    parts: method('root/t:T_A.N="5"', numberKey),
    status: 400,
    cimError: 'header-mismatch',
  },
  { rule: 'a method, another class', parts: method('root/t:T_B.Id="x"'), status: 400, cimError: 'header-mismatch' },
  { rule: 'a method, another namespace', parts: method('root/u:T_A.Id="x"'), status: 400, cimError: 'header-mismatch' },
  { rule: 'a method, no namespace', parts: method('T_A.Id="x"'), status: 400, cimError: 'header-mismatch' },
  {
    rule: 'a method, the class instead of the instance',
    parts: method('root/t:T_A'),
    status: 400,
    cimError: 'header-mismatch',
  },
  { rule: 'CIMProtocolVersion missing', parts: { headers: { CIMProtocolVersion: null } }, status: 200 },
  {
    rule: 'CIMProtocolVersion missing, another in the body',
    parts: {
      headers: { CIMProtocolVersion: null },
      body: getClassBody.replace('PROTOCOLVERSION="1.0"', 'PROTOCOLVERSION="1.1"'),
    },
    status: 400,
    cimError: 'header-mismatch',
  },
  {
    rule: 'CIMProtocolVersion 2.0',
    parts: { headers: { CIMProtocolVersion: '2.0' } },
    status: 501,
    cimError: 'unsupported-protocol-version',
  },
  {
    rule: 'PROTOCOLVERSION 2.0 in the body',
    parts: { body: getClassBody.replace('PROTOCOLVERSION="1.0"', 'PROTOCOLVERSION="2.0"') },
    status: 501,
    cimError: 'unsupported-protocol-version',
  },
  {
    rule: 'CIMVERSION 3.0',
    parts: { body: getClassBody.replace('CIMVERSION="2.0"', 'CIMVERSION="3.0"') },
    status: 501,
    cimError: 'unsupported-cim-version',
  },
  ...['1.0', '3.0', '2.', '2.123:4'].map((version) => ({
    rule: `DTDVERSION ${version}`,
    parts: { body: getClassBody.replace('DTDVERSION="2.0"', `DTDVERSION="${version}"`) },
    status: 501,
    cimError: 'unsupported-dtd-version',
  })),
  ...['2.1', '2.2', '2.3', '2.4'].map((version) => ({
    rule: `DTDVERSION ${version}`,
    parts: { body: getClassBody.replace('DTDVERSION="2.0"', `DTDVERSION="${version}"`) },
    status: 200,
  })),
  {
    rule: 'CIMBatch with a single operation',
    parts: { headers: { CIMBatch: '' } },
    status: 400,
    cimError: 'header-mismatch',
  },
  {
    rule: 'MULTIREQ without CIMBatch',
    parts: { body: messageBody(`<MULTIREQ>${intrinsicCall('EnumerateQualifiers', '').repeat(2)}</MULTIREQ>`) },
    status: 400,
    cimError: 'header-mismatch',
  },
  { rule: 'Host missing', parts: { headers: { Host: null } }, status: 400 },
  { rule: 'Host twice', parts: { headers: { Host: ['a', 'b'] } }, status: 400 },
  { rule: 'Host missing on HTTP/1.0', parts: { line: 'POST /cimom HTTP/1.0', headers: { Host: null } }, status: 200 },
  { rule: 'Content-Length missing', parts: { headers: { 'Content-Length': null }, body: '' }, status: 411 },
  { rule: 'Content-Length no number', parts: { headers: { 'Content-Length': 'ten' } }, status: 400 },
  { rule: 'Content-Length negative', parts: { headers: { 'Content-Length': '-5' } }, status: 400 },
  { rule: 'Content-Length twice', parts: { headers: { 'Content-Length': ['5', '5'] } }, status: 400 },
  {
    rule: 'Content-Length padded with zeros',
    parts: { headers: { 'Content-Length': String(getClassBody.length).padStart(10, '0') } },
    status: 200,
  },
  { rule: 'Content-Length over the limit', parts: { headers: { 'Content-Length': '100001' } }, status: 413 },
  { rule: 'a body over the limit', parts: { body: 'x'.repeat(100_001) }, status: 413 },
  {
    rule: 'Transfer-Encoding unknown',
    parts: { headers: { 'Content-Length': null, 'Transfer-Encoding': 'gzip' } },
    status: 501,
  },
  {
    rule: 'Transfer-Encoding gzip, chunked',
    parts: { headers: { 'Content-Length': null, 'Transfer-Encoding': 'gzip, chunked' }, body: chunkedGetClass },
    status: 501,
  },
  {
    rule: 'Transfer-Encoding twice',
    parts: { headers: { 'Content-Length': null, 'Transfer-Encoding': ['chunked', 'chunked'] }, body: chunkedGetClass },
    status: 400,
  },
  {
    rule: 'Transfer-Encoding and Content-Length',
    parts: { headers: { 'Transfer-Encoding': 'chunked' }, body: chunkedGetClass },
    status: 400,
  },
  {
    rule: 'a chunked request',
    parts: { headers: { 'Content-Length': null, 'Transfer-Encoding': 'chunked' }, body: chunkedGetClass },
    status: 200,
  },
  {
    rule: 'a chunked request with broken framing',
    parts: { headers: { 'Content-Length': null, 'Transfer-Encoding': 'chunked' }, body: 'zz\r\nabc\r\n' },
    status: 400,
  },
  {
    rule: 'a chunked request over the limit',
    parts: {
      headers: { 'Content-Length': null, 'Transfer-Encoding': 'chunked' },
      body: `${(100_001).toString(16)}\r\n${'x'.repeat(100_001)}\r\n0\r\n\r\n`,
    },
    status: 413,
  },
  { rule: 'Content-Type missing', parts: { headers: { 'Content-Type': null } }, status: 400 },
  { rule: 'Content-Type text/html', parts: { headers: { 'Content-Type': 'text/html' } }, status: 400 },
  {
    rule: 'Content-Type with charset latin1',
    parts: { headers: { 'Content-Type': 'text/xml; charset=iso-8859-1' } },
    status: 400,
  },
  ...['text/xml', 'application/xml', 'Application/XML;charset=UTF-8', 'text/xml; charset="utf-8"'].map((type) => ({
    rule: `Content-Type ${type}`,
    parts: { headers: { 'Content-Type': type } },
    status: 200,
  })),
  { rule: 'Content-Encoding br', parts: { headers: { 'Content-Encoding': 'br' } }, status: 415 },
  { rule: 'Content-Encoding identity', parts: { headers: { 'Content-Encoding': 'Identity' } }, status: 200 },
  {
    rule: 'Content-Encoding gzip',
    parts: { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(getClassBody) },
    status: 200,
  },
  { rule: 'Content-Encoding gzip over plain text', parts: { headers: { 'Content-Encoding': 'gzip' } }, status: 400 },
  {
    rule: 'a body that is half a gzip',
    parts: { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(getClassBody).subarray(0, -8) },
    status: 400,
  },
  {
    rule: 'a small body that unpacks over the limit',
    parts: { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(50_000_000)) },
    status: 413,
  },
  { rule: 'Expect of something else', parts: { headers: { Expect: 'miracle' } }, status: 417 },
  { rule: 'headers over the limit', parts: { headers: { 'X-Long': 'x'.repeat(9000) } }, status: 431 },
  {
    rule: 'a body that is not UTF-8',
    parts: { body: Buffer.from(getClassBody.replace('T_A', 'T_\u00e9'), 'latin1') },
    status: 400,
    cimError: 'request-not-valid',
  },
  { rule: 'XML that is not well-formed', parts: { body: '<CIM' }, status: 400, cimError: 'request-not-well-formed' },
  { rule: 'a body without anything', parts: { body: '' }, status: 400, cimError: 'request-not-well-formed' },
  {
    rule: 'XML that is not CIM-XML',
    parts: { body: messageBody('<NOTHING/>') },
    status: 400,
    cimError: 'request-not-valid',
  },
  {
    rule: 'a document type',
    parts: { body: getClassBody.replace('?>', '?><!DOCTYPE CIM>') },
    status: 400,
    cimError: 'request-not-valid',
  },
  { rule: 'no XML declaration', parts: { body: getClassBody.replace(/^<\?xml.*?\?>/, '') }, status: 200 },
  {
    rule: 'an unknown intrinsic operation',
    parts: { headers: { CIMMethod: 'GetNothing' }, body: intrinsicBody('GetNothing', '') },
    status: 200,
    body: /<ERROR CODE="7"/,
  },
  { rule: 'Authorization missing', parts: { headers: { Authorization: null } }, status: 401 },
  { rule: 'a wrong password', parts: { headers: { Authorization: basic('u', 'wrong') } }, status: 401 },
  { rule: 'another scheme', parts: { headers: { Authorization: 'Bearer abc' } }, status: 401 },
  { rule: 'malformed Basic', parts: { headers: { Authorization: 'Basic !!!' } }, status: 401 },
  {
    rule: '401 comes before all header rules of CIM',
    parts: { headers: { Authorization: null, CIMOperation: null, 'Content-Type': null } },
    status: 401,
  },
  {
    rule: 'CIMExport at a server that takes none',
    parts: { headers: { CIMOperation: null, CIMExport: 'MethodRequest' } },
    status: 400,
    cimError: 'unsupported-operation',
  },
];

test.each(rows.map((row) => [row.rule, row] as const))('%s', async (_rule, row) => {
  const answer = await ask(row.parts);
  expect({ status: answer.status, cimError: answer.headers['cimerror'] }).toEqual({
    status: row.status,
    cimError: row.cimError,
  });
  if (answer.status === 200) {
    expect(answer.headers).toMatchObject({
      'content-type': 'application/xml; charset="utf-8"',
      cimoperation: 'MethodResponse',
      'cache-control': 'no-cache',
    });
    expect(Number(answer.headers['wbemserverresponsetime'])).toBeGreaterThan(0);
    expect(answer.body).toMatch(row.body ?? /<\/MESSAGE><\/CIM>\s*$/);
    expect(answer.body).toContain('ID="4711"');
  } else {
    expect(answer.headers['content-length']).toBe('0');
    expect(answer.body).toBe('');
    if (row.cimError === 'header-mismatch') {
      expect(answer.headers['cimerrordetails']).toMatch(/^[A-Za-z0-9%._'()~!*-]+$/);
      expect(answer.headers['pgerrordetail']).toBe(answer.headers['cimerrordetails']);
    }
  }
  if (answer.status === 405) expect(answer.headers['allow']).toBe('POST');
  if (answer.status === 401) expect(answer.headers['www-authenticate']).toBe('Basic realm="test \\"realm\\""');
});

test('rejected requests never reach the executor', async () => {
  const before = executor.requests.length;
  await ask({ headers: { Authorization: null } });
  await ask({ headers: { CIMMethod: 'DeleteClass' } });
  expect(executor.requests).toHaveLength(before);
});

test('dropping the credentials on a connection that had them is noticed', async () => {
  const raw = openRaw(connect(port, '127.0.0.1'));
  raw.socket.write(requestText({ headers: authorized }));
  expect((await raw.answer()).status).toBe(200);
  const first = raw.text().length;
  raw.socket.write(requestText());
  await new Promise((resolve) => raw.socket.once('data', resolve));
  expect(parseRaw(raw.text().slice(first)).status).toBe(401);
  raw.socket.destroy();
});

test('Expect: 100-continue is answered before the body, and only if the headers are right', async () => {
  const request = requestText({ headers: { ...authorized, Expect: '100-continue' } });
  const end = request.indexOf('\r\n\r\n') + 4;
  const raw = openRaw(connect(port, '127.0.0.1'));
  raw.socket.write(request.subarray(0, end));
  await new Promise((resolve) => raw.socket.once('data', resolve));
  expect(raw.text()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  raw.socket.write(request.subarray(end));
  await new Promise((resolve) => raw.socket.once('data', resolve));
  expect(raw.text()).toContain('HTTP/1.1 200 OK');
  raw.socket.destroy();

  const refused = await rawExchange(port, requestText({ headers: { Expect: '100-continue' } }).subarray(0, end));
  expect(refused.status).toBe(401);
  expect(refused.headers['connection']).toBe('close');
});

test('HTTP/1.0 is answered with a length and closed, or kept open where asked', async () => {
  const once = await rawExchange(port, requestText({ line: 'POST /cimom HTTP/1.0', headers: authorized }));
  expect(once.headers).toMatchObject({ connection: 'close' });
  expect(once.headers['transfer-encoding']).toBeUndefined();
  const kept = await rawExchange(
    port,
    requestText({ line: 'POST /cimom HTTP/1.0', headers: { ...authorized, Connection: 'keep-alive' } }),
  );
  expect(kept.headers).toMatchObject({ connection: 'keep-alive' });
});

test('CIM_Error instances go only to clients that show themselves', async () => {
  executor.answer = () => {
    throw new CimError(4, 'no', { instances: [testInstance('detail')] });
  };
  try {
    expect((await ask({})).body).not.toContain('<INSTANCE');
    expect((await ask({ headers: { Accept: '*/*' } })).body).toContain('<INSTANCE');
    expect((await ask({ headers: { 'User-Agent': 'x' } })).body).toContain('<INSTANCE');
  } finally {
    executor.answer = null;
  }
});

test('a value that XML cannot carry is named', async () => {
  executor.answer = () => ({ kind: 'instance', instance: testInstance('a', 1, 'bell \u0007') });
  try {
    expect((await ask({})).body).toMatch(/<ERROR CODE="1" DESCRIPTION="[^"]*XML cannot carry U\+0007/);
  } finally {
    executor.answer = null;
  }
});

test('what is not a CIM error becomes status 1 without inner details', async () => {
  executor.answer = () => {
    throw new Error('secret path /x/y');
  };
  try {
    const answer = await ask({});
    expect(answer.body).toContain('<ERROR CODE="1"');
    expect(answer.body).not.toContain('secret');
  } finally {
    executor.answer = null;
  }
});

describe('batches', () => {
  const batchHeaders = { ...authorized, CIMMethod: null, CIMObject: null, CIMBatch: '' };
  const getClass = intrinsicCall('GetClass', '<IPARAMVALUE NAME="ClassName"><CLASSNAME NAME="T_A"/></IPARAMVALUE>');
  const batch = (content: string): Buffer =>
    requestText({ headers: batchHeaders, body: messageBody(`<MULTIREQ>${content}</MULTIREQ>`) });

  test('every operation gets its answer, in order, failures too', async () => {
    const answer = await rawExchange(port, batch(getClass + intrinsicCall('EnumerateQualifiers', '') + getClass));
    expect(answer.status).toBe(200);
    expect(answer.body.match(/<SIMPLERSP>/g)).toHaveLength(3);
    expect(answer.body).toMatch(/<MULTIRSP>.*NAME="GetClass".*<ERROR CODE="7".*NAME="GetClass".*<\/MULTIRSP>/s);
  });

  test('who may ask nothing at all learns nothing of what is wrong with the calls', async () => {
    const closed = await createWbemServer({
      listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'none' }],
      execute: executor.execute,
      admit: () => {
        throw new CimError(2, 'nobody');
      },
    });
    try {
      const answer = await rawExchange(
        closed.addresses[0]?.port ?? 0,
        batch(getClass + intrinsicCall('NoSuchOperation', '')),
      );
      expect(answer.body.match(/<ERROR CODE="[0-9]+"/g)).toEqual(['<ERROR CODE="2"', '<ERROR CODE="2"']);
    } finally {
      await closed.close(0);
    }
  });

  test('CIMMethod in a batch is refused', async () => {
    const text = requestText({
      headers: { ...batchHeaders, CIMMethod: 'GetClass' },
      body: messageBody(`<MULTIREQ>${getClass}${getClass}</MULTIREQ>`),
    });
    expect((await rawExchange(port, text)).headers['cimerror']).toBe('header-mismatch');
  });

  test('the number of operations is bounded', async () => {
    const answer = await rawExchange(port, batch(getClass.repeat(101)));
    expect(answer.status).toBe(400);
    expect(answer.headers['cimerror']).toBe('request-not-valid');
  });
});
