import type { Challenge, Evidence, HostExpectations, Verdict } from '../../src/attestation/index.js';
import { publicKeyOf } from '../../src/tpm/index.js';
import { createEventLog, tcgEventTypes } from '../../src/tpm/logs/index.js';
import { Datacenter, hostUuid, Machine, policy } from './support/datacenter.js';

let datacenter: Datacenter;
beforeEach(async () => {
  datacenter = await Datacenter.open();
});
afterEach(() => datacenter.close());

const codes = (verdict: Verdict): string[] =>
  verdict.reasons.filter(({ status }) => status !== null).map(({ code }) => code);
const same = (evidence: Evidence): Evidence => evidence;

async function judgeHost(
  change: (evidence: Evidence, challenge: Challenge) => Evidence = same,
  start = 0,
  more: Partial<HostExpectations> = {},
): Promise<Verdict> {
  const challenge = more.challenge ?? datacenter.verifier.challenge();
  const members = more.members ?? [];
  const evidence = change(datacenter.hostEvidence(challenge, members, start), challenge);
  return datacenter.verifier.judgeHost(evidence, { host: hostUuid, challenge, members, policy, ...more });
}

const position = (): Promise<number> => datacenter.verifier.logStart(datacenter.host.subject, policy);

describe('a part of a log', () => {
  test('that begins elsewhere than where the last round ended is a gap', async () => {
    expect((await judgeHost()).status).toBe('trusted');
    datacenter.host.measure('/usr/bin/app');
    datacenter.host.measure('/usr/bin/app');
    const at = await position();
    expect(at).toBe(4);
    expect(codes(await judgeHost(same, at + 1))).toEqual(['log_gap']);
  });

  test('that hides a new entry, or has it changed, leads nowhere', async () => {
    expect((await judgeHost()).status).toBe('trusted');
    datacenter.host.measure('/tmp/evil');
    const at = await position();
    const hidden = await judgeHost(
      (evidence) => ({ ...evidence, measurements: { ...evidence.measurements, data: new Uint8Array(0) } }),
      at,
    );
    expect(hidden).toMatchObject({ status: 'untrusted', covered: 0 });
    expect(codes(hidden)).toEqual(['pcr_digest_mismatch']);
  });

  test('renamed as the whole log does not begin with boot_aggregate, and does not lead to the quote', async () => {
    expect((await judgeHost()).status).toBe('trusted');
    datacenter.host.measure('/usr/bin/app');
    const renamed = await judgeHost(
      (evidence) => ({ ...evidence, measurements: { ...evidence.measurements, start: 0 } }),
      await position(),
    );
    expect(renamed.status).toBe('untrusted');
    expect(codes(renamed)).toContain('pcr_digest_mismatch');
  });

  test('of one round does not go with the quote of another', async () => {
    const earlier = datacenter.host.ima.part(0).data;
    datacenter.host.measure('/tmp/evil');
    const mixed = await judgeHost((evidence) => ({
      ...evidence,
      measurements: { format: 'binary', start: 0, data: earlier },
    }));
    expect(codes(mixed)).toEqual(['pcr_digest_mismatch']);
    datacenter = await Datacenter.open();
    const challenge = datacenter.verifier.challenge();
    const { quote } = datacenter.hostEvidence(challenge);
    datacenter.host.measure('/tmp/evil');
    const later = await judgeHost((evidence) => ({ ...evidence, quote }), 0, { challenge });
    // A quote that is older than its log is what honest hosts send; the rest is pending, and the next round has to cover it.
    expect(later).toMatchObject({ status: 'trusted', covered: 4, pending: 1 });
    expect(codes(await judgeHost())).toEqual(['unknown_measurement']);
  });
});

/** The host gets another TPM, and from the root an authority for it. */
async function replaceHostTpm(): Promise<Machine> {
  const other = new Machine(datacenter.host.subject);
  (datacenter as { host: Machine }).host = other;
  other.certificates = datacenter.certify(other, await datacenter.hostAuthority(hostUuid));
  return other;
}

describe('a host that has got hold of the keys on its disk', () => {
  test('cannot pass off a TPM of its making as its own: the root has named the real one', async () => {
    const forged = new Machine(datacenter.host.subject);
    forged.certificates = datacenter.certify(forged, datacenter.authority);
    await expect(datacenter.verifier.bindAk(forged.identity, forged.subject, hostUuid)).rejects.toMatchObject({
      code: 'ek_mismatch',
    });
  });

  test.each(['a server', 'an attestation key'] as const)('cannot use the certificate of %s for one', async (what) => {
    const { authority, host } = datacenter;
    const forged = new Machine(host.subject);
    const { area } = forged.tpm.ek;
    const facts = { vmUuid: hostUuid, akName: '', ekHash: '' };
    const leaf =
      what === 'a server'
        ? authority.issueServer(publicKeyOf(area).export({ type: 'spki', format: 'der' }), ['host'])
        : authority.issueAk({ akPublic: area, facts });
    forged.certificates = [leaf, ...authority.chain];
    await expect(datacenter.verifier.bindAk(forged.identity, forged.subject, hostUuid)).rejects.toMatchObject({
      code: 'chain_refused',
    });
  });
});

describe('a TPM that takes the place of another', () => {
  test('is judged from its first entry: what was known of the other does not count', async () => {
    expect((await judgeHost()).status).toBe('trusted');
    const { host, verifier } = datacenter;
    const other = await replaceHostTpm();
    expect(codes(await judgeHost())).toEqual(['wrong_signature']);
    await verifier.acknowledge(host.subject, verifier.status(host.subject).verdict?.id ?? '');
    await verifier.forgetBinding(host.subject);
    await datacenter.bind(other);
    expect(await judgeHost()).toMatchObject({ status: 'trusted', covered: 4 });
  });

  test('without an untrusted verdict in between begins at the first entry too', async () => {
    const { host, verifier } = datacenter;
    host.measure('/usr/bin/app');
    expect((await judgeHost()).status).toBe('trusted');
    const other = await replaceHostTpm();
    await verifier.forgetBinding(host.subject);
    await datacenter.bind(other);
    expect(await position()).toBe(0);
    expect(await judgeHost(same, await position())).toMatchObject({ status: 'trusted', covered: 4 });
  });
});

describe('a firmware log', () => {
  test('of banks that are not quoted proves nothing, and is not passed over', async () => {
    const old = createEventLog({ format: 'sha1' });
    old.append({ pcr: 0, type: tcgEventTypes.EV_SEPARATOR, data: new Uint8Array(4) });
    const { tpm } = datacenter.host;
    const pcrValues = {
      sha256: Object.fromEntries(Array.from({ length: 14 }, (_, pcr) => [pcr, tpm.pcr('sha256', pcr)])),
    };
    const verdict = await judgeHost((evidence) => ({ ...evidence, eventLog: old.toBytes(), pcrValues }));
    expect(verdict.status).toBe('unknown');
    expect(codes(verdict)).toEqual(['event_log_unproven']);
  });

  test('with more events than any firmware writes is refused before they are looked at', async () => {
    const many = createEventLog();
    for (let event = 0; event < 17_000; event++) {
      many.append({ pcr: 1, type: tcgEventTypes.EV_ACTION, data: new Uint8Array(1) });
    }
    const verdict = await judgeHost((evidence) => ({ ...evidence, eventLog: many.toBytes() }));
    expect(codes(verdict)).toEqual(['malformed_event_log']);
  });
});

describe('a flood', () => {
  test('of violations is counted, and the verdict stays small', async () => {
    const { host } = datacenter;
    for (let entry = 0; entry < 3000; entry++) host.violate(`/v${entry}`);
    const verdict = await judgeHost();
    expect(verdict.status).toBe('untrusted');
    expect(verdict.violations).toHaveLength(1000);
    expect(verdict.reasons.at(-1)).toMatchObject({ code: 'more_findings' });
  });
});
