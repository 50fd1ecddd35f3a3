/** The parts of an air conditioner. Only `compose.ts` uses this. */

import { Climate } from "./climate/climate.js";
import type { Context, Device } from "./compose.js";
import type { Postbox } from "./links/postbox.js";
import { followedTopic } from "./settings.js";

export function composeClimate(context: Context, postbox: () => Postbox, onOpened: () => void): Device {
  const { board, settings, monitor, clock, changed } = context;
  const follows = followedTopic(settings);
  const climate = new Climate({
    outputs: board.outputs?.(settings) ?? {},
    settings,
    base: settings.topic,
    follows,
    timer: board.timer,
    clock,
    monitor,
    keep: (values) => changed.set(values),
    onChanged: (state) => postbox().changed(state),
    onOpened,
    onTurn: context.onProgress,
  });
  return {
    source: climate,
    states: climate.states,
    subscriptions: [climate.subscription],
    actions: climate.actions,
    plain: climate.plain,
    reset: () => climate.reset(changed.unchanged("mode"), changed.unchanged("target")),
    // It is the loop that turns which counts: no temperature comes while the broker is away.
    patience: () => 0,
    climate: { follows, modes: climate.modes },
  };
}
