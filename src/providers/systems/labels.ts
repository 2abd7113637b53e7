import { formatLabel } from '../../acm/index.js';
import { vlanResource } from '../../vmm/index.js';
import type { HostView } from '../kit/index.js';

/** Full text of a VM's label; null where it has none. */
export function labelOfVm(view: HostView, uuid: string): string | null {
  const label = view.parts.monitor.labels.vm(uuid);
  return label === undefined ? null : formatLabel(label.policy, label.label);
}

export function labelOfResource(view: HostView, resource: string): string | null {
  const label = view.parts.monitor.labels.resource(resource);
  return label === undefined ? null : formatLabel(label.policy, label.label);
}

export function labelOfVlan(view: HostView, id: number): string | null {
  return labelOfResource(view, vlanResource(id));
}
