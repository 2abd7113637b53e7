import { VmmError } from '../../errors.js';
import type { NetworkDriver } from '../driver.js';

/** Bridges in memory, with the rules of a real switch: a port is on one VLAN, a VLAN has one bridge. */
export function createEmbeddedNetwork(): NetworkDriver {
  const bridges = new Map<number, Map<string, string>>();

  const disconnect = async (portId: string): Promise<void> => {
    for (const ports of bridges.values()) ports.delete(portId);
  };

  return {
    name: 'embedded',
    ensureBridge: async (vlanId) => {
      if (!bridges.has(vlanId)) bridges.set(vlanId, new Map());
      return `br-vlan${vlanId}`;
    },
    removeBridge: async (vlanId) => {
      if ((bridges.get(vlanId)?.size ?? 0) > 0)
        throw new VmmError('driver_failed', [`bridge of VLAN ${vlanId} has ports`]);
      bridges.delete(vlanId);
    },
    connect: async (port, vlanId) => {
      const bridge = bridges.get(vlanId);
      if (bridge === undefined) throw new VmmError('driver_failed', [`no bridge for VLAN ${vlanId}`]);
      await disconnect(port.id);
      bridge.set(port.id, port.mac);
    },
    disconnect,
    connections: async () =>
      [...bridges].flatMap(([vlanId, ports]) => [...ports.keys()].map((portId) => ({ portId, vlanId }))),
  };
}
