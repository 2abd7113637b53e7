import { refusalOf } from '../../../src/http/server/client-error.js';
import { decodeHeaderText } from '../../../src/http/server/header-body.js';
import { createHostNames } from '../../../src/http/server/host-names.js';

const fault = (code: string, rawPacket = '', reason = ''): Parameters<typeof refusalOf>[0] =>
  Object.assign(new Error(code), { code, reason, rawPacket: Buffer.from(rawPacket) });

test.each([
  ['HPE_HEADER_OVERFLOW', '', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', '', 408],
  ['HPE_INVALID_METHOD', 'M-POST / HTTP/1.1\r\nHost: x\r\n\r\n', 501],
  ['HPE_INVALID_METHOD', 'M-POST / HTTP/1.0\r\n\r\n', 400],
  ['HPE_INVALID_METHOD', 'BREW / HTTP/1.1\r\n\r\n', 405],
  ['HPE_INVALID_METHOD', '\u0016\u0003\u0001', 400],
  ['HPE_INVALID_METHOD', '', 400],
  ['HPE_INVALID_CHUNK_SIZE', 'zz\r\n', 400],
  ['SOMETHING_NEW', '', 400],
])('%s (%j) is answered with %i', (code, packet, status) => {
  expect(refusalOf(fault(code, packet))?.status).toBe(status);
});

test('nobody is answered who has gone', () => {
  expect(refusalOf(fault('ECONNRESET'))).toBeNull();
});

test.each([
  ['root%2Ft', 'root/t'],
  ['100%25', '100%'],
  ['%C3%A9', 'é'],
  [Buffer.from('é').toString('latin1'), 'é'],
  ['%', null],
  ['%4', null],
  ['%g0', null],
  ['%C3', null],
  ['\u00e9', null],
])('the header text %j means %j', (header, text) => {
  expect(decodeHeaderText(header)).toBe(text);
});

describe('our own name', () => {
  const names = createHostNames(['Tvdc.Example', '10.0.0.7']);

  test.each([
    ['tvdc.example', '127.0.0.1', 'tvdc.example'],
    ['TVDC.EXAMPLE:5989', '10.0.0.7', 'TVDC.EXAMPLE:5989'],
    ['10.0.0.7:1', undefined, '10.0.0.7:1'],
    ['[::1]:5988', '::1', '[::1]:5988'],
    ['192.168.1.5', '::ffff:192.168.1.5', '192.168.1.5'],
    ['localhost:5988', '127.0.0.1', 'localhost:5988'],
    ['localhost:5988', '10.0.0.7', 'Tvdc.Example'],
    ['evil.example', '127.0.0.1', 'Tvdc.Example'],
    ['a b', '127.0.0.1', 'Tvdc.Example'],
    [undefined, '127.0.0.1', 'Tvdc.Example'],
  ])('Host %s reached at %s is written %s', (host, local, expected) => {
    expect(names.choose(host, local)).toBe(expected);
  });

  test('without any configured name it is localhost', () => {
    expect(createHostNames([]).choose('x', '10.0.0.1')).toBe('localhost');
  });
});
