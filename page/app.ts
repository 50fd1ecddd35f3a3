/** What the page knows, and who is told when it changes. */

import { Activity } from "./activity.js";
import type { CardContext } from "./card.js";
import { Cards } from "./cards.js";
import { Choice, type Memory } from "./choice.js";
import { now } from "./clock.js";
import { Connection } from "./connection.js";
import { Devices } from "./devices.js";
import { byId, element, setText } from "./dom.js";
import { formatQuantity, MINUTE, quantityOf, SECOND } from "./format.js";
import { type Chosen, Graph } from "./graph.js";
import { parentOf, readableName, visible } from "./names.js";
import type { Goal } from "./plot.js";
import { askDevices } from "./server.js";
import type { Broker, Device, Reading } from "./wire.js";

/** Milliseconds without a word after which the server is asked whether it is there. */
const SILENCE = MINUTE;

/** Milliseconds that an outage lasts before anybody has to know. */
const GRACE = 1_500;

export class App {
  readonly #devices = new Devices((base) => this.#changed(base));
  readonly #cards = new Cards((base) => this.#toggle(base));
  readonly #graph = new Graph();
  readonly #choice: Choice;
  readonly #activity = new Activity();
  readonly #banner = byId("banner");
  readonly #link = byId("link");
  readonly #quantities = byId("quantity") as HTMLSelectElement;
  readonly #connection = new Connection({
    opened: () => void this.#sync(),
    lost: () => this.#lost(),
    reading: (reading) => this.#read(reading),
    device: (device) => this.#tell(device),
    broker: (broker) => this.#hear(broker),
  });
  /** Devices that have to be shown anew. */
  readonly #dirty = new Set<string>();
  /** What was told while the list of devices was on its way: it may be newer than the list. */
  #meanwhile: (() => void)[] | undefined;
  #frame = 0;
  #connected = true;
  #wasConnected = false;
  #away: ReturnType<typeof setTimeout> | undefined;
  #broker: Broker = { connected: true, reason: null };
  #brokerAway: ReturnType<typeof setTimeout> | undefined;
  #quantity = "temperature";

  constructor(memory: Memory | undefined) {
    this.#choice = new Choice(memory);
    this.#quantities.addEventListener("change", () => {
      this.#quantity = this.#quantities.value;
      this.#choose();
    });
  }

  start(): void {
    this.#cards.explain("Looking for devices …");
    this.#choose();
    this.#connection.open();
    setInterval(() => this.#tick(), SECOND);
  }

  restyle(): void {
    this.#graph.restyle();
  }

  /** All that may have been missed. */
  async #sync(): Promise<void> {
    const meanwhile: (() => void)[] = [];
    this.#meanwhile = meanwhile;
    try {
      const devices = await askDevices();
      this.#devices.replaceAll(devices);
      for (const tell of meanwhile) tell();
    } catch {
      if (this.#connection.isOpen) this.#connection.fail();
      return;
    } finally {
      if (this.#meanwhile === meanwhile) this.#meanwhile = undefined;
    }
    this.#connection.heard = Date.now();
    this.#found();
    this.#choose();
  }

  #found(): void {
    clearTimeout(this.#away);
    this.#away = undefined;
    this.#connected = true;
    this.#wasConnected = true;
    this.#word();
    this.#cards.explain("No device has been heard of yet. They appear here as soon as they say something.");
    this.#all();
  }

  #lost(): void {
    this.#away ??= setTimeout(() => {
      this.#connected = false;
      this.#word();
      this.#cards.explain("Waiting for the server …");
      for (const { base } of this.#devices.all) this.#activity.tell(base, undefined, now());
      this.#all();
    }, GRACE);
  }

  #hear(broker: Broker): void {
    clearTimeout(this.#brokerAway);
    this.#brokerAway = undefined;
    if (broker.connected) this.#broker = broker;
    else
      this.#brokerAway = setTimeout(() => {
        this.#broker = broker;
        this.#word();
      }, GRACE);
    this.#word();
  }

  /** How the connection is, in the bar and, where it is not well, in the banner. */
  #word(): void {
    const last = this.#wasConnected ? " What you see is what was known last." : "";
    const why = this.#broker.reason === null ? "" : `: ${visible(this.#broker.reason, 160)}`;
    const problem = !this.#connected
      ? `The server cannot be reached.${last} Trying again\u00a0…`
      : this.#broker.connected
        ? ""
        : `The server has no broker, so nothing new can come${why}`;
    this.#banner.hidden = problem === "";
    setText(this.#banner, problem);
    setText(this.#link, !this.#connected ? "Reconnecting" : this.#broker.connected ? "Live" : "No broker");
    this.#link.dataset["state"] = problem === "" ? "live" : "away";
  }

  #read(reading: Reading): void {
    this.#meanwhile?.push(() => this.#devices.read(reading, now()));
    this.#devices.read(reading, now());
    this.#graph.read(reading);
  }

  #tell(device: Device): void {
    this.#meanwhile?.push(() => this.#devices.update(device));
    this.#devices.update(device);
  }

  #toggle(base: string): void {
    this.#choice.toggle(base);
    this.#choose();
    this.#all();
  }

  /** Hands the graph what is to be drawn. */
  #choose(): void {
    const chosen = this.#choice.all
      .filter(([base]) => this.#devices.get(base))
      .map(([base, slot]): Chosen => ({ base, slot, name: readableName(base) }));
    this.#graph.choose(this.#quantity, chosen);
    this.#mark();
  }

  #changed(base: string): void {
    this.#dirty.add(base);
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    this.#frame = 0;
    let other = false;
    // Those that are there are drawn before those that are not.
    const isAway = (base: string) => Number(this.#devices.get(base)?.status === "offline");
    for (const base of [...this.#dirty].sort((a, b) => isAway(a) - isAway(b))) {
      const device = this.#devices.get(base);
      if (!device) {
        this.#cards.remove(base);
        other ||= this.#choice.slot(base) !== undefined;
        continue;
      }
      if (device.readings.has("temperature")) other = this.#choice.offer(base) || other;
      this.#activity.tell(base, device.status === "offline" ? undefined : device.climate, now());
      this.#cards.show(device, this.#context(base));
      this.#offer(device);
    }
    this.#dirty.clear();
    if (other) this.#choose();
    this.#mark();
  }

  /** Quantities that there are readings of can be drawn. */
  #offer(device: Device): void {
    for (const quantity of device.readings.keys()) {
      const options = [...this.#quantities.options];
      if (options.length >= 12 || options.some((option) => option.value === quantity)) continue;
      this.#quantities.append(
        element("option", "", { value: quantity }, visible(quantityOf(quantity).label, 40)),
      );
      this.#quantities.disabled = this.#quantities.options.length < 2;
    }
  }

  #context(base: string): CardContext {
    const parent = parentOf(base);
    const room = parent === undefined ? undefined : this.#devices.get(parent)?.readings.get("temperature");
    return {
      now: now(),
      connected: this.#connected,
      usual: this.#graph.usual(base) ?? this.#devices.pace(base),
      slot: this.#choice.slot(base),
      full: this.#choice.isFull,
      room: room?.value,
      quantity: this.#quantity,
    };
  }

  /** What air conditioners of the chosen rooms want and did. */
  #mark(): void {
    const time = now();
    const rooms = this.#devices.all.filter(
      ({ base, climate }) =>
        climate &&
        [base, parentOf(base)].some((one) => one !== undefined && this.#choice.slot(one) !== undefined),
    );
    const goals = rooms.flatMap(({ base, climate }): Goal[] => {
      if (!climate || climate.target === null || climate.mode === null || climate.mode === "off") return [];
      const of = rooms.length > 1 ? `${readableName(base)}: ` : "";
      return [
        { value: climate.target, label: `${of}target ${formatQuantity(climate.target, "temperature")}` },
      ];
    });
    this.#graph.mark(
      goals,
      rooms.flatMap(({ base }) => this.#activity.spans(base, time)),
    );
  }

  #all(): void {
    this.#cards.tick((base) => this.#context(base));
  }

  #tick(): void {
    this.#all();
    this.#graph.tick();
    // A connection can die without a word, as when a laptop sleeps.
    if (!this.#connection.isOpen || Date.now() - this.#connection.heard < SILENCE) return;
    this.#connection.heard = Date.now();
    void this.#sync();
  }
}
