import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { concatBytes, DecodeError, hash, toHex } from '../../../src/base/index.js';
import {
  createEventLog,
  decodeEventContent,
  decodeEventLog,
  eventDataMatches,
  replayEventLog,
  type TcgEvent,
  tcgEventTypes,
} from '../../../src/tpm/logs/index.js';
import { describeIf } from '../../support/parts.js';
import { sharedFolder } from '../../support/shared.js';
import { errorLike } from '../../support/errors.js';

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const { EV_ACTION, EV_IPL, EV_SEPARATOR, EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_BOOT_SERVICES_APPLICATION } =
  tcgEventTypes;

function sample(): Uint8Array {
  const log = createEventLog();
  log.startupLocality(3);
  log.append({ pcr: 0, type: EV_ACTION, data: text('firmware') });
  log.append({ pcr: 4, type: EV_IPL, data: text('loader'), measured: text('code of the loader') });
  log.append({ pcr: 7, type: EV_SEPARATOR, data: new Uint8Array(4) });
  return log.toBytes();
}

test('a written log reads back, with its banks and start-up locality', () => {
  const log = decodeEventLog(sample());
  expect(log).toMatchObject({ format: 'crypto_agile', banks: ['sha1', 'sha256'], startupLocality: 3 });
  expect(log.events.map(({ typeName }) => typeName)).toEqual([
    'EV_NO_ACTION',
    'EV_NO_ACTION',
    'EV_ACTION',
    'EV_IPL',
    'EV_SEPARATOR',
  ]);
  expect(log.events.map((event) => eventDataMatches(event, 'sha256'))).toEqual([null, null, null, null, true]);
});

test('PCR 0 begins with the locality, EV_NO_ACTION is never extended', () => {
  const replayed = replayEventLog(decodeEventLog(sample()), 'sha256');
  const first = new Uint8Array(32);
  first[31] = 3;
  expect(replayed.get(0)).toEqual(new Uint8Array(hash('sha256', concatBytes(first, hash('sha256', text('firmware'))))));
  expect([...replayed.keys()].sort()).toEqual([0, 4, 7]);
});

test('the SHA-1 form is written and read too', () => {
  const writer = createEventLog({ format: 'sha1' });
  const { digests } = writer.append({ pcr: 2, type: EV_ACTION, data: text('x') });
  const log = decodeEventLog(writer.toBytes());
  expect(log).toMatchObject({ format: 'sha1', specId: null, banks: ['sha1'] });
  expect(replayEventLog(log, 'sha1').get(2)).toEqual(
    new Uint8Array(hash('sha1', concatBytes(new Uint8Array(20), digests.sha1 as Uint8Array))),
  );
});

test('UEFI variables, images and separators are read', () => {
  const event = (type: number, data: Uint8Array): TcgEvent => {
    const writer = createEventLog();
    writer.append({ pcr: 7, type, data });
    return decodeEventLog(writer.toBytes()).events[1] as TcgEvent;
  };
  const name = Buffer.from('SecureBoot', 'utf16le');
  const head = Buffer.from('61dfe48bca93d211aa0d00e098032b8c0a000000000000000100000000000000', 'hex');
  expect(decodeEventContent(event(EV_EFI_VARIABLE_DRIVER_CONFIG, concatBytes(head, name, Uint8Array.of(1))))).toEqual({
    kind: 'variable',
    guid: '8be4df61-93ca-11d2-aa0d-00e098032b8c',
    name: 'SecureBoot',
    value: Uint8Array.of(1),
  });
  const image = new Uint8Array(34);
  image[24] = 2;
  image[0] = 16;
  expect(decodeEventContent(event(EV_EFI_BOOT_SERVICES_APPLICATION, image))).toMatchObject({
    kind: 'image',
    address: 16n,
  });
  expect(decodeEventContent(event(EV_SEPARATOR, new Uint8Array(4)))).toEqual({ kind: 'separator', error: false });
  const huge = concatBytes(head.subarray(0, 16), new Uint8Array(16).fill(0xff));
  expect(() => decodeEventContent(event(EV_EFI_VARIABLE_DRIVER_CONFIG, huge))).toThrow(
    errorLike({ code: 'truncated' }),
  );
});

test('whatever the octets are, only a DecodeError comes out', () => {
  const bytes = sample();
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), fc.boolean(), (at, value, cut) => {
      const copy = cut ? bytes.slice(0, at) : bytes.slice();
      if (!cut) copy[at] = value;
      try {
        const log = decodeEventLog(copy);
        replayEventLog(log, 'sha256');
        log.events.forEach(decodeEventContent);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 300 },
  );
});

const hasTool = spawnSync('tpm2_eventlog', ['--version']).status === 0;

describeIf(hasTool, 'tpm2_eventlog is not installed')('tpm2_eventlog as an independent reader', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-log-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const pcrsOf = (file: string): Record<string, string> => {
    const out = execFileSync('tpm2_eventlog', [file], { encoding: 'utf8' });
    const sha256 = out.slice(out.lastIndexOf('  sha256:'));
    return Object.fromEntries(
      [...sha256.matchAll(/^ {4}(\d+) *: 0x([0-9a-f]+)$/gm)].map((found): [string, string] => [
        found[1] ?? '',
        found[2] ?? '',
      ]),
    );
  };

  test('finds the same PCR values in a log that we wrote', () => {
    const writer = createEventLog();
    for (let pcr = 0; pcr < 8; pcr++) writer.append({ pcr, type: EV_SEPARATOR, data: new Uint8Array(4) });
    writer.append({ pcr: 4, type: EV_ACTION, data: text('Calling EFI Application from Boot Option') });
    const file = join(folder, 'log.bin');
    writeFileSync(file, writer.toBytes());
    const ours = replayEventLog(decodeEventLog(writer.toBytes()), 'sha256');
    expect(pcrsOf(file)).toEqual(Object.fromEntries([...ours].map(([pcr, value]) => [String(pcr), toHex(value)])));
  });
});

const shared = sharedFolder();

describeIf(shared !== null, 'the reference data are not there')('the boot logs of two real boots', () => {
  test.each(['good-ng', 'violations'])('%s leads to the PCR values that the kernel showed', (boot) => {
    const folder = join(shared ?? '', 'data', 'ima', boot);
    const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
      boot_log: { events: number; replayed: Record<'sha1' | 'sha256', Record<string, string>> };
    };
    const log = decodeEventLog(new Uint8Array(readFileSync(join(folder, 'bios.bin'))));
    expect(log.events.slice(1)).toHaveLength(expected.boot_log.events);
    for (const bank of ['sha1', 'sha256'] as const) {
      const ours = Object.fromEntries(
        [...replayEventLog(log, bank)].map(([pcr, value]) => [String(pcr), toHex(value)]),
      );
      expect(ours).toEqual(expected.boot_log.replayed[bank]);
    }
  });
});
