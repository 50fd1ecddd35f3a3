import { errorText } from "../error-text.js";
import type { Message, Subscription } from "../links/inbox.js";
import type { Postbox } from "../links/postbox.js";
import type { Monitor } from "../monitor.js";
import type { Clock } from "../ports.js";
import { type Command, isFirstHalf, isMalformed, parseCommand, staleness } from "./command.js";

/** What a device does on one kind of command. */
export interface Action {
  /** It acts on the world, and is obeyed only within its time to live. */
  readonly acts: boolean;
  /**
   * Checks all, then does it.
   * @returns why it is refused, and nothing has changed; `undefined` where it is done
   * @throws where it failed, and nothing has changed
   */
  run(command: Command): string | undefined;
}

/** A topic for one plain value, such as `<base>/mode/set`. */
export interface PlainCommand {
  /** Below the base. */
  readonly topic: string;
  /** As `Action.run`, of the payload. */
  run(payload: Uint8Array): string | undefined;
}

export interface DispatcherOptions {
  /** Base of the topics, without a slash at its end. */
  base: string;
  actions: Readonly<Record<string, Action>>;
  plain: readonly PlainCommand[];
  clock: Clock;
  postbox: Postbox;
  monitor: Monitor;
  /** The id of the command that led to this start, where one did. */
  lastId: string | undefined;
}

/** Characters of a name and of a reason that are said again: several answers wait at a time, and memory is small. */
const NAME_LIMIT = 32;
const REASON_LIMIT = 240;

/** Ids that are remembered: a broker or a bridge that repeats does so at once. */
const REMEMBERED = 16;

/**
 * Takes commands, refuses what is retained, repeated, expired or wrong, has the rest done, and answers each.
 *
 * A retained command is one that the broker has stored: obeyed, it would be obeyed again on each connection.
 */
export class Dispatcher {
  /** For the link. */
  readonly subscriptions: readonly Subscription[];
  #options: DispatcherOptions;
  /** Of the actions. A name from outside is looked for here: asked for as a property, XS would keep it for ever. */
  #names: readonly string[];
  #ids: string[] = [];
  #replyTopic: string;

  constructor(options: DispatcherOptions) {
    const { base, plain, lastId } = options;
    this.#options = options;
    this.#names = Object.keys(options.actions);
    this.#replyTopic = `${base}/command/reply`;
    if (lastId !== undefined) this.#ids.push(lastId);
    const subscriptions: Subscription[] = [
      { topic: `${base}/command`, QoS: 1, onMessage: (message) => this.onCommand(message) },
    ];
    for (let i = 0; i < plain.length; i++) {
      const entry = plain[i];
      subscriptions.push({
        topic: `${base}/${entry.topic}`,
        QoS: 1,
        onMessage: (message) => this.onPlain(entry, message),
      });
    }
    this.subscriptions = subscriptions;
  }

  private onCommand(message: Message): void {
    // It takes a retained message away, and asks for nothing.
    if (message.payload.length === 0) return;
    const command = parseCommand(message.payload);
    if (isMalformed(command)) return this.answer(command.id, "a command", command.reason);
    const { id, command: name } = command;
    this.answer(
      id,
      `command "${shortened(name, NAME_LIMIT)}"`,
      this.refusal(command, message) ?? this.#run(command),
    );
  }

  private refusal(command: Command, message: Message): string | undefined {
    const { actions, clock } = this.#options;
    if (message.retain === true) return "retained: publish commands without the retain flag";
    if (this.isRepeated(command.id)) return "repeated: a command with this id was there before";
    if (this.#names.indexOf(command.command) < 0)
      return `there is no command "${shortened(command.command, NAME_LIMIT)}": allowed is ${this.#names.join(", ")}`;
    // A client that hides the retain flag leaves the time to live as the only sign of an old command.
    const needsTime = message.retain === undefined || actions[command.command].acts;
    return staleness(command, clock.now(), needsTime);
  }

  #run(command: Command): string | undefined {
    try {
      return this.#options.actions[command.command].run(command);
    } catch (error) {
      return errorText(error);
    }
  }

  private isRepeated(id: string): boolean {
    if (this.#ids.indexOf(id) >= 0) return true;
    if (this.#ids.length === REMEMBERED) this.#ids.shift();
    this.#ids.push(id);
    return false;
  }

  /** Done, a plain command is answered by the state that follows; refused, by its topic. */
  private onPlain(entry: PlainCommand, message: Message): void {
    const { postbox, monitor } = this.#options;
    const { topic, payload, retain } = message;
    let reason: string | undefined;
    if (retain === true) reason = "retained: publish commands without the retain flag";
    else if (retain === undefined) reason = "this client cannot tell a retained message: use <base>/command";
    else {
      try {
        reason = entry.run(payload);
      } catch (error) {
        reason = errorText(error);
      }
    }
    monitor.commanded?.(entry.topic, reason);
    if (reason !== undefined)
      postbox.answer(this.#replyTopic, JSON.stringify({ topic, outcome: "refused", reason }));
  }

  private answer(id: string | null, what: string, reason: string | undefined): void {
    const { postbox, monitor } = this.#options;
    monitor.commanded?.(what, reason);
    const outcome = reason === undefined ? "done" : "refused";
    postbox.answer(
      this.#replyTopic,
      JSON.stringify({ id, outcome, reason: reason && shortened(reason, REASON_LIMIT) }),
    );
  }
}

/** Without the half of a surrogate pair at its end. */
function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, isFirstHalf(text.charCodeAt(limit - 1)) ? limit - 1 : limit)}...`;
}
