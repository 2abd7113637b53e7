import { CimDateTime, type CimInstance, type CimInstancePath, type CimValue } from '../../../cim/model/index.js';
import { CimError } from '../../../cim/operations/index.js';
import { shortName } from './keys.js';
import type { SubscriptionParts } from './parts.js';
import type { StoredClass } from './stored-provider.js';
import { endOf, expiryOf, subscriptionStates } from './subscription-facts.js';

export const subscriptionClassName = 'CIM_IndicationSubscription';

/** What a subscriber may change. */
const changeable = [
  'SubscriptionState',
  'SubscriptionDuration',
  'SubscriptionInfo',
  'OnFatalErrorPolicy',
  'OtherOnFatalErrorPolicy',
  'FailureTriggerTimeInterval',
  'RepeatNotificationPolicy',
  'OtherRepeatNotificationPolicy',
  'RepeatNotificationInterval',
  'RepeatNotificationGap',
  'RepeatNotificationCount',
] as const;

/** @throws CimError 4 */
function stateOf(subscription: CimInstance): number {
  const state = subscription.getNumber('SubscriptionState') ?? subscriptionStates.enabled;
  if (state === subscriptionStates.enabled || state === subscriptionStates.disabled) return state;
  // A client that sends back what it read.
  if (state === subscriptionStates.degraded) return state;
  throw new CimError(4, `SubscriptionState can be 2 (Enabled) or 4 (Disabled), not ${state}`);
}

/** CIM_IndicationSubscription. */
export function subscriptionClass(parts: SubscriptionParts): StoredClass {
  const { space, live, outbox, limits, recorded, clock } = parts;
  const now = (): CimDateTime => CimDateTime.fromUnix(clock.now());

  const end = (subscription: CimInstance, role: 'Filter' | 'Handler'): CimInstance => {
    const path = endOf(subscription, role);
    const found = path === null || !isHere(path) ? undefined : space.getInstance({ ...path, namespace: null });
    if (found === undefined) throw new CimError(4, `${role} names no instance in ${space.name}`);
    return found;
  };
  const isHere = (path: CimInstancePath): boolean =>
    path.namespace === null || parts.namespaces.find(path.namespace)?.space === space;

  return {
    className: subscriptionClassName,
    prepare(_context, given) {
      if (live.subscriptionCount >= limits.subscriptions) {
        throw new CimError(27, `there may be ${limits.subscriptions} subscriptions`);
      }
      const filter = end(given, 'Filter');
      if (filter.get('IndividualSubscriptionSupported') === false) {
        throw new CimError(1, `the filter "${filter.getString('Name') ?? ''}" cannot be subscribed to by itself`);
      }
      if (live.destination(end(given, 'Handler').path as CimInstancePath) === undefined) {
        throw new CimError(4, 'Handler is not a destination that indications can be delivered to');
      }
      const time = now();
      return given.with({
        SubscriptionState: stateOf(given),
        SubscriptionStartTime: given.get('SubscriptionStartTime') ?? time,
        TimeOfLastStateChange: time,
        SubscriptionTimeRemaining: null,
      });
    },
    change(_context, before, after) {
      const state = stateOf(after);
      const changes: Record<string, CimValue> = {};
      for (const name of changeable) changes[name] = after.get(name) ?? null;
      changes['SubscriptionState'] = state;
      if (state !== before.getNumber('SubscriptionState')) changes['TimeOfLastStateChange'] = now();
      return before.with(changes);
    },
    checkDelete: () => undefined,
    work: (caller) => {
      const record = recorded(caller);
      return (tx, change) => {
        record?.(tx, change);
        if (change.kind !== 'instance') return;
        const { path, before, after } = change;
        const key = shortName(path);
        if (after === null) {
          outbox.deleteSubscription(tx, key);
          tx.afterCommit(() => live.deleteSubscription(path));
          return;
        }
        const known = before === null ? undefined : outbox.subscription(tx, key);
        const kept = known ?? { id: parts.randomness.uuid(), owner: caller.user };
        if (known === undefined) outbox.putSubscription(tx, key, kept);
        tx.afterCommit(() => live.putSubscription(path, after, kept));
      };
    },
    show(subscription) {
      const expires = expiryOf(subscription);
      if (expires === null) return subscription;
      const left = Math.max(0, Math.ceil((expires - clock.now()) / 1000));
      return subscription.with({ SubscriptionTimeRemaining: BigInt(left) });
    },
  };
}
