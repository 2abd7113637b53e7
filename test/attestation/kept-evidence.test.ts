import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quotedMember, verifyEvidenceBundle, type Verdict } from '../../src/attestation/index.js';
import { Records } from '../../src/attestation/verifier/records.js';
import { openSqliteStore } from '../../src/store/index.js';
import { createImaLog } from '../../src/tpm/logs/index.js';
import { errorLike } from '../support/errors.js';
import { Datacenter, hostUuid, policy, vmUuid } from './support/datacenter.js';

const vm = { kind: 'vm', uuid: vmUuid } as const;

describe('kept evidence', () => {
  let datacenter: Datacenter;
  beforeEach(async () => {
    datacenter = await Datacenter.open();
  });
  afterEach(() => datacenter.close());

  /** One round, continuing the log where the last one ended. */
  async function round(): Promise<Verdict> {
    const { verifier } = datacenter;
    const challenge = verifier.challenge();
    const vmEvidence = datacenter.vmEvidence(challenge, await verifier.logStart(vm, policy));
    const members = [quotedMember(vmUuid, vmEvidence.quote)];
    const start = await verifier.logStart({ kind: 'host', uuid: hostUuid }, policy);
    const host = await verifier.judgeHost(datacenter.hostEvidence(challenge, members, start), {
      challenge,
      policy,
      host: hostUuid,
      members,
    });
    return verifier.judgeVm(vmEvidence, host, { challenge, policy, vm: vmUuid, host: hostUuid });
  }

  async function exported(verdict: Verdict): Promise<string> {
    const text = await datacenter.verifier.exportEvidence(verdict.subject, verdict.id);
    if (text === null) throw new Error('nothing kept');
    return text;
  }

  const judged = async (text: string) =>
    verifyEvidenceBundle(text, { signers: [await datacenter.verifier.evidenceKey()] });

  test('is whole again though each round fetched only what was new', async () => {
    await round();
    datacenter.vm.measure('/usr/bin/app');
    datacenter.vm.measure('/sbin/init');
    const second = await round();
    datacenter.vm.measure('/usr/bin/app');
    const third = await round();
    expect([second.status, third.status]).toEqual(['trusted', 'trusted']);
    expect(await judged(await exported(third))).toMatchObject({
      verdict: 'trusted',
      covered: third.covered,
      pending: 0,
    });
    expect(await judged(await exported(second))).toMatchObject({ verdict: 'trusted', covered: second.covered });
  });

  test('shows why a verdict was untrusted', async () => {
    datacenter.vm.measure('/usr/bin/app', new Uint8Array([1]));
    const verdict = await round();
    expect(verdict.status).toBe('untrusted');
    const found = await judged(await exported(verdict));
    expect(found).toMatchObject({ verdict: 'untrusted', recorded: 'untrusted' });
    expect(found.reasons).toContain('digest_mismatch');
  });

  test('of a system that is not trusted is whole too, though only what is new is stored in every round', async () => {
    for (let entry = 0; entry < 2000; entry++) datacenter.vm.measure(`/unknown/${entry}`);
    const size = (): number =>
      datacenter.store
        .range('attestation', 'kept/vm:', 'kept/vm;', 1000)
        .reduce((sum, { value }) => sum + (value as { readonly length: number }).length, 0);
    const verdicts = [await round()];
    const first = size();
    for (let n = 0; n < 4; n++) {
      if (n > 0) datacenter.vm.measure(`/later/${n}`);
      verdicts.push(await round());
    }
    expect(verdicts.map(({ covered }) => covered)).toEqual([2004, 2004, 2005, 2006, 2007]);
    expect(size() - first).toBeLessThan(first / 4);
    for (const verdict of verdicts) {
      expect(verdict.status).toBe('unknown');
      expect(await judged(await exported(verdict))).toMatchObject({ verdict: 'unknown', covered: verdict.covered });
    }
    // A reboot begins another log, of which nothing is known.
    datacenter.vm.restart();
    const rebooted = await round();
    expect(await judged(await exported(rebooted))).toMatchObject({ verdict: 'trusted', covered: 4 });
  });

  test('says when the references changed since', async () => {
    const verdict = await round();
    await datacenter.references.delete('image', { path: '/usr/bin/app' });
    const found = await judged(await exported(verdict));
    expect(found).toMatchObject({ verdict: 'unknown', recorded: 'trusted', sameReferences: false });
  });

  test('is refused with any octet of payload or signature changed', async () => {
    const outer = JSON.parse(await exported(await round())) as { payload: string; signature: string };
    const inner = Buffer.from(outer.payload, 'base64').toString('utf8').replace('"trusted"', '"unknown"');
    const forged = { ...outer, payload: Buffer.from(inner).toString('base64') };
    await expect(judged(JSON.stringify(forged))).rejects.toThrow(errorLike({ code: 'bad_bundle' }));
    const turned = `${outer.signature.startsWith('A') ? 'B' : 'A'}${outer.signature.slice(1)}`;
    await expect(judged(JSON.stringify({ ...outer, signature: turned }))).rejects.toThrow(
      errorLike({ code: 'bad_bundle' }),
    );
    await expect(judged('{"format":"something"}')).rejects.toThrow(errorLike({ code: 'bad_bundle' }));
  });

  test('of a stranger may have any form, and is refused for it', async () => {
    const outer = JSON.parse(await exported(await round())) as { payload: string };
    type Payload = {
      evidence: { [part: string]: Record<string, unknown> };
      host: { verdict: Record<string, unknown> };
    };
    const changes: readonly ((payload: Payload) => void)[] = [
      ({ evidence }) => Object.assign(evidence['policy'] ?? {}, { exclude: [1] }),
      ({ evidence }) => Object.assign(evidence['references'] ?? {}, { entries: [1] }),
      ({ evidence }) => Object.assign(evidence, { verdict: {} }),
      ({ evidence }) => Object.assign(evidence['verdict'] ?? {}, { issued: 'now' }),
      ({ evidence }) => Object.assign(evidence, { facts: {} }),
      ({ evidence }) => Object.assign(evidence['facts'] ?? {}, { binding: { akPublic: 5 } }),
      ({ host }) => Object.assign(host.verdict, { round: { members: 7 } }),
    ];
    for (const change of changes) {
      const payload = JSON.parse(Buffer.from(outer.payload, 'base64').toString('utf8')) as Payload;
      change(payload);
      const text = { ...outer, keyId: '', payload: Buffer.from(JSON.stringify(payload)).toString('base64') };
      await expect(judged(JSON.stringify(text))).rejects.toThrow(errorLike({ code: 'bad_bundle' }));
    }
  });

  test('proves nothing under a key of its own: a forger who signs is a stranger', async () => {
    const other = await Datacenter.open();
    try {
      const text = await exported(await round());
      const found = await verifyEvidenceBundle(text, { signers: [await other.verifier.evidenceKey()] });
      expect(found.verdict).toBe('unknown');
      expect(found.reasons[0]).toBe('ak_unbound');
    } finally {
      await other.close();
    }
  });

  test('without its host proves at most unknown', async () => {
    const challenge = datacenter.verifier.challenge();
    const evidence = datacenter.vmEvidence(challenge);
    const verdict = await datacenter.verifier.judgeVm(evidence, null, {
      challenge,
      policy,
      vm: vmUuid,
      host: hostUuid,
    });
    const found = await judged(await exported(verdict));
    expect(found.verdict).toBe('unknown');
    expect(found.reasons).toContain('host_unknown');
  });

  test('is not kept for verdicts without evidence', async () => {
    const verdict = await datacenter.verifier.recordUnreachable(vm, 'no answer');
    expect(await datacenter.verifier.exportEvidence(vm, verdict.id)).toBeNull();
  });
});

test('forgetting old verdicts leaves later evidence whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-kept-'));
  const store = openSqliteStore(folder);
  const records = new Records(store, 3);
  const data = Buffer.from('unchanging boot log');
  const log = createImaLog();
  const logs: Uint8Array[] = [];
  for (let n = 1; n <= 6; n++) {
    // Every second verdict is on a log that has not grown.
    if (n % 2 === 1) log.measure({ path: `/f${n}`, digest: { algorithm: 'sha256', value: new Uint8Array(32) } });
    const whole = log.toBinary();
    logs.push(whole);
    await records.update(
      vm,
      (before) => ({ ...before, verdict: { id: `v${n}`, subject: vm } as Verdict }),
      (verdict) => ({
        facts: {
          verdict: verdict.id,
          mode: 'quoted',
          nonce: new Uint8Array(32),
          binding: null,
          attest: null,
          signature: null,
          pcrValues: null,
          format: 'binary',
          start: 0,
          policyDigest: 'p',
          referenceDigest: 'r',
        },
        evidence: {
          quote: { attest: data, signature: data },
          measurements: { format: 'binary', start: 0, data: whole },
          eventLog: data,
        },
        policy,
        before: null,
        entries: Math.ceil(n / 2),
      }),
    );
  }
  expect(records.history(vm, 100).map(({ id }) => id)).toEqual(['v6', 'v5', 'v4']);
  for (const n of [4, 5, 6]) {
    const { evidence } = (await records.kept(vm, `v${n}`)) ?? {};
    expect(evidence?.log).toEqual(new Uint8Array(logs[n - 1] as Uint8Array));
  }
  const kept = await records.kept(vm, 'v5');
  expect(Buffer.from(kept?.evidence?.boot ?? []).toString()).toBe('unchanging boot log');
  expect(await records.kept(vm, 'v1')).toBeNull();
  await store.close();
  rmSync(folder, { recursive: true });
});
