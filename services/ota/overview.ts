/** What the broker has of each device's updates. */

import type { Endpoint } from "../../firmware/codec/endpoint.js";
import type { Secure } from "../../host-sim/io/tls.js";
import type { DeviceState } from "./device-state.js";
import { Fleet } from "./fleet.js";

export interface DeviceOverview {
  readonly base: string;
  /** `undefined` where it never said. */
  readonly isOnline: boolean | undefined;
  /** `undefined` where it never said anything of updates. */
  readonly said: DeviceState | undefined;
}

/**
 * Asks the broker for what is retained.
 * @param devices these, also where nothing is known of them; without them all that `filters` bring
 * @throws Problem where the broker cannot be asked
 */
export async function overview(
  broker: { endpoint: Endpoint; secure: Secure | undefined },
  filters: readonly string[],
  devices: readonly string[] | undefined,
  end: Promise<unknown>,
): Promise<DeviceOverview[]> {
  const online = new Map<string, boolean>();
  const states = new Map<string, DeviceState>();
  const fleet = await Fleet.open({
    broker,
    filters,
    onState: (base, state) => states.set(base, state),
    onStatus: (base, isOnline) => online.set(base, isOnline),
    onBroker: () => {},
  });
  await Promise.race([fleet.settled(), end]);
  await fleet.close();
  const bases = devices ?? [...new Set([...online.keys(), ...states.keys()])].sort();
  return bases.map((base) => ({ base, isOnline: online.get(base), said: states.get(base) }));
}
