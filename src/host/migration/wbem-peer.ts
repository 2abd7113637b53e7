import { fromBase64, toBase64, TvdcError } from '../../base/index.js';
import { CimError, type CimValue, stringKey } from '../../cim/index.js';
import { TransportError, type WbemClient } from '../../client/index.js';
import {
  type ArrivalOutcome,
  type DepartureOutcome,
  encodeProposal,
  type MigrationPeer,
  MigrationRefusedError,
  type Objection,
} from '../../vmm/index.js';
import type { ConfiguredPeer } from './config.js';
import { isListening, type Lines } from './connect.js';

type Out = Readonly<Record<string, CimValue>>;

const serviceClass = 'TVDC_VirtualSystemMigrationService';
/** Bytes of one part of a cargo: with its base64 well below what servers take in one request. */
const partSize = 4 << 20;

function listOf(out: Out, name: string): readonly CimValue[] {
  const value = out[name];
  return Array.isArray(value) ? (value as readonly CimValue[]) : [];
}

function textsOf(out: Out, name: string): readonly string[] {
  return listOf(out, name).map((item) => (typeof item === 'string' ? item : ''));
}

function textOf(out: Out, name: string): string {
  const value = out[name];
  return typeof value === 'string' ? value : '';
}

function objectionsOf(out: Out): readonly Objection[] {
  const sentences = textsOf(out, 'Reasons');
  const byPolicy = listOf(out, 'ByPolicy');
  return textsOf(out, 'ReasonCodes').map((reason, at) => ({
    reason,
    sentence: sentences[at] ?? reason,
    byPolicy: byPolicy[at] === true,
  }));
}

/** What a method of the peer answered. @throws MigrationRefusedError it gave reasons @throws TvdcError `peer_failed` */
function answerOf(peer: string, method: string, returnValue: CimValue, out: Out): Out {
  if (Number(returnValue ?? 0) === 0) return out;
  const objections = objectionsOf(out);
  if (objections.length > 0) throw new MigrationRefusedError(objections, textOf(out, 'DecisionID') || null);
  throw new TvdcError(
    'peer_failed',
    `${method} at ${peer}: ${textOf(out, 'Explanation') || `return value ${Number(returnValue)}`}`,
  );
}

const arrivals: readonly string[] = ['here', 'aborted', 'unknown'] satisfies readonly ArrivalOutcome[];
const departures: readonly string[] = ['undecided', 'moved', 'stayed'] satisfies readonly DepartureOutcome[];

function outcomeOf<T extends string>(out: Out, known: readonly string[]): T {
  const outcome = textOf(out, 'Outcome');
  if (!known.includes(outcome)) throw new TvdcError('peer_failed', `expected ${known.join(', ')}, got "${outcome}"`);
  return outcome as T;
}

/** A host that is reached over CIM-XML. */
export function createWbemPeer(lines: Lines, configured: ConfiguredPeer, namespace: string): MigrationPeer {
  const { name } = configured;

  const connected = async <T>(work: (client: WbemClient) => Promise<T>): Promise<T> => {
    try {
      return await lines.run(configured, namespace, work);
    } catch (error) {
      if (error instanceof TransportError)
        throw new TvdcError('peer_failed', `${name} cannot be asked: ${error.message}`, { cause: error });
      // What the other host says of our account there is no status of this one.
      if (!(error instanceof CimError)) throw error;
      throw new TvdcError('peer_failed', `${name} answered ${error.status}: ${error.description}`, { cause: error });
    }
  };

  const caller = async (client: WbemClient) => {
    const service = await client.instancePaths(serviceClass, { namespace }).first();
    if (service === undefined) throw new TvdcError('peer_failed', `${name} has no ${serviceClass}`);
    return async (method: string, parameters: Out): Promise<Out> => {
      const { returnValue, out } = await client.invoke(service, method, parameters, { namespace });
      return answerOf(name, method, returnValue, out);
    };
  };
  const call = (method: string, parameters: Out): Promise<Out> =>
    connected(async (client) => (await caller(client))(method, parameters));

  return {
    name,
    answers: () => isListening(configured.url),
    identify: () =>
      connected(async (client) => {
        const host = await client.instances('TVDC_HostSystem', { namespace }).first();
        const uuid = host === undefined || host.path === null ? undefined : stringKey(host.path, 'Name');
        if (host === undefined || uuid === undefined) throw new TvdcError('peer_failed', `${name} shows no host`);
        return { uuid, name: host.getString('ElementName') ?? name };
      }),
    check: async (proposal) => objectionsOf(await call('CheckIncoming', { Proposal: encodeProposal(proposal) })),
    async prepare(proposal) {
      const out = await call('PrepareIncoming', { Proposal: encodeProposal(proposal) });
      const offer = textOf(out, 'Offer');
      return {
        host: { uuid: textOf(out, 'HostUUID'), name: textOf(out, 'HostName') },
        offer: offer === '' ? null : fromBase64(offer),
        address: textOf(out, 'Address'),
      };
    },
    transfer: (id, cargo) =>
      connected(async (client) => {
        const send = await caller(client);
        const parts = Math.max(1, Math.ceil(cargo.length / partSize));
        for (let part = 0; part < parts; part++) {
          const data = toBase64(cargo.subarray(part * partSize, (part + 1) * partSize));
          await send('TransferIncoming', { MigrationID: id, Part: part, Parts: parts, Data: data });
        }
      }),
    commit: async (id) => outcomeOf<ArrivalOutcome>(await call('CommitIncoming', { MigrationID: id }), arrivals),
    abort: async (id) => outcomeOf<ArrivalOutcome>(await call('AbortIncoming', { MigrationID: id }), arrivals),
    outcome: async (id) => outcomeOf<DepartureOutcome>(await call('GetDecision', { MigrationID: id }), departures),
  };
}
