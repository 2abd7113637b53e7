import { type Clock, systemClock } from '../../base/index.js';
import type { PublicArea } from '../../tpm/index.js';
import { type AppraisalPolicy, completePolicy, preparePolicy } from '../appraise/index.js';
import { createMemoryReferences, parseReferenceFile, type ReferenceDatabase } from '../references/index.js';
import { asNote, type Reason, reason, type VerdictStatus, worstStatus } from '../verdict/index.js';
import { firstPosition, judgeEvidence } from '../verifier/index.js';
import {
  areaOfPem,
  decodeAk,
  EntryCatalog,
  EvidenceError,
  unwrapPublic,
  type VerifiedQuote,
  verifyAkAttributes,
  verifyFreshness,
  verifyQuote,
  verifySameKey,
} from '../verify/index.js';
import { verifyOfflineBinding } from './binding.js';
import type { EvidenceFiles } from './evidence-files.js';
import { measurementFile, parsePcrValues } from './files.js';

/** What `tvdc attest verify` prints. */
export interface OfflineVerdict {
  readonly verdict: VerdictStatus;
  /** Codes, each once, what decides first. */
  readonly reasons: readonly string[];
  /** Indices of violations. */
  readonly violations: readonly number[];
  /** Entries that the quote proves. */
  readonly covered: number;
  readonly pending: number;
  /** The reasons in full. */
  readonly findings: readonly Reason[];
}

const setName = 'reference';

async function referencesOf(files: EvidenceFiles, clock: Clock): Promise<ReferenceDatabase> {
  const references = createMemoryReferences(clock);
  if (files.reference === undefined) return references;
  await references.createSet(setName);
  await references.add(setName, parseReferenceFile(files.reference).entries);
  return references;
}

const noRules = { exclude: [], buffers: [], keys: [] };

function policyOf(files: EvidenceFiles): AppraisalPolicy {
  const fromFile = files.reference === undefined ? noRules : parseReferenceFile(files.reference);
  const imaPcr = files.policy?.imaPcr ?? 10;
  return {
    name: 'offline',
    requiredPcrs: [imaPcr],
    ...files.policy,
    keyRings: [
      { name: 'keyring', keys: files.keyring ?? [] },
      { name: 'reference', keys: fromFile.keys },
      ...(files.policy?.keyRings ?? []),
    ],
    buffers: [...fromFile.buffers, ...(files.policy?.buffers ?? [])],
    exclude: [...fromFile.exclude, ...(files.policy?.exclude ?? [])],
    referenceSets: files.reference === undefined ? [] : [setName],
  };
}

/** The key, with its attributes checked where they are known. @throws EvidenceError */
function attestationKey(files: EvidenceFiles): PublicArea {
  if (files.akPublic === undefined) return areaOfPem(files.ak ?? '');
  const area = decodeAk(unwrapPublic(files.akPublic));
  if (files.ak !== undefined) verifySameKey(area, files.ak);
  verifyAkAttributes(area);
  return area;
}

interface Origin {
  readonly quote: VerifiedQuote | null;
  readonly reasons: readonly Reason[];
}

/** Signature, key, binding and freshness. */
function verifyOrigin(files: EvidenceFiles, now: number): Origin {
  try {
    const ak = attestationKey(files);
    const quote = verifyQuote({ attest: files.quote, signature: files.signature }, ak);
    verifyFreshness(quote, files.nonce);
    const bound = verifyOfflineBinding(files, ak, now);
    const unbound = reason('ak_unbound');
    return { quote, reasons: bound ? [] : [files.requireBinding === true ? unbound : asNote(unbound)] };
  } catch (error) {
    if (error instanceof EvidenceError) return { quote: null, reasons: [error.reason] };
    throw error;
  }
}

const notesLast = (a: Reason, b: Reason): number => Number(a.status === null) - Number(b.status === null);

/**
 * Judges evidence files without a network, a store or a subject: signature, freshness, PCR digest, replay and references.
 * Bad evidence makes a verdict, not an error.
 * @throws ReferenceError `bad_import` for an unreadable reference; ConfigurationError `bad_key` for an unreadable key ring
 */
export async function verifyEvidenceFiles(files: EvidenceFiles, clock: Clock = systemClock): Promise<OfflineVerdict> {
  const references = await referencesOf(files, clock);
  const prepared = preparePolicy(completePolicy(policyOf(files)));
  const origin = verifyOrigin(files, clock.now());
  const none = { reasons: [], violations: [], proof: null, covered: 0, pending: 0 } as const;
  let pcrValues: ReturnType<typeof parsePcrValues> | undefined;
  let unreadable: readonly Reason[] = [];
  try {
    pcrValues = files.pcrs === undefined ? undefined : parsePcrValues(files.pcrs);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    unreadable = [error.reason];
  }
  const judged =
    origin.quote === null || unreadable.length > 0
      ? none
      : await judgeEvidence({
          quote: origin.quote,
          measurements: measurementFile(files.log),
          ...(files.bootLog === undefined ? {} : { eventLog: files.bootLog }),
          ...(pcrValues === undefined ? {} : { pcrValues }),
          prepared,
          references,
          catalog: new EntryCatalog(),
          start: firstPosition,
          now: clock.now(),
        });
  const findings = [...origin.reasons, ...unreadable, ...judged.reasons].sort(notesLast);
  return {
    verdict: worstStatus(judged.proof, findings),
    reasons: [...new Set(findings.map(({ code }) => code))],
    violations: judged.violations.map(({ index }) => index),
    covered: judged.covered,
    pending: judged.pending,
    findings,
  };
}
