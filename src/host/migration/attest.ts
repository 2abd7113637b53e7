import { messageOf, TvdcError } from '../../base/index.js';
import { createInstancePath } from '../../cim/index.js';
import { completed } from '../../client/management/index.js';
import type { HostIdentity } from '../../vmm/index.js';
import type { PeersConfig } from './config.js';
import type { Lines } from './connect.js';

const namespace = 'root/tvdc';
/** TVDC_AttestationService.Attest: the host alone. */
const hostOnly = 2;

/** Has a verifier challenge a host now. @returns its verdict, with the first reason */
async function challenge(
  lines: Lines,
  config: PeersConfig,
  host: HostIdentity,
): Promise<{ status: string; reason: string }> {
  const { verifier } = config;
  if (verifier === null) throw new TvdcError('no_verifier', 'no verifier is configured');
  return lines.run(verifier, namespace, async (client) => {
    const service = await client.instancePaths('TVDC_AttestationService', { namespace }).first();
    if (service === undefined) throw new TvdcError('no_verifier', `${verifier.url} is no verifier`);
    const keys = { CreationClassName: 'TVDC_HostSystem', Name: host.uuid };
    const System = createInstancePath('TVDC_HostSystem', keys, { namespace });
    const { Verdict } = completed(
      'Attest',
      await client.invoke(service, 'Attest', { Mode: hostOnly, System }, { namespace }),
    );
    if (typeof Verdict !== 'object' || Verdict === null || !('kind' in Verdict) || Verdict.kind !== 'instance-path')
      throw new TvdcError('bad_answer', 'the verifier returned no verdict');
    const verdict = await client.getInstance(Verdict, { namespace });
    const reasons = verdict.get('Reasons');
    const reason: unknown = Array.isArray(reasons) ? reasons[0] : undefined;
    return { status: verdict.getString('Verdict') ?? 'unknown', reason: typeof reason === 'string' ? reason : '' };
  });
}

/** Whether a host may be given a virtual machine. Only a fresh verdict counts, and only `trusted`. */
export async function attestHost(
  lines: Lines,
  config: PeersConfig,
  host: HostIdentity,
): Promise<{ readonly trusted: boolean; readonly sentence: string }> {
  if (config.verifier === null) {
    const nobody = `Nobody has attested ${host.name}: peers.json names no verifier`;
    const sentence = config.unattested
      ? `${nobody} and does without.`
      : `${nobody} and does not say "unattested": true.`;
    return { trusted: config.unattested, sentence };
  }
  try {
    const { status, reason } = await challenge(lines, config, host);
    const why = reason === '' ? '' : ` (${reason})`;
    return { trusted: status === 'trusted', sentence: `The verifier says that ${host.name} is ${status}${why}.` };
  } catch (error) {
    return {
      trusted: false,
      sentence: `The verifier cannot say whether ${host.name} is trusted: ${messageOf(error)}.`,
    };
  }
}
