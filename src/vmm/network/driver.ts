/**
 * The host's software switch: one bridge for each labelled VLAN. Decides nothing. Calls are idempotent.
 * @throws VmmError `driver_failed`
 */
export interface NetworkDriver {
  readonly name: string;
  /** Makes the bridge of a VLAN and binds it to the VLAN's tag; returns the bridge's name. */
  ensureBridge(vlanId: number): Promise<string>;
  removeBridge(vlanId: number): Promise<void>;
  connect(port: { readonly id: string; readonly mac: string }, vlanId: number): Promise<void>;
  disconnect(portId: string): Promise<void>;
  /** Ports that are connected now, by VLAN. */
  connections(): Promise<readonly { readonly portId: string; readonly vlanId: number }[]>;
}
