import { Command } from 'commander';
import type { Streams } from '../output/index.js';
import { addVmDefinition } from './vm-define.js';
import { addVmDevices } from './vm-devices.js';
import { addVmList } from './vm-list.js';
import { addVmMigrate } from './vm-migrate.js';
import { addVmPreflight } from './vm-preflight.js';
import { addVmShow } from './vm-show.js';
import { addVmStates } from './vm-state.js';

const examples = `
Names may stand for UUIDs everywhere; a name that may mean several things is refused with the candidates.

Examples:
  tvdc vm list --tvd 'Market Analysis' --columns name,state,memory,vlans
  tvdc vm define ma-3 --label MA --memory 512 --disk 2G:MA --vlan 100 --criticality high
  tvdc vm preflight ma-3                      would it start, and where; all that stands against it
  tvdc vm clone ma-3 ma-4
  tvdc vm attach ma-3 --disk spare-disk --vlan 100`;

export function vmCommand(streams: Streams): Command {
  const vm = new Command('vm').description('virtual machines of a host').addHelpText('after', examples);
  addVmList(vm, streams);
  addVmShow(vm, streams);
  addVmDefinition(vm, streams);
  addVmStates(vm, streams);
  addVmDevices(vm, streams);
  addVmPreflight(vm, streams);
  addVmMigrate(vm, streams);
  return vm;
}
