/**
 * What a device says beside its readings: the retained topics of its state, said anew on each connection and whenever
 * they change, and answers, each said once. The link asks for the next one when it has room.
 */

/** A retained topic that always has the device's present word. */
export interface StateTopic {
  readonly topic: string;
  /** The present payload; empty takes the retained message away. */
  text(): string;
  /** The broker has it. */
  delivered?(): void;
}

/** What the link publishes, with QoS 1. The object is reused. */
export interface Letter {
  topic: string;
  text: string;
  retain: boolean;
  /** Packet identifier, the letter's own until it is acknowledged. */
  id: number;
  /** It was sent on an earlier connection of the session that the broker has kept. */
  duplicate: boolean;
}

/** Answers kept until the broker has them; more than a few at once are a flood, and the oldest give way. */
const ANSWERS = 8;

/** Packet identifiers, above those of readings and of the link. */
const FIRST_STATE_ID = 0xff10;
const FIRST_ANSWER_ID = 0xff40;

/** Identifiers of answers, in turn: one that gave way may be under way still when its place is used again. */
const ANSWER_IDS = 64;

const enum Progress {
  NONE,
  DUE,
  /** Sent; PUBACK has not come. */
  SENT,
  /** It changed while it was under way. */
  SENT_AND_DUE,
}

interface Answer {
  topic: string;
  text: string;
  id: number;
  progress: Progress;
  /** It was sent before, on a connection that is gone. */
  wasSent: boolean;
}

export class Postbox {
  #states: readonly StateTopic[];
  #progress: Uint8Array;
  /** The oldest answer is at `#first`; places are reused. */
  /** A ring of `ANSWERS`, each made when it is first needed. */
  #answers: (Answer | undefined)[] = [];
  #first = 0;
  #count = 0;
  /** Answers so far, modulo their identifiers. */
  #serial = 0;
  #acknowledgements = 0;
  /** Something may be due: it is looked for once, and not with each reading. */
  #mayBeDue = false;
  #sessionPresent = false;
  #letter: Letter = { topic: "", text: "", retain: false, id: 0, duplicate: false };
  #onPosted: () => void;

  /**
   * @param states at most 32
   * @param onPosted there is something to send
   */
  constructor(states: readonly StateTopic[], onPosted: () => void) {
    this.#states = states;
    this.#progress = new Uint8Array(states.length);
    this.#onPosted = onPosted;
    for (let i = 0; i < ANSWERS; i++) {
      this.#answers.push(undefined);
    }
  }

  /** What this state's `text` gives has changed. */
  changed(state: StateTopic): void {
    const index = this.#states.indexOf(state);
    if (index < 0) return;
    this.#progress[index] = this.#progress[index] >= Progress.SENT ? Progress.SENT_AND_DUE : Progress.DUE;
    this.#mayBeDue = true;
    this.#onPosted();
  }

  /** Publishes an answer, not retained. */
  answer(topic: string, text: string): void {
    if (this.#count === ANSWERS) this.drop();
    const answer = this.at(this.#count);
    this.#count += 1;
    answer.topic = topic;
    answer.text = text;
    answer.id = FIRST_ANSWER_ID + this.#serial;
    this.#serial = (this.#serial + 1) % ANSWER_IDS;
    answer.progress = Progress.DUE;
    answer.wasSent = false;
    this.#mayBeDue = true;
    this.#onPosted();
  }

  // --- for the link ------------------------------------------------------------------------------------------------

  /** A connection was accepted: nothing is under way on it yet. */
  begin(sessionPresent: boolean): void {
    this.#sessionPresent = sessionPresent;
    this.#mayBeDue = true;
    this.#progress.fill(Progress.DUE);
    for (let i = 0; i < this.#count; i++) {
      const answer = this.at(i);
      if (answer.progress === Progress.SENT) answer.wasSent = true;
      if (answer.progress !== Progress.NONE) answer.progress = Progress.DUE;
    }
  }

  /** The next letter to send, valid until the next call; the same one again until `sent`. Answers come first. */
  next(): Letter | undefined {
    if (!this.#mayBeDue) return undefined;
    const letter = this.nextAnswer() ?? this.nextState();
    if (!letter) this.#mayBeDue = false;
    return letter;
  }

  nextAnswer(): Letter | undefined {
    for (let i = 0; i < this.#count; i++) {
      const answer = this.at(i);
      if (answer.progress !== Progress.DUE) continue;
      return this.fill(answer.topic, answer.text, false, answer.id, answer.wasSent && this.#sessionPresent);
    }
    return undefined;
  }

  private nextState(): Letter | undefined {
    // One that is under way keeps its identifier until it is acknowledged.
    const index = this.#progress.indexOf(Progress.DUE);
    if (index < 0) return undefined;
    const state = this.#states[index];
    return this.fill(state.topic, state.text(), true, FIRST_STATE_ID + index, false);
  }

  /** The letter that `next` gave is written. */
  sent(): void {
    const { id } = this.#letter;
    this.#letter.text = ""; // a device announces itself in more than a kilobyte
    const answer = this.answerOf(id);
    if (answer) answer.progress = Progress.SENT;
    else if (id < FIRST_ANSWER_ID) this.#progress[id - FIRST_STATE_ID] = Progress.SENT;
  }

  /** Something was sent and is not acknowledged. */
  get isUnderWay(): boolean {
    for (let i = 0; i < this.#progress.length; i++) if (this.#progress[i] >= Progress.SENT) return true;
    for (let i = 0; i < this.#count; i++) if (this.at(i).progress === Progress.SENT) return true;
    return false;
  }

  /** Letters acknowledged so far. */
  get acknowledgements(): number {
    return this.#acknowledgements;
  }

  /** PUBACK. @returns whether it was for a letter: identifiers of others are passed over */
  acknowledged(id: number): boolean {
    const answer = this.answerOf(id);
    if (answer) {
      this.#acknowledgements += 1;
      if (answer.progress === Progress.SENT) answer.progress = Progress.NONE;
      while (this.#count > 0 && this.at(0).progress === Progress.NONE) this.drop();
      return true;
    }
    if (id >= FIRST_STATE_ID && id < FIRST_STATE_ID + this.#progress.length) {
      this.#acknowledgements += 1;
      const index = id - FIRST_STATE_ID;
      const before = this.#progress[index];
      if (before === Progress.SENT) {
        this.#progress[index] = Progress.NONE;
        this.#states[index].delivered?.();
      } else if (before === Progress.SENT_AND_DUE) {
        this.#progress[index] = Progress.DUE;
        this.#mayBeDue = true;
      }
      return true;
    }
    return false;
  }

  private fill(topic: string, text: string, retain: boolean, id: number, duplicate: boolean): Letter {
    const letter = this.#letter;
    letter.topic = topic;
    letter.text = text;
    letter.retain = retain;
    letter.id = id;
    letter.duplicate = duplicate;
    return letter;
  }

  private at(index: number): Answer {
    const place = (this.#first + index) % ANSWERS;
    const answer = this.#answers[place] ?? {
      topic: "",
      text: "",
      id: 0,
      progress: Progress.NONE,
      wasSent: false,
    };
    this.#answers[place] = answer;
    return answer;
  }

  private answerOf(id: number): Answer | undefined {
    for (let i = 0; i < this.#count; i++) if (this.at(i).id === id) return this.at(i);
    return undefined;
  }

  /** Gives up the oldest answer. */
  private drop(): void {
    this.at(0).progress = Progress.NONE;
    this.#first = (this.#first + 1) % ANSWERS;
    this.#count -= 1;
  }
}
