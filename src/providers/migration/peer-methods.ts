import { TvdcError, toBase64 } from '../../base/index.js';
import type { CimValue } from '../../cim/index.js';
import type { MethodFunction } from '../../cimom/index.js';
import { decodeProposal, type Migrations } from '../../vmm/index.js';
import { actorOf, requiredOctets, requiredText, returnCodes } from '../kit/index.js';
import { migrationOutcome, objectionsOut } from './answers.js';
import { PartPiles } from './parts.js';

type Out = Readonly<Record<string, CimValue>>;

const done = (out: Out = {}) => ({ returnValue: returnCodes.completed, out });

function numberOf(parameters: Out, name: string): number {
  const value = parameters[name];
  if (typeof value !== 'number') throw new TvdcError('bad_part', `parameter ${name} is required`);
  return value;
}

/** What hosts that are peers ask of each other. Every method tells strangers the same, whatever they name. */
export function peerMethods(migrations: Migrations): Readonly<Record<string, MethodFunction>> {
  const piles = new PartPiles();
  return {
    CheckIncoming: (context, _self, parameters) =>
      migrationOutcome(async () => {
        const proposal = decodeProposal(requiredText(parameters, 'Proposal'));
        return done(objectionsOut(await migrations.checkFor(actorOf(context), proposal)));
      }),
    PrepareIncoming: (context, _self, parameters) =>
      migrationOutcome(async () => {
        const proposal = decodeProposal(requiredText(parameters, 'Proposal'));
        const { host, offer, address } = await migrations.prepareFor(actorOf(context), proposal);
        return done({
          HostUUID: host.uuid,
          HostName: host.name,
          Offer: offer === null ? null : toBase64(offer),
          Address: address,
        });
      }),
    TransferIncoming: (context, _self, parameters) =>
      migrationOutcome(async () => {
        const id = requiredText(parameters, 'MigrationID');
        const actor = actorOf(context);
        migrations.expects(actor, id);
        const octets = requiredOctets(parameters, 'Data');
        const whole = piles.add(id, numberOf(parameters, 'Part'), numberOf(parameters, 'Parts'), octets);
        if (whole !== null) await migrations.transferFor(actor, id, whole);
        return done();
      }),
    CommitIncoming: (context, _self, parameters) =>
      migrationOutcome(async () => {
        const id = requiredText(parameters, 'MigrationID');
        return done({ Outcome: await migrations.commitFor(actorOf(context), id) });
      }),
    AbortIncoming: (context, _self, parameters) =>
      migrationOutcome(async () => {
        const id = requiredText(parameters, 'MigrationID');
        const Outcome = await migrations.abortFor(actorOf(context), id);
        if (Outcome === 'aborted') piles.drop(id);
        return done({ Outcome });
      }),
    GetDecision: (context, _self, parameters) =>
      migrationOutcome(async () => {
        const id = requiredText(parameters, 'MigrationID');
        return done({ Outcome: await migrations.outcomeFor(actorOf(context), id) });
      }),
  };
}
