import fc from 'fast-check';
import { ByteReader, ByteWriter, DecodeError, fromBase64, fromHex, toBase64, toHex } from '../../src/base/index.js';

describe('bytes', () => {
  test('what was written is read back, in either byte order', () => {
    fc.assert(
      fc.property(
        fc.nat(0xff),
        fc.nat(0xffff),
        fc.nat(0xffffffff),
        fc.bigInt(0n, 0xffffffffffffffffn),
        (a, b, c, d) => {
          const bytes = new ByteWriter(1).u8(a).u16(b).u32(c).u64(d).u16le(b).u32le(c).zeros(3).finish();
          const reader = new ByteReader(bytes);
          expect([reader.u8(), reader.u16(), reader.u32(), reader.u64()]).toEqual([a, b, c, d]);
          expect([reader.u16le(), reader.u32le()]).toEqual([b, c]);
          expect(reader.take(3)).toEqual(new Uint8Array(3));
          reader.end('the structure');
        },
      ),
    );
  });

  test('reading past the end says where', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2));
    reader.u8();
    expect(() => reader.u32()).toThrow(DecodeError);
    expect(() => reader.u32()).toThrow('expected 4 bytes, got 1 (byte 1)');
    expect(() => reader.end('two bytes')).toThrow('1 bytes too many after two bytes');
  });

  test('a negative length takes nothing', () => {
    expect(() => new ByteReader(Uint8Array.of(1)).take(-1)).toThrow(DecodeError);
  });

  test('hexadecimal and base64 are strict', () => {
    expect(toHex(fromHex('00ff7F'))).toBe('00ff7f');
    expect(() => fromHex('0')).toThrow('hexadecimal');
    expect(() => fromHex('zz')).toThrow('hexadecimal');
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(fromBase64(toBase64(bytes))).toEqual(bytes)));
    expect(() => fromBase64('a')).toThrow('base64');
    expect(() => fromBase64('a===')).toThrow('base64');
  });
});
