import { elapsed } from "../time.js";

/** What an air conditioner was told to do. The number is the index in `MODES`. */
export const enum Mode {
  OFF,
  COOL,
  HEAT,
  AUTO,
}

/** What it does. The number is the index in `ACTIONS`. */
export const enum Action {
  /** Mode off. */
  OFF,
  /** On, and nothing to do: or resting. */
  IDLE,
  COOLING,
  HEATING,
}

/** As Home Assistant names them. */
export const ACTIONS: readonly string[] = Object.freeze(["off", "idle", "cooling", "heating"]);

export interface ThermostatOptions {
  mode: Mode;
  /** Degrees Celsius. */
  target: number;
  /** Degrees by which the temperature must be beyond the target before it starts. */
  hysteresis: number;
  /** Milliseconds that it runs once started, and rests once stopped. */
  minimumOn: number;
  minimumOff: number;
  /** Milliseconds for which a temperature counts; 0 is for ever. */
  hold: number;
  /** The tick counter's present value: it rests from now on, as nobody knows when it ran last. */
  ticks: number;
}

/** Degrees from the target at which a fan turns at its fastest, and its slowest turn. */
const FULL_SPEED_AT = 2;
const SLOWEST = 0.3;

/**
 * Decides when to cool and when to heat. It starts beyond the target and stops at it (hysteresis); once started it runs for
 * a while, once stopped it rests for a while, so that no compressor is switched under pressure. Mode off stops at once.
 * Without a temperature it goes on as it is, for a while.
 *
 * Pure: time is what the caller says. Ask more often than ticks wrap.
 */
export class Thermostat {
  mode: Mode;
  target: number;
  /** What there is to switch. Without it nothing of that kind is ever decided. */
  canCool = true;
  canHeat = true;
  #options: ThermostatOptions;
  #temperature = Number.NaN;
  #temperatureAt = 0;
  #action = Action.IDLE;
  /** Ticks of the last start or stop, and whether the time that follows it is over. */
  #changedAt: number;
  #isFree = false;
  #wait = 0;

  constructor(options: ThermostatOptions) {
    this.#options = options;
    this.mode = options.mode;
    this.target = options.target;
    this.#changedAt = options.ticks;
  }

  /** A temperature in degrees Celsius, measured at these ticks. */
  measured(temperature: number, ticks: number): void {
    this.#temperature = temperature;
    this.#temperatureAt = ticks;
  }

  /** The last temperature, NaN where there is none that counts. */
  get temperature(): number {
    return this.#temperature;
  }

  /** What to do now. */
  decide(ticks: number): Action {
    const { hold, minimumOn, minimumOff } = this.#options;
    const age = elapsed(this.#temperatureAt, ticks);
    if (hold > 0 && (age >= hold || age < 0)) this.#temperature = Number.NaN;
    const isRunning = this.isRunning;
    const since = elapsed(this.#changedAt, ticks);
    // Noted once: after 24.8 days the difference is negative.
    if (since >= (isRunning ? minimumOn : minimumOff)) this.#isFree = true;
    const wanted = this.mode === Mode.OFF ? Action.OFF : this.wanted();
    const mayStop = this.#isFree || wanted === Action.OFF;
    this.#wait = 0;
    const next = isRunning && !mayStop ? this.#action : wanted;
    if (next === this.#action) return next;
    const isStart = next >= Action.COOLING;
    // From cooling to heating by way of a rest.
    if (isStart && (isRunning || !this.#isFree)) {
      this.#wait = isRunning ? minimumOff : minimumOff - since;
      if (isRunning) this.become(Action.IDLE, ticks);
      else this.#action = Action.IDLE;
    } else if (isStart !== isRunning) this.become(next, ticks);
    else this.#action = next;
    return this.#action;
  }

  /** Milliseconds until it may start what it wants to, while it rests; 0 where it does not wait. */
  get wait(): number {
    return this.#wait;
  }

  /** How hard a fan has to turn, 0 to 1; 0 unless it cools or heats. */
  get speed(): number {
    if (!this.isRunning) return 0;
    const distance = Math.abs(this.#temperature - this.target) / FULL_SPEED_AT;
    // Without a temperature as slowly as it can.
    return distance >= 0 ? Math.min(1, SLOWEST + (1 - SLOWEST) * distance) : SLOWEST;
  }

  private get isRunning(): boolean {
    return this.#action >= Action.COOLING;
  }

  private become(action: Action, ticks: number): void {
    this.#action = action;
    this.#changedAt = ticks;
    this.#isFree = false;
  }

  private wanted(): Action {
    const { hysteresis } = this.#options;
    const over = this.#temperature - this.target;
    const mode = this.mode;
    // NaN is beyond nothing: no temperature, no action.
    if (this.canCool && mode !== Mode.HEAT && over > (this.#action === Action.COOLING ? 0 : hysteresis))
      return Action.COOLING;
    if (this.canHeat && mode !== Mode.COOL && over < (this.#action === Action.HEATING ? 0 : -hysteresis))
      return Action.HEATING;
    return Action.IDLE;
  }
}
