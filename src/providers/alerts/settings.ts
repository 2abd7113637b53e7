import { type CimClass, type CimInstance, createInstance, sameInstance } from '../../cim/index.js';
import type { HostEvent, VirtualMachine } from '../../vmm/index.js';
import type { HostView, Values } from '../kit/index.js';
import { resourceSettingValues, resourcesOf, settingClasses, systemSettingValues } from '../systems/index.js';

/** A setting before and after; null: there was none, or there is none any more. */
export interface SettingChange {
  readonly before: CimInstance | null;
  readonly after: CimInstance | null;
}

function isConfigured(before: VirtualMachine, after: VirtualMachine): boolean {
  return (
    before.name === after.name &&
    before.memoryMiB === after.memoryMiB &&
    before.processors === after.processors &&
    before.tpm === after.tpm &&
    before.disks === after.disks &&
    before.ports === after.ports
  );
}

function isOtherSystem(before: VirtualMachine, after: VirtualMachine): boolean {
  return before.name !== after.name || before.criticality !== after.criticality || before.trusted !== after.trusted;
}

/** What happens to the settings of virtual machines, of which the CIM face alone knows. */
export class SettingChanges {
  readonly #view: HostView;
  readonly #classOf: (name: string) => CimClass;

  constructor(view: HostView, classOf: (name: string) => CimClass) {
    this.#view = view;
    this.#classOf = classOf;
  }

  #make(className: string, values: Values): CimInstance {
    return createInstance(this.#classOf(className), values, { namespace: this.#view.namespace });
  }

  #system(vm: VirtualMachine, label: string | null | undefined): CimInstance {
    return this.#make('TVDC_VirtualSystemSettingData', systemSettingValues(this.#view, vm, label));
  }

  #resources(vm: VirtualMachine | null): ReadonlyMap<string, CimInstance> {
    const found = new Map<string, CimInstance>();
    if (vm === null) return found;
    for (const resource of resourcesOf(vm)) {
      const values = resourceSettingValues(this.#view, vm, resource);
      found.set(resource.id, this.#make(settingClasses[resource.kind], values));
    }
    return found;
  }

  *#between(before: VirtualMachine | null, after: VirtualMachine | null): Iterable<SettingChange> {
    const old = this.#resources(before);
    const fresh = this.#resources(after);
    for (const [id, instance] of old) {
      const now = fresh.get(id) ?? null;
      if (now === null || !sameInstance(instance, now)) yield { before: instance, after: now };
    }
    for (const [id, instance] of fresh) if (!old.has(id)) yield { before: null, after: instance };
  }

  /** Settings that show the label of a volume (UUID) or of a VLAN (`vlan:100`). */
  *#showing(element: string, before: string | null): Iterable<SettingChange> {
    const { inventory } = this.#view.parts;
    const vlan = Number(/^vlan:(\d+)$/.exec(element)?.[1]);
    for (const vm of Number.isNaN(vlan) ? inventory.usersOf(element) : inventory.usersOfVlan(vlan)) {
      // One that is on its way here has no settings yet.
      if (inventory.vm(vm.uuid) === undefined) continue;
      for (const resource of resourcesOf(vm)) {
        const shows =
          resource.kind === 'storage'
            ? vm.disks.some(({ id, volume }) => id === resource.id && volume === element)
            : resource.kind === 'ethernet' && vm.ports.some(({ id, vlanId }) => id === resource.id && vlanId === vlan);
        if (!shows) continue;
        const className = settingClasses[resource.kind];
        const values = resourceSettingValues(this.#view, vm, resource);
        if (values['SecurityLabel'] === before) continue;
        yield {
          before: this.#make(className, { ...values, SecurityLabel: before }),
          after: this.#make(className, values),
        };
      }
    }
  }

  /** Settings that an event created, changed or removed. */
  *of(event: HostEvent): Iterable<SettingChange> {
    switch (event.kind) {
      case 'vm-defined':
        yield { before: null, after: this.#system(event.vm, undefined) };
        yield* this.#between(null, event.vm);
        break;
      case 'vm-destroyed':
        yield* this.#between(event.vm, null);
        yield { before: this.#system(event.vm, undefined), after: null };
        break;
      case 'vm-changed': {
        const { vm, before, label } = event;
        if (isOtherSystem(before, vm) || label !== undefined)
          yield { before: this.#system(before, label?.before), after: this.#system(vm, label?.after) };
        if (!isConfigured(before, vm)) yield* this.#between(before, vm);
        break;
      }
      case 'label-changed': {
        const vm = this.#view.parts.inventory.vm(event.element);
        if (vm !== undefined) yield { before: this.#system(vm, event.before), after: this.#system(vm, undefined) };
        else yield* this.#showing(event.element, event.before);
        break;
      }
      default:
        break;
    }
  }
}
