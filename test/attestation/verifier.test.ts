import {
  type AppraisalPolicy,
  assertedMember,
  type Challenge,
  type Evidence,
  type HostExpectations,
  quotedMember,
  type RoundMember,
  type Verdict,
  vmExtraData,
} from '../../src/attestation/index.js';
import { hash, toHex } from '../../src/base/index.js';
import { decodeAttest } from '../../src/tpm/index.js';
import { contentOf, Datacenter, hostUuid, isolation, policy, vmUuid } from './support/datacenter.js';

let datacenter: Datacenter;
beforeEach(async () => {
  datacenter = await Datacenter.open();
});
afterEach(() => datacenter.close());

const codes = (verdict: Verdict): string[] =>
  verdict.reasons.filter(({ status }) => status !== null).map(({ code }) => code);

async function judgeHost(
  more: Partial<HostExpectations> = {},
  change: (evidence: Evidence) => Evidence = (evidence) => evidence,
  start = 0,
): Promise<Verdict> {
  const challenge = more.challenge ?? datacenter.verifier.challenge();
  const members = more.members ?? [];
  const evidence = change(datacenter.hostEvidence(challenge, members, start));
  return datacenter.verifier.judgeHost(evidence, { host: hostUuid, challenge, members, policy, ...more });
}

interface Round {
  readonly host: Verdict;
  readonly vm: Verdict;
}

async function judgeRound(
  vmPolicy: AppraisalPolicy = policy,
  change: (evidence: Evidence, challenge: Challenge) => Evidence = (evidence) => evidence,
  members?: (own: RoundMember) => readonly RoundMember[],
): Promise<Round> {
  const { verifier } = datacenter;
  const challenge = verifier.challenge();
  const vmEvidence = change(datacenter.vmEvidence(challenge), challenge);
  const own = quotedMember(vmUuid, vmEvidence.quote);
  const host = await judgeHost({ challenge, members: members?.(own) ?? [own] });
  const vm = await verifier.judgeVm(vmEvidence, host, { vm: vmUuid, host: hostUuid, challenge, policy: vmPolicy });
  return { host, vm };
}

test('a host and its VM in one round are trusted, and the verdict says on what it rests', async () => {
  const { host, vm } = await judgeRound();
  expect(host).toMatchObject({ status: 'trusted', covered: 4, pending: 0, mode: 'quoted', assurance: 'simulated' });
  expect(vm).toMatchObject({ status: 'trusted', hostVerdict: host.id, mode: 'quoted', assurance: 'simulated' });
  expect(vm.reasons.map(({ code }) => code)).toEqual(['link_rests_on_host']);
  expect(vm.validUntil).toBe(datacenter.clock.now() + 600_000);
  expect(datacenter.verifier.status(vm.subject)).toMatchObject({ verdict: vm, lastTrusted: datacenter.clock.now() });
});

describe('binding', () => {
  test('an answer to the credential challenge that is not the secret binds nothing', async () => {
    const { verifier, vm } = datacenter;
    await verifier.forgetBinding(vm.subject);
    const { id } = await verifier.bindAk(vm.identity, vm.subject, hostUuid);
    await expect(verifier.confirmBinding(id, new Uint8Array(32))).rejects.toMatchObject({ code: 'activation_refused' });
    expect(verifier.binding(vm.subject)).toBeNull();
    await expect(verifier.confirmBinding(id, new Uint8Array(32))).rejects.toMatchObject({ code: 'nonce_unknown' });
    expect(codes((await judgeRound()).vm)).toEqual(['ak_unbound']);
  });

  test('a TPM does not activate the credential of a key that it does not have', async () => {
    const { verifier, vm, host } = datacenter;
    const identity = { ...vm.identity, akPublic: host.tpm.akPublic };
    const challenge = await verifier.bindAk(identity, vm.subject, hostUuid);
    expect(vm.tpm.activate(challenge.credentialBlob, challenge.encryptedSecret)).toBeNull();
  });

  test('a key that signs anything is refused', async () => {
    const { verifier, vm } = datacenter;
    vm.tpm.ak = { ...vm.tpm.ak, area: { ...vm.tpm.ak.area, attributes: vm.tpm.ak.area.attributes & ~0x10000 } };
    await expect(verifier.bindAk(vm.identity, vm.subject, hostUuid)).rejects.toMatchObject({
      code: 'ak_not_restricted',
    });
  });

  test('the endorsement key must be that of the certificate', async () => {
    const { verifier, vm, host } = datacenter;
    const identity = { ...vm.identity, ekPublic: host.tpm.ekPublic };
    await expect(verifier.bindAk(identity, vm.subject, hostUuid)).rejects.toMatchObject({ code: 'ek_mismatch' });
  });

  test('the certificate must name this VM, and its issuer this host', async () => {
    const { verifier, vm, host } = datacenter;
    const other = '33333333-3333-4333-8333-333333333333';
    const identity = { ...host.identity };
    await expect(verifier.bindAk(identity, vm.subject, hostUuid)).rejects.toMatchObject({
      code: 'wrong_certificate_subject',
    });
    await expect(verifier.bindAk(vm.identity, vm.subject, other)).rejects.toMatchObject({ code: 'wrong_issuer_host' });
  });

  test('a chain to another root and a revoked certificate are refused', async () => {
    const { vm, authority } = datacenter;
    const other = await Datacenter.open();
    try {
      await expect(other.verifier.bindAk(vm.identity, vm.subject, hostUuid)).rejects.toMatchObject({
        code: 'chain_refused',
      });
    } finally {
      await other.close();
    }
    await authority.revoke(vm.certificates[0] as Uint8Array, 'keyCompromise');
    const verifier = datacenter.openVerifier({ revocationLists: [authority.crl()] });
    await expect(verifier.bindAk(vm.identity, vm.subject, hostUuid)).rejects.toMatchObject({
      code: 'certificate_revoked',
    });
  });

  test('a binding survives a restart of the verifier', async () => {
    datacenter.verifier = datacenter.openVerifier();
    expect((await judgeRound()).vm.status).toBe('trusted');
  });
});

describe('freshness', () => {
  test('evidence for another nonce is refused', async () => {
    const other = datacenter.verifier.challenge();
    const verdict = await judgeHost({}, () => datacenter.hostEvidence(other));
    expect([verdict.status, codes(verdict)]).toEqual(['untrusted', ['wrong_nonce']]);
  });

  test('a challenge is good for one answer, and not for ever', async () => {
    const challenge = datacenter.verifier.challenge();
    expect((await judgeHost({ challenge })).status).toBe('trusted');
    expect(codes(await judgeHost({ challenge }))).toContain('nonce_reused');
    const late = datacenter.verifier.challenge();
    datacenter.clock.advance(60_000);
    expect(codes(await judgeHost({ challenge: late }))).toContain('nonce_unknown');
  });

  test('the quote of one VM does not serve another', async () => {
    const { vm } = await judgeRound(policy, (_evidence, challenge) =>
      datacenter.vm.evidence(vmExtraData(challenge.nonce, hostUuid, datacenter.vm.tpm.ekName)),
    );
    expect(codes(vm)).toContain('wrong_nonce');
  });

  test('a clock or a reset count that goes back is a roll-back', async () => {
    await judgeHost();
    datacenter.host.tpm.clock = { ...datacenter.host.tpm.clock, clock: 5n };
    expect(codes(await judgeHost())).toEqual(['rolled_back']);
    datacenter.host.tpm.clock = { clock: 99_999n, resetCount: 0, restartCount: 0, safe: true };
    expect(codes(await judgeHost())).toEqual(['rolled_back']);
  });

  test('a signature by another key, and one over other octets, is refused', async () => {
    const sign = (evidence: Evidence): Evidence => ({
      ...evidence,
      quote: { ...evidence.quote, signature: datacenter.vm.tpm.sign(evidence.quote.attest) },
    });
    expect(codes(await judgeHost({}, sign))).toEqual(['wrong_signature']);
  });
});

describe('the link to the host', () => {
  test('an untrusted host makes its VMs untrusted; one that is not known to be trusted makes them unknown', async () => {
    datacenter.host.measure('/root/unlisted');
    const unknown = await judgeRound();
    expect([unknown.host.status, unknown.vm.status, codes(unknown.vm)]).toEqual([
      'unknown',
      'unknown',
      ['host_unknown'],
    ]);
    datacenter.host.violate('/usr/bin/app');
    const bad = await judgeRound();
    expect([bad.host.status, bad.vm.status, codes(bad.vm)]).toEqual(['untrusted', 'untrusted', ['host_untrusted']]);
  });

  test('a host quote that covers other evidence does not vouch', async () => {
    const { host, vm } = await judgeRound(policy, undefined, (own) => [{ ...own, digest: hash('sha256', own.digest) }]);
    expect([host.status, codes(vm)]).toEqual(['trusted', ['not_in_host_quote']]);
  });

  test('a host verdict of an earlier round, and one that the verifier never gave, do not vouch', async () => {
    const { host } = await judgeRound();
    const { verifier } = datacenter;
    const judge = (claimed: Verdict | null): Promise<Verdict> => {
      const challenge = verifier.challenge();
      const evidence = datacenter.vmEvidence(challenge);
      return verifier.judgeVm(evidence, claimed, { vm: vmUuid, host: hostUuid, challenge, policy });
    };
    expect(codes(await judge(host))).toEqual(['host_stale']);
    expect(codes(await judge({ ...host, id: 'invented' }))).toEqual(['host_unknown']);
    expect(codes(await judge(null))).toEqual(['host_unknown']);
  });

  test('a host speaks for a VM only by its own quote', async () => {
    const { verifier, vm } = datacenter;
    const values = Object.fromEntries(Array.from({ length: 14 }, (_, pcr) => [pcr, vm.tpm.pcr('sha256', pcr)]));
    const evidence = {
      pcrValues: { sha256: values },
      measurements: { format: 'binary', start: 0, data: vm.ima.toBinary() } as const,
      eventLog: vm.boot.toBytes(),
    };
    const challenge = verifier.challenge();
    const host = await judgeHost({ challenge, members: [assertedMember(vmUuid, evidence)] });
    const expectations = { vm: vmUuid, host: hostUuid, challenge, policy };
    const verdict = await verifier.judgeAssertedVm(evidence, host, expectations);
    expect(verdict).toMatchObject({ status: 'trusted', mode: 'host_asserted' });
    expect(verdict.reasons.map(({ code }) => code)).toContain('host_asserted');
    const again = { ...expectations, challenge: verifier.challenge() };
    const alone = await verifier.judgeAssertedVm(evidence, null, again);
    expect([alone.status, codes(alone)]).toEqual(['unknown', ['no_root_of_trust']]);
  });
});

describe('measurements', () => {
  test.each([
    ['an unlisted file', () => datacenter.host.measure('/opt/new'), 'unknown', 'unknown_measurement'],
    ['a changed file', () => datacenter.host.measure('/usr/bin/app', contentOf('x')), 'untrusted', 'digest_mismatch'],
    ['a violation', () => datacenter.host.violate('/usr/bin/app'), 'untrusted', 'violation'],
  ] as const)('%s is found with its index', async (_name, change, status, code) => {
    change();
    const verdict = await judgeHost();
    expect([verdict.status, codes(verdict)]).toEqual([status, [code]]);
    expect(verdict.reasons[0]?.index).toBe(4);
  });

  test('exclude patterns cover unlisted files and violations', async () => {
    datacenter.host.measure('/tmp/x');
    datacenter.host.violate('/tmp/y z');
    const verdict = await judgeHost({ policy: { ...policy, exclude: ['/tmp/.*'] } });
    expect(verdict.status).toBe('trusted');
    expect(verdict.violations).toEqual([{ index: 5, path: '/tmp/y_z', excluded: true }]);
  });

  test('known bad content counts even where the path is excluded, and before the quote covers it', async () => {
    const digest = toHex(hash('sha256', contentOf('malware')));
    await datacenter.references.add('image', [{ algorithm: 'sha256', digest, path: null, status: 'bad' }]);
    const challenge = datacenter.verifier.challenge();
    const early = datacenter.hostEvidence(challenge);
    datacenter.host.measure('/tmp/x', contentOf('malware'));
    const data = datacenter.host.ima.toBinary();
    const excluding = { ...policy, exclude: ['/tmp/.*'] };
    const verdict = await judgeHost({ challenge, policy: excluding }, () => ({
      ...early,
      measurements: { ...early.measurements, data },
    }));
    expect([codes(verdict), verdict.covered, verdict.pending]).toEqual([['uncovered_bad_entry'], 4, 1]);
    expect(codes(await judgeHost({ policy: excluding }))).toEqual(['bad_measurement']);
  });

  test('an entry that stays uncovered in two rounds is no progress', async () => {
    const { ima } = datacenter.host;
    const judgeWithTail = (): Promise<Verdict> =>
      judgeHost({}, (evidence) => {
        const data = new Uint8Array([...evidence.measurements.data, ...ima.part(ima.length - 1).data]);
        return { ...evidence, measurements: { ...evidence.measurements, data } };
      });
    expect(await judgeWithTail()).toMatchObject({ status: 'trusted', covered: 4, pending: 1 });
    expect(codes(await judgeWithTail())).toEqual(['no_progress']);
  });

  test('a log that lacks an entry, has one more before the end, or another order leads nowhere', async () => {
    const { ima } = datacenter.host;
    const parts = [0, 1, 2, 3].map((index) => ima.part(index, 1).data);
    const orders = [
      [0, 1, 3],
      [0, 1, 1, 2, 3],
      [0, 2, 1, 3],
    ];
    for (const order of orders) {
      const data = new Uint8Array(Buffer.concat(order.map((index) => parts[index] as Uint8Array)));
      const verdict = await judgeHost({}, (evidence) => ({
        ...evidence,
        measurements: { format: 'binary', start: 0, data },
      }));
      expect(codes(verdict)).toContain('pcr_digest_mismatch');
      expect(verdict.covered).toBe(0);
    }
  });

  test('a template hash that does not fit its data is named with the entry', async () => {
    const verdict = await judgeHost({}, (evidence) => {
      const data = evidence.measurements.data.slice();
      const third = datacenter.host.ima.part(0, 2).data.length;
      data[third + 5] = (data[third + 5] as number) ^ 1;
      return { ...evidence, measurements: { ...evidence.measurements, data } };
    });
    expect([verdict.status, codes(verdict)]).toEqual(['untrusted', ['template_hash_mismatch']]);
    expect(verdict.reasons[0]).toMatchObject({ index: 2, path: '/usr/bin/app' });
  });

  test('boot_aggregate is recomputed from the quoted PCRs', async () => {
    const { host } = datacenter;
    host.tpm.reset();
    host.start();
    host.tpm.extend(8, { sha256: hash('sha256', contentOf('loader')) });
    const values = {
      sha256: Object.fromEntries(Array.from({ length: 14 }, (_, pcr) => [pcr, host.tpm.pcr('sha256', pcr)])),
    };
    const verdict = await judgeHost({}, (evidence) => ({ ...evidence, pcrValues: values }));
    expect(codes(verdict)).toContain('boot_aggregate_mismatch');
  });

  test('a boot log that does not lead to the PCRs, and stated PCRs that do not lead to the digest, are refused', async () => {
    const { host } = datacenter;
    const values = {
      sha256: Object.fromEntries(Array.from({ length: 14 }, (_, pcr) => [pcr, host.tpm.pcr('sha256', pcr)])),
    };
    const other = await judgeHost({}, (evidence) => ({ ...evidence, pcrValues: values, eventLog: host.own.toBytes() }));
    expect(codes(other)).toContain('event_log_mismatch');
    const wrong = { sha256: { ...values.sha256, 7: new Uint8Array(32) } };
    const stated = await judgeHost({}, (evidence) => ({ ...evidence, pcrValues: wrong }));
    expect(codes(stated)).toEqual(['pcr_digest_mismatch']);
  });

  test('leaving out required PCRs or the good bank is refused', async () => {
    const quoteOf =
      (bank: 'sha1' | 'sha256', indexes: readonly number[]) =>
      (evidence: Evidence): Evidence => {
        const { extraData } = decodeAttest(evidence.quote.attest);
        return { ...evidence, quote: datacenter.host.tpm.quote(extraData, [{ bank, indexes }]) };
      };
    expect(codes(await judgeHost({}, quoteOf('sha256', [10])))).toEqual(['selection_incomplete']);
    expect(codes(await judgeHost({}, quoteOf('sha1', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])))).toContain('bank_downgrade');
  });
});

describe('policy', () => {
  test('without reference sets, or with one that does not exist, there is no policy', async () => {
    expect((await judgeHost({ policy: { name: 'none', referenceSets: [] } })).status).toBe('no_policy');
    expect((await judgeHost({ policy: { name: 'gone', referenceSets: ['gone'] } })).status).toBe('no_policy');
  });

  test('deleting a reference revokes the trust in it at the next round, also where only new entries are sent', async () => {
    const subject = datacenter.host.subject;
    await judgeHost();
    expect(await datacenter.verifier.logStart(subject, policy)).toBe(4);
    await datacenter.references.delete('image', { path: '/usr/bin/app' });
    expect(await datacenter.verifier.logStart(subject, policy)).toBe(0);
    expect(codes(await judgeHost({}, undefined, 4))).toEqual(['full_log_needed']);
    expect(codes(await judgeHost())).toEqual(['unknown_measurement']);
  });

  test('firmware PCRs are compared with the listed values', async () => {
    const value = toHex(datacenter.host.tpm.pcr('sha256', 0));
    const rule = (values: string[]): AppraisalPolicy => ({ ...policy, firmware: [{ bank: 'sha256', pcr: 0, values }] });
    expect((await judgeHost({ policy: rule([value]) })).status).toBe('trusted');
    expect(codes(await judgeHost({ policy: rule(['00'.repeat(32)]) }))).toEqual(['firmware_pcr_mismatch']);
  });

  test('the isolation policy in PCR 13 must be the required one', async () => {
    const isolating = { ...policy, isolation };
    expect(codes(await judgeHost({ policy: isolating }))).toEqual(['isolation_missing']);
    await datacenter.verifier.acknowledge(
      datacenter.host.subject,
      datacenter.verifier.status(datacenter.host.subject).verdict?.id ?? '',
    );
    datacenter.host.isolate(isolation);
    expect((await judgeHost({ policy: isolating })).status).toBe('trusted');
    const claimed = await judgeHost({ policy: isolating }, (evidence) => {
      const text = Buffer.from(evidence.isolationLog ?? new Uint8Array(0));
      text.write('9', text.indexOf(' 1.2 ') + 1, 'latin1');
      return { ...evidence, isolationLog: new Uint8Array(text) };
    });
    expect(codes(claimed)).toEqual(['isolation_mismatch']);
    await datacenter.verifier.acknowledge(datacenter.host.subject, claimed.id);
    datacenter.host.isolate({ ...isolation, policyVersion: '0.9' });
    expect(codes(await judgeHost({ policy: isolating }))).toEqual(['wrong_isolation_policy']);
  });
});

describe('from round to round', () => {
  test('only new entries are judged, and a restart begins at the first again', async () => {
    const { verifier, host } = datacenter;
    await judgeHost();
    host.measure('/etc/with blank.conf');
    expect(await judgeHost({}, undefined, 4)).toMatchObject({ status: 'trusted', covered: 5 });
    expect(codes(await judgeHost({}, undefined, 3))).toEqual(['log_gap']);
    await verifier.acknowledge(host.subject, verifier.status(host.subject).verdict?.id ?? '');
    expect(await judgeHost()).toMatchObject({ status: 'trusted', covered: 5 });
    host.restart();
    expect(codes(await judgeHost({}, undefined, 4))).toEqual(['full_log_needed']);
    expect(await judgeHost()).toMatchObject({ status: 'trusted', covered: 4 });
  });

  test('a round that follows another bank asks for the whole log instead of failing', async () => {
    const { host } = datacenter;
    const both = [
      { bank: 'sha1', indexes: [10] },
      { bank: 'sha256', indexes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
    ] as const;
    const quoteBoth = (evidence: Evidence): Evidence => {
      const { extraData } = decodeAttest(evidence.quote.attest);
      return { ...evidence, quote: host.tpm.quote(extraData, both) };
    };
    await judgeHost();
    expect(codes(await judgeHost({}, quoteBoth, 4))).toEqual(['full_log_needed']);
    expect((await judgeHost({}, quoteBoth)).status).toBe('trusted');
  });

  test('untrusted stays until it is acknowledged, through failures and restarts; then all is judged again', async () => {
    const { verifier, host } = datacenter;
    host.violate('/usr/bin/app');
    const first = await judgeHost();
    expect((await verifier.recordUnreachable(host.subject, 'timeout')).status).toBe('untrusted');
    host.restart();
    expect(codes(await judgeHost())).toEqual(['sticky_untrusted']);
    expect(await verifier.acknowledge(host.subject, 'another')).toBe(false);
    expect(await verifier.acknowledge(host.subject, first.id)).toBe(true);
    expect(verifier.status(host.subject).verdict?.status).toBe('pending');
    expect((await judgeHost()).status).toBe('trusted');
  });

  test('acknowledging does not hide the entry that made it untrusted', async () => {
    const { verifier, host } = datacenter;
    host.violate('/usr/bin/app');
    const first = await judgeHost();
    await verifier.acknowledge(host.subject, first.id);
    expect(await verifier.logStart(host.subject, policy)).toBe(0);
    expect(codes(await judgeHost())).toEqual(['violation']);
  });

  test('verdicts grow stale, changes of state make them pending, failures unreachable', async () => {
    const { verifier, host, clock } = datacenter;
    await judgeHost({ interval: 1000 });
    clock.advance(2000);
    expect(verifier.status(host.subject).verdict?.status).toBe('stale');
    expect((await verifier.recordStateChange(host.subject, 'migration')).status).toBe('pending');
    expect((await verifier.recordUnreachable(host.subject, 'refused')).status).toBe('unreachable');
    expect(verifier.history(host.subject, 10).map(({ status }) => status)).toEqual([
      'unreachable',
      'pending',
      'trusted',
    ]);
  });

  test('what the verifier knows survives its restart', async () => {
    await judgeHost();
    const before = datacenter.verifier.status(datacenter.host.subject);
    datacenter.verifier = datacenter.openVerifier();
    expect(datacenter.verifier.status(datacenter.host.subject)).toEqual(before);
    expect(await judgeHost({}, undefined, 4)).toMatchObject({ status: 'trusted', covered: 4 });
  });
});
