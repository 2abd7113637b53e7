export { Inventory, type InventoryChange } from './inventory.js';
export type { IncomingMigration, Migration, OutgoingMigration } from './migration.js';
export {
  criticalities,
  type Criticality,
  type Disk,
  type HostIdentity,
  type Port,
  type VirtualMachine,
  type Vlan,
  vlanResource,
  type VmState,
  vmStates,
  type Volume,
} from './types.js';
export { nothingUsed, type ResourceUse, sumOfUse, useOfVm, useOfVolume } from './use.js';
