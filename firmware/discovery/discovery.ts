/**
 * What Home Assistant is told of a device, in the device-based form of its MQTT discovery: one retained message with the
 * device, who wrote it, and an entity for each thing to be seen or set. Pure.
 *
 * Fields and their short forms are those of the documentation of Home Assistant's MQTT integration. An entity that
 * is no more stays in the message with its platform alone, which takes it out of Home Assistant.
 */

import { QUANTITIES, Quantity } from "../codec/reading.js";

export interface DiscoveredDevice {
  /** Client identifier: unique, and the same at each start. */
  id: string;
  /** Base of the topics. */
  base: string;
  version: string;
  /** Readings are the value alone. */
  plain: boolean;
  /** Bit `1 << quantity` for each quantity that is measured. */
  quantities: number;
  /** No other quantity will come: what was announced before is taken back. */
  isExact: boolean;
  /** Diagnostics are published. */
  diagnostics: boolean;
  /** What commands there are beside those of the climate. */
  identify: boolean;
  restart: boolean;
  climate: DiscoveredClimate | undefined;
}

export interface DiscoveredClimate {
  /** Topic of the temperature that it follows. */
  follows: string;
  modes: readonly string[];
}

type Component = Record<string, unknown>;

const UNITS: readonly string[] = Object.freeze(["°C", "%", "Pa"]);

/** A field of diagnostics: what people read, its unit, Home Assistant's classes for it. */
interface Field {
  readonly name: string;
  readonly label: string;
  readonly unit?: string;
  readonly deviceClass?: string;
  readonly stateClass?: string;
}

/** Those that say how a device is. */
const DIAGNOSTICS: readonly Field[] = Object.freeze([
  Object.freeze({ name: "uptime", label: "Uptime", unit: "ms", deviceClass: "duration" }),
  Object.freeze({
    name: "signal",
    label: "Signal",
    unit: "dBm",
    deviceClass: "signal_strength",
    stateClass: "measurement",
  }),
  Object.freeze({
    name: "free",
    label: "Free memory",
    unit: "B",
    deviceClass: "data_size",
    stateClass: "measurement",
  }),
  Object.freeze({ name: "waiting", label: "Readings waiting", stateClass: "measurement" }),
  Object.freeze({ name: "dropped", label: "Readings dropped", stateClass: "total_increasing" }),
  Object.freeze({ name: "reconnects", label: "Reconnects", stateClass: "total_increasing" }),
  Object.freeze({ name: "reset", label: "Reason of last start" }),
]);

/** Topic of the message, under Home Assistant's discovery prefix. An id has characters that a topic's level must not have. */
export function discoveryTopic(prefix: string, id: string): string {
  return `${prefix}/device/${objectId(id)}/config`;
}

/** The message. */
export function discoveryJSON(device: DiscoveredDevice): string {
  const { id, base, version, climate } = device;
  return JSON.stringify({
    dev: {
      ids: [id],
      name: nameOf(base),
      mf: "Hearth",
      mdl: climate ? "air conditioner" : "sensor node",
      sw: version,
    },
    o: { name: "Hearth", sw: version },
    "~": base,
    avty_t: "~/status",
    qos: 1,
    cmps: { ...readings(device), ...diagnostics(device), ...climateOf(device), ...buttons(device) },
  });
}

function readings({ id, plain, quantities, isExact }: DiscoveredDevice): Record<string, Component> {
  const components: Record<string, Component> = {};
  for (let quantity: Quantity = 0; quantity < QUANTITIES.length; quantity++) {
    const name = QUANTITIES[quantity];
    if ((quantities & (1 << quantity)) === 0) {
      if (isExact) components[name] = { p: "sensor" };
      continue;
    }
    components[name] = {
      p: "sensor",
      uniq_id: `${objectId(id)}_${name}`,
      stat_t: `~/${name}`,
      dev_cla: name,
      stat_cla: "measurement",
      unit_of_meas: UNITS[quantity],
      sug_dsp_prc: quantity === Quantity.TEMPERATURE ? 1 : 0,
      // A late reading is of the past. An empty text changes nothing.
      ...(!plain && { val_tpl: `{{ value_json.${name} if value_json.late is not defined }}` }),
    };
  }
  return components;
}

function diagnostics({ id, diagnostics: isOn }: DiscoveredDevice): Record<string, Component> {
  const components: Record<string, Component> = {};
  for (let i = 0; i < DIAGNOSTICS.length; i++) {
    const { name, label, unit, deviceClass, stateClass } = DIAGNOSTICS[i];
    components[name] = isOn
      ? {
          p: "sensor",
          name: label,
          uniq_id: `${objectId(id)}_${name}`,
          stat_t: "~/diagnostics",
          // Not every board knows all of them.
          val_tpl: `{{ value_json.${name} | default('') }}`,
          ent_cat: "diagnostic",
          ...(unit !== undefined && { unit_of_meas: unit }),
          ...(deviceClass !== undefined && { dev_cla: deviceClass }),
          ...(stateClass !== undefined && { stat_cla: stateClass }),
        }
      : { p: "sensor" };
  }
  return components;
}

function climateOf({ id, climate }: DiscoveredDevice): Record<string, Component> {
  if (!climate) return { climate: { p: "climate" } };
  return {
    climate: {
      p: "climate",
      // Called as the device is.
      name: null,
      uniq_id: `${objectId(id)}_climate`,
      // A copy: XS's JSON.stringify marks what it walks through, and throws where that lies in flash.
      modes: climate.modes.slice(),
      mode_stat_t: "~/mode",
      mode_cmd_t: "~/mode/set",
      temp_stat_t: "~/target",
      temp_cmd_t: "~/target/set",
      act_t: "~/action",
      curr_temp_t: climate.follows,
      curr_temp_tpl:
        "{{ value_json if value_json is number else value_json.temperature if value_json.late is not defined }}",
      min_temp: 10,
      max_temp: 35,
      temp_step: 0.5,
      precision: 0.1,
      temp_unit: "C",
    },
  };
}

/** Commands that act on the world carry their time, which the template has from Home Assistant's clock. */
function buttons({ id, identify, restart }: DiscoveredDevice): Record<string, Component> {
  return {
    identify: identify ? button(id, "identify") : { p: "button" },
    restart: restart ? button(id, "restart") : { p: "button" },
  };
}

function button(id: string, command: string): Component {
  return {
    p: "button",
    name: command.charAt(0).toUpperCase() + command.slice(1),
    uniq_id: `${objectId(id)}_${command}`,
    dev_cla: command,
    ent_cat: command === "restart" ? "config" : "diagnostic",
    cmd_t: "~/command",
    cmd_tpl: `{"id":"ha-{{ (now().timestamp() * 1000) | int }}","command":"${command}","time":{{ (now().timestamp() * 1000) | int }},"ttl":30}`,
  };
}

/** `home/livingroom` is called "Livingroom", its air conditioner "Livingroom climate". */
function nameOf(base: string): string {
  const levels = base.split("/");
  const name = levels.slice(levels.length > 1 ? 1 : 0).join(" ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Characters of an id that is not shortened: the message has it a dozen times, and must fit into a send buffer. */
const ID_LIMIT = 32;

/**
 * Home Assistant allows letters, digits, `_` and `-` in the level of a topic that names a device. One that has others, or is
 * long, ends with a digest of all of it: `a/b` and `a_2fb` are two devices.
 */
function objectId(id: string): string {
  let result = "";
  let digest = 0x811c9dc5; // FNV-1a
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    const lower = unit | 0x20;
    const isPlain =
      (unit >= 0x30 && unit <= 0x39) || (lower >= 0x61 && lower <= 0x7a) || unit === 0x2d || unit === 0x5f;
    result += isPlain ? id.charAt(i) : `_${unit.toString(16)}`;
    digest = Math.imul(digest ^ unit, 0x01000193);
  }
  return result === id && result.length <= ID_LIMIT
    ? result
    : `${result.slice(0, ID_LIMIT - 9)}_${(digest >>> 0).toString(16)}`;
}
