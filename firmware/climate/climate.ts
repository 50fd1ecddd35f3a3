import { Alarm } from "../alarm.js";
import { formatDuration } from "../codec/duration.js";
import { readUTF8 } from "../codec/utf8.js";
import type { Action as CommandAction, PlainCommand } from "../commands/dispatcher.js";
import { DigitalSwitch, PWMSwitch, type Switch } from "../commands/switch.js";
import { MODES, type Settings } from "../config.js";
import { errorText } from "../error-text.js";
import type { Message, Subscription } from "../links/inbox.js";
import type { StateTopic } from "../links/postbox.js";
import type { Monitor } from "../monitor.js";
import type { Clock, Outputs, Timer } from "../ports.js";
import type { Source } from "../sensors/source.js";
import { allowedFor, problemWith } from "../settings.js";
import { temperatureOf } from "./temperature.js";
import { ACTIONS, Action, Mode, Thermostat } from "./thermostat.js";

export interface ClimateOptions {
  outputs: Outputs;
  settings: Settings;
  /** Base of its topics, without a slash at its end. */
  base: string;
  /** Topic of the temperature. */
  follows: string;
  timer: Timer;
  clock: Clock;
  monitor: Monitor;
  /** Keeps what a command has changed. @throws where it cannot */
  keep(values: { mode?: string; target?: number }): void;
  /** A state topic's text has changed. */
  onChanged(state: StateTopic): void;
  /** It runs, or cannot: the node may say that it is there. */
  onOpened(): void;
  /** It has looked at the temperature, and acted. */
  onTurn(): void;
}

/** Milliseconds between two looks at the time: the shortest rest that makes sense is longer. */
const PERIOD = 1_000;

/** An air conditioner: follows a temperature, obeys mode and target, switches relays and a fan, and says what it does. */
export class Climate implements Source {
  readonly states: readonly StateTopic[];
  /** To the temperature. */
  readonly subscription: Subscription;
  readonly actions: Readonly<Record<string, CommandAction>>;
  readonly plain: readonly PlainCommand[];
  #options: ClimateOptions;
  #thermostat: Thermostat;
  #alarm: Alarm;
  #mode: StateTopic;
  #target: StateTopic;
  #action: StateTopic;
  #cooler: Switch | undefined;
  #heater: Switch | undefined;
  #fan: Switch | undefined;
  /** What was switched last. */
  #acting: Action;
  #speed = 0;
  /** Started and not closed. */
  #isOpen = false;
  /** It wants to start, and rests; that has been told. */
  #isWaiting = false;
  /** Something could not be switched: it is tried again at each turn. */
  #hasFailed = false;

  constructor(options: ClimateOptions) {
    const { settings, base, follows, clock, timer } = options;
    this.#options = options;
    const mode = MODES.indexOf(settings.mode) as Mode;
    this.#thermostat = new Thermostat({
      mode,
      target: settings.target,
      hysteresis: settings.hysteresis,
      minimumOn: settings.minon,
      minimumOff: settings.minoff,
      hold: settings.hold,
      ticks: clock.ticks(),
    });
    this.#acting = mode === Mode.OFF ? Action.OFF : Action.IDLE;
    this.#alarm = new Alarm(timer, this);
    this.#mode = { topic: `${base}/mode`, text: () => MODES[this.#thermostat.mode] };
    this.#target = { topic: `${base}/target`, text: () => String(this.#thermostat.target) };
    this.#action = { topic: `${base}/action`, text: () => ACTIONS[this.#acting] };
    this.states = [this.#mode, this.#target, this.#action];
    this.subscription = { topic: follows, QoS: 1, onMessage: (message) => this.onTemperature(message) };
    this.actions = {
      mode: { acts: true, run: ({ value }) => this.setMode(value) },
      target: { acts: true, run: ({ value }) => this.setTarget(value) },
    };
    this.plain = [
      { topic: "mode/set", run: (payload) => this.setMode(textOf(payload)) },
      { topic: "target/set", run: (payload) => this.setTarget(textOf(payload)) },
    ];
  }

  start(): void {
    const { outputs, settings, monitor, onOpened } = this.#options;
    const { cooler, heater, fan } = outputs;
    this.#cooler = this.open("cooler", cooler && (() => new DigitalSwitch(cooler)));
    this.#heater = this.open("heater", heater && (() => new DigitalSwitch(heater)));
    this.#fan = this.open("fan", fan && (() => new PWMSwitch(fan)));
    this.#isOpen = true;
    this.#thermostat.canCool = this.canCool;
    this.#thermostat.canHeat = this.canHeat;
    if (!this.canCool && !this.canHeat)
      monitor.warning?.("there is nothing to switch: set cooler, heater or fan to a pin");
    const { mode } = this.#thermostat;
    const missing = this.missingFor(mode);
    if (missing !== undefined) monitor.warning?.(`setting "mode" is ${settings.mode}: ${missing}`);
    onOpened();
    this.turn();
  }

  close(): void {
    this.#isOpen = false;
    this.#alarm.clear();
    this.#cooler?.close();
    this.#heater?.close();
    this.#fan?.close();
    this.#cooler = this.#heater = this.#fan = undefined;
  }

  /** @returns why it is refused; `undefined` where it is done. @throws where it cannot be kept, and nothing has changed */
  setMode(value: unknown): string | undefined {
    const mode = typeof value === "string" ? MODES.indexOf(value) : -1;
    if (mode < 0) return `allowed is ${MODES.join(", ")}`;
    const missing = this.missingFor(mode);
    if (missing !== undefined) return missing;
    this.#options.keep({ mode: MODES[mode] });
    this.#thermostat.mode = mode;
    this.#options.onChanged(this.#mode);
    this.act();
    return undefined;
  }

  /** As `setMode`. */
  setTarget(value: unknown): string | undefined {
    const target = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof target !== "number" || problemWith("target", target) !== undefined)
      return `allowed is ${allowedFor("target")}`;
    this.#options.keep({ target });
    this.#thermostat.target = target;
    this.#options.onChanged(this.#target);
    this.act();
    return undefined;
  }

  /** What commands have changed was forgotten. */
  reset(mode: string, target: number): void {
    this.#thermostat.mode = MODES.indexOf(mode);
    this.#thermostat.target = target;
    this.#options.onChanged(this.#mode);
    this.#options.onChanged(this.#target);
    this.act();
  }

  /** What it can be told to do. */
  get modes(): readonly string[] {
    const { cooler, heater, fan } = this.#options.outputs;
    if (!heater) return MODES.slice(0, 2);
    return cooler || fan ? MODES : [MODES[Mode.OFF], MODES[Mode.HEAT]];
  }

  /** In safe mode nothing is open: what counts is what there would be. */
  private get canCool(): boolean {
    const { cooler, fan } = this.#isOpen ? { cooler: this.#cooler, fan: this.#fan } : this.#options.outputs;
    return cooler !== undefined || fan !== undefined;
  }

  private get canHeat(): boolean {
    return (this.#isOpen ? this.#heater : this.#options.outputs.heater) !== undefined;
  }

  private missingFor(mode: Mode): string | undefined {
    if ((mode === Mode.COOL || mode === Mode.AUTO) && !this.canCool) return "there is nothing to cool with";
    if ((mode === Mode.HEAT || mode === Mode.AUTO) && !this.canHeat) return "there is nothing to heat with";
    return undefined;
  }

  private open(name: string, make: (() => Switch) | undefined): Switch | undefined {
    try {
      return make?.();
    } catch (error) {
      this.#options.monitor.warning?.(`${name}: ${errorText(error)}; it stays off`);
      return undefined;
    }
  }

  private onTemperature(message: Message): void {
    const { clock, settings } = this.#options;
    const heard = temperatureOf(message, clock.now(), settings.hold);
    if (!heard) return;
    this.#thermostat.measured(heard.temperature, (clock.ticks() - heard.age) | 0);
    this.act();
  }

  onAlarm(): void {
    this.turn();
  }

  private turn(): void {
    this.#alarm.set(PERIOD);
    this.act();
    this.#options.onTurn();
  }

  private act(): void {
    // Commands and temperatures come also in safe mode, and while the node says goodbye.
    if (!this.#isOpen) return;
    const { clock, monitor, onChanged } = this.#options;
    const thermostat = this.#thermostat;
    const action = thermostat.decide(clock.ticks());
    const { speed } = thermostat;
    this.tellOfWait(thermostat.wait);
    if (action === this.#acting && speed === this.#speed && !this.#hasFailed) return;
    // What it does is what it was seen to switch.
    if (!this.switch(action, speed)) return;
    this.#hasFailed = false;
    const isNew = action !== this.#acting;
    this.#acting = action;
    this.#speed = speed;
    if (!isNew) return;
    monitor.acting?.(ACTIONS[action]);
    onChanged(this.#action);
  }

  /** Once for each rest: who has just asked for cold air would wonder. */
  private tellOfWait(wait: number): void {
    if (wait > 0 && !this.#isWaiting)
      this.#options.monitor.note?.(
        `it rests (minoff), and starts in ${formatDuration(Math.ceil(wait / 1_000) * 1_000)}`,
      );
    this.#isWaiting = wait > 0;
  }

  /** Off first, each by itself: what cannot be switched off keeps the others off. False where something has failed. */
  private switch(action: Action, speed: number): boolean {
    const isCooling = action === Action.COOLING;
    const isHeating = action === Action.HEATING;
    const isCoolerOff = isCooling || this.set(this.#cooler, 0);
    const isHeaterOff = isHeating || this.set(this.#heater, 0);
    // The fan stays as it is while something runs that should not.
    if (!isCoolerOff || !isHeaterOff || !this.set(this.#fan, speed)) return false;
    return (!isCooling || this.set(this.#cooler, 1)) && (!isHeating || this.set(this.#heater, 1));
  }

  private set(output: Switch | undefined, level: number): boolean {
    try {
      output?.set(level);
      return true;
    } catch (error) {
      if (!this.#hasFailed)
        this.#options.monitor.warning?.(`switching failed: ${errorText(error)}; it is tried again`);
      this.#hasFailed = true;
      return false;
    }
  }
}

function textOf(payload: Uint8Array): string | undefined {
  return readUTF8(payload, 0, payload.length);
}
