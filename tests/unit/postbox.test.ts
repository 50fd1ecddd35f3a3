import { describe, expect, it } from "@jest/globals";
import { Postbox } from "../../firmware/links/postbox.js";

function box(count = 2) {
  const texts = Array.from({ length: count }, (_, i) => `text ${i}`);
  const delivered: number[] = [];
  const states = texts.map((_, i) => ({
    topic: `state/${i}`,
    text: () => texts[i],
    delivered: () => delivered.push(i),
  }));
  let posted = 0;
  const postbox = new Postbox(states, () => {
    posted += 1;
  });
  /** Sends all that is due, and says what it was. */
  const sendAll = () => {
    const sent: { topic: string; text: string; id: number; duplicate: boolean; retain: boolean }[] = [];
    for (let letter = postbox.next(); letter; letter = postbox.next()) {
      sent.push({ ...letter });
      postbox.sent();
    }
    return sent;
  };
  return { postbox, states, texts, delivered, sendAll, posted: () => posted };
}

describe("a postbox", () => {
  it("has nothing before a connection, and all states, retained, on each one", () => {
    const { postbox, sendAll } = box();
    expect(sendAll()).toEqual([]);
    postbox.begin(false);
    expect(sendAll().map(({ topic, text, retain }) => [topic, text, retain])).toEqual([
      ["state/0", "text 0", true],
      ["state/1", "text 1", true],
    ]);
    expect(sendAll()).toEqual([]);
    postbox.begin(true);
    expect(sendAll()).toHaveLength(2);
  });

  it("gives the same letter until it is sent", () => {
    const { postbox } = box();
    postbox.begin(false);
    expect(postbox.next()?.topic).toBe("state/0");
    expect(postbox.next()?.topic).toBe("state/0");
  });

  it("sends a state that changes again, with the text that it has then, and not while the same identifier is under way", () => {
    const { postbox, states, texts, sendAll, posted } = box(1);
    postbox.begin(false);
    const [{ id }] = sendAll();
    texts[0] = "second";
    postbox.changed(states[0]);
    expect(posted()).toBe(1);
    expect(sendAll()).toEqual([]);
    texts[0] = "third";
    postbox.acknowledged(id);
    expect(sendAll().map(({ text }) => text)).toEqual(["third"]);
    postbox.acknowledged(id);
    expect(sendAll()).toEqual([]);
    postbox.changed(states[0]);
    expect(sendAll()).toHaveLength(1);
  });

  it("tells a state when the broker has it, and not for one that has changed since", () => {
    const { postbox, states, sendAll, delivered } = box(2);
    postbox.begin(false);
    const [first, second] = sendAll();
    postbox.changed(states[1]);
    postbox.acknowledged(second.id);
    expect(delivered).toEqual([]);
    postbox.acknowledged(first.id);
    expect(delivered).toEqual([0]);
    postbox.acknowledged(first.id);
    expect(delivered).toEqual([0]);
  });

  it("passes over what it has never had", () => {
    const { postbox, states } = box(1);
    for (const id of [0, 1, 0xff01, 0xff0f, 0xff11, 0xff3f, 0xff47, 0xffff]) postbox.acknowledged(id);
    postbox.changed({ topic: "other", text: () => "" });
    expect(postbox.next()).toBeUndefined();
    expect(states).toHaveLength(1);
  });

  it("sends answers before states, not retained, each with an identifier of its own", () => {
    const { postbox, sendAll } = box(1);
    postbox.answer("reply", "a");
    postbox.answer("reply", "b");
    postbox.begin(false);
    const sent = sendAll();
    expect(sent.map(({ text, retain }) => [text, retain])).toEqual([
      ["a", false],
      ["b", false],
      ["text 0", true],
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(3);
    expect(sendAll()).toEqual([]);
  });

  it("keeps an answer until the broker has it: again on the next connection, with DUP where the session is the same", () => {
    const { postbox, sendAll } = box(0);
    postbox.begin(false);
    postbox.answer("reply", "a");
    const [first] = sendAll();
    expect(first.duplicate).toBe(false);
    postbox.begin(true);
    expect(sendAll()).toEqual([{ ...first, duplicate: true }]);
    postbox.begin(false);
    expect(sendAll()).toEqual([{ ...first, duplicate: false }]);
    postbox.acknowledged(first.id);
    postbox.begin(true);
    expect(sendAll()).toEqual([]);
  });

  it("does not call an answer a duplicate that was never sent", () => {
    const { postbox, sendAll } = box(0);
    postbox.begin(false);
    postbox.answer("reply", "a");
    postbox.begin(true);
    expect(sendAll()[0].duplicate).toBe(false);
  });

  it("calls an answer no duplicate because of one that was in its place before", () => {
    const { postbox, sendAll } = box(0);
    postbox.begin(false);
    for (let i = 0; i < 8; i++) {
      postbox.answer("reply", String(i));
      sendAll();
      postbox.begin(true);
      const [{ id }] = sendAll();
      postbox.acknowledged(id);
    }
    postbox.answer("reply", "new");
    postbox.begin(true);
    expect(sendAll().map(({ text, duplicate }) => [text, duplicate])).toEqual([["new", false]]);
  });

  it("does not send again what was acknowledged behind one that was not", () => {
    const { postbox, sendAll } = box(0);
    postbox.begin(false);
    postbox.answer("reply", "a");
    postbox.answer("reply", "b");
    const [, b] = sendAll();
    postbox.acknowledged(b.id);
    postbox.begin(true);
    expect(sendAll().map(({ text }) => text)).toEqual(["a"]);
  });

  it("says that there is an answer to send", () => {
    const { postbox, posted } = box(0);
    postbox.answer("reply", "a");
    expect(posted()).toBe(1);
  });

  it("keeps eight answers: in a flood the oldest give way, and no identifier is used twice at a time", () => {
    const { postbox, sendAll } = box(0);
    for (let i = 0; i < 20; i++) postbox.answer("reply", String(i));
    postbox.begin(false);
    const sent = sendAll();
    expect(sent.map(({ text }) => text)).toEqual(["12", "13", "14", "15", "16", "17", "18", "19"]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(8);
    // The middle one is acknowledged first; its place is not free before those in front of it are.
    postbox.acknowledged(sent[3].id);
    postbox.acknowledged(sent[0].id);
    postbox.answer("reply", "new");
    const ids = sent.map(({ id }) => id);
    const [letter, ...others] = sendAll();
    expect([letter.text, others]).toEqual(["new", []]);
    expect(ids).not.toContain(letter.id);
  });

  it("gives an answer no identifier that one has which gave way and is under way still", () => {
    const { postbox, sendAll } = box(0);
    postbox.begin(false);
    for (let i = 0; i < 8; i++) postbox.answer("reply", String(i));
    const sent = sendAll();
    postbox.answer("reply", "new");
    const [letter] = sendAll();
    expect(sent.map(({ id }) => id)).not.toContain(letter.id);
    // The PUBACK of the one that gave way.
    postbox.acknowledged(sent[0].id);
    postbox.begin(false);
    expect(sendAll().map(({ text }) => text)).toContain("new");
  });

  it("keeps identifiers of answers in their range, in turn", () => {
    const { postbox, sendAll } = box(0);
    postbox.begin(false);
    const ids: number[] = [];
    for (let i = 0; i < 200; i++) {
      postbox.answer("reply", String(i));
      const [{ id, text }] = sendAll();
      expect(text).toBe(String(i));
      ids.push(id);
      postbox.acknowledged(id);
    }
    expect(Math.min(...ids)).toBe(0xff40);
    expect(Math.max(...ids)).toBe(0xff7f);
    expect(ids[64]).toBe(ids[0]);
  });

  it("knows whether anything is under way, and how much was acknowledged", () => {
    const { postbox, states, sendAll } = box(1);
    expect(postbox.isUnderWay).toBe(false);
    postbox.begin(false);
    expect(postbox.isUnderWay).toBe(false);
    const [state] = sendAll();
    expect(postbox.isUnderWay).toBe(true);
    postbox.changed(states[0]);
    expect(postbox.isUnderWay).toBe(true);
    postbox.acknowledged(state.id);
    expect(postbox.isUnderWay).toBe(false);
    sendAll();
    postbox.acknowledged(state.id);
    postbox.answer("reply", "a");
    const [answer] = sendAll();
    expect(postbox.isUnderWay).toBe(true);
    postbox.acknowledged(answer.id);
    expect(postbox.isUnderWay).toBe(false);
    expect(postbox.acknowledgements).toBe(3);
    postbox.acknowledged(7);
    expect(postbox.acknowledgements).toBe(3);
  });
});
