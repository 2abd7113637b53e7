import { CimError } from '../../../cim/operations/index.js';
import { completeKeys } from './complete-keys.js';
import { checkDestination } from './destination-rules.js';
import { refuseIfUsed } from './in-use.js';
import { shortName } from './keys.js';
import type { SubscriptionParts } from './parts.js';
import type { StoredClass } from './stored-provider.js';

/** Classes of listeners that take indications over HTTP; the second is the old one. */
export const destinationClassNames = ['CIM_ListenerDestinationCIMXML', 'CIM_IndicationHandlerCIMXML'] as const;

const permanent = 2;
const cimXml = 2;

/** A class of destinations. */
export function destinationClass(className: string, parts: SubscriptionParts): StoredClass {
  const { live, outbox, limits, recorded, allowDestination } = parts;
  return {
    className,
    prepare(context, given) {
      if (live.destinations.length >= limits.destinations) {
        throw new CimError(27, `there may be ${limits.destinations} destinations`);
      }
      const destination = completeKeys(given, parts.systemName, parts.randomness);
      const { user } = context.caller;
      checkDestination(destination, user, allowDestination);
      const facts = { PersistenceType: destination.getNumber('PersistenceType') ?? permanent, Protocol: cimXml };
      const owned = destination.shape.indexOf('Owner') >= 0 ? { Owner: user } : {};
      return destination.with({ ...facts, ...owned });
    },
    change(context, before, after) {
      const moved = before.getString('Destination') !== after.getString('Destination');
      if (moved) checkDestination(after, context.caller.user, allowDestination);
      return after.with({ Protocol: cimXml });
    },
    checkDelete: (path) => refuseIfUsed(live, 'destination', path),
    work: (caller) => {
      const record = recorded(caller);
      return (tx, change) => {
        record?.(tx, change);
        if (change.kind !== 'instance') return;
        const { path, before, after } = change;
        if (before === null) outbox.open(tx, shortName(path), `TVDC:${parts.randomness.uuid()}`);
        if (after === null) outbox.close(tx, shortName(path));
        if (before === null || after === null) outbox.putOwner(tx, shortName(path), after && caller.user);
        tx.afterCommit(() => {
          const known = live.destination(path);
          if (after === null) {
            void known?.worker.close();
            live.deleteDestination(path);
          } else if (known === undefined) {
            live.putDestination(path, parts.openWorker(path, after));
          } else {
            known.worker.url = after.getString('Destination') ?? known.worker.url;
          }
        });
      };
    },
  };
}
