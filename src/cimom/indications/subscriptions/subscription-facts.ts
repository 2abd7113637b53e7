import { type CimDateTime, type CimInstance, type CimInstancePath, isCimArray } from '../../../cim/model/index.js';

/** SubscriptionState. */
export const subscriptionStates = { enabled: 2, degraded: 3, disabled: 4 } as const;

/** OnFatalErrorPolicy, and the values of SubscriptionRemovalAction that mean the same. */
type FailurePolicy = 'ignore' | 'disable' | 'remove';

/** Filter or Handler of a subscription; null where it is no path of an instance. */
export function endOf(subscription: CimInstance, role: 'Filter' | 'Handler'): CimInstancePath | null {
  const value = subscription.get(role);
  if (value === null || value === undefined || typeof value !== 'object' || isCimArray(value)) return null;
  return value.kind === 'instance-path' ? value : null;
}

export function isEnabled(subscription: CimInstance): boolean {
  return subscription.getNumber('SubscriptionState') !== subscriptionStates.disabled;
}

function seconds(subscription: CimInstance, name: string): number | null {
  const value = subscription.get(name);
  return typeof value === 'bigint' ? Number(value) : null;
}

/** When the time of a subscription is over, in milliseconds since 1970; null: never. */
export function expiryOf(subscription: CimInstance): number | null {
  const duration = seconds(subscription, 'SubscriptionDuration');
  const start = subscription.get('SubscriptionStartTime') as CimDateTime | null | undefined;
  if (duration === null || start === null || start === undefined) return null;
  const began = start.toMilliseconds();
  return began === null ? null : began + duration * 1000;
}

/** What a subscription itself says about a destination that fails; null: the service's settings say it. */
export function failurePolicy(
  subscription: CimInstance,
): { readonly policy: FailurePolicy; readonly after: number } | null {
  const after = (seconds(subscription, 'FailureTriggerTimeInterval') ?? 0) * 1000;
  switch (subscription.getNumber('OnFatalErrorPolicy')) {
    case 2:
      return { policy: 'ignore', after };
    case 3:
      return { policy: 'disable', after };
    case 4:
      return { policy: 'remove', after };
    default:
      return null;
  }
}

/** The same from the settings of the service. */
export function servicePolicy(
  action: number,
  interval: number,
): { readonly policy: FailurePolicy; readonly after: number } {
  const policy = action === 2 ? 'remove' : action === 3 ? 'disable' : 'ignore';
  return { policy, after: interval * 1000 };
}
