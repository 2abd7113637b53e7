import { fromHex, silentLog, systemRandomness, toHex } from '../../../src/base/index.js';
import { createSoftwareTpm } from '../../../src/vtpm/software/index.js';
import { createSwtpmDriver, swtpmAvailable } from '../../../src/vtpm/swtpm/index.js';
import { describeIf } from '../../support/parts.js';
import { memoryVault } from '../../support/vaults.js';

const pw = '00000009400000090000000000';
const frame = (tag: string, code: string, rest = '') => {
  const body = code + rest;
  return fromHex(tag + (6 + body.length / 2).toString(16).padStart(8, '0') + body);
};
const n = (code: string, rest = '') => frame('8001', code, rest);
const s = (code: string, handles: string, rest = '', auth = pw) => frame('8002', code, handles + auth + rest);
const d = (x: string, k: number) => x.repeat(k);
/** Commands in one sequence: each state follows from those before. */
const cases: readonly (readonly [string, Uint8Array])[] = [
  ['wrong size', fromHex('8001' + '0000000d' + '00000144' + '0000')],
  ['unknown command', n('0000ffff')],
  ['before startup', n('0000017b', '0010')],
  ['startup state without shutdown', n('00000144', '0001')],
  ['startup bad type', n('00000144', '0007')],
  ['startup truncated', n('00000144')],
  ['startup', n('00000144', '0000')],
  ['startup again', n('00000144', '0000')],
  ['selftest', n('00000143', '01')],
  ['selftest bad', n('00000143', '02')],
  ['selftest long', n('00000143', '0100')],
  ['pcr read', n('0000017e', '00000001000b03010400')],
  ['pcr read all', n('0000017e', '00000002000403ffffff000b03ffffff')],
  ['pcr read bad hash', n('0000017e', '00000001ffff03010400')],
  ['pcr read none', n('0000017e', '00000000')],
  ['pcr read trunc', n('0000017e', '00000001000b03')],
  ['extend 10', s('00000182', '0000000a', '00000001000b' + d('11', 32))],
  ['extend 10 two banks', s('00000182', '0000000a', '000000020004' + d('22', 20) + '000b' + d('33', 32))],
  ['extend 16', s('00000182', '00000010', '00000001000b' + d('11', 32))],
  ['extend 17 locality', s('00000182', '00000011', '00000001000b' + d('11', 32))],
  ['extend 24', s('00000182', '00000018', '00000001000b' + d('11', 32))],
  ['extend null', s('00000182', '40000007', '00000001000b' + d('11', 32))],
  ['extend owner', s('00000182', '40000001', '00000001000b' + d('11', 32))],
  ['extend no session', n('00000182', '0000000a00000001000b' + d('11', 32))],
  ['extend truncated', s('00000182', '0000000a', '00000001000b' + d('11', 31))],
  ['extend long', s('00000182', '0000000a', '00000001000b' + d('11', 33))],
  [
    'extend pw',
    s(
      '00000182',
      '0000000a',
      '00000001000b' + d('11', 32),
      '0000000b' + '4000000900000000024142'.slice(0, 18) + '00024142',
    ),
  ],
  ['event', s('0000013c', '0000000b', '0003414243')],
  ['event null', s('0000013c', '40000007', '0003414243')],
  ['event too long', s('0000013c', '0000000b', '0401' + d('00', 1025))],
  ['reset 16', s('0000013d', '00000010')],
  ['reset 10', s('0000013d', '0000000a')],
  ['pcr read 2', n('0000017e', '00000002000403000c01000b03000c01')],
  ['read public no object', n('00000173', '80000000')],
  ['read public no persistent', n('00000173', '81010001')],
  ['read public bad', n('00000173', '40000001')],
  ['nv read public none', n('00000169', '01500000')],
  ['nv read public bad', n('00000169', '80000000')],
  ['flush none', n('00000165', '80000001')],
  ['flush bad', n('00000165', '40000001')],
  ['getcap bad', n('0000017a', '000000ff0000000000000001')],
  ['getcap pcrs', n('0000017a', '000000050000000000000001')],
  ['getcap curves none', n('0000017a', '000000080000ffff00000001')],
  ['getcap handles pcr', n('0000017a', '000000010000000000000030')],
  ['getcap permanent', n('0000017a', '000000014000000000000030')],
  ['getcap props', n('0000017a', '000000060000010000000001')],
  ['getcap transient', n('0000017a', '000000018000000000000030')],
  ['getcap loaded sessions', n('0000017a', '000000010200000000000030')],
  ['nv define', s('0000012a', '40000001', '0000000e01500000000b000200060000' + '0008')],
  ['nv define exists', s('0000012a', '40000001', '0000000e01500000000b000200060000' + '0008')],
  ['nv define bad attrs', s('0000012a', '40000001', '0000000e01500001000b000000000000' + '0008')],
  ['nv define counter size', s('0000012a', '40000001', '0000000e01500002000b000200160000' + '0009')],
  ['nv define counter', s('0000012a', '40000001', '0000000e01500002000b000200160000' + '0008')],
  ['nv define platform attr', s('0000012a', '40000001', '0000000e01500003000b400200060000' + '0008')],
  ['nv read unwritten', s('0000014e', '0150000001500000', '00080000')],
  ['nv write owner no', s('00000137', '4000000101500000', '000100' + '0000')],
  ['nv write', s('00000137', '0150000001500000', '000401020304' + '0002')],
  ['nv read', s('0000014e', '0150000001500000', '00080000')],
  ['nv read range', s('0000014e', '0150000001500000', '00080001')],
  ['nv read owner', s('0000014e', '4000000101500000', '00080000')],
  ['nv read public', n('00000169', '01500000')],
  ['nv increment ordinary', s('00000134', '0150000001500000')],
  ['nv increment', s('00000134', '0150000201500002')],
  ['nv write counter', s('00000137', '0150000201500002', '0008' + d('00', 8) + '0000')],
  ['nv wrong pw', s('0000014e', '0150000001500000', '00080000', '0000000b' + '400000090000000002' + '4142')],
  ['nv undefine', s('00000122', '4000000101500000')],
  [
    'wrong owner pw',
    s('0000012a', '40000001', '0000000e01500009000b000200060000' + '0008', '0000000b' + '400000090000000002' + '4142'),
  ],
  ['createprimary bad handle', s('00000131', '80000000', '0000')],
  ['createprimary trunc', s('00000131', '4000000b', '0000')],
  ['auth size small', frame('8002', '00000182', '0000000a' + '00000005' + '4000000900')],
  ['auth size large', frame('8002', '00000182', '0000000a' + '00000fff' + '400000090000000000')],
  ['auth unknown session', frame('8002', '00000182', '0000000a' + '00000009' + '020000050000000000' + '00000000')],
  ['auth on getrandom pw', frame('8002', '0000017b', '00000009' + '400000090000000000' + '0010')],
  ['hierarchy change auth', s('00000129', '40000001', '00024142')],
  ['hierarchy change auth back', s('00000129', '40000001', '0000', '0000000b' + '400000090000000002' + '4142')],
  ['hierarchy change bad', s('00000129', '40000007', '0000')],
  ['clear by owner', s('00000126', '40000001')],
  ['da params', s('0000013a', '4000000a', '000000200000003c0000003c')],
  ['da reset', s('00000139', '4000000a')],
  ['session trial', n('00000176', '4000000740000007' + '0010' + d('00', 16) + '0000' + '03' + '0010' + '000b')],
  ['session short nonce', n('00000176', '4000000740000007' + '0008' + d('00', 8) + '0000' + '03' + '0010' + '000b')],
  ['session bad type', n('00000176', '4000000740000007' + '0010' + d('00', 16) + '0000' + '02' + '0010' + '000b')],
  [
    'session salt without key',
    n('00000176', '4000000740000007' + '0010' + d('00', 16) + '000101' + '03' + '0010' + '000b'),
  ],
  ['policy pcr', n('0000017f', '03000000' + '0000' + '00000001000b03010400')],
  ['policy digest', n('00000189', '03000000')],
  ['policy command', n('0000016c', '03000000' + '00000147')],
  ['policy command other', n('0000016c', '03000000' + '00000148')],
  ['policy digest 2', n('00000189', '03000000')],
  ['policy auth', n('0000016b', '03000000')],
  ['policy pw', n('0000018c', '03000000')],
  ['policy locality', n('0000016f', '0300000001')],
  ['policy or one', n('00000171', '03000000' + '00000001' + '0020' + d('00', 32))],
  ['policy or', n('00000171', '03000000' + '00000002' + '0020' + d('00', 32) + '0020' + d('11', 32))],
  ['policy digest 3', n('00000189', '03000000')],
  ['policy restart', n('00000180', '03000000')],
  ['policy secret', s('00000151', '4000000b03000000', '000000000000' + '00000000')],
  ['policy digest 4', n('00000189', '03000000')],
  [
    'use trial',
    frame('8002', '00000182', '0000000a' + '00000009' + '030000000000000000' + '00000001000b' + d('11', 32)),
  ],
  ['flush session', n('00000165', '03000000')],
  ['policy no session', n('00000189', '03000000')],
  ['hash', n('0000017d', '0003414243' + '000b' + '40000007')],
  ['getrandom trunc', n('0000017b', '00')],
  ['make credential none', n('00000168', '80000000' + '0000' + '0000')],
  ['quote none', s('00000158', '80000000', '00000010' + '00000000')],
  ['quote null', s('00000158', '40000007', '00000010' + '00000000')],
  ['evict none', s('00000120', '4000000180000000', '81000000')],
  ['unseal none', s('0000015e', '80000000')],
  ['context save none', n('00000162', '80000000')],
  ['test result', n('0000017c')],
  ['shutdown bad', n('00000145', '0002')],
  ['shutdown state', n('00000145', '0001')],
];
/** Answers with a random part: only their head is compared. */
const random = new Set(['session trial']);

describeIf(await swtpmAvailable(), 'swtpm is not installed')('the software TPM beside swtpm', () => {
  test('answers a long sequence of good and bad commands with the same octets', async () => {
    const driver = createSwtpmDriver({ vault: memoryVault(), randomness: systemRandomness, log: silentLog });
    const software = createSoftwareTpm({ banks: ['sha1', 'sha256', 'sha384', 'sha512'] });
    const ours: string[] = [];
    const theirs: string[] = [];
    await driver.manufacture('oracle', async (swtpm) => {
      for (const [name, command] of cases) {
        const length = random.has(name) ? 16 : 8192;
        let answer = toHex(await swtpm.transmit(command));
        while (answer.endsWith('00000922')) answer = toHex(await swtpm.transmit(command));
        theirs.push(`${name}: ${answer.slice(0, 2 * length)}`);
        ours.push(`${name}: ${toHex(await software.transmit(command)).slice(0, 2 * length)}`);
      }
    });
    expect(ours).toEqual(theirs);
  });
});

test.each([
  ['an empty frame', '', '80010000000a0000009a'],
  ['half a tag', '80', '80010000000a0000009a'],
  ['a tag alone', '8001', '80010000000a0000009a'],
  ['no command code', '800100000006', '80010000000a0000009a'],
  ['a tag that is none', '90010000000c000001440000', '00c40000000a0000001e'],
])('%s gets the response code of the specification', async (_, command, response) => {
  expect(toHex(await createSoftwareTpm().transmit(fromHex(command)))).toBe(response);
});

test('a frame larger than the TPM takes is refused', async () => {
  const large = new Uint8Array(5000);
  large.set(fromHex('80010000138800000143'));
  expect(toHex(await createSoftwareTpm().transmit(large))).toBe('80010000000a00000142');
});
