import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInstance } from '../../../src/cim/model/index.js';
import {
  createIndicationListener,
  type IndicationListener,
  type IndicationListenerOptions,
  type ReceivedIndication,
} from '../../../src/client/listener/index.js';
import { createExportSender, type ExportSender, sendExport } from '../../../src/http/client/index.js';
import { describeIf } from '../../support/parts.js';
import { rawExchange, requestText, testClass } from '../../http/support.js';

const alertClass = {
  ...testClass,
  name: 'T_Alert',
  properties: [
    ...testClass.properties,
    ...(['SequenceContext', 'SequenceNumber'] as const).map((name) => ({
      ...(testClass.properties[1] as (typeof testClass.properties)[number]),
      name,
      type: name === 'SequenceContext' ? ('string' as const) : ('sint64' as const),
    })),
  ],
};

const alert = (number: bigint | null, context: string | null = 'c', id = String(number)) =>
  createInstance(alertClass, { Id: id, N: 1, S: 'ä < & "', SequenceContext: context, SequenceNumber: number }).withPath(
    null,
  );

let sender: ExportSender;
const listeners: IndicationListener[] = [];

beforeEach(() => {
  sender = createExportSender();
});

afterEach(async () => {
  await sender.close();
  for (const listener of listeners.splice(0)) await listener.close();
});

async function listen(options: Partial<IndicationListenerOptions> = {}): Promise<{
  readonly listener: IndicationListener;
  readonly received: ReceivedIndication[];
}> {
  const received: ReceivedIndication[] = [];
  const listener = await createIndicationListener({
    onIndication: (indication) => {
      received.push(indication);
    },
    ...options,
  });
  listeners.push(listener);
  return { listener, received };
}

async function settled(listener: IndicationListener): Promise<void> {
  while (listener.statistics.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('an indication arrives with its values, its path and its sender', async () => {
  const { listener, received } = await listen();
  await sendExport(`${listener.url}/some/place`, alert(0n));
  await settled(listener);
  expect(received).toHaveLength(1);
  expect(received[0]?.indication.get('S')).toBe('ä < & "');
  expect(received[0]?.peer).toMatchObject({ path: '/some/place', secure: false, address: '127.0.0.1' });
  expect(received[0]?.sequence).toEqual({ kind: 'first' });
});

test('order, gaps, late ones and duplicates are told; duplicates are not handed on', async () => {
  const irregular: ReceivedIndication[] = [];
  const { listener, received } = await listen({ onIrregular: (one) => void irregular.push(one) });
  for (const number of [5n, 6n, 9n, 7n, 7n, 6n, 10n]) await sender.send(listener.url, alert(number));
  await sender.send(listener.url, alert(0n, 'other context'));
  await sender.send(listener.url, alert(null, null, 'x'));
  await settled(listener);
  expect(received.map((one) => [one.indication.get('Id'), one.sequence.kind])).toEqual([
    ['5', 'first'],
    ['6', 'next'],
    ['9', 'gap'],
    ['7', 'late'],
    ['10', 'next'],
    ['0', 'first'],
    ['x', 'none'],
  ]);
  expect(received[2]?.sequence).toEqual({ kind: 'gap', missing: 2n });
  expect(irregular.map((one) => one.sequence.kind)).toEqual(['gap', 'late', 'duplicate', 'duplicate']);
  expect(listener.statistics).toMatchObject({ received: 9, delivered: 7, duplicates: 2, gaps: 1 });
});

test('numbers go on at zero after the largest', async () => {
  const { listener, received } = await listen();
  await sender.send(listener.url, alert(9_223_372_036_854_775_807n));
  await sender.send(listener.url, alert(0n));
  await settled(listener);
  expect(received.map((one) => one.sequence.kind)).toEqual(['first', 'next']);
});

test('a burst of thousands arrives whole and in order, by its sender waiting', async () => {
  const { listener, received } = await listen({ queueLimit: 10_000 });
  const count = 4000;
  // A few connections at a time would change the order: one sender, one after the other.
  for (let number = 0; number < count; number++) await sender.send(listener.url, alert(BigInt(number)));
  await settled(listener);
  expect(received.map(({ indication }) => indication.get('SequenceNumber'))).toEqual(
    Array.from({ length: count }, (_, number) => BigInt(number)),
  );
  expect(listener.statistics).toMatchObject({ received: count, delivered: count, gaps: 0, duplicates: 0, refused: 0 });
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

describeIf(hasIpv6, 'this machine has no ::1')('over IPv6', () => {
  test('indications arrive, and the path says for which destination', async () => {
    const { listener, received } = await listen({ host: '::1' });
    expect(listener.url).toMatch(/^http:\/\/\[::1\]:\d+/);
    await sender.send(new URL('/disks/east', listener.url).href, alert(0n));
    await settled(listener);
    expect(received[0]?.peer).toMatchObject({ address: '::1', path: '/disks/east' });
  });
});

test('a full queue answers an error, and the repetition is not a duplicate', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { listener } = await listen({ queueLimit: 2, onIndication: () => held });
  await sender.send(listener.url, alert(0n));
  await sender.send(listener.url, alert(1n));
  await expect(sender.send(listener.url, alert(2n))).rejects.toMatchObject({ status: 1 });
  release();
  await settled(listener);
  await sender.send(listener.url, alert(2n));
  await settled(listener);
  expect(listener.statistics).toMatchObject({ received: 3, delivered: 3, refused: 1, duplicates: 0 });
});

test('a callback that throws loses only its own indication', async () => {
  const errors: unknown[] = [];
  const { listener } = await listen({
    onIndication: ({ indication }) => {
      if (indication.get('Id') === '0') throw new Error('no');
    },
    onError: (error) => {
      errors.push(error);
      throw new Error('this one neither');
    },
  });
  await sender.send(listener.url, alert(0n));
  await sender.send(listener.url, alert(1n));
  await settled(listener);
  expect(errors).toHaveLength(1);
  expect(listener.statistics).toMatchObject({ delivered: 1, failed: 1 });
});

test('closing waits for what was accepted', async () => {
  let done = 0;
  const { listener } = await listen({
    onIndication: async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      done++;
    },
  });
  for (let number = 0n; number < 5n; number++) await sender.send(listener.url, alert(number));
  await listener.close();
  expect(done).toBe(5);
});

test('a sender needs the credentials that the listener asks for', async () => {
  const { listener } = await listen({ authenticate: async (user, password) => user === 'u' && password === 'w' });
  await expect(sender.send(listener.url, alert(0n))).rejects.toMatchObject({ code: 'unauthorized' });
  await sender.send(listener.url.replace('//', '//u:w@'), alert(0n));
  await sender.send(listener.url, alert(1n), { user: 'u', password: 'w' });
  expect(listener.statistics.received).toBe(2);
});

test('nobody there is `unreachable`, and silence is `timeout`', async () => {
  const { listener } = await listen();
  const { url } = listener;
  await listener.close();
  await expect(sender.send(url, alert(0n))).rejects.toMatchObject({ code: 'unreachable' });
});

test('a delivery looks on the wire as listeners want it', async () => {
  let head = '';
  const server = createServer((request, response) => {
    head = `${request.method} ${request.url} ${JSON.stringify(request.headers)}`;
    request.resume();
    const body =
      '<?xml version="1.0"?><CIM CIMVERSION="2.0" DTDVERSION="2.4"><MESSAGE ID="42" PROTOCOLVERSION="1.4"><SIMPLEEXPRSP><EXPMETHODRESPONSE NAME="ExportIndication"/></SIMPLEEXPRSP></MESSAGE></CIM>';
    response.writeHead(200, { 'Content-Type': 'text/xml', Connection: 'close' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await sender.send(`http://127.0.0.1:${port}/indications?x=1`, alert(0n), { messageId: '42' });
  server.close();
  expect(head).toContain('POST /indications?x=1 ');
  const headers = JSON.parse(head.slice(head.indexOf('{'))) as Record<string, string>;
  expect(headers).toMatchObject({
    accept: 'text/xml',
    'content-type': 'text/xml; charset="utf-8"',
    cimexport: 'MethodRequest',
    cimexportmethod: 'ExportIndication',
  });
  expect(Number(headers['content-length'])).toBeGreaterThan(300);
  expect(headers['transfer-encoding']).toBeUndefined();
  expect(Object.keys(headers)).not.toContain('accept-range');
});

const exportBody = (method: string): string =>
  `<?xml version="1.0"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="7" PROTOCOLVERSION="1.0"><SIMPLEEXPREQ><EXPMETHODCALL NAME="${method}"><EXPPARAMVALUE NAME="NewIndication"><INSTANCE CLASSNAME="X"></INSTANCE></EXPPARAMVALUE></EXPMETHODCALL></SIMPLEEXPREQ></MESSAGE></CIM>`;

describe('export header rules', () => {
  const headers = { CIMOperation: null, CIMMethod: null, CIMObject: null };
  const usual = { ...headers, CIMExport: 'MethodRequest', CIMExportMethod: 'ExportIndication' };
  test.each([
    ['a correct export', usual, 'ExportIndication', 200, undefined],
    ['no headers at all, as listeners tolerate', headers, 'ExportIndication', 200, undefined],
    ['CIMExport of another kind', { ...usual, CIMExport: 'X' }, 'ExportIndication', 400, 'unsupported-operation'],
    ['CIMExportMethod missing', { ...usual, CIMExportMethod: null }, 'ExportIndication', 400, 'header-mismatch'],
    [
      'CIMExportMethod not that of the body',
      { ...usual, CIMExportMethod: 'Other' },
      'ExportIndication',
      400,
      'header-mismatch',
    ],
    [
      'CIMOperation at a mere listener',
      { CIMOperation: 'MethodCall' },
      'ExportIndication',
      400,
      'unsupported-operation',
    ],
    ['both roles at once', { ...usual, CIMOperation: 'MethodCall' }, 'ExportIndication', 400, 'unsupported-operation'],
  ])('%s', async (_name, given, method, status, cimError) => {
    const { listener } = await listen();
    const answer = await rawExchange(listener.port, requestText({ headers: given, body: exportBody(method) }));
    expect({ status: answer.status, cimError: answer.headers['cimerror'] }).toEqual({ status, cimError });
    if (status === 200) {
      expect(answer.headers['cimexport']).toBe('MethodResponse');
      expect(answer.body).toMatch(/ID="7".*EXPMETHODRESPONSE NAME="ExportIndication"/s);
    }
  });

  test('a batch of exports is answered one by one', async () => {
    const { listener, received } = await listen();
    const one = /<SIMPLEEXPREQ>.*<\/SIMPLEEXPREQ>/s.exec(exportBody('ExportIndication'))?.[0] ?? '';
    const batch = exportBody('ExportIndication').replace(
      one,
      `<MULTIEXPREQ>${one}${one.replace('ExportIndication', 'Other')}${one}</MULTIEXPREQ>`,
    );
    const ask = (extra: Readonly<Record<string, string | null>>) =>
      rawExchange(listener.port, requestText({ headers: { ...usual, CIMExportMethod: null, ...extra }, body: batch }));
    const answer = await ask({ CIMExportBatch: '' });
    expect(answer.body.match(/<SIMPLEEXPRSP>/g)).toHaveLength(3);
    expect(answer.body.match(/<ERROR CODE="7"/g)).toHaveLength(1);
    await settled(listener);
    expect(received).toHaveLength(2);
    expect((await ask({})).headers['cimerror']).toBe('header-mismatch');
    expect((await ask({ CIMExportBatch: '', CIMExportMethod: 'ExportIndication' })).headers['cimerror']).toBe(
      'header-mismatch',
    );
  });

  test('an unknown export method is answered with ERROR 7', async () => {
    const { listener } = await listen();
    const answer = await rawExchange(
      listener.port,
      requestText({ headers: { ...usual, CIMExportMethod: 'ExportOther' }, body: exportBody('ExportOther') }),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('<ERROR CODE="7"');
  });
});
